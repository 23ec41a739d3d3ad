"""All objects as a filtered, sorted list: what the table shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hicstruct.annotations.record_table import GONE, RecordTable, Rows, alphabetical
from napari_hicstruct.annotations.records import KIND_CODES, STATUS_CODES, Annotation, Kind, Status
from napari_hicstruct.genome import display_name
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.labels.numbers import PROBABILITY, RANKING_SCORE, SOFT_SCORE
from napari_hicstruct.plugin.state.labels.palette import strength_of
from napari_hicstruct.plugin.state.review.queue import ReviewQueue

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Change

Ints = NDArray[np.int64]

_NAME = 2  # in RecordTable.texts
_SCORES = {SOFT_SCORE: 0, PROBABILITY: 1, RANKING_SCORE: 2}  # in RecordTable.scores
_FEW = 1_000  # records of a step that are compared one by one


@dataclass(frozen=True, slots=True)
class Condition:
    """What is listed; empty sets ask nothing.

    ``text`` is looked for in chromosome, source, name and set.  ``queue``: only what the review queue has left.
    """

    kinds: frozenset[Kind] = frozenset()
    statuses: frozenset[Status] = frozenset()
    set_ids: frozenset[int] = frozenset()
    min_score: float = 0.0
    text: str = ""
    queue: bool = False


class ObjectList:
    """Uids in the order of the table; numbers count each kind from 1, in the order of the sets and their files.

    The list is made when somebody looks at it.  A judgment does not move the rows of a list that is neither
    filtered nor sorted by status.

    Attributes
    ----------
    changed : Signal
        The order or its members changed, or the values of some.
    """

    changed = Signal()

    def __init__(self, labels: LabelState, queue: ReviewQueue) -> None:
        self._labels, self._queue = labels, queue
        self._condition = Condition()
        self._key, self._descending = "number", False
        self._rows: Rows | None = None
        self._uids: list[str] = []
        self._places: Ints | None = None
        self._numbers: Ints | None = None
        self._waiting: Ints | None = None
        labels.recorded.connect(self._on_recorded)
        labels.reset.connect(self._on_reset)

    @property
    def condition(self) -> Condition:
        """What is listed now."""
        return self._condition

    def where(self, **changes: Any) -> None:
        """Change the filter, for example ``where(kinds=frozenset({Kind.LOOP}))``."""
        self._condition = replace(self._condition, **changes)
        self._restart()

    def sort(self, key: str, *, descending: bool = False) -> None:
        """Sort by a column of the table: ``number``, ``kind``, ``size``, …, or ``next``, the place in the queue."""
        self._key, self._descending = key, descending
        self._restart()

    @property
    def total(self) -> int:
        """How many objects there are, listed or not."""
        return len(self._table)

    @property
    def uids(self) -> list[str]:
        """Uids in order."""
        self._ready()
        return self._uids

    def number(self, uid: str) -> int:
        """1-based number of an object among its kind."""
        return int(self._all_numbers()[self._table.row(uid)])

    def numbered(self, kind: Kind, number: int) -> str | None:
        """Uid of *kind* #*number*, None if there is no such one."""
        table = self._table
        found = np.flatnonzero((self._all_numbers() == number) & (table.kind == KIND_CODES[kind]))
        return table.uids[found[0]] if number > 0 and len(found) else None

    def count(self, kind: Kind) -> int:
        """How many objects of a kind the project has."""
        table = self._table
        return int(np.count_nonzero((table.sets != GONE) & (table.kind == KIND_CODES[kind])))

    def place(self, uid: str) -> int | None:
        """Row of an object in the table, None if the filter hides it."""
        rows, table = self._ready(), self._table
        if self._places is None:
            self._places = _numbered(table, rows)
        return int(self._places[table.row(uid)]) - 1 if uid in table and self._places[table.row(uid)] else None

    def waiting(self, uid: str) -> int | None:
        """1-based place among what the queue has left, as it was when the list was made; None if it is not there."""
        return int(self._all_waiting()[self._table.row(uid)]) or None

    @property
    def _table(self) -> RecordTable:
        catalogue = self._labels.catalogue
        return RecordTable() if catalogue is None else catalogue.records

    def _all_numbers(self) -> Ints:
        """Of each row; 0 where the record is gone."""
        if self._numbers is None:
            table = self._table
            rows = table.live()
            rows = rows[np.argsort(table.sets[rows], kind="stable")]
            self._numbers = np.zeros(table.n_rows, np.int64)
            for code in KIND_CODES.values():
                self._numbers += _numbered(table, rows[table.kind[rows] == code])
        return self._numbers

    def _all_waiting(self) -> Ints:
        """Of each row; 0 where it is not in the queue, and while that is being worked out."""
        table = self._table
        if not self._condition.queue and not self._queue.at_hand():
            return np.zeros(table.n_rows, np.int64)
        if self._waiting is None:
            left = [table.row(uid) for uid in self._queue.uids if uid in table]
            self._waiting = _numbered(table, np.array(left, np.int64))
        return self._waiting

    def _ready(self) -> Rows:
        if self._rows is None:
            table = self._table
            rows = _passing(table, {s.id: s.name for s in self._labels.sets()}, self._condition)
            if self._condition.queue:
                rows = rows[self._all_waiting()[rows] > 0]
            keys = [-key if self._descending else key for key in self._sort_keys(table, rows)]
            self._rows, self._places = rows[np.lexsort(keys[::-1])], None
            self._uids = [table.uids[row] for row in self._rows]
        return self._rows

    def _sort_keys(self, table: RecordTable, rows: Rows) -> list[NDArray[Any]]:
        """What the rows are sorted by, the most important first."""
        name, span = self._key, table.span[rows]
        first, last = span[:, [0, 2]].min(axis=1), span[:, [1, 3]].max(axis=1)
        if name == "chrom":
            return [alphabetical(table.names["chrom"], table.chrom[rows]), first, last]
        if name in ("start", "end"):
            return [first, last] if name == "start" else [last, first]
        if name == "size":
            return [table.distance(rows)]
        if name in _SCORES:  # what has no number comes before all that have one
            return [np.nan_to_num(table.scores[rows, _SCORES[name]], nan=-1.0)]
        if name == "in the queue":
            waiting = self._all_waiting()[rows]
            return [np.where(waiting, waiting, table.n_rows + 1)]
        keys = [table.kind[rows], self._all_numbers()[rows]]
        if name == "status":
            return [table.status[rows], *keys]
        if name == "source":
            codes, sources = table.callers(rows, shown=True)
            return [alphabetical(sources, codes), *keys]
        if name == "set":
            names = {s.id: s.name for s in self._labels.sets()}
            ids, codes = np.unique(table.sets[rows], return_inverse=True)
            return [alphabetical([names.get(one, "") for one in ids.tolist()], codes), *keys]
        return keys

    def _restart(self) -> None:
        self._rows = self._waiting = None
        self.changed.emit()

    def _on_reset(self) -> None:
        self._numbers = None
        self._restart()

    def _on_recorded(self, change: Change) -> None:
        judged = max(len(change.before), len(change.after)) < _FEW
        if judged:
            before, after = ({r.uid: r for r in records} for records in (change.before, change.after))
            judged = before.keys() == after.keys() and all(_place(r) == _place(after[r.uid]) for r in change.before)
        if not judged:
            self._numbers = None
        if judged and self._key != "status" and not self._condition.statuses:
            self.changed.emit()
        else:
            self._restart()


