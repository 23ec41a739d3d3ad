"""Soft Dice: overlap of probabilities with labels, for masks and for borders."""

from __future__ import annotations

from torch import Tensor


def soft_dice(p: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """``(2 Σ p t + 1) / (Σ p + Σ t + 1)`` over a batch, by class.

    Parameters
    ----------
    p, target : Tensor, shape (B, C, H, W)
    known : Tensor, shape (B, 1, H, W)
        Weight of each pixel, 0 where nobody knows.

    Returns
    -------
    Tensor, shape (C,)
        1 where both are empty.
    """
    both = (p * target * known).sum((0, 2, 3))
    either = ((p + target) * known).sum((0, 2, 3))
    return (2 * both + 1) / (either + 1)
