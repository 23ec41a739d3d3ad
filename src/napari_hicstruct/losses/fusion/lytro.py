"""The loss of photographs: the stronger detail, the structure of a target weighted by sharpness, a decided mask."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.fusion import FusionLossConfig
from napari_hicstruct.losses.fusion.sharpness import laplacian_energy, laplacian_of_gaussian, share_of_first, stronger
from napari_hicstruct.losses.fusion.ssim import ssim
from napari_hicstruct.losses.fusion.terms import PictureBatch, shared_terms
from napari_hicstruct.models.fusion.network import Fused

POWER = 2.0
"""By which sharpness is raised before two of them are compared."""


def sharpness_target(a: Tensor, b: Tensor) -> Tensor:
    """w A + (1 − w) B, w from the energies of the Laplacian."""
    share = share_of_first(laplacian_energy(a), laplacian_energy(b), power=POWER)
    return share * a + (1 - share) * b


def lytro_terms(made: Fused, batch: PictureBatch, weights: FusionLossConfig) -> dict[str, Tensor]:
    """``detail``, ``structure`` and the shared terms, unweighted; only those that count.

    detail: L1 of LoG f and of LoG A or LoG B, whichever is stronger; structure: 1 − SSIM(f, sharpness target).
    """
    a, b = batch.values
    terms = {}
    if weights.detail:
        target = stronger(laplacian_of_gaussian(a), laplacian_of_gaussian(b))
        terms["detail"] = functional.l1_loss(laplacian_of_gaussian(made.fused), target)
    if weights.structure:
        terms["structure"] = 1 - ssim(made.fused, sharpness_target(a, b)).mean()
    return terms | shared_terms(made, batch, weights)
