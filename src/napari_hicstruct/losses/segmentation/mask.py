"""Loss of segmentation heads: cross-entropy and soft Dice, of classes that exclude each other or do not.

Sources: soft Dice, Milletari, Navab & Ahmadi 2016 (V-Net, with p and t instead of their squares), joined with the
cross-entropy as in Isensee et al. 2021 (nnU-Net).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.segmentation import SegmentationLossConfig
from napari_hicstruct.losses.segmentation.overlap import soft_dice


def class_planes(target: Tensor, classes: int) -> Tensor:
    """Class numbers ``(B, H, W)``, 0 background, → one plane for each class 1 … C, ``(B, C, H, W)`` of 0 and 1."""
    numbers = torch.arange(1, classes + 1, device=target.device)
    return (target[:, None] == numbers[:, None, None]).float()


def probabilities(logits: Tensor, *, softmax: bool) -> Tensor:
    """Probability of each class, ``(B, C, H, W)``; of softmax's logits the first is the background's and is left out.

    Parameters
    ----------
    logits : Tensor, shape (B, C, H, W), or (B, 1 + C, H, W) with softmax
    softmax : bool
    """
    logits = logits.float()
    return logits.softmax(1)[:, 1:] if softmax else torch.sigmoid(logits)


def segmentation_loss(logits: Tensor, target: Tensor, known: Tensor, options: SegmentationLossConfig) -> Tensor:
    """``λ_ce · CE + λ_dice · (1 − mean Dice)``.

    Parameters
    ----------
    logits : Tensor, shape (B, K, H, W)
        K = C: a sigmoid for each class; K = C + 1 where ``target`` may also be 0, the background: softmax.
    target : Tensor, shape (B, C, H, W)
        How much of each class is in a pixel, in [0, 1].
    known : Tensor, shape (B, 1, H, W)
    options : SegmentationLossConfig
    """
    softmax = logits.shape[1] == target.shape[1] + 1
    logits = logits.float()
    if softmax:
        whole = torch.cat([(1 - target.sum(1, keepdim=True)).clamp_min(0), target], 1)
        ce = -(whole * logits.log_softmax(1)).sum(1, keepdim=True)
    else:
        ce = functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(1, keepdim=True)
    loss = options.cross_entropy * (ce * known).sum() / known.sum().clamp_min(1.0)
    p = probabilities(logits, softmax=softmax)
    return loss + options.dice * (1 - soft_dice(p, target, known)).mean()
