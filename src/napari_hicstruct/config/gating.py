"""Settings of gates: the code of a line, the form of the gate, its losses, curriculum and automatic rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig

Form = Literal["sigmoid", "sparsemax", "entmax"]
Control = Literal["gate", "none", "one_hot", "bias", "adversarial"]
"""How a network knows of lines: the gate, or one of the controls of equal size that it is measured against."""

Weight = Annotated[float, Field(ge=0)]


class GateConfig(FrozenConfig):
    """The module of ``models/gating/``: what describes a line, and which features it opens."""

    features: int = Field(64, ge=1, description="numbers that describe a line; fewer are filled up with 0")
    hidden: int = Field(128, ge=1, description="units between the numbers and the code")
    code: int = Field(256, ge=1, description="length of a line's code")
    gate_hidden: int = Field(512, ge=1, description="units between the code and the gate")
    support: int = Field(32, ge=1, description="unlabelled samples of a line that attention pooling reads")
    form: Form = Field("entmax", description="sigmoid, sparsemax, or entmax with a learnt alpha")
    alpha: float = Field(1.5, gt=1, le=2, description="of entmax at the start; 1 is softmax, 2 is sparsemax")
    start_open: float = Field(0.2, gt=0, lt=1, description="share of dimensions that a new gate opens")
    leak: float = Field(
        0.3,
        ge=0,
        description="share of softmax's gradient for what sparse forms shut, which has none; 0: it stays shut",
    )


class CellGateConfig(FrozenConfig):
    """The gate of maps (selector ``cell_gate``): unlabelled windows of a map say which features its decoders read."""

    windows: int = Field(32, ge=1, description="unlabelled windows of a map that describe it; fewer will do")
    size: int = Field(128, ge=16, multiple_of=8, description="bins of such a window, at the coarse bins")
    train_windows: tuple[int, int] = Field((4, 12), description="least and most windows in a step of training")
    code: int = Field(64, ge=1, description="length of a map's code")
    hidden: int = Field(128, ge=1, description="units between the code and the gate")
    form: Form = Field("sigmoid", description="sigmoid, sparsemax, or entmax with a learnt alpha")
    control: Literal["gate", "none"] = Field(
        "gate", description="none: every map has the same code, the control of equal size"
    )

    @model_validator(mode="after")
    def _counts(self) -> CellGateConfig:
        if not 1 <= self.train_windows[0] <= self.train_windows[1]:
            raise ValueError("train_windows must be two ascending numbers from 1 on")
        return self


class GateLossConfig(FrozenConfig):
    """Weights and forms of the terms that are added to the loss of the task."""

    margin_exponent: float = Field(1 / 3, ge=0, le=1, description="a class's margin grows with its count to this power")
    align: Weight = Field(0.5, description="samples of one label agree across lines")
    align_form: Literal["mean_square", "contrastive"] = Field(
        "contrastive",
        description="mean_square has a trivial answer, one direction for everything: it pulls, nothing pushes",
    )
    temperature: float = Field(0.1, gt=0, description="of the contrastive form")
    sparse: Weight = Field(0.1, description="few dimensions are open")
    sparse_form: Literal["band", "participation", "l1"] = Field(
        "band", description="band: penalised outside share_open only; l1 teaches nothing under sparsemax and entmax"
    )
    entropy: Weight = Field(0.05, description="of the gate, as a distribution over dimensions")
    entropy_sign: Literal["measured", "open", "close"] = Field(
        "measured", description="open rewards entropy, close penalises it; measured: as the share open demands"
    )
    smooth: Weight = Field(0.1, description="lines of near codes have near gates")
    rbf_width: float = Field(
        0.0, ge=0, description="distance of codes that counts as near; 0: half their median distance"
    )
    share_open: tuple[float, float] = Field((0.1, 0.3), description="wanted share of open dimensions")

    @model_validator(mode="after")
    def _share(self) -> GateLossConfig:
        if not 0 <= self.share_open[0] < self.share_open[1] <= 1:
            raise ValueError("share_open must be two ascending shares in [0, 1]")
        return self


class CurriculumConfig(FrozenConfig):
    """When the gate begins to close, and when its losses count."""

    closed_until: int = Field(1, ge=0, description="epochs in which the gate is 1")
    opening: int = Field(3, ge=0, description="epochs in which gate and weights go from nothing to the whole")

    def share(self, epoch: float) -> float:
        """How much of the gate and of its losses counts at a place of the run, in epochs from 0 (1.5: amid the second).

        Returns
        -------
        float
            0: the gate is 1 and only the task is learnt; 1: everything as configured.
        """
        if not self.opening:
            return float(epoch >= self.closed_until)
        return min(1.0, max(0.0, (epoch - self.closed_until) / self.opening))


class RulesConfig(FrozenConfig):
    """What is done by itself when a gate goes wrong; each change is reported and logged."""

    enabled: bool = True
    factor: float = Field(1.5, gt=1, description="a weight is multiplied by this")
    limit: float = Field(8.0, ge=1, description="a weight never exceeds its first value times this")
    min_alike: float = Field(0.02, ge=0, description="mean distance of gates below which lines are not distinguished")
    max_disagreement: float = Field(1.5, gt=0, description="align (mean square) above which its weight is raised")
    max_roughness: float = Field(0.3, gt=0, description="smooth above which its weight is raised")
