"""Weights and switches of the losses, their balance and conflicts; equations: docs/science/losses.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig


class PointLossConfig(FrozenConfig):
    """Heat map and offsets of point tasks (loops)."""

    gamma: float = Field(2.0, ge=0, description="focusing exponent of the focal loss")
    alpha: float = Field(0.25, gt=0, lt=1, description="weight of centres against the rest")
    offset: float = Field(1.0, ge=0, description="λ of the offsets' L1")


class MaskLossConfig(FrozenConfig):
    """Mask and direction of mask tasks (stripes)."""

    bce: float = Field(1.0, ge=0)
    log_iou: float = Field(0.5, ge=0)
    direction: float = Field(0.2, ge=0, description="λ of the direction's BCE inside the mask")
    length: float = Field(0.1, ge=0, description="λ of the length reward: runs without gaps")
    thinness: float = Field(0.05, ge=0, description="λ of probability in blocks thicker than thin_width")
    thin_width: Literal[3, 5, 7, 9] = Field(5, description="bins; no stripe should be thicker")
    cldice: float = Field(0.0, ge=0, description="λ of soft clDice; off")
    cldice_iterations: int = Field(5, ge=1, description="erosions of the soft skeleton; half the widest stripe, bins")
    hough: float = Field(0.0, ge=0, description="λ of the deep Hough auxiliary; off")
    hough_angles: tuple[float, ...] = Field((-2.0, 0.0, 2.0), description="degrees off rows and columns")
    smoothing: float = Field(0.0, ge=0, lt=1, description="label smoothing of the mask")
    centre_line: Literal[0, 3, 5] = Field(0, description="bins; width of centre-line labels; 0: whole stripes")

    @model_validator(mode="after")
    def _has_angles(self) -> MaskLossConfig:
        if self.hough and not self.hough_angles:
            raise ValueError("hough needs hough_angles: give at least 0.0")
        return self


class BoundaryLossConfig(FrozenConfig):
    """Boundary probability of boundary tasks (TADs)."""

    kind: Literal["bce", "dice"] = "bce"
    smoothing: float = Field(0.0, ge=0, lt=1, description="label smoothing")
    variation: float = Field(0.05, ge=0, description="λ of the total variation")


class ConsistencyConfig(FrozenConfig):
    """Agreement between tasks; a training stage of its own, so all are off here.

    The design's weights are corner 0.05, edge 0.05, symmetry 0.02, block 0.1.
    """

    corner: float = Field(0.0, ge=0, description="point probability on boundary corners against off them")
    edge: float = Field(0.0, ge=0, description="mask probability in boundary bands against outside")
    margin: float = Field(0.05, ge=0, le=1, description="by how much 'on' should exceed 'off'")
    symmetry: float = Field(0.0, ge=0, description="|p − pᵀ| in windows on the diagonal")
    block: float = Field(0.0, ge=0, description="fine against coarse point probability")
    block_teacher: Literal["fine", "coarse"] = Field("fine", description="the detached side of block")
    fine: bool = Field(False, description="corner and symmetry on the fine point head too, boundaries repeated 2×2")
    pair: float = Field(0.0, ge=0, description="fine against the coarse window over the same place, both ways (paired)")
    anchors: float = Field(
        0.0,
        ge=0,
        description="loops and stripes teach boundaries: likelier at their anchors, where nobody labelled any",
    )


class LossConfig(FrozenConfig):
    """Every weight and switch of the training loss."""

    point: PointLossConfig = PointLossConfig()
    mask: MaskLossConfig = MaskLossConfig()
    boundary: BoundaryLossConfig = BoundaryLossConfig()
    consistency: ConsistencyConfig = ConsistencyConfig()
    deep: float = Field(0.4, ge=0, description="λ of further predictions that interactions make at coarser scales")
    reconstruction: float = Field(0.0, ge=0, description="λ of masked reconstruction; the design's is 0.1")
    reconstruction_kind: Literal["huber", "poisson"] = "huber"
    balancing: Literal["fixed", "uncertainty", "gradnorm", "dwa"] = "fixed"
    gradnorm_alpha: float = Field(1.5, ge=0, description="how strongly slow tasks are helped")
    gradnorm_rate: float = Field(0.025, gt=0, description="step of GradNorm's weights")
    dwa_temperature: float = Field(2.0, gt=0)
    balance_window: int = Field(100, ge=1, description="steps: DWA's epoch, and GradNorm's first loss")
    conflict: Literal["none", "pcgrad", "cagrad", "upgrad"] = "none"
    conflict_radius: float = Field(0.5, ge=0, lt=1, description="CAGrad's c")
    conflict_buckets: bool = Field(False, description="one gradient per task and distance bucket, not per task")
