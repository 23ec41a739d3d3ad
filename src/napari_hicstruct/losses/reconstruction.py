"""Masked reconstruction: what was hidden of the input, given back (band-MAE, and as an auxiliary)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def reconstruction_loss(output: Tensor, target: Tensor, hidden: Tensor, *, kind: str = "huber") -> Tensor:
    """Mean error over hidden pixels; 0 where nothing is hidden.

    ``huber``: Huber (δ = 1) of ``output`` against ``log1p(target)``.
    ``poisson``: ``exp(output) - target · output``, the negative log-likelihood of counts up to a constant.

    Source: He et al. 2022 (loss on hidden patches alone); Huber 1964; Poisson as counts are drawn.

    Parameters
    ----------
    output, target : Tensor, shape (B, C, H, W)
        ``target`` ≥ 0: counts or observed/expected.
    hidden : Tensor, shape (B, 1, H, W) or (B, C, H, W)
        1 where the input was hidden and the truth is known.
    """
    output = output.float()
    if kind == "huber":
        loss = functional.huber_loss(output, torch.log1p(target), reduction="none")
    else:
        loss = functional.poisson_nll_loss(output, target, log_input=True, reduction="none")
    hidden = hidden.expand_as(loss)
    return (loss * hidden).sum() / hidden.sum().clamp_min(1.0)
