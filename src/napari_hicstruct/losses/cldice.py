"""Soft clDice: overlap of each mask with the other's centre line, so that gaps cost more than ragged edges.

Source: Shit et al. 2021, "clDice – a novel topology-preserving loss function for tubular structure segmentation",
algorithms 1 and 2.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def soft_erode(p: Tensor) -> Tensor:
    """Smallest value of the cross of five pixels, ``(B, H, W)``; outside the window counts as full."""
    row, column = ((1, 3), (0, 1)), ((3, 1), (1, 0))
    return torch.minimum(*(-functional.max_pool2d(-p[:, None], size, 1, pad) for size, pad in (row, column)))[:, 0]


def soft_open(p: Tensor) -> Tensor:
    """Erosion, then the largest value of 3×3 pixels, ``(B, H, W)``."""
    return functional.max_pool2d(soft_erode(p)[:, None], 3, 1, 1)[:, 0]


def soft_skeleton(p: Tensor, iterations: int) -> Tensor:
    """Centre lines of a mask or probability ``(B, H, W)`` in [0, 1]; structures up to ``2 · iterations`` bins wide."""
    skeleton = functional.relu(p - soft_open(p))
    for _ in range(iterations):
        p = soft_erode(p)
        rest = functional.relu(p - soft_open(p))
        skeleton = skeleton + functional.relu(rest - skeleton * rest)
    return skeleton


def cldice_loss(p: Tensor, target: Tensor, known: Tensor, *, iterations: int = 5) -> Tensor:
    """``1 - 2·Tprec·Tsens / (Tprec + Tsens)`` over the batch; 0 where both are empty.

    ``Tprec = (Σ S(p)·t + 1) / (Σ S(p) + 1)`` is the share of the predicted centre line ``S(p)`` inside the truth,
    ``Tsens = (Σ S(t)·p + 1) / (Σ S(t) + 1)`` that of the true one inside the prediction.

    Parameters
    ----------
    p, target, known : Tensor, shape (B, H, W)
    iterations : int
        See :func:`soft_skeleton`.
    """
    line, true_line = soft_skeleton(p, iterations) * known, soft_skeleton(target, iterations) * known
    precision = ((line * target).sum() + 1) / (line.sum() + 1)
    sensitivity = ((true_line * p).sum() + 1) / (true_line.sum() + 1)
    return 1 - 2 * precision * sensitivity / (precision + sensitivity)