def _numbered(table: RecordTable, rows: Rows) -> Ints:
    """1-based places of some rows by row of the table; 0 for all others."""
    places = np.zeros(table.n_rows, np.int64)
    places[rows] = np.arange(1, len(rows) + 1)
    return places


def _place(record: Annotation) -> tuple[object, ...]:
    """What the order of the list may depend on, but the status."""
    return record.kind, record.anchor1, record.anchor2, strength_of(record)


def _passing(table: RecordTable, names: Mapping[int, str], wanted: Condition) -> Rows:
    """Rows of the records that pass all conditions but the queue's."""
    found = table.sets != GONE
    if wanted.kinds:
        found &= np.isin(table.kind, [KIND_CODES[kind] for kind in wanted.kinds])
    if wanted.statuses:
        found &= np.isin(table.status, [STATUS_CODES[status] for status in wanted.statuses])
    if wanted.set_ids:
        found &= np.isin(table.sets, list(wanted.set_ids))
    rows, text = np.flatnonzero(found), wanted.text.strip().lower()
    if wanted.min_score > 0:
        rows = rows[np.nan_to_num(table.strength(rows), nan=1.0) >= wanted.min_score]
    if text:
        who, sources = table.callers(rows, shown=True)
        chroms, columns = table.names["chrom"], (table.chrom[rows], who, table.texts[rows, _NAME], table.sets[rows])
        hits = [
            text in f"{display_name(chroms[chrom])} {sources[source]} {name} {names.get(set_id, '')}".lower()
            for chrom, source, name, set_id in zip(*(column.tolist() for column in columns), strict=True)
        ]
        rows = rows[np.array(hits, bool)]
    return rows
