"""What the network reads of two grey pictures: brightness in common units, and local contrast."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_hicstruct.losses.fusion.sharpness import blurred

CONTRAST_SIGMA = 6.0
"""Pixels: neighbourhood of local contrast."""

MIN_CONTRAST = 0.02
"""Local contrast below this share of the pair's deviation is not made larger."""

N_CHANNELS = 2


def picture_channels(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """``(B, 1, H, W)`` twice → ``(B, 2, H, W)`` twice; one scale for both, so that nobody gains by being brighter.

    The first channel has mean 0 and deviation 1 over the pair.  The second is what is above or below the
    neighbourhood, in units of what both deviate there: faint texture counts as much as strong.
    """
    both = torch.cat([a, b], 1)
    mean = both.mean((1, 2, 3), keepdim=True)
    scale = both.std((1, 2, 3), keepdim=True).clamp(min=1e-6)
    a, b = (a - mean) / scale, (b - mean) / scale
    high_a, high_b = a - blurred(a, CONTRAST_SIGMA), b - blurred(b, CONTRAST_SIGMA)
    contrast = (blurred((high_a.square() + high_b.square()) / 2, CONTRAST_SIGMA) + MIN_CONTRAST**2).sqrt()
    return torch.cat([a, high_a / contrast], 1), torch.cat([b, high_b / contrast], 1)
