"""Weighted sums of tasks' features, task by task: what cross-stitch units and sluices are made of."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

OWN = 0.9
"""What a task keeps of itself at the start; the others share the rest."""


def share(parts: int) -> Tensor:
    """``(parts, parts)``: 0.9 on the diagonal, 0.1 shared by the others of a row."""
    others = (1 - OWN) / (parts - 1)
    return torch.full((parts, parts), others) + (OWN - others) * torch.eye(parts)


def mixed(weight: Tensor, parts: Sequence[Tensor]) -> list[Tensor]:
    """``y_t = Σ_s weight_ts · x_s``: weights ``(T, T)`` or, by channel, ``(T, T, C)``; parts ``(B, C, H, W)`` each."""
    weight = weight.to(parts[0].dtype).reshape(*weight.shape[:2], -1, 1, 1)
    # sums instead of one product of stacked features: nothing is copied, channels stay where they lie in memory
    return [sum((row[s] * x for s, x in enumerate(parts[1:], 1)), row[0] * parts[0]) for row in weight]
