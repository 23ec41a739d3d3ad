"""Dense heads: what a decoder's features become."""

from __future__ import annotations

import torch
from torch import Tensor, nn

PRIOR = -4.0
"""Initial logit of rare things, so that the first steps are not spent on learning that most pixels are empty."""


class PointHead(nn.Module):
    """Loops: logit of a heat map and offsets of the loop from the pixel's centre in bins.

    ``(B, C, H, W) → (B, 3, H, W)``: logit, row offset, column offset (both in (-1, 1)).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.SiLU(inplace=True))
        self.out = nn.Conv2d(channels, 3, 1)
        nn.init.zeros_(self.out.bias)
        with torch.no_grad():
            self.out.bias[0] = PRIOR

    def forward(self, x: Tensor) -> Tensor:
        """Logit, row offset, column offset per pixel."""
        y = self.out(self.mix(x))
        return torch.cat([y[:, :1], torch.tanh(y[:, 1:])], 1)


class MaskHead(nn.Module):
    """Stripes: logit of the mask, and logit of a stripe running along the window's row rather than its column.

    Above the diagonal a stripe that runs along the row goes down, below the diagonal up (``inference.canvas``).

    ``(B, C, H, W) → (B, 2, H, W)``.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.SiLU(inplace=True))
        self.out = nn.Conv2d(channels, 2, 1)
        nn.init.zeros_(self.out.bias)
        with torch.no_grad():
            self.out.bias[0] = PRIOR / 2

    def forward(self, x: Tensor) -> Tensor:
        """Mask logit and along-the-row logit per pixel."""
        return self.out(self.mix(x))
