"""Structural similarity of two pictures (Wang et al., 2004), with a Gaussian window."""

from __future__ import annotations

from torch import Tensor

from napari_hicstruct.losses.fusion.sharpness import blurred

SIGMA = 1.5
K1, K2 = 0.01, 0.03


def ssim(x: Tensor, y: Tensor, *, data_range: float = 1.0) -> Tensor:
    """SSIM at each pixel, ``(B, C, H, W)``.

    Parameters
    ----------
    x, y : Tensor
    data_range : float
        Difference of the largest and the smallest value that a picture can have.
    """
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    mean_x, mean_y = blurred(x, SIGMA), blurred(y, SIGMA)
    # sums of products less products of means fall below 0 by rounding
    var_x = (blurred(x * x, SIGMA) - mean_x**2).clamp(min=0)
    var_y = (blurred(y * y, SIGMA) - mean_y**2).clamp(min=0)
    both = blurred(x * y, SIGMA) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * both + c2) / (var_x + var_y + c2)
