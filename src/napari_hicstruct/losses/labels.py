"""Transforms of targets inside a loss: label smoothing and centre lines."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from napari_hicstruct.losses.cldice import soft_skeleton

_MAX_HALF_WIDTH_BINS = 16
"""bins; stripes of up to twice this width shrink to their centre line."""


def smooth_labels(target: Tensor, smoothing: float) -> Tensor:
    """``t(1 - ε) + ε/2``, any shape (Szegedy et al. 2016, §7, with two classes)."""
    return target * (1 - smoothing) + smoothing / 2 if smoothing else target


def centre_line(mask: Tensor, width: int) -> Tensor:
    """Masks reduced (or widened) to ``width`` bins around their centre lines, ``(B, H, W)`` 0/1.

    Stripes of an even number of bins have a centre two bins wide and come out ``width + 1`` bins wide.
    """
    thin = soft_skeleton(mask, _MAX_HALF_WIDTH_BINS).round()
    return functional.max_pool2d(thin[:, None], width, 1, width // 2)[:, 0]
