"""The structures of one combination of callers: a column of the UpSet plot that a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hicstruct.genome import display_region
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.map.framing import frame

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation
    from napari_hicstruct.workflows.consensus import ConsensusResult


class Members:
    """What these callers have and no other, and at which of it one looks.

    Parameters
    ----------
    labels : LabelState
    result : ConsensusResult
        Of all callers.
    callers : frozenset of str

    Attributes
    ----------
    callers : frozenset of str
    result : ConsensusResult
        With nothing but these structures.
    at : int
        Number of the one that was flown to last, from 0; -1: none yet.
    """

    def __init__(self, labels: LabelState, result: ConsensusResult, callers: frozenset[str]) -> None:
        from napari_hicstruct.workflows.consensus import of_combination

        self._labels, self.callers, self.at = labels, callers, -1
        self.result = of_combination(result, callers)

    @property
    def records(self) -> tuple[Annotation, ...]:
        """The structures, by position; empty if they are not in the list."""
        return self.result.consensus.records

    def step(self, by: int) -> None:
        """Fly to the next one (1) or the one before (-1); behind the last comes the first."""
        records, window = self.records, self._labels.window
        if not records or window.source is None:
            return
        self.at = (self.at + by) % len(records)
        record = records[self.at]
        length = window.source.chromsizes.get(record.chrom)
        rows, cols = frame(record, Triangle.STORED, finest=window.finest, length=length)
        self._labels.attempt(lambda _: window.go_to(rows, cols, rest=True), keeps=False)

    def place(self) -> str:
        """Which one it is, where, and its score; empty before the first step."""
        if self.at < 0:
            return ""
        record = self.records[self.at]
        first, second = record.anchor1, record.anchor2
        where = display_region(first) + ("" if first == second else f" × {second.start:,}-{second.end:,}")
        number = f"{self.at + 1:,} of {len(self.records):,}"
        return f"{number}: {where}, soft score {record.soft_score:.2f}"
