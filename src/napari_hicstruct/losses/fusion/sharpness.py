"""How sharp a picture is where: blur, Laplacian, LoG, Sobel, Tenengrad; all ``(B, C, H, W)`` → the same."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LOG_SIGMA = 1.0
"""Pixels: σ of the Gaussian under the Laplacian of LoG."""

WINDOW_SIGMA = 2.0
"""Pixels: σ of the window over which energies are averaged."""


def padded(x: Tensor, radius: int) -> Tensor:
    """``x`` with borders of ``radius``: mirrored, where it is too small for that repeated."""
    mode = "reflect" if radius < min(x.shape[-2:]) else "replicate"
    return functional.pad(x, (radius,) * 4, mode=mode)


def gaussian_kernel(sigma: float, dtype: torch.dtype = torch.float32) -> Tensor:
    """Weights of a Gaussian to three σ; their sum is 1."""
    radius = max(1, int(3 * sigma + 0.5))  # as scipy rounds
    place = torch.arange(-radius, radius + 1, dtype=dtype)
    weights = torch.exp(-(place**2) / (2 * sigma**2))
    return weights / weights.sum()


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur."""
    kernel = gaussian_kernel(sigma, x.dtype).to(x.device)
    radius, channels = len(kernel) // 2, x.shape[1]
    across = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    return functional.conv2d(functional.conv2d(padded(x, radius), across, groups=channels), down, groups=channels)


def _filtered(x: Tensor, kernel: Tensor) -> Tensor:
    channels = x.shape[1]
    weights = kernel.to(x).expand(channels, 1, 3, 3)
    return functional.conv2d(padded(x, 1), weights, groups=channels)


def laplacian(x: Tensor) -> Tensor:
    """Second derivatives: the 3 × 3 kernel of four neighbours."""
    return _filtered(x, torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]))


def laplacian_of_gaussian(x: Tensor, sigma: float = LOG_SIGMA) -> Tensor:
    """Laplacian of the blurred picture, times σ²."""
    return sigma**2 * laplacian(blurred(x, sigma))


def sobel(x: Tensor) -> tuple[Tensor, Tensor]:
    """Slopes along x and y."""
    kernel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    return _filtered(x, kernel), _filtered(x, kernel.T.contiguous())


def gradient_size(x: Tensor) -> Tensor:
    """Length of the gradient; never exactly 0, so that it can be derived."""
    gx, gy = sobel(x)
    return (gx**2 + gy**2 + 1e-12).sqrt()


def tenengrad(x: Tensor, sigma: float = WINDOW_SIGMA) -> Tensor:
    """Mean squared gradient around each pixel."""
    gx, gy = sobel(x)
    return blurred(gx**2 + gy**2, sigma)


def laplacian_energy(x: Tensor, sigma: float = WINDOW_SIGMA) -> Tensor:
    """Mean squared Laplacian around each pixel."""
    return blurred(laplacian(x) ** 2, sigma)


def share_of_first(a: Tensor, b: Tensor, *, power: float = 1.0, floor: float = 1e-6) -> Tensor:
    """Soft weight of A from two energies: Aᵖ / (Aᵖ + Bᵖ), one half where neither has any."""
    a, b = (a + floor) ** power, (b + floor) ** power
    return a / (a + b)


def stronger(a: Tensor, b: Tensor) -> Tensor:
    """Of two signed answers of a filter the one that is larger without its sign."""
    return torch.where(a.abs() >= b.abs(), a, b)
