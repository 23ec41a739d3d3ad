"""The loss of noisy pictures: detail from the sharper one, brightness from both, a smooth mask."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.fusion import FusionLossConfig
from napari_hicstruct.losses.fusion.sharpness import (
    blurred,
    laplacian,
    laplacian_energy,
    share_of_first,
    tenengrad,
)
from napari_hicstruct.losses.fusion.terms import PictureBatch, shared_terms
from napari_hicstruct.models.fusion.network import Fused

LOW_SIGMA = 4.0
"""Pixels: what is blurred so far is brightness, not detail."""

ENERGY_SIGMA = 4.0
"""Pixels: noise has energy of its own; a wide window averages it."""

EPSILON = 1e-3
"""Of Charbonnier's √(d² + ε²)."""


def detail_share(a: Tensor, b: Tensor) -> Tensor:
    """Weight of A: mean of its shares in Tenengrad and in the energy of the Laplacian."""
    shares = [
        share_of_first(energy(a, ENERGY_SIGMA), energy(b, ENERGY_SIGMA), power=2.0)
        for energy in (tenengrad, laplacian_energy)
    ]
    return (shares[0] + shares[1]) / 2


def charbonnier(x: Tensor, y: Tensor) -> Tensor:
    """Mean of √(d² + ε²) − ε."""
    return ((x - y).square() + EPSILON**2).sqrt().mean() - EPSILON


def microscopy_terms(made: Fused, batch: PictureBatch, weights: FusionLossConfig) -> dict[str, Tensor]:
    """``detail``, ``low`` and the shared terms, unweighted; only those that count.

    detail: Charbonnier of the Laplacians of f and of w A + (1 − w) B; low: L1 of blurred f and blurred ½(A + B).
    """
    a, b = batch.values
    terms = {}
    if weights.detail:
        share = detail_share(a, b)
        terms["detail"] = charbonnier(laplacian(made.fused), share * laplacian(a) + (1 - share) * laplacian(b))
    if weights.low:
        terms["low"] = functional.l1_loss(blurred(made.fused, LOW_SIGMA), blurred((a + b) / 2, LOW_SIGMA))
    return terms | shared_terms(made, batch, weights)
