"""Settings of the fusion of two pictures or maps: network, losses, training; one YAML file for each preset."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig, load_preset

Preset = Literal["lytro", "microscopy", "hic"]
PRESETS: tuple[Preset, ...] = ("lytro", "microscopy", "hic")
"""Settings that ship with the package: photographs, microscopy, contact maps."""

IMAGE_PRESETS: tuple[Preset, ...] = ("lytro", "microscopy")
"""Presets of ordinary pictures."""

Weight = float
"""Of a term of the loss."""


class FusionNetConfig(FrozenConfig):
    """The network: a branch of dilated convolutions beside a Swin-V2 branch, joined to one decision mask."""

    in_channels: int = Field(2, ge=1, description="channels read of each picture")
    value_channels: int = Field(1, ge=1, description="the first so many channels are blended where no values are given")
    width: int = Field(32, ge=4, multiple_of=4, description="channels of a patch; a pixel has half as many")
    patch: int = Field(2, ge=1, description="pixels along an edge of a patch")
    window: int = Field(8, ge=2, multiple_of=2, description="patches along an edge of a window of attention")
    depth: int = Field(1, ge=0, description="pairs of a regular and a shifted block; 0: convolutions alone")
    heads: int = Field(4, ge=1)
    mlp_ratio: int = Field(2, ge=1, description="width of a block's hidden layer, in widths")
    dilations: tuple[int, ...] = Field((1, 2, 4, 8, 16), min_length=1, description="of the convolutions, in patches")
    residual: bool = Field(False, description="the network may add to the blend what neither picture has")
    windows: Literal["fixed", "content"] = Field(
        "fixed", description="content: windows of one and two sizes, mixed by how much there is to see in each"
    )

    @model_validator(mode="after")
    def _divides(self) -> FusionNetConfig:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is no multiple of {self.heads} heads")
        if any(one < 1 for one in self.dilations):
            raise ValueError("dilations must be 1 or more")
        return self

    @property
    def grid(self) -> int:
        """Pixels of which a picture's sides must be multiples inside the network: it is padded to them."""
        return self.patch * self.window * (2 if self.windows == "content" else 1)


class FusionLossConfig(FrozenConfig):
    """Weight of each term of the loss; 0 switches it off.  docs/fusion.md has the equations."""

    # pictures
    detail: Weight = Field(0.0, ge=0, description="lytro: L1 of LoG f and the stronger LoG; microscopy: Charbonnier")
    structure: Weight = Field(0.0, ge=0, description="1 − SSIM of f and the target weighted by sharpness")
    low: Weight = Field(0.0, ge=0, description="L1 of blurred f and blurred ½(A + B)")
    binary: Weight = Field(0.0, ge=0, description="m (1 − m)")
    tv: Weight = Field(0.0, ge=0, description="total variation of the mask")
    max_intensity: Weight = Field(0.0, ge=0, description="L1 of f and max(A, B); brightens noise: off")
    sobel_max: Weight = Field(0.0, ge=0, description="L1 of |∇f| and max(|∇A|, |∇B|)")
    truth_mask: Weight = Field(0.0, ge=0, description="cross-entropy with the true focus map of a synthetic pair")
    truth_image: Weight = Field(0.0, ge=0, description="L1 of f and the true picture of a synthetic pair")
    truth_structure: Weight = Field(0.0, ge=0, description="1 − SSIM of f and the true picture of a synthetic pair")

    # maps
    likelihood: Weight = Field(0.0, ge=0, description="Poisson, of both maps' counts under f with known depths")
    truth_contacts: Weight = Field(0.0, ge=0, description="Poisson deviance of the true contacts of simulated maps")
    oe_detail: Weight = Field(0.0, ge=0, description="L1 of Laplacians of log O/E, f and the truth")
    consistency: Weight = Field(0.0, ge=0, description="L1 of 2 × 2 sums of f and of the blend: 5 kb and 10 kb")


class FusionTrainConfig(FrozenConfig):
    """How a network learns."""

    steps: int = Field(1500, ge=1)
    batch: int = Field(4, ge=1, description="pairs in a step")
    patch: int = Field(128, ge=16, description="pixels along an edge of a training pair")
    learning_rate: float = Field(2e-3, gt=0, description="at its highest; it rises at first and falls as a cosine")
    final_rate: float = Field(0.02, gt=0, le=1, description="share of the learning rate at the last step")
    warmup: int = Field(50, ge=0, description="steps in which the learning rate rises")
    weight_decay: float = Field(1e-4, ge=0)
    clip: float = Field(1.0, gt=0, description="largest norm of a step's gradient")
    average: float = Field(0.995, ge=0, lt=1, description="decay of the running mean of weights that is kept")
    checkpoint_every: int = Field(100, ge=1, description="steps; a run that is stopped goes on from there")
    validate_every: int = Field(250, ge=1, description="steps")
    seed: int = Field(1, ge=0, lt=2**32)
    noise: tuple[float, float] = Field((0.0, 0.01), description="pictures: σ of noise, share of the range")
    blur: tuple[float, float] = Field((0.6, 4.0), description="pictures: σ of defocus, pixels")
    spread_share: float = Field(0.5, ge=0, le=1, description="pictures: pairs whose foreground bleeds over the ground")
    target: Literal["focus", "nearer"] = Field(
        "focus", description="pictures: truth_mask is of who is in focus, or of who is nearer the sharp picture"
    )
    unlike_share: float = Field(0.5, ge=0, le=1, description="maps: pairs whose second map has bins twice as large")
    maps: int = Field(12, ge=1, description="maps: simulated ones of 10 Mb; every other one also in bins of 10 kb")
    first_map: int = Field(24_000, ge=0, description="maps: seed of the first simulated one")
    real_share: float = Field(0.25, ge=0, le=1, description="maps: pairs of parts of real maps; the rest is simulated")


class FusionConfig(FrozenConfig):
    """Everything that a fusion network is made from."""

    preset: Preset
    network: FusionNetConfig = FusionNetConfig()
    losses: FusionLossConfig = FusionLossConfig()
    train: FusionTrainConfig = FusionTrainConfig()


def fusion_config(preset_or_file: str | Path) -> FusionConfig:
    """Settings by the name of a preset (``lytro``, ``microscopy``, ``hic``), or from a YAML file.

    Raises
    ------
    ConfigError
        If there is no such preset or file, or it has an unknown or impossible key.
    """
    return load_preset(FusionConfig, preset_or_file, PRESETS, "fusion")
