"""Options of the network's exchangeable parts; pages: encoders, selectors, interactions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from napari_hicstruct.config.base import FrozenConfig

Scale = Literal["f1", "f2", "f3", "f4", "f5"]
"""Scales of the network: 5, 10, 20, 40, 80 kb where the fine bins are 5 kb."""


def _groups(channels: int) -> int:
    if channels % max(1, channels // 8):
        raise ValueError(f"{channels} channels do not divide into groups of about 8: use a multiple of 8")
    return channels


Channels = Annotated[int, Field(ge=1), AfterValidator(_groups)]
"""Channels of a convolution that is followed by group norm (``models/blocks.py``)."""


def _once(scales: tuple[Scale, ...]) -> tuple[Scale, ...]:
    if len(set(scales)) < len(scales):
        raise ValueError("a scale is named twice")
    return scales


Scales = Annotated[tuple[Scale, ...], AfterValidator(_once)]
"""Scales at which a part stands, each once."""


class AttentionConfig(FrozenConfig):
    """Attention blocks after the encoder, at its coarse scales."""

    kind: Literal["none", "axial", "band"] = "none"
    scales: Scales = ("f3", "f4")
    heads: int = Field(4, ge=1)
    reach: int = Field(48, ge=1, description="bins of the scale; band attention looks where |i − j| ≤ reach")
    contact_bias: bool = Field(False, description="contact strength as additive bias of the attention logits")


class SelectorConfig(FrozenConfig):
    """Options of the selectors with experts (E2 – E6)."""

    experts: int = Field(4, ge=2, le=8)
    gate: Literal["conv", "pooled", "task"] = Field("task", description="1×1 conv; pooled MLP; that + task embedding")
    residual: bool = False
    detach_gate: bool = Field(True, description="gate input detached from the encoder")
    detach_encoder: bool = Field(True, description="patch_gate (E6): no gradient passes to the encoder")
    expert_scales: Scales = Field((), description="where experts stand (E2 – E5); empty: as the selector has it")
    decorrelation: float = Field(1e-3, ge=0, description="λ of the mean cosine over pairs of experts")
    entropy: float = Field(1e-2, ge=0, description="λ of 1 − gate entropy, per gate: keeps experts alive")
    smoothness: float = Field(1e-3, ge=0, description="λ of the difference of neighbouring scales' gates (E6)")


class InteractionConfig(FrozenConfig):
    """Options of the interactions between task decoders."""

    scales: Scales = Field(
        ("f3", "f2"),
        description="decoder scales with exchange (cross_stitch, sluice, nddr, mmoe, band_exchange)",
    )
    learning_rate_scale: float | None = Field(
        None,
        gt=0,
        description="learns so many times as fast; none: 100 for cross_stitch, nddr, mmoe's stitches, else 1",
    )
    experts: int = Field(4, ge=2, le=8, description="mmoe")
    shortcut: bool = Field(False, description="nddr: with shortcut")
    frozen_norm: bool = Field(False, description="nddr, xtam, mtan: batch norm keeps its statistics also in training")
    orthogonality: float = Field(1e-3, ge=0, description="sluice: λ of what the two halves have in common")
    attention: bool = Field(False, description="band_exchange: attention instead of 1×1 exchange")
    gate: Literal["distance", "constant"] = Field("distance", description="band_exchange: g(d) or one constant")
    shuffled: bool = Field(False, description="band_exchange: masks moved elsewhere (the control)")
    sparsity: float = Field(1e-3, ge=0, description="band_exchange: λ of the mean gate")
    gate_consistency: float = Field(0.0, ge=0, description="λ of ‖g_task − g_tad‖₁ in corners and bands")

    @model_validator(mode="after")
    def _somewhere_to_exchange(self) -> InteractionConfig:
        if not {"f4", "f3", "f2"} & set(self.scales):
            raise ValueError("interaction_options.scales must hold f4, f3 or f2: there all tasks have decoders")
        return self


class BoundaryPriorConfig(FrozenConfig):
    """Boundary probability per coarse bin, read off the diagonal before any window, for masks and priors.

    ``band`` reads the strip around the window; ``chromosome`` the whole chromosome in large bins.
    """

    kind: Literal["none", "band", "chromosome"] = "none"
    width: Channels = Field(32, ge=8)
    pad: int = Field(32, ge=0, description="coarse bins read beyond the window on either side")
    resolution: int = Field(80_000, gt=0, description="bp; bins of kind chromosome")
    inject: bool = Field(False, description="add the boundary map to the encoder's f2 features")

    @model_validator(mode="after")
    def _something_to_inject(self) -> BoundaryPriorConfig:
        if self.inject and self.kind == "none":
            raise ValueError("boundary_prior.inject needs boundary_prior.kind 'band' or 'chromosome'")
        return self
