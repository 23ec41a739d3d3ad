"""Loss of mask heads: BCE 1.0 + log-IoU 0.5, and 0.2 · BCE of the direction inside the mask."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def log_iou(p: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """``-log((Σpt + 1) / (Σ(p + t - pt) + 1))`` over the batch; 0 where both are empty.

    Parameters
    ----------
    p, target, known : Tensor, shape (B, H, W)
    """
    both = (p * target * known).sum()
    either = ((p + target - p * target) * known).sum()
    return -torch.log((both + 1) / (either + 1))


def mask_loss(output: Tensor, mask: Tensor, down: Tensor, known: Tensor) -> Tensor:
    """Loss of a mask head's ``(B, 2, H, W)`` output (mask logit, direction logit)."""
    logit, direction = output[:, 0].float(), output[:, 1].float()
    # Stripes cover a few percent of the pixels: weight them up, or the first epochs learn emptiness only.
    weight = known * (1 + 4 * mask)
    bce = (functional.binary_cross_entropy_with_logits(logit, mask, reduction="none") * weight).sum()
    inside = mask * known
    way = (functional.binary_cross_entropy_with_logits(direction, down, reduction="none") * inside).sum()
    shape = 0.5 * log_iou(torch.sigmoid(logit), mask, known)
    return bce / weight.sum().clamp_min(1.0) + shape + 0.2 * way / inside.sum().clamp_min(1.0)
