"""Loss of point heads: focal loss on a Gaussian heat map and L1 on sub-bin offsets.

Source: Law & Deng 2018 (CornerNet, eq. 1) with the class weight α of Lin et al. 2017:
``-1/N Σ α(1-p)^γ log p`` at centres and ``-1/N Σ (1-α)(1-t)^4 p^γ log(1-p)`` elsewhere.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.losses import PointLossConfig

_DEFAULT = PointLossConfig()
_CENTRE = 0.999


def heatmap_focal(logit: Tensor, target: Tensor, known: Tensor, *, gamma: float = 2.0, alpha: float = 0.25) -> Tensor:
    """Focal loss of a heat map.

    Parameters
    ----------
    logit, target, known : Tensor, shape (B, H, W)
        ``target`` in [0, 1], 1 exactly at centres; ``known`` the pixel's weight, 0 where it does not count.
    """
    logit = logit.float()
    p = torch.sigmoid(logit)
    centre = (target >= _CENTRE).float()
    found = -alpha * (1 - p) ** gamma * functional.logsigmoid(logit) * centre
    empty = -(1 - alpha) * (1 - target) ** 4 * p**gamma * functional.logsigmoid(-logit) * (1 - centre)
    count = (centre * known).sum().clamp_min(4.0)  # windows without a loop must not weigh more than those with one
    return 4 * ((found + empty) * known).sum() / count


def offset_l1(offset: Tensor, target: Tensor, heat: Tensor, known: Tensor) -> Tensor:
    """Mean absolute error of the offsets (bins) at centres.

    Parameters
    ----------
    offset, target : Tensor, shape (B, 2, H, W)
    heat, known : Tensor, shape (B, H, W)
    """
    at = ((heat >= _CENTRE).float() * known)[:, None]
    return ((offset.float() - target).abs() * at).sum() / (2 * at.sum()).clamp_min(1.0)


def point_loss(
    output: Tensor, heat: Tensor, offset: Tensor, known: Tensor, options: PointLossConfig = _DEFAULT
) -> Tensor:
    """Heat map focal + 1.0 · offset L1 of a point head.

    Parameters
    ----------
    output : Tensor, shape (B, 3, H, W)
        Heat logit, Δrow, Δcolumn.
    heat : Tensor, shape (B, H, W)
    offset : Tensor, shape (B, 2, H, W)
    known : Tensor, shape (B, H, W)
        Weight of each pixel: 0 where nobody knows, less than 1 where the label is less than a person's.
    options : PointLossConfig
    """
    found = heatmap_focal(output[:, 0], heat, known, gamma=options.gamma, alpha=options.alpha)
    return found + options.offset * offset_l1(output[:, 1:], offset, heat, known)
