"""Smoothness: lines of near codes have near gates, weighted by a radial basis function of the codes."""

from __future__ import annotations

import torch
from torch import Tensor


def rbf_smoothness(codes: Tensor, gates: Tensor, *, width: float = 0.0) -> Tensor:
    """Mean over pairs of lines of ``k(c, c')·|g_c − g_c'|² / |g|²``, ``k = exp(−|c − c'|² / 2w²)``.

    |g|² is the gates' own mean square, so that the figure means the same for many open dimensions as for few: lines of
    one code whose gates share nothing give 2.  It and the codes are held fixed: else growing gates, or pushing codes
    apart, would be the easiest way.

    Parameters
    ----------
    codes : Tensor, shape (lines, code)
    gates : Tensor, shape (lines, d)
        Scaled to mean 1.
    width : float
        w; 0: half the median distance of the codes.
    """
    if len(codes) < 2:
        return gates.sum() * 0
    apart = torch.pdist(codes.detach())
    scale = torch.as_tensor(width, device=codes.device) if width else (apart.median() / 2).clamp_min(1e-6)
    weights = torch.exp(-apart.square() / (2 * scale.square()))
    rows, columns = torch.triu_indices(len(gates), len(gates), 1, device=gates.device)
    distances = (gates[rows] - gates[columns]).square().mean(1)
    return (weights * distances).mean() / gates.detach().square().mean().clamp_min(1e-6)
