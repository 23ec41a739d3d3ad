"""Losses of implicit functions: occupancy at points, and the length of latent vectors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

DICE_SHARE, FOCAL_SHARE = 0.7, 0.3
"""Of :func:`dice_focal`."""


def dice_focal(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    """0.7 · (1 - Dice) + 0.3 · focal loss of occupancies at points.

    Parameters
    ----------
    logits, target : Tensor
        One shape (samples, points, …); the target is an occupancy in [0, 1].
    gamma : float
        Focusing exponent: how much less points count that are right already.

    Returns
    -------
    Tensor
        A number; the Dice coefficient is soft, over the points of each sample.
    """
    probability = torch.sigmoid(logits)
    overlap = 2 * (probability * target).flatten(1).sum(1)
    total = (probability + target).flatten(1).sum(1)
    dice = (overlap + 1) / (total + 1)
    focal = (probability - target).abs().pow(gamma) * F.binary_cross_entropy_with_logits(
        logits, target, reduction="none"
    )
    return DICE_SHARE * (1 - dice).mean() + FOCAL_SHARE * focal.mean()


def latent_penalty(latent: Tensor) -> Tensor:
    """Mean of ‖z‖² over samples; ``latent``: (samples, length)."""
    return latent.square().sum(1).mean()
