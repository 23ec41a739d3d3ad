"""The callers that a person may choose for a consensus: files, and sets of the project, one row each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.annotations.callers import caller_of, program_meant
from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.record_table import RecordTable
from napari_hicstruct.annotations.records import KIND_CODES, STATUS_CODES, Kind, Origin, Status
from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.sentences import reason

if TYPE_CHECKING:
    from napari_hicstruct.annotations import AnnotationSet, LabelFile
    from napari_hicstruct.workflows.consensus import FileVotes

_SOFT = "soft "
"""Begins the source of what a consensus was read from."""
_SOFT_REMARK = "Is a consensus itself: its callers would vote twice."
_RESOLUTION = 0  # column of RecordTable.counts


@dataclass(slots=True, eq=False)
class CallerRow:
    """One list of calls.

    Attributes
    ----------
    path : Path
        The file; of a set its name.
    caller : str
        Whose calls they are: as recognised, or as a person says.
    set_id : int or None
        The set of the project; None: a file.
    on : bool
        Whether it votes, if it can.
    colour : str
        Of the set.
    named : bool
        True if a person named the caller.
    found : LabelFile or None
        What the file holds.
    counts, coarsest : dict of Kind to int
        Calls, and the largest bin (bp), by kind.
    read_as : Kind, None or False
        The kind that was asked for when the file was read; False: not read yet.
    stamp : tuple of int
        Time and size of the file when it was read.
    error : str
        Why it cannot be used, in a sentence.
    remark : str
        What is to be known of it.
    votes : FileVotes or None
        What became of it in the last run.
    """

    path: Path
    caller: str
    set_id: int | None = None
    on: bool = True
    colour: str = ""
    named: bool = False
    found: LabelFile | None = None
    counts: dict[Kind, int] = field(default_factory=dict)
    coarsest: dict[Kind, int] = field(default_factory=dict)
    read_as: Kind | bool | None = False
    stamp: tuple[int, ...] = ()
    error: str = ""
    remark: str = ""
    votes: FileVotes | None = None

    @property
    def name(self) -> str:
        """The file's name, or the set's."""
        return readable(self.path.name if self.set_id is None else str(self.path))

    @property
    def program(self) -> str:
        """The program whose columns the file has, if a person says so; empty: as the file itself tells."""
        return program_meant(self.caller) if self.named else ""

    def why_not(self, kind: Kind | None) -> str:
        """Why it cannot vote on this kind; empty if it can."""
        if self.error or kind is None or not self.counts or self._has(kind):
            return self.error
        held = " and ".join(KINDS[one].plural for one in self.counts)
        return f"Holds {held}, no {KINDS[kind].plural}."

    def can_vote(self, kind: Kind | None) -> bool:
        """True if it holds calls of this kind."""
        return kind is not None and self._has(kind) and not self.error

    def held_for(self, kind: Kind | None) -> Kind | None:
        """The kind of its calls that vote on ``kind``: its TADs where boundaries are wanted that it lacks."""
        tads = kind is Kind.BOUNDARY and not self.counts.get(kind) and self.counts.get(Kind.TAD)
        return Kind.TAD if tads else kind

    def _has(self, kind: Kind) -> bool:
        return bool(self.counts.get(self.held_for(kind) or kind))

    def take(self, found: LabelFile, assembly: str) -> None:
        """Take over what was read; ``assembly`` is the map's."""
        self.found, self.error = found, ""
        self.counts = dict(Counter(record.kind for record in found.records))
        self.coarsest = {
            kind: max(record.resolution for record in found.records if record.kind is kind) for kind in self.counts
        }
        if not self.named:
            self.caller = caller_of(self.path.name, found.records)
        if not self.counts:
            self.error = "Holds no calls that lie on this map."
        if not self.remark:  # read again, it is ticked or not as somebody left it
            self.remark = _why_unticked(found, assembly)
            self.on = self.on and not self.remark

    def refuse(self, error: HicStructError) -> None:
        """It cannot be read."""
        self.found, self.counts, self.coarsest, self.error = None, {}, {}, reason(error)


def _why_unticked(found: LabelFile, assembly: str) -> str:
    """Why a file votes only if somebody ticks it; empty if it votes at once."""
    named = found.assembly
    if named and assembly and named != assembly:
        return f"By its name it is of {named}, the map is of {assembly}: tick it if the name is wrong."
    is_soft = any(record.source.startswith(_SOFT) for record in found.records[:1])
    return _SOFT_REMARK if is_soft else ""


def set_rows(labels: LabelState, known: Sequence[CallerRow]) -> list[CallerRow]:
    """A row for each set that holds something; what a person chose of one stays."""
    if labels.catalogue is None:
        return []
    there = {row.set_id: row for row in known}
    table = labels.catalogue.records
    rows = []
    for one in labels.sets():
        row = there.get(one.id) or _new_row(labels, one)
        row.path, row.colour = Path(one.name), one.colour
        row.counts, row.coarsest = _held(table, one.id)
        if row.counts:
            rows.append(row)
    return rows


def _new_row(labels: LabelState, one: AnnotationSet) -> CallerRow:
    """Imported lists vote at once; a model, a person and a consensus only if somebody ticks them."""
    source = labels.source_of(one.id)
    is_soft = source.startswith(_SOFT)
    caller = one.name if is_soft or "," in source else source
    row = CallerRow(Path(one.name), caller, one.id, on=one.origin is Origin.IMPORTED and not is_soft)
    row.remark = _SOFT_REMARK if is_soft else ""
    return row


def _held(table: RecordTable, set_id: int) -> tuple[dict[Kind, int], dict[Kind, int]]:
    """Number and coarsest bin of what a set holds and nobody rejected, by kind."""
    mine = (table.sets == set_id) & (table.status != STATUS_CODES[Status.REJECTED])
    counts, coarsest = {}, {}
    for kind, code in KIND_CODES.items():
        rows = np.flatnonzero(mine & (table.kind == code))
        if len(rows):
            counts[kind] = len(rows)
            coarsest[kind] = int(table.counts[rows, _RESOLUTION].max())
    return counts, coarsest


def stamp_of(path: Path) -> tuple[int, ...]:
    """Time and size of a file; empty if there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size


def most_common_kind(rows: Sequence[CallerRow]) -> Kind | None:
    """The kind that most of these rows hold; None if they hold none."""
    held = Counter(kind for row in rows for kind in row.counts)
    return max(Kind, key=lambda kind: held[kind]) if held else None
