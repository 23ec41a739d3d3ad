"""Settings of a training run; its YAML file is the recipe that ships with the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig
from napari_hicstruct.config.losses import LossConfig
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.config.weak import WeakConfig
from napari_hicstruct.wording import how_many

Weight = Annotated[float, Field(ge=0)]


class PoolConfig(FrozenConfig):
    """Simulated maps to train or validate on; made once, kept on disk, re-sampled at new depths for ever."""

    extrusion: int = Field(60, ge=0, description="maps by loop extrusion")
    painted: int = Field(0, ge=0, description="maps by painted kernels")
    first_seed: int = Field(1, ge=0, description="seed of the first map; the others follow")
    settings: SimulationConfig = SimulationConfig()

    @property
    def seeds(self) -> range:
        """Seeds of the maps."""
        return range(self.first_seed, self.first_seed + self.extrusion + self.painted)


class MaskingConfig(FrozenConfig):
    """What band-MAE hides of a coarse window."""

    share: tuple[float, float] = Field((0.3, 0.5), description="share of the diagonals that is hidden")
    run: int = Field(4, ge=1, description="bins; neighbouring diagonals hidden together")
    patches: int = Field(6, ge=0, description="square corner patches hidden per window")
    patch: int = Field(12, ge=1, description="bins; side of a patch")
    noise: float = Field(0.25, ge=0, description="added to the signal channels of one distance bucket")
    smooth: bool = Field(True, description="give back the 3×3 mean of O/E, which noise does not drown")

    @model_validator(mode="after")
    def _shares(self) -> MaskingConfig:
        if not 0 <= self.share[0] <= self.share[1] < 1:
            raise ValueError("share must be two ascending shares in [0, 1)")
        return self


class LineConfig(FrozenConfig):
    """Simulated lines: how protocol and coverage differ from map to map, beyond what the pool's maps differ."""

    enabled: bool = Field(False, description="each simulated map is drawn as of a line of its own")
    blur: tuple[float, float] = Field((0.0, 1.2), description="protocol: bins by which contacts are smeared")
    tilt: tuple[float, float] = Field((-0.3, 0.3), description="decay: contacts times distance to this power")
    roughness: tuple[float, float] = Field((0.0, 0.25), description="texture: log-normal, over a few bins")
    bin_roughness: tuple[float, float] = Field((0.0, 0.35), description="coverage: log-normal, bin by bin")
    noise: tuple[float, float] = Field((0.0, 0.12), description="overdispersion added to the map's own")


