"""Settings of a training run; its YAML file is the recipe that ships with the model."""

from __future__ import annotations

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.simulation import SimulationConfig


class PoolConfig(FrozenConfig):
    """Simulated maps to train or validate on; made once, kept on disk, re-sampled at new depths for ever."""

    extrusion: int = Field(60, ge=0, description="maps by loop extrusion")
    painted: int = Field(0, ge=0, description="maps by painted kernels")
    first_seed: int = Field(1, ge=0, description="seed of the first map; the others follow")
    settings: SimulationConfig = SimulationConfig()


class TrainConfig(FrozenConfig):
    """One training run from simulated maps."""

    name: str = "default"
    version: str = "0.1"
    seed: int = 1
    start_from: str = Field("", description="model (name or folder) whose weights a new run starts from")
    model: ModelConfig = ModelConfig()
    train: PoolConfig = PoolConfig()
    validation: PoolConfig = PoolConfig(extrusion=4, first_seed=900_000)
    steps: int = Field(4_000, ge=1)
    batches: int = Field(1, ge=1, description="batches whose gradients make one step; several devices share them")
    fine_batch: int = Field(2, ge=1, description="5 kb windows per step")
    off_diagonal_batch: int = Field(1, ge=1, description="10 kb windows off the diagonal per step")
    coarse_size: int = Field(256, description="bins; 10 kb windows in training")
    strip_tiles: int = Field(3, ge=1, description="on-diagonal windows that make one strip; one gets gradients")
    steps_per_draw: int = Field(16, ge=1, description="steps served from one drawing of maps and depths")
    maps_per_draw: int = Field(3, ge=1)
    dropped_bins: float = Field(0.05, ge=0, lt=1, description="at most this share of bins is marked bad, map by map")
    depth: tuple[float, float] = Field((4.0, 2_000.0), description="counts at distance 1 bin, log-uniform")
    learning_rate: float = 3e-4
    weight_decay: float = 0.05
    warmup: int = 100
    clip: float = 3.0
    average: float = Field(0.998, ge=0, lt=1, description="decay of the weights' moving average that is shipped")
    task_weights: dict[str, float] = Field(default_factory=dict)
    validate_every: int = Field(250, ge=1)
    checkpoint_every: int = Field(50, ge=1)
    bf16: bool = Field(True, description="bfloat16 autocast where the processor has it")
    patience: int = Field(0, ge=0, description="stop after so many validations without gain; 0: never")

    @model_validator(mode="after")
    def _fits(self) -> TrainConfig:
        names = {task.name for task in self.model.tasks}
        if unknown := sorted(set(self.task_weights) - names):
            raise ValueError(f"task_weights names '{unknown[0]}', but the model has {', '.join(sorted(names))}")
        if self.coarse_size % 8 or self.coarse_size <= 2 * self.model.windows.coarse_margin:
            raise ValueError("coarse_size must be a multiple of 8 and larger than twice model.windows.coarse_margin")
        if not self.train.extrusion + self.train.painted:
            raise ValueError("train holds no maps: give train.extrusion")
        return self
