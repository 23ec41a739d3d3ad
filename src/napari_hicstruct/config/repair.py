"""Settings of label repair by implicit functions: classes, three stages, rules; one YAML file holds them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from napari_hicstruct.config.base import FrozenConfig, load_preset

PRESETS = ("generic", "cardiac", "hic")
"""Settings that ship with the package."""

EVERY = "*"
"""In a rule: every class by itself."""

Share = Annotated[float, Field(ge=0, le=1)]


class LabelClass(FrozenConfig):
    """One class of a labelling and the value that its voxels carry."""

    name: str = Field(min_length=1)
    value: int = Field(ge=1, description="of its voxels; 0 is background")


class Touches(FrozenConfig):
    """Parts of ``of`` that share no face, edge or corner with ``other`` are removed."""

    rule: Literal["touches"] = "touches"
    of: str
    other: str

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"{self.of} touches {self.other}"

    @property
    def names(self) -> tuple[str, ...]:
        """Classes that the rule reads."""
        return (self.of, self.other)


class Near(FrozenConfig):
    """Parts of ``of`` that lie farther than ``distance`` from all ``others`` are removed."""

    rule: Literal["near"] = "near"
    of: str
    others: tuple[str, ...] = Field(min_length=1)
    distance: float = Field(gt=0, description="in the unit of the samples' spacing")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"{self.of} within {self.distance:g} of {' or '.join(self.others)}"

    @property
    def names(self) -> tuple[str, ...]:
        """Classes that the rule reads."""
        return (self.of, *self.others)


class FillHoles(FrozenConfig):
    """Holes of ``of`` up to ``size`` voxels become the class where they are background.

    With ``*`` so do gaps that several classes enclose together; each voxel goes to the nearest class.
    """

    rule: Literal["fill_holes"] = "fill_holes"
    of: str = Field(description="a class, or * for every class")
    size: int = Field(ge=1, description="voxels; larger holes stay")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"{self.of}: holes up to {self.size:,} voxels filled"

    @property
    def names(self) -> tuple[str, ...]:
        """Classes that the rule reads."""
        return () if self.of == EVERY else (self.of,)


class KeepLargest(FrozenConfig):
    """All but the ``n`` largest parts of ``of`` are removed."""

    rule: Literal["keep_largest"] = "keep_largest"
    of: str = Field(description="a class, or * for every class")
    n: int = Field(1, ge=1)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"{self.of}: the largest part kept" if self.n == 1 else f"{self.of}: the {self.n} largest parts kept"

    @property
    def names(self) -> tuple[str, ...]:
        """Classes that the rule reads."""
        return () if self.of == EVERY else (self.of,)


Rule = Annotated[Touches | Near | FillHoles | KeepLargest, Field(discriminator="rule")]


class FunctionConfig(FrozenConfig):
    """What both kinds of function share: the width of their input.  The layers are fixed (docs/adr/0035)."""

    latent: int = Field(256, ge=1, description="length of a sample's latent vector z")
    features: int = Field(64, ge=2, multiple_of=2, description="positional features of a point")
    kind: Literal["fourier", "grid"] = Field("fourier", description="of positional features")
    bandwidth: float = Field(2.0, gt=0, description="fourier: highest frequency, cycles over the box")
    grids: tuple[int, ...] = Field((4, 8, 16, 32), min_length=1, description="grid: nodes along each axis, by scale")

    @model_validator(mode="after")
    def _grids_share_features(self) -> FunctionConfig:
        if self.kind == "grid" and self.features % len(self.grids):
            raise ValueError("features must be a multiple of the number of grids")
        if any(nodes < 2 for nodes in self.grids):
            raise ValueError("grids must have 2 nodes or more along each axis")
        return self


class ShapeConfig(FunctionConfig):
    """Stage 1: one function for each class, of its shape alone."""

    margin: int = Field(10, ge=1, description="voxels around a class that belong to its box")
    box_share: Share = Field(0.05, description="parts smaller than this share of the largest do not widen the box")
    thick_slices: bool = Field(
        True, description="3-D: labels that repeat slice by slice are learnt in the middle of each slice alone"
    )
    train_size: int = Field(128, ge=8, description="nodes along each axis of the box that training draws from")
    size: int = Field(256, ge=8, description="nodes along each axis at which a box is evaluated at most")
    band_radius: int = Field(2, ge=1, description="training nodes: reach of the band on both sides of the surface")
    points: int = Field(256, ge=16, description="of each sample and step; many more are learnt by heart")
    passes: float = Field(5.0, gt=0, description="draws of a box's voxels in all, at most: more learn faults by heart")
    batch: int = Field(4, ge=1, description="samples in a step")
    biased: tuple[Share, ...] = Field((0.5, 0.3, 0.1), description="share of points from the band")
    biased_until: tuple[int, ...] = Field((100, 200, 300), description="last epoch of each share")
    loss: Literal["bce", "dice_focal"] = Field("bce", description="bce, or 0.7 Dice + 0.3 focal")
    focal_gamma: float = Field(4.0, ge=0, description="dice_focal: γ")
    latent_weight: float = Field(1e-4, ge=0, description="λ of ‖z‖²")
    learning_rate: float = Field(2e-3, gt=0, description="at first; it falls as a cosine")
    final_rate: Share = Field(0.05, description="share of the learning rate at the last step")
    epochs: int = Field(300, ge=1)
    validate_every: int = Field(25, ge=1, description="epochs")
    validation_points: int = Field(4096, ge=64, description="of each sample, the same each time")
    checkpoint_every: int = Field(50, ge=1, description="epochs; a run that is stopped goes on from there")
    threshold: float = Field(0.5, gt=0, lt=1, description="of occupancy")
    min_component: Share = Field(0.05, description="parts smaller than this share of the largest are removed")

    @model_validator(mode="after")
    def _schedule(self) -> ShapeConfig:
        if len(self.biased) != len(self.biased_until) or not self.biased:
            raise ValueError("biased and biased_until must be of one length, at least 1")
        if list(self.biased_until) != sorted(set(self.biased_until)):
            raise ValueError("biased_until must be ascending epochs")
        return self

    def biased_share(self, epoch: int) -> float:
        """Share of points from the boundary band in ``epoch`` (from 0); after the last one, the last share."""
        for share, last in zip(self.biased, self.biased_until, strict=True):
            if epoch < last:
                return share
        return self.biased[-1]


class JointConfig(FunctionConfig):
    """Stage 3: one function of all classes; the box is the whole image."""

    bandwidth: float = Field(8.0, gt=0, description="fourier: highest frequency, cycles over the image")
    positives: int = Field(500, ge=1, description="points of every class in a step, in all samples together")
    band_points: int = Field(250, ge=0, description="more points of every class in a step, from around its surface")
    negatives: int = Field(1000, ge=0, description="points anywhere in a step: background and large classes")
    batch: int = Field(8, ge=1, description="samples in a step")
    alpha: tuple[float, float] = Field(
        (1.0, 1.0), description="class weights 1 / frequency are clipped to this range; points are of all classes alike"
    )
    latent_weight: float = Field(1e-4, ge=0, description="λ of ‖z‖²")
    distillation: tuple[Share, Share] = Field((0.9, 0.5), description="weight of the teachers at first and at last")
    learning_rate: float = Field(2e-3, gt=0, description="at first; it falls as a cosine")
    final_rate: Share = Field(0.02, description="share of the learning rate at the last step")
    steps: int = Field(2500, ge=1)
    validate_every: int = Field(250, ge=1, description="steps")
    validation_points: int = Field(8192, ge=64, description="of each sample, the same each time")
    checkpoint_every: int = Field(250, ge=1, description="steps")
    fit_points: int = Field(200_000, ge=1000, description="of each sample, on which thresholds are fitted")
    new_sample_steps: int = Field(300, ge=1, description="in which a new sample gets its z")
    new_sample_rate: float = Field(1e-2, gt=0, description="learning rate of a new sample's z at first")

    @model_validator(mode="after")
    def _clip(self) -> JointConfig:
        if not 0 < self.alpha[0] <= self.alpha[1]:
            raise ValueError("alpha must be two ascending weights above 0")
        return self


class EndsConfig(FrozenConfig):
    """Votes on a Hi-C map: domains end where several callers and anchors of loops say so.  Off unless it is named."""

    reach: float = Field(2.0, gt=0, description="bins: standard deviation of one caller's ends")
    loops: float = Field(0.25, ge=0, description="weight of the callers of loops; that of the callers of domains is 1")
    least: Share = Field(0.5, description="of both together, which an end needs, whatever share a domain needs")


class RepairConfig(FrozenConfig):
    """Everything that a repair depends on, besides the labels."""

    classes: tuple[LabelClass, ...] = Field((), max_length=255, description="empty: one class for each value found")
    priority: tuple[str, ...] = Field((), description="first wins; empty: the smallest class first")
    shape: ShapeConfig = ShapeConfig()
    seam: float = Field(
        0.6,
        gt=0,
        description="stage 2: an unclaimed voxel whose occupancies of all classes sum to this goes to the highest",
    )
    rules: tuple[Rule, ...] = Field((), description="stage 2, in this order")
    joint: JointConfig = JointConfig()
    ends: EndsConfig | None = Field(
        None, description="Hi-C: where domains end is what callers agree on; null: pixels alone say it"
    )
    seed: int = Field(1, ge=0)

    @model_validator(mode="after")
    def _named(self) -> RepairConfig:
        names = [one.name for one in self.classes]
        keys: dict[str, list[Any]] = {"name": names, "value": [one.value for one in self.classes]}
        for what, given in keys.items():
            if twice := next((one for one in given if given.count(one) > 1), None):
                raise ValueError(f"classes: two have the {what} '{twice}'")
        if twice := next((one for one in self.priority if self.priority.count(one) > 1), None):
            raise ValueError(f"priority names '{twice}' twice")
        if self.classes:
            check_names(self, names)
        return self


def _mentions(config: RepairConfig) -> Iterator[tuple[str, str]]:
    """Where a class is named, and its name."""
    yield from (("priority", name) for name in config.priority)
    yield from ((f"rule '{rule.text}'", name) for rule in config.rules for name in rule.names)


def check_names(config: RepairConfig, names: list[str]) -> None:
    """Refuse a priority or rule that names a class that is not among ``names``.

    Raises
    ------
    ValueError
    """
    for where, name in _mentions(config):
        if name not in names:
            raise ValueError(f"{where} names '{name}', but the classes are {', '.join(names) or 'none'}")


def repair_config(preset_or_file: str | Path) -> RepairConfig:
    """Settings by the name of a preset (``generic``, ``cardiac``, ``hic``), or from a YAML file.

    Raises
    ------
    ConfigError
        If there is no such preset or file, or it has an unknown or impossible key.
    """
    return load_preset(RepairConfig, preset_or_file, PRESETS, "repair")
