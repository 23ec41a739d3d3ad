"""All objects as a filtered, sorted list: what the table shows and what N and P step through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.plugin.editing.palette import strength_of

if TYPE_CHECKING:
    from napari_hicstruct.plugin.editing.editor import Editor

_KIND_ORDER = {kind: place for place, kind in enumerate(Kind)}
_STATUS_ORDER = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True, slots=True)
class Condition:
    """What is listed; empty sets ask nothing.  ``text`` is looked for in chromosome, source, name and set."""

    kinds: frozenset[Kind] = frozenset()
    statuses: frozenset[Status] = frozenset()
    set_ids: frozenset[int] = frozenset()
    min_score: float = 0.0
    text: str = ""


@dataclass(slots=True)
class _State:
    numbers: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)


class ObjectList:
    """Uids in the order of the table; numbers count each kind from 1, in the order of the sets and their files.

    Attributes
    ----------
    changed : Signal
        The order or its members changed.
    """

    changed = Signal()

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._condition = Condition()
        self._key, self._descending = "number", False
        self._state: _State | None = None
        self._numbers: dict[str, int] | None = None
        editor.changed.connect(self._on_changed)

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

    def step(self, uid: str | None, by: int) -> str | None:
        """The object ``by`` rows further (around the ends), from the first row if ``uid`` is not listed."""
        order = self.uids
        if not order:
            return None
        place = None if uid is None else self.place(uid)
        if place is None:
            return order[0] if by > 0 else order[-1]
        return order[(place + by) % len(order)]

    def _records(self) -> dict[str, Annotation]:
        catalogue = self._editor.catalogue
        return {} if catalogue is None else catalogue.records

    def _all_numbers(self) -> dict[str, int]:
        if self._numbers is None:
            catalogue, counts = self._editor.catalogue, dict.fromkeys(Kind, 0)
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
            catalogue, wanted = self._editor.catalogue, self._condition
            names = {s.id: s.name for s in self._editor.sets()}
            set_ids = {} if catalogue is None else catalogue.set_ids
            numbers = self._all_numbers()
            found = [r for r in self._records().values() if _passes(r, set_ids[r.uid], names, wanted)]
            key = KEYS[self._key]
            found.sort(key=lambda r: key(r, numbers[r.uid], names.get(set_ids[r.uid], "")), reverse=self._descending)
            order = [record.uid for record in found]
            self._state = _State(numbers, order, {uid: place for place, uid in enumerate(order)})
        return self._state

    def _restart(self) -> None:
        self._state = None
        self.changed.emit()

    def _on_changed(self) -> None:
        self._numbers = None
        self._restart()


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
    return not text or text in f"{record.chrom} {record.source} {record.name} {names.get(set_id, '')}".lower()


KEYS: dict[str, Callable[[Annotation, int, str], Any]] = {
    "number": lambda r, number, _: (_KIND_ORDER[r.kind], number),
    "kind": lambda r, number, _: (_KIND_ORDER[r.kind], number),
    "chrom": lambda r, *_: (r.chrom, r.span.start, r.span.end),
    "start": lambda r, *_: (r.span.start, r.span.end),
    "end": lambda r, *_: (r.span.end, r.span.start),
    "size": lambda r, *_: r.distance,
    "score": lambda r, *_: strength_of(r),
    "status": lambda r, number, _: (_STATUS_ORDER[r.status], _KIND_ORDER[r.kind], number),
    "set": lambda r, number, name: (name, _KIND_ORDER[r.kind], number),
}
"""What the list can be sorted by."""
