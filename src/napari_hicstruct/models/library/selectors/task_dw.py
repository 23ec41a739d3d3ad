"""Selector E1 ``task_dw``: every task weighs every channel and pixel of every scale.

Source: the attention masks of Liu, Johns & Davison 2019 (MTAN), made from the features alone by one depthwise filter.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.library.selectors.scalewise import ScalewiseSelector


class TaskWeights(nn.Module):
    """``x ⊙ σ(D_t ∗ x)``: depthwise 3×3 ``D_t`` with bias per task, 10·C parameters each.

    No ReLU before the sigmoid: it would bound all weights at ½ and above.
    """

    def __init__(self, channels: int, tasks: list[str]) -> None:
        super().__init__()
        self.weigh = nn.ModuleDict({t: nn.Conv2d(channels, channels, 3, padding=1, groups=channels) for t in tasks})

    def forward(self, x: Tensor, task: str, scale: str, context: WindowContext) -> Tensor:
        """``(B, C, h, w)`` → the same shape."""
        weights = torch.sigmoid(self.weigh[task](x))
        if context.trace is not None:
            context.trace.show(f"weights/{task}/{scale}", weights)
        return x * weights


class TaskDepthwise(ScalewiseSelector):
    """E1: weights at all scales."""

    def unit(self, scale: str, channels: int, tasks: list[str]) -> nn.Module:
        """Weights everywhere."""
        return TaskWeights(channels, tasks)
