"""Loss of boundary heads on pictures: cross-entropy on a soft band, in which borders weigh more, and soft Dice."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.segmentation import SegmentationLossConfig
from napari_hicstruct.losses.segmentation.overlap import soft_dice


def edge_loss(logit: Tensor, target: Tensor, known: Tensor, options: SegmentationLossConfig) -> Tensor:
    """``λ · Σ w·BCE / Σ w + λ_dice · (1 − Dice)``, ``w = known · (1 + edge_weight · target)``.

    Parameters
    ----------
    logit, target, known : Tensor, shape (B, 1, H, W)
        The target is 1 on a border and falls off beside it.
    options : SegmentationLossConfig
    """
    logit = logit.float()
    weight = known * (1 + options.edge_weight * target)
    bce = (functional.binary_cross_entropy_with_logits(logit, target, reduction="none") * weight).sum()
    loss = options.edge * bce / weight.sum().clamp_min(1.0)
    return loss + options.edge_dice * (1 - soft_dice(torch.sigmoid(logit), target, known)).mean()
