"""All objects as a filtered, sorted list: what the table shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.annotations.callers import source_of
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.plugin.state.labels import LabelState
from napari_hicstruct.plugin.state.numbers import PROBABILITY, RANKING_SCORE, SOFT_SCORE
from napari_hicstruct.plugin.state.palette import strength_of
from napari_hicstruct.plugin.state.queue import ReviewQueue

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Change

_KIND_ORDER = {kind: place for place, kind in enumerate(Kind)}
_STATUS_ORDER = {status: place for place, status in enumerate(Status)}


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


@dataclass(slots=True)
class _State:
    order: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)


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
        self._state: _State | None = None
        self._numbers: dict[str, int] | None = None
        self._waiting: dict[str, int] | None = None
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
        """Sort by ``key`` (one of :data:`KEYS`)."""
        self._key, self._descending = key, descending
        self._restart()

    @property
    def total(self) -> int:
        """How many objects there are, listed or not."""
        return len(self._records())

    @property
    def uids(self) -> list[str]:
        """Uids in order."""
        return self._ready().order

    def number(self, uid: str) -> int:
        """1-based number of an object among its kind."""
        return self._all_numbers()[uid]

    def numbered(self, kind: Kind, number: int) -> str | None:
        """Uid of *kind* #*number*, None if there is no such one."""
        records = self._records()
        return next((u for u, n in self._all_numbers().items() if n == number and records[u].kind is kind), None)

    def count(self, kind: Kind) -> int:
        """How many objects of a kind the project has."""
        return sum(record.kind is kind for record in self._records().values())

    def place(self, uid: str) -> int | None:
        """Row of an object in the table, None if the filter hides it."""
        return self._ready().places.get(uid)

    def waiting(self, uid: str) -> int | None:
        """1-based place among what the queue has left, as it was when the list was made; None if it is not there."""
        if self._waiting is None:
            self._waiting = {uid: place for place, uid in enumerate(self._queue.uids, 1)}
        return self._waiting.get(uid)

    def _records(self) -> dict[str, Annotation]:
        catalogue = self._labels.catalogue
        return {} if catalogue is None else catalogue.records

    def _all_numbers(self) -> dict[str, int]:
        if self._numbers is None:
            catalogue, counts = self._labels.catalogue, dict.fromkeys(Kind, 0)
            self._numbers = {}
            if catalogue is not None:
                by_arrival = sorted(catalogue.records, key=lambda u: (catalogue.set_ids[u], catalogue.arrival(u)))
                for uid in by_arrival:
                    kind = catalogue.records[uid].kind
                    counts[kind] += 1
                    self._numbers[uid] = counts[kind]
        return self._numbers

    def _ready(self) -> _State:
        if self._state is None:
            catalogue, wanted = self._labels.catalogue, self._condition
            names = {s.id: s.name for s in self._labels.sets()}
            set_ids = {} if catalogue is None else catalogue.set_ids
            found = [r for r in self._records().values() if _passes(r, set_ids[r.uid], names, wanted)]
            if wanted.queue:
                found = [r for r in found if self.waiting(r.uid) is not None]
            found.sort(key=self._sort_key(names, set_ids), reverse=self._descending)
            order = [record.uid for record in found]
            self._state = _State(order, {uid: place for place, uid in enumerate(order)})
        return self._state

    def _sort_key(self, names: dict[int, str], set_ids: dict[str, int]) -> Callable[[Annotation], Any]:
        if self._key == "next":
            last = len(set_ids) + 1
            return lambda r: self.waiting(r.uid) or last
        key, numbers = KEYS[self._key], self._all_numbers()
        return lambda r: key(r, numbers[r.uid], names.get(set_ids[r.uid], ""))

    def _restart(self) -> None:
        self._state = self._waiting = None
        self.changed.emit()

    def _on_reset(self) -> None:
        self._numbers = None
        self._restart()

    def _on_recorded(self, change: Change) -> None:
        before, after = ({r.uid: r for r in records} for records in (change.before, change.after))
        members = before.keys() == after.keys()
        if not members:
            self._numbers = None
        judged = members and all(_place(r) == _place(after[r.uid]) for r in change.before)
        if judged and self._key != "status" and not self._condition.statuses:
            self.changed.emit()
        else:
            self._restart()


def _place(record: Annotation) -> tuple[object, ...]:
    """What the order of the list may depend on, but the status."""
    return record.kind, record.anchor1, record.anchor2, strength_of(record)


def _passes(record: Annotation, set_id: int, names: dict[int, str], wanted: Condition) -> bool:
    if wanted.kinds and record.kind not in wanted.kinds:
        return False
    if wanted.statuses and record.status not in wanted.statuses:
        return False
    if wanted.set_ids and set_id not in wanted.set_ids:
        return False
    if wanted.min_score > 0 and strength_of(record) < wanted.min_score:
        return False
    text = wanted.text.strip().lower()
    return not text or text in f"{record.chrom} {source_of(record)} {record.name} {names.get(set_id, '')}".lower()


def _number(value: float) -> float:
    """What has no number comes before all that have one."""
    return -1.0 if math.isnan(value) else value


KEYS: dict[str, Callable[[Annotation, int, str], Any]] = {
    "number": lambda r, number, _: (_KIND_ORDER[r.kind], number),
    "kind": lambda r, number, _: (_KIND_ORDER[r.kind], number),
    "chrom": lambda r, *_: (r.chrom, r.span.start, r.span.end),
    "start": lambda r, *_: (r.span.start, r.span.end),
    "end": lambda r, *_: (r.span.end, r.span.start),
    "size": lambda r, *_: r.distance,
    PROBABILITY: lambda r, *_: _number(r.probability),
    RANKING_SCORE: lambda r, *_: _number(r.score),
    SOFT_SCORE: lambda r, *_: _number(r.soft_score),
    "source": lambda r, number, _: (source_of(r), _KIND_ORDER[r.kind], number),
    "status": lambda r, number, _: (_STATUS_ORDER[r.status], _KIND_ORDER[r.kind], number),
    "set": lambda r, number, name: (name, _KIND_ORDER[r.kind], number),
}
"""What the list can be sorted by."""
