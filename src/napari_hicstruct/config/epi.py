"""Settings of ``hicstruct epi``: sequences, network, split and training of enhancer–promoter pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig, load_config, parse_config
from napari_hicstruct.config.gating import Control, CurriculumConfig, GateConfig, GateLossConfig, RulesConfig

Positive = Annotated[int, Field(ge=1)]


class EncoderConfig(FrozenConfig):
    """Convolutions that read a sequence on both strands."""

    window: int = Field(1_024, ge=32, description="bp read around the middle of an enhancer or a promoter")
    filters: Positive = Field(256, description="motif filters of the first convolution")
    kernel: int = Field(15, ge=3, description="bp; length of a motif filter")
    pool: Positive = Field(4, description="bp pooled after the first convolution")
    dilations: tuple[Positive, ...] = Field((1, 2, 4, 8), description="one residual convolution each")
    dims: Positive = Field(768, description="features of a sequence, which the gate opens and shuts")
    head: Positive = Field(128, description="units of the head that reads both sequences")
    head_form: Literal["evidence", "free"] = Field(
        "evidence",
        description="evidence: an open feature never lowers the score; free: it may, and gates may reverse",
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="of features before the head")
    start: Literal["words", "motifs", "random"] = Field(
        "words",
        description="of the motif filters: words that are frequent in the training sequences, the motifs of a file "
        "(`--motifs`), or random",
    )


class SplitConfig(FrozenConfig):
    """What is held out: lines and chromosomes at once.  Without names, shares are drawn by the seed."""

    validation_lines: tuple[str, ...] = ()
    test_lines: tuple[str, ...] = ()
    validation_chroms: tuple[str, ...] = ()
    test_chroms: tuple[str, ...] = ()
    share: float = Field(0.2, gt=0, lt=0.5, description="of lines and of chromosomes for the test; for validation too")


class EpiTrainConfig(FrozenConfig):
    """The run."""

    epochs: Positive = 20
    lines_per_batch: int = Field(4, ge=1, description="sub-batches, each of one line")
    pairs_per_line: int = Field(32, ge=2, description="pairs of a sub-batch")
    positives: float = Field(
        0.25, ge=0, lt=1, description="at least this share of a sub-batch is positive; 0: as in the data"
    )
    feature_noise: float = Field(
        0.0, ge=0, description="added to the numbers of a line at each step, in their spread over the lines of training"
    )
    steps_per_epoch: int = Field(0, ge=0, description="0: as many as show every pair about once")
    learning_rate: float = Field(1e-3, gt=0)
    encoder_rate: float = Field(
        0.1,
        gt=0,
        description="of an encoder that starts at words or motifs, in learning_rate: below 1 it keeps more of them",
    )
    head_rate: float = Field(
        5.0, gt=0, description="of the head, likewise: the weights of evidence grow slowly, as they are above 0"
    )
    weight_decay: float = Field(0.01, ge=0)
    warmup: int = Field(50, ge=0, description="steps")
    clip: float = Field(1.0, gt=0, description="longest gradient")
    adversarial: float = Field(0.3, ge=0, description="weight of the control that hides the line from the features")
    checkpoint_every: Positive = Field(50, description="steps; a run that is stopped goes on from there")
    patience: int = Field(0, ge=0, description="stop after so many epochs without gain; 0: never")


class EpiConfig(FrozenConfig):
    """Everything that decides a model of enhancer–promoter pairs."""

    name: str = Field("epi", min_length=1)
    seed: int = Field(1, ge=0)
    control: Control = Field("gate", description="gate, or a control of equal size to measure it against")
    encoder: EncoderConfig = EncoderConfig()
    gate: GateConfig = GateConfig()
    losses: GateLossConfig = GateLossConfig()
    curriculum: CurriculumConfig = CurriculumConfig()
    rules: RulesConfig = RulesConfig()
    split: SplitConfig = SplitConfig()
    train: EpiTrainConfig = EpiTrainConfig()

    @model_validator(mode="after")
    def _fits(self) -> EpiConfig:
        if self.encoder.kernel % 2 == 0:
            raise ValueError("encoder.kernel must be odd")
        if self.encoder.window % self.encoder.pool:
            raise ValueError("encoder.window must be a multiple of encoder.pool")
        return self


SMALL: dict[str, Any] = {
    "encoder": {"window": 128, "filters": 32, "kernel": 11, "dilations": [1, 2], "dims": 64, "head": 32},
    "gate": {"hidden": 32, "code": 32, "gate_hidden": 64, "support": 16},
    "train": {"epochs": 12, "warmup": 20},
}
"""What ``--small`` replaces: a network that two processor cores train in minutes."""


def epi_config(path: Path | None = None, *, small: bool = False, changes: dict[str, Any] | None = None) -> EpiConfig:
    """Settings of a YAML file or the defaults, with changes (nested as the file is).

    Raises
    ------
    ConfigError
        If the file cannot be read, or a key is unknown or impossible.
    """
    data: dict[str, Any] = {} if path is None else load_config(EpiConfig, path).model_dump(exclude_unset=True)
    for layer in (SMALL if small else {}, changes or {}):
        data = merged(data, layer)
    return parse_config(EpiConfig, data, where=path)


def merged(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``data`` with ``changes`` laid over it, key by key."""
    found = dict(data)
    for key, value in changes.items():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found
