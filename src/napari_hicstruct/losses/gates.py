"""Gate consistency: where a loop or a stripe meets a boundary, its task should use the same experts as the TADs.

``λ‖g_loop - g_tad‖₁`` in corners, ``λ‖g_stripe - g_tad‖₁`` in bands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from napari_hicstruct.models.context import SCALES, WindowContext
from napari_hicstruct.models.tad_prior import band_mask, corner_mask


def gate_distance(first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
    """``Σ m·‖g - g'‖₁ / Σ m``, the norm over experts.

    Parameters
    ----------
    first, second : Tensor, shape (B, K, h, w)
        Gates of two tasks at one scale of the same windows.
    mask : Tensor, shape (B, 1, h, w)
        Where they should agree, 0 … 1.
    """
    apart = (first.float() - second.float()).abs().sum(1, keepdim=True)
    return (apart * mask).sum() / mask.sum().clamp_min(1e-6)


def gate_consistency(
    live: Mapping[str, Tensor], context: WindowContext, *, points: Iterable[str], masks: Iterable[str], boundary: str
) -> Tensor:
    """Mean distance of the gates of ``boundary`` from those of ``points`` in corners and of ``masks`` in bands.

    Parameters
    ----------
    live : mapping of str to Tensor
        ``trace.live`` of one pass over the windows of ``context``; a trace that saw two passes holds mixed windows.
    context : WindowContext
        The windows, with a boundary prior: masks come from its detached boundary probability.
    points, masks : iterable of str
        Tasks with point and with mask heads.
    boundary : str
        The task with the boundary head.

    Returns
    -------
    Tensor
        Scalar, without its λ; 0 where no two tasks have gates at the same scale (selectors without experts).
    """
    pairs = [(task, corner_mask) for task in points] + [(task, band_mask) for task in masks]
    distances = [
        gate_distance(live[f"gate/{task}/{scale}"], live[f"gate/{boundary}/{scale}"], mask(*context.boundaries(scale)))
        for scale in SCALES
        for task, mask in pairs
        if f"gate/{task}/{scale}" in live and f"gate/{boundary}/{scale}" in live
    ]
    return torch.stack(distances).mean() if distances else context.x.new_zeros(())
