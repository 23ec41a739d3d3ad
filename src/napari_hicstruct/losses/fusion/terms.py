"""Terms that presets share: of the mask, of a known truth, and the two targets by maxima."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.fusion import FusionLossConfig
from napari_hicstruct.losses.fusion.sharpness import gradient_size
from napari_hicstruct.losses.fusion.ssim import ssim
from napari_hicstruct.models.fusion.network import Fused


@dataclass(frozen=True)
class PictureBatch:
    """Pairs of pictures, ``(B, C, H, W)``.

    Attributes
    ----------
    a, b : Tensor
        What is read.
    values : pair of Tensor
        What is blended, 0 to 1.
    truth : Tensor or None
        The picture in focus everywhere, without noise, where it is known.
    focus : Tensor or None
        ``(B, 1, H, W)``: 1 where A is in focus, 0 where B is.
    prior : Tensor or None
        ``(B, 1, H, W)``, added to the mask's logit.
    """

    a: Tensor
    b: Tensor
    values: tuple[Tensor, Tensor]
    truth: Tensor | None = None
    focus: Tensor | None = None
    prior: Tensor | None = None


def binarity(mask: Tensor) -> Tensor:
    """Mean of m (1 − m): 0 where every pixel is decided."""
    return (mask * (1 - mask)).mean()


def total_variation(mask: Tensor) -> Tensor:
    """Mean step between neighbours, both ways."""
    return (mask.diff(dim=-1).abs().mean() if mask.shape[-1] > 1 else mask.sum() * 0) + (
        mask.diff(dim=-2).abs().mean() if mask.shape[-2] > 1 else mask.sum() * 0
    )


def shared_terms(made: Fused, batch: PictureBatch, weights: FusionLossConfig) -> dict[str, Tensor]:
    """Terms of any preset of pictures, unweighted; only those that count."""
    a, b = batch.values
    terms = {}
    if weights.binary:
        terms["binary"] = binarity(made.mask)
    if weights.tv:
        terms["tv"] = total_variation(made.mask)
    if weights.max_intensity:
        terms["max_intensity"] = functional.l1_loss(made.fused, torch.maximum(a, b))
    if weights.sobel_max:
        target = torch.maximum(gradient_size(a), gradient_size(b))
        terms["sobel_max"] = functional.l1_loss(gradient_size(made.fused), target)
    if weights.truth_mask and batch.focus is not None:
        terms["truth_mask"] = functional.binary_cross_entropy_with_logits(made.logit, batch.focus)
    if weights.truth_image and batch.truth is not None:
        terms["truth_image"] = functional.l1_loss(made.fused, batch.truth)
    if weights.truth_structure and batch.truth is not None:
        terms["truth_structure"] = 1 - ssim(made.fused, batch.truth).mean()
    return terms


def weighted(terms: dict[str, Tensor], weights: FusionLossConfig) -> Tensor:
    """The sum that is minimised."""
    return torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
