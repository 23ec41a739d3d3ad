"""Loss of boundary heads: BCE or Dice on soft labels 1.0 + total variation 0.05."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.losses import BoundaryLossConfig
from napari_hicstruct.losses.labels import smooth_labels

_DEFAULT = BoundaryLossConfig()


def soft_dice(p: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """``1 - (2Σpt + 1) / (Σp² + Σt² + 1)`` over the batch; 0 where p equals the soft labels.

    Source: Milletari et al. 2016 (V-Net), with squares, so that soft labels are matched and not sharpened.

    Parameters
    ----------
    p, target, known : Tensor, shape (B, L)
    """
    both = (p * target * known).sum()
    return 1 - (2 * both + 1) / (((p**2 + target**2) * known).sum() + 1)


def boundary_loss(logit: Tensor, target: Tensor, known: Tensor, options: BoundaryLossConfig = _DEFAULT) -> Tensor:
    """Loss of a strip of boundary logits.

    Parameters
    ----------
    logit, target, known : Tensor, shape (B, L)
        ``target`` soft in [0, 1]; ``known`` each bin's weight, 0 at bad bins and the strip's ends.
    options : BoundaryLossConfig
    """
    logit = logit.float()
    p = torch.sigmoid(logit)
    labels = smooth_labels(target, options.smoothing)
    if options.kind == "dice":
        loss = soft_dice(p, labels, known)
    else:
        weight = known * (1 + 4 * target)
        bce = functional.binary_cross_entropy_with_logits(logit, labels, reduction="none") * weight
        loss = bce.sum() / weight.sum().clamp_min(1.0)
    steps = ((p[:, 1:] - p[:, :-1]).abs() * known[:, 1:] * known[:, :-1]).mean()
    return loss + options.variation * steps
