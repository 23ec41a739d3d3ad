"""Heads of tasks on pictures: what each pixel is, how far its border is, whether a border runs through it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.models.heads import PRIOR


class _Head(nn.Module):
    """3×3 convolution, SiLU, 1×1: ``(B, C, H, W) → (B, outputs, H, W)``."""

    def __init__(self, channels: int, outputs: int = 1) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.SiLU(inplace=True))
        self.out = nn.Conv2d(channels, outputs, 1)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """What the 1×1 gives."""
        return self.out(self.mix(x))


class SegmentationHead(_Head):
    """Logits of classes: of each by itself (sigmoid), or of background and all classes together (softmax)."""


class SignedDistanceHead(_Head):
    """Distance to the nearest border over the truncation, in (-1, 1): above 0 inside an object."""

    def forward(self, x: Tensor) -> Tensor:
        """``tanh`` of what the 1×1 gives: beyond the truncation all distances are alike."""
        return torch.tanh(super().forward(x))


class EdgeHead(_Head):
    """Logit of a border; they are rare, so it begins low."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        with torch.no_grad():
            self.out.bias[0] = PRIOR / 2
