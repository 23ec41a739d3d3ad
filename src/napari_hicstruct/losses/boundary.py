"""Loss of boundary heads: BCE on soft labels 1.0 + total variation 0.05."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def boundary_loss(logit: Tensor, target: Tensor, known: Tensor, *, variation: float = 0.05) -> Tensor:
    """Loss of a strip of boundary logits.

    Parameters
    ----------
    logit, target, known : Tensor, shape (B, L)
        ``target`` soft in [0, 1]; ``known`` 0 at bad bins and the strip's ends.
    """
    logit = logit.float()
    weight = known * (1 + 4 * target)
    bce = functional.binary_cross_entropy_with_logits(logit, target, reduction="none") * weight
    p = torch.sigmoid(logit)
    steps = ((p[:, 1:] - p[:, :-1]).abs() * known[:, 1:] * known[:, :-1]).mean()
    return bce.sum() / weight.sum().clamp_min(1.0) + variation * steps
