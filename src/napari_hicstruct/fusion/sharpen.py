"""The blend of maps of unlike bins as what is expected: smoothed by a window that follows its information, sharpened."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SIGMAS = (0.7, 1.4, 2.8, 5.6, 11.2)
"""Pixels: σ of the windows; one between two of them is a mixture of both."""

WANTED = 120.0
"""Contacts expected in a window (4πσ² pixels) that is wide enough."""

MAX_RESIDUAL = 2.0
"""Of the logarithm: what a network may add to a smoothed blend, or take from it."""

REACH = 34
"""Pixels beyond which nothing changes a smoothed value."""


def sharpened(blend: Tensor, residual: Tensor, expected: Tensor, known: Tensor) -> Tensor:
    """What is expected of both maps together.

    Parameters
    ----------
    blend : Tensor
        ``(B, 1, H, W)``, contacts of both maps.
    residual : Tensor
        Of the logarithm of O/E; what the network adds.
    expected : Tensor
        Contacts by distance and coverage; above 0.
    known : Tensor
        1 where coverage is known of both bins; elsewhere the blend stays.
    """
    smooth = smoothed(blend / expected * known, expected, known)
    sharp = smooth * expected * torch.exp(residual.clamp(-MAX_RESIDUAL, MAX_RESIDUAL))
    return torch.where(known > 0, sharp, blend)


def smoothed(ratio: Tensor, expected: Tensor, known: Tensor) -> Tensor:
    """O/E smoothed over as many pixels as hold :data:`WANTED` contacts, those that are known alone."""
    layers = [gaussian(ratio, sigma) / gaussian(known, sigma).clamp(min=1e-3) for sigma in SIGMAS]
    sigma = torch.sqrt(WANTED / (4 * torch.pi * expected.clamp(min=1e-6)))
    place = (torch.log2(sigma / SIGMAS[0])).clamp(0, len(SIGMAS) - 1)  # each is twice the one before
    out = torch.zeros_like(ratio)
    for k, layer in enumerate(layers):
        out = out + layer * (1 - (place - k).abs()).clamp(min=0)
    return out


def gaussian(values: Tensor, sigma: float) -> Tensor:
    """Gaussian filter cut at 3 σ; nothing beyond the border."""
    reach = max(1, round(3 * sigma))
    x = torch.arange(-reach, reach + 1, dtype=values.dtype, device=values.device)
    kernel = torch.exp(-(x**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    once = functional.conv2d(values, kernel.view(1, 1, 1, -1), padding=(0, reach))
    return functional.conv2d(once, kernel.view(1, 1, -1, 1), padding=(reach, 0))
