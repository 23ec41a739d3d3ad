"""Settings of a repair as a person edits them: classes in their order, rules, and the numbers of both trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_hicstruct.config.base import with_changes
from napari_hicstruct.config.repair import LabelClass, RepairConfig, check_names, repair_config
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.plugin.state.sentences import first_fault

if TYPE_CHECKING:
    from pathlib import Path

    from napari_hicstruct.config.repair import Rule

Until = Literal["shape", "fusion", "joint"]
STAGES: dict[Until, str] = {
    "shape": "1 · shapes of the classes",
    "fusion": "2 · shapes and rules",
    "joint": "3 · one function of all",
}
"""The last stage that runs, for people."""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of the table: the value of its voxels, its name, how many voxels it has in all images."""

    value: int
    name: str
    voxels: int


class RepairSettings:
    """Everything that a run depends on besides the labels.

    Attributes
    ----------
    preset : str
        Name of the preset, or of the file, that was chosen last.
    rows : list of ClassRow
        Classes that are there, in the order of their priority: the first wins where two claim a voxel.
    rules : list of Rule
        Those whose classes are there, in the order in which they are applied.
    dropped : list of str
        Rules of the preset that name a class that is not there, in words.
    until : str
    """

    def __init__(self, preset: str = "generic") -> None:
        self.preset = preset
        self._base: RepairConfig = repair_config(preset)
        self._names: dict[int, str] = {}
        self._counts: dict[int, int] = {}
        self._order: list[str] | None = None
        self.rows: list[ClassRow] = []
        self.rules: list[Rule] = list(self._base.rules)
        self.dropped: list[str] = []
        self.until: Until = "joint"

    @property
    def base(self) -> RepairConfig:
        """The settings of the preset with the numbers that were changed since."""
        return self._base

    def choose_preset(self, preset: str | Path) -> None:
        """Begin anew with a preset or a YAML file; names, order and rules are its own.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
        self._base = repair_config(preset)
        self.preset, self._names, self._order = str(preset), {}, None
        self.rules = list(self._base.rules)
        self.take_counts(self._counts)

    def take_counts(self, counts: Mapping[int, int]) -> None:
        """These values are there, with so many voxels each."""
        self._counts = dict(counts)
        known = {one.value: one.name for one in self._base.classes} | self._names
        found = [ClassRow(value, known.get(value, f"class {value}"), n) for value, n in self._counts.items()]
        priority = list(self._base.priority) if self._order is None else self._order
        rank = {name: place for place, name in enumerate(priority)}
        self.rows = sorted(found, key=lambda row: (rank.get(row.name, len(rank)), row.voxels, row.value))
        names = self.names
        self.dropped = [rule.text for rule in self.rules if not set(rule.names) <= set(names)]

    @property
    def names(self) -> list[str]:
        """Names of the classes that are there, the first in priority first."""
        return [row.name for row in self.rows]

    # ------------------------------------------------------------------ by hand
    def rename(self, value: int, name: str) -> None:
        """Give a class another name; rules follow.

        Raises
        ------
        ConfigError
            If another class has it.
        """
        name = name.strip()
        row = self._row(value)
        if not name or name == row.name:
            return
        if name in self.names:
            raise ConfigError(f"two classes cannot both be called “{name}”.", hint="Choose another name.")
        order = [name if one == row.name else one for one in self.names]
        self.rules = [_renamed(rule, row.name, name) for rule in self.rules]
        self._names[value], self._order = name, order
        self.take_counts(self._counts)

    def move(self, value: int, by: int) -> None:
        """Put a class ``by`` places later in the priority; negative: earlier."""
        names, row = self.names, self._row(value)
        place = names.index(row.name)
        names.insert(max(0, min(len(names) - 1, place + by)), names.pop(place))
        self._order = names
        self.take_counts(self._counts)

    def add_rule(self, rule: Rule) -> None:
        """Apply one more rule, after the others; the same rule is not applied twice."""
        if rule not in self.rules:
            self.rules.append(rule)
        self.take_counts(self._counts)

    def remove_rule(self, rule: Rule) -> None:
        """Apply it no more."""
        self.rules = [one for one in self.rules if one != rule]
        self.take_counts(self._counts)

    def change(self, part: Literal["shape", "joint"], values: Mapping[str, Any]) -> None:
        """Take other numbers for a training.

        Raises
        ------
        ConfigError
            If they do not go together.
        """
        try:
            self._base = with_changes(self._base, **{part: dict(values)})
        except ValueError as error:
            raise ConfigError(first_fault(error), hint="Change it back, or choose the preset anew.") from error

    def config(self) -> RepairConfig:
        """What the workflow is given: the classes that are there, the rules that name no other."""
        names = self.names
        rules = [rule for rule in self.rules if set(rule.names) <= set(names)]
        classes = [LabelClass(name=row.name, value=row.value) for row in self.rows]
        made = with_changes(
            self._base.model_copy(update={"classes": (), "priority": (), "rules": ()}),
            classes=[one.model_dump() for one in classes],
            priority=names,
            rules=[rule.model_dump() for rule in rules],
        )
        check_names(made, names)
        return made

    def _row(self, value: int) -> ClassRow:
        return next(row for row in self.rows if row.value == value)


def _renamed(rule: Rule, old: str, new: str) -> Rule:
    changes: dict[str, Any] = {}
    for key, value in rule.model_dump().items():
        if key != "rule" and value == old:
            changes[key] = new
        elif isinstance(value, tuple | list) and old in value:
            changes[key] = tuple(new if one == old else one for one in value)
    return rule.model_copy(update=changes) if changes else rule
