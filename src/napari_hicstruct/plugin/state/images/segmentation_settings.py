"""Settings of a training on a picture as a person edits them: classes, the selector, and the numbers of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_hicstruct.config.segmentation import (
    SELECTORS,
    SegmentationConfig,
    segmentation_config,
    with_selector,
)
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.plugin.state.sentences import first_fault
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from pathlib import Path

LabelsAre = Literal["classes", "instances"]
MAX_CLASSES = 32
"""That can be learnt."""

MANY_VALUES = 12
"""More values than these are taken for single objects of one class, until somebody says otherwise."""

OBJECT = "object"
RUN_KEYS = (
    "steps", "crop", "batch", "learning_rate", "held_out", "block", "on_objects", "turns", "noise", "validate_every",
    "patience", "tile", "overlap",
)  # fmt: skip
"""Of :class:`~napari_hicstruct.config.segmentation.SegmentationConfig`: those of the run that people change."""

SELECTOR_NAMES = {
    "E0_Identity": "every task reads the shared features as they are.",
    "E1_TaskDW": "each task filters each channel by itself (depthwise convolution).",
    "E2_LREFree": "each task mixes low-rank experts by a free gate.",
    "E3_LREPrior": "as E2, with a low-frequency, a middle and a high-frequency expert to begin with.",
    "E4_HybridHigh": "experts at the finest scale, depthwise filters at the others.",
    "E5_HybridMidHigh": "experts at the middle and finest scales, depthwise filters at the others.",
    "E6_PatchGate": "each task weighs the encoder's scales at each place; the encoder learns nothing from it.",
}
"""What each does, in a few words."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One value of the labels: its name, how many pixels have it, and whether they are learnt from."""

    value: int
    name: str
    pixels: int
    used: bool = True


class SegmentationSettings:
    """Everything that a training depends on besides the picture and its labels.

    Attributes
    ----------
    preset : str
    selector : str
        One of :data:`~napari_hicstruct.config.segmentation.SELECTORS`.
    rows : list of ClassRow
        Values that are there, in their order.
    labels : "classes" or "instances"
        What the values are.
    name : str
        Of the model that is made; empty: as the picture.
    background : bool
        What has no label is background, and learnt as such; else it is left out.  Of objects it always is background.
    """

    def __init__(self, preset: str = "generic") -> None:
        self.preset, self.name, self.background = preset, "", True
        self._base: SegmentationConfig = segmentation_config(preset)
        self.selector = _experiment(self._base.model.selector)
        self._names: dict[int, str] = {}
        self._unused: set[int] = set()
        self._counts: dict[int, int] = {}
        self._chosen: LabelsAre | None = None
        self.rows: list[ClassRow] = []

    @property
    def base(self) -> SegmentationConfig:
        """The settings of the preset with what was changed since."""
        return self._base

    @property
    def labels(self) -> LabelsAre:
        """As a person chose; else objects where the preset has objects, or there are very many values."""
        if self._chosen is not None:
            return self._chosen
        return "instances" if len(self._counts) > MANY_VALUES else self._base.labels

    def choose_preset(self, preset: str | Path) -> None:
        """Begin anew with a preset or a YAML file.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
        self._base = segmentation_config(preset)
        self.preset, self.selector, self._chosen = str(preset), _experiment(self._base.model.selector), None
        self.take_counts(self._counts)

    def choose_labels(self, labels: LabelsAre) -> None:
        """Say what the values are."""
        self._chosen = labels
        self.take_counts(self._counts)

    def take_counts(self, counts: Mapping[int, int]) -> None:
        """These values are there, with so many pixels each."""
        self._counts = dict(counts)
        if self.labels == "instances":
            total = sum(self._counts.values())
            self.rows = [ClassRow(1, self._names.get(1, OBJECT), total)] if total else []
            return
        own = self._base.classes
        names = {value: own[k] if k < len(own) else f"class {value}" for k, value in enumerate(sorted(self._counts))}
        names |= self._names
        self.rows = [
            ClassRow(value, names[value], self._counts[value], value not in self._unused)
            for value in sorted(self._counts)
        ]

    # ------------------------------------------------------------------ by hand
    def rename(self, value: int, name: str) -> None:
        """Give a class another name.

        Raises
        ------
        ConfigError
            If another class has it.
        """
        name = name.strip()
        if not name or name == next((row.name for row in self.rows if row.value == value), ""):
            return
        if name in [row.name for row in self.rows]:
            raise ConfigError(f"two classes cannot both be called “{name}”.", hint="Choose another name.")
        self._names[value] = name
        self.take_counts(self._counts)

    def use(self, value: int, on: bool) -> None:
        """Learn from the pixels of a value, or leave them out: neither class nor background is learnt there."""
        (self._unused.discard if on else self._unused.add)(value)
        self.take_counts(self._counts)

    @property
    def left_out(self) -> list[int]:
        """Values whose pixels are left out; 0: those without a label."""
        return [*([] if self.background else [0]), *(row.value for row in self.rows if not row.used)]

    def change(self, part: Literal["run", "losses", "selector"], values: Mapping[str, Any]) -> None:
        """Take other numbers.

        Raises
        ------
        ConfigError
            If they do not go together.
        """
        data = self._base.model_dump(mode="json")
        if part == "run":
            data |= values
        elif part == "losses":
            data["losses"] |= values
        else:
            data["model"]["selector_options"] |= values
        try:
            self._base = SegmentationConfig.model_validate(data)
        except ValueError as error:
            raise ConfigError(first_fault(error), hint="Change it back, or choose the preset anew.") from error

    def why_not(self) -> str:
        """Why nothing can be learnt with these; empty if it can."""
        if not self.rows:
            return "There is nothing but background in the labels: paint some."
        used = [row for row in self.rows if row.used]
        if not used:
            return "Tick at least one class: of none there is nothing to learn."
        if len(used) > MAX_CLASSES:
            return f"{how_many(len(used), 'class', 'classes')} are ticked; {MAX_CLASSES} at most can be learnt."
        if len(used) == 1 and not self.background and self.labels == "classes":
            return "One class alone differs from nothing: paint some background with a label of its own, too."
        return ""

    def config(self, name: str) -> SegmentationConfig:
        """What the workflow is given."""
        made = with_selector(self._base, self.selector)
        data = made.model_dump(mode="json")
        data |= {
            "name": self.name or name,
            "labels": self.labels,
            "classes": [row.name for row in self.rows if row.used],
        }
        return SegmentationConfig.model_validate(data)


def _experiment(selector: str) -> str:
    """The name of a selector's experiment."""
    return next((name for name, own in SELECTORS.items() if own == selector), next(iter(SELECTORS)))
