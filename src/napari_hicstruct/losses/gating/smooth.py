"""Smoothness: lines of near codes have near gates, weighted by a radial basis function of the codes."""

from __future__ import annotations

import torch
from torch import Tensor


def rbf_smoothness(codes: Tensor, gates: Tensor, *, width: float = 0.0) -> Tensor:
    """``Σ k(c, c')·mean (g_c − g_c')² / Σ k`` over pairs of lines, ``k = exp(−|c − c'|² / 2w²)``.

    Codes are held fixed: else pushing them apart would be the easiest way.

    Parameters
    ----------
    codes : Tensor, shape (lines, code)
    gates : Tensor, shape (lines, d)
        Scaled to mean 1.
    width : float
        w; 0: the median distance of the codes.
    """
    if len(codes) < 2:
        return gates.sum() * 0
    apart = torch.pdist(codes.detach())
    scale = torch.as_tensor(width, device=codes.device) if width else apart.median().clamp_min(1e-6)
    weights = torch.exp(-apart.square() / (2 * scale.square()))
    rows, columns = torch.triu_indices(len(gates), len(gates), 1, device=gates.device)
    distances = (gates[rows] - gates[columns]).square().mean(1)
    return (weights * distances).sum() / weights.sum().clamp_min(1e-6)
