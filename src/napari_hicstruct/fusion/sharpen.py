"""What is expected of a blend of unlike bins: smoothed by a window that follows its information, sharpened."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SIGMAS = (0.7, 1.4, 2.8, 5.6, 11.2)
"""Pixels: σ of the windows, each twice the one before; all are mixed at each pixel."""

OUTPUTS = len(SIGMAS) + 1
"""Of a network: a logit for each window, and what is added to the logarithm."""

WANTED = 25.0
"""Contacts expected in a window (4πσ² pixels) that is wide enough, where a network says nothing else."""

FOCUS = 4.0
"""How much less a window counts that is half or twice as wide as that, in logits."""

GAIN = 4.0
"""Of a network's outputs."""

MAX_RESIDUAL = 2.0
"""Of the logarithm: what a network may add to a smoothed blend, or take from it."""

REACH_BINS = 34
"""Pixels beyond which nothing changes a smoothed value."""


def sharpened(blend: Tensor, residual: Tensor, expected: Tensor, known: Tensor) -> Tensor:
    """What is expected of both maps together.

    Parameters
    ----------
    blend : Tensor
        ``(B, 1, H, W)``, contacts of both maps.
    residual : Tensor
        ``(B, OUTPUTS, H, W)``, what the network says: which windows, and what to add to the logarithm of O/E.
    expected : Tensor
        Contacts by distance and coverage; above 0.
    known : Tensor
        Coverage of a pixel, by which it counts in a window; where it is 0 the blend stays.
    """
    said = GAIN * residual
    smooth = smoothed(blend / expected * known, expected, known, said[:, :-1])
    sharp = smooth * expected * torch.exp(said[:, -1:].clamp(-MAX_RESIDUAL, MAX_RESIDUAL))
    return torch.where(known > 0, sharp, blend)


def smoothed(ratio: Tensor, expected: Tensor, known: Tensor, said: Tensor) -> Tensor:
    """O/E smoothed over as many pixels as hold :data:`WANTED` contacts, those that are known alone.

    ``said``: logits by which a network takes wider or narrower windows, ``(B, len(SIGMAS), H, W)``.
    """
    layers = [gaussian(ratio, sigma) / gaussian(known, sigma).clamp(min=1e-3) for sigma in SIGMAS]
    sigma = torch.sqrt(WANTED / (4 * torch.pi * expected.clamp(min=1e-6)))
    place = (torch.log2(sigma / SIGMAS[0])).clamp(0, len(SIGMAS) - 1)
    number = torch.arange(len(SIGMAS), dtype=ratio.dtype, device=ratio.device).view(1, -1, 1, 1)
    weights = torch.softmax(said - FOCUS * (place - number) ** 2, dim=1)
    return (torch.cat(layers, 1) * weights).sum(1, keepdim=True)


def gaussian(values: Tensor, sigma: float) -> Tensor:
    """Gaussian filter cut at 3 σ; nothing beyond the border."""
    reach = max(1, round(3 * sigma))
    x = torch.arange(-reach, reach + 1, dtype=values.dtype, device=values.device)
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    once = functional.conv2d(values, kernel.view(1, 1, 1, -1), padding=(0, reach))
    return functional.conv2d(once, kernel.view(1, 1, -1, 1), padding=(reach, 0))