class TrainConfig(FrozenConfig):
    """One training run from simulated maps."""

    name: str = Field("default", description="of the model that is made")
    version: str = Field("0.1", description="of the model that is made")
    seed: int = Field(
        1, lt=2**32, description="of the order in which maps, depths and windows are drawn, and of new weights"
    )
    start_from: str = Field("", description="model (name or folder) whose weights a new run starts from")
    task_from: dict[str, str] = Field(default_factory=dict, description="task: model whose decoder and head it takes")
    model: ModelConfig = ModelConfig()
    train: PoolConfig = PoolConfig()
    datasets: tuple[str, ...] = Field((), description="folders written by hicstruct dataset, beside simulated maps")
    dataset_share: float = Field(0.5, ge=0, le=1, description="share of draws from datasets where both are given")
    thinning: float = Field(16.0, ge=1, description="contacts of a dataset are divided by 1 … this")
    bin_sizes: tuple[int, ...] = Field(
        (), description="bp; coarse bins that simulated maps are drawn in, by turns; empty: model.coarse_resolution"
    )
    validation: PoolConfig = PoolConfig(extrusion=4, first_seed=900_000)
    steps: int = Field(4_000, ge=1, description="of the whole run")
    batches: int = Field(1, ge=1, description="batches whose gradients make one step; several devices share them")
    fine_batch: int = Field(2, ge=1, description="5 kb windows per step")
    off_diagonal_batch: int = Field(1, ge=1, description="10 kb windows off the diagonal per step")
    paired: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the windows off the diagonal that lie around one of 5 kb: one place, twice",
    )
    coarse_size: int = Field(256, description="bins; 10 kb windows in training")
    strip_tiles: int = Field(3, ge=1, description="on-diagonal windows that make one strip; one gets gradients")
    steps_per_draw: int = Field(16, ge=1, description="steps served from one drawing of maps and depths")
    maps_per_draw: int = Field(3, ge=1, description="maps in one drawing")
    lines: LineConfig = LineConfig()
    learns: Literal["all", "cell_gate"] = Field(
        "all", description="cell_gate: the gate of maps alone; without it the network stays the one it started from"
    )
    dropped_bins: float = Field(0.05, ge=0, lt=1, description="at most this share of bins is marked bad, map by map")
    depth: tuple[float, float] = Field((4.0, 2_000.0), description="counts at distance 1 bin, log-uniform")
    learning_rate: float = Field(3e-4, gt=0, description="after the warm-up; it then falls as a cosine")
    weight_decay: float = Field(0.05, ge=0, description="of AdamW")
    warmup: int = Field(100, ge=0, description="steps")
    clip: float = Field(3.0, gt=0, description="longest gradient")
    average: float = Field(0.998, ge=0, lt=1, description="decay of the weights' moving average that is shipped")
    task_weights: dict[str, Weight] = Field(default_factory=dict, description="task: weight of its loss; else 1")
    objective: Literal["tasks", "reconstruction"] = Field("tasks", description="reconstruction: stage 0, band-MAE")
    losses: LossConfig = LossConfig()
    masking: MaskingConfig = MaskingConfig()
    weak: WeakConfig = WeakConfig()
    blend: tuple[int, ...] = Field((), description="steps whose averaged weights are averaged again; 0: its first ones")
    blend_keeps: tuple[str, ...] = Field((), description="tasks that keep decoder and head of the blend's first step")
    validate_every: int = Field(250, ge=1, description="steps")
    checkpoint_every: int = Field(50, ge=1, description="steps; a run that is stopped goes on from there")
    bf16: bool = Field(True, description="bfloat16 autocast where the processor has it")
    patience: int = Field(0, ge=0, description="stop after so many validations without gain; 0: never")

    def judged(self) -> TrainConfig:
        """The recipe as validation reads it: by labels, also where the run learns boundaries without any; none paired.

        Windows around others hold other places: figures of runs with and without pairs could not be compared.
        """
        weak = self.weak.model_copy(update={"enabled": False})
        return self.model_copy(update={"weak": weak, "paired": 0.0})

    @model_validator(mode="after")
    def _fits(self) -> TrainConfig:
        if not 0 < self.depth[0] <= self.depth[1]:
            raise ValueError("depth must be two ascending numbers above 0")
        names = {task.name for task in self.model.tasks}
        keyed: dict[str, Iterable[str]] = {
            "task_weights": self.task_weights,
            "task_from": self.task_from,
            "blend_keeps": self.blend_keeps,
        }
        for key, named in keyed.items():
            if unknown := sorted(set(named) - names):
                raise ValueError(f"{key} names '{unknown[0]}', but the model has {', '.join(sorted(names))}")
        if self.coarse_size % 8 or self.coarse_size <= 2 * self.model.windows.coarse_margin:
            raise ValueError("coarse_size must be a multiple of 8 and larger than twice model.windows.coarse_margin")
        if any(not 0 <= step <= self.steps for step in self.blend):
            raise ValueError("blend names steps that the run does not have")
        self._check_consistency()
        wants = self.objective == "reconstruction" or self.losses.reconstruction > 0
        if wants and not (self.model.reconstruction and "oe" in self.model.inputs):
            raise ValueError("reconstruction needs model.reconstruction: true, and 'oe' among model.inputs")
        if self.losses.conflict_buckets and self.losses.conflict == "none" and self.losses.balancing == "gradnorm":
            raise ValueError("losses.conflict_buckets and balancing 'gradnorm' both measure gradients: choose one")
        if not self.train.extrusion + self.train.painted and not self.datasets:
            raise ValueError("train holds no maps: give train.extrusion, or datasets")
        self._check_pools()
        self._check_bin_sizes()
        if self.learns == "cell_gate" and not (self.model.selector == "cell_gate" and self.start_from):
            raise ValueError("learns 'cell_gate' needs model.selector 'cell_gate' and start_from, a trained network")
        return self

    def _check_consistency(self) -> None:
        options = self.losses.consistency
        if self.model.boundary_prior.kind == "none" and (options.corner or options.edge):
            raise ValueError(
                "losses.consistency.corner and .edge need boundaries: set model.boundary_prior.kind to 'band'"
            )
        heads = {task.head for task in self.model.tasks}
        if options.anchors and not ("boundary" in heads and heads & {"point", "mask"}):
            raise ValueError("losses.consistency.anchors: loops or stripes teach boundaries; the model lacks a task")
        if options.pair and "point" not in heads:
            raise ValueError("losses.consistency.pair compares loops: the model has no such task")
        if options.pair and not self.paired:
            raise ValueError("losses.consistency.pair compares windows over one place: set paired, the share of them")
        if self.paired and self.coarse_size < self.model.windows.fine_size // 2 + 2 * self.model.windows.coarse_margin:
            raise ValueError("coarse_size is too small to hold a fine window (paired): make it larger, or paired 0")

    def _check_bin_sizes(self) -> None:
        base = self.model.fine_resolution
        if odd := [size for size in self.bin_sizes if size <= 0 or size % base]:
            raise ValueError(f"bin_sizes: {odd[0]} is no multiple of the simulated bins ({base})")
        if self.bin_sizes and self.weak.enabled:
            raise ValueError("bin_sizes and weak.enabled exclude each other: weak labels have one bin size")

    def _check_pools(self) -> None:
        for key, pool in (("train", self.train), ("validation", self.validation)):
            if pool.seeds and pool.settings.resolution != self.model.fine_resolution:
                raise ValueError(
                    f"{key}.settings.resolution ({pool.settings.resolution}) must be model.fine_resolution "
                    f"({self.model.fine_resolution}): maps are simulated in the bins that the network reads"
                )
        train, held_out = self.train.seeds, self.validation.seeds
        if shared := range(max(train.start, held_out.start), min(train.stop, held_out.stop)):
            raise ValueError(f"seed {shared[0]} is both in train and in validation: move validation.first_seed")


def simulated_maps(extrusion: int, painted: int) -> str:
    """How many maps of which simulator, in words: ``144 maps simulated by loop extrusion``."""
    by = {"loop extrusion": extrusion, "painted kernels": painted}
    return (
        " and ".join(f"{how_many(n, 'map')} simulated by {name}" for name, n in by.items() if n) or "no simulated maps"
    )
