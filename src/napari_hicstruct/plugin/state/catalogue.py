"""All objects of a project in memory, kept level with the store by its change signal.

The store stays the truth; this is what makes "which objects are in view" and "row 7,312 of the table" cost
microseconds.  Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.geometry import Triangle
from napari_hicstruct.plugin.state.palette import strength_of

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Change, Project

_MANY = 100


class _Index:
    """Columnar copy of one kind on one chromosome, changed in place record by record."""

    def __init__(self, kind: Kind, records: Iterable[Annotation], set_ids: Mapping[str, int]) -> None:
        found = list(records)
        self.uids = [record.uid for record in found]
        self.kind = kind
        self._places = {uid: place for place, uid in enumerate(self.uids)}
        spans = [_span(record) for record in found]
        self.spans: NDArray[np.int64] = np.array(spans, dtype=np.int64).reshape(-1, 4)
        self.up: NDArray[np.bool_] = np.array([self._is_up(record) for record in found], dtype=bool)
        self.set_ids: NDArray[np.int64] = np.array([set_ids[uid] for uid in self.uids], dtype=np.int64)
        self.rank: NDArray[np.float64] = np.array([_rank(record) for record in found], dtype=float)

    def put(self, record: Annotation, set_id: int) -> None:
        """Take in a new record, or a known one's new values."""
        place = self._places.get(record.uid)
        if place is None:
            place = self._places[record.uid] = len(self.uids)
            self.uids.append(record.uid)
            self.spans = np.concatenate([self.spans, np.zeros((1, 4), dtype=np.int64)])
            self.up, self.set_ids = np.append(self.up, False), np.append(self.set_ids, 0)
            self.rank = np.append(self.rank, 0.0)
        self.spans[place], self.up[place] = _span(record), self._is_up(record)
        self.set_ids[place], self.rank[place] = set_id, _rank(record)

    def drop(self, uid: str) -> None:
        """Forget a record; its row stays, belonging to no set."""
        place = self._places.pop(uid, None)
        if place is not None:
            self.set_ids[place] = -1

    def _is_up(self, record: Annotation) -> bool:
        """True for what lies below the diagonal where its set is drawn as stored."""
        return record.direction is Direction.UP


def _span(record: Annotation) -> tuple[int, int, int, int]:
    """Starts and ends (bp) of both anchors."""
    return record.anchor1.start, record.anchor1.end, record.anchor2.start, record.anchor2.end


class Catalogue:
    """Every record of ``project`` and the set it belongs to."""

    def __init__(self, project: Project) -> None:
        self.records: dict[str, Annotation] = {}
        self.set_ids: dict[str, int] = {}
        self._project = project
        self._indices: dict[tuple[str, Kind], _Index] = {}
        self._keys: dict[tuple[str, Kind], dict[str, None]] = {}
        self._arrivals = {uid: place for place, uid in enumerate(project.arrivals())}
        for annotation_set in project.sets():
            self._add(project.query(set_ids=[annotation_set.id]), annotation_set.id)

    def __len__(self) -> int:
        return len(self.records)

    def arrival(self, uid: str) -> int:
        """Place of a record in the order in which the project got them (imports: the order of their file)."""
        return self._arrivals[uid]

    def apply(self, change: Change) -> None:
        """Follow one committed step."""
        after = {record.uid: record for record in change.after}
        if len(change.before) + len(after) > _MANY:
            self._indices.clear()  # cheaper to read anew than to follow
        for record in change.before:
            new = after.get(record.uid)
            if new is None or (new.chrom, new.kind) != (record.chrom, record.kind):
                self._drop(record)
        only = next(iter(change.set_ids)) if len(change.set_ids) == 1 else None
        for record in change.after:
            known = self.set_ids.get(record.uid) if only is None else only
            self._add([record], self._project.set_of(record.uid) if known is None else known)

    def in_view(
        self,
        kind: Kind,
        rows: Interval,
        cols: Interval,
        *,
        triangles: Mapping[int, Triangle],
        limit: int,
        keep: Collection[str] = (),
    ) -> tuple[list[Annotation], int]:
        """Objects drawn inside ``rows × cols``, and how many there are in all.

        ``triangles`` names the shown sets and where each is drawn.  If there are more than ``limit``, those in
        ``keep`` and those that a person touched stay first, then the best scored.  The judged are last: they are drawn
        over open calls of the same place.
        """
        index = self._index(rows.chrom, kind)
        seen = np.zeros(len(index.uids), dtype=bool)
        for set_id, triangle in triangles.items():
            seen |= (index.set_ids == set_id) & _overlap(index, kind, rows, cols, triangle)
        found = np.flatnonzero(seen)
        if len(found) > limit:
            rank = index.rank[found] + 10.0 * np.array([index.uids[i] in keep for i in found])
            chosen = found[np.argsort(-rank, kind="stable")[:limit]]
        else:
            chosen = found
        drawn = [self.records[index.uids[i]] for i in chosen]
        return sorted(drawn, key=lambda record: record.status is not Status.PROPOSED), len(found)

    def _add(self, records: Iterable[Annotation], set_id: int) -> None:
        for record in records:
            key = (record.chrom, record.kind)
            self.records[record.uid] = record
            self._arrivals.setdefault(record.uid, len(self._arrivals))
            self.set_ids[record.uid] = set_id
            self._keys.setdefault(key, {})[record.uid] = None
            if key in self._indices:
                self._indices[key].put(record, set_id)

    def _drop(self, record: Annotation) -> None:
        key = (record.chrom, record.kind)
        self._keys.get(key, {}).pop(record.uid, None)
        if key in self._indices:
            self._indices[key].drop(record.uid)
        self.records.pop(record.uid, None)
        self.set_ids.pop(record.uid, None)

    def _index(self, chrom: str, kind: Kind) -> _Index:
        key = (chrom, kind)
        if key not in self._indices:
            records = (self.records[uid] for uid in self._keys.get(key, {}))
            self._indices[key] = _Index(kind, records, self.set_ids)
        return self._indices[key]


def _rank(record: Annotation) -> float:
    touched = record.status in (Status.EDITED, Status.ACCEPTED)
    return strength_of(record) + (2.0 if touched else 0.0) - (2.0 if record.status is Status.REJECTED else 0.0)


def _overlap(index: _Index, kind: Kind, rows: Interval, cols: Interval, triangle: Triangle) -> NDArray[np.bool_]:
    """Which records are drawn inside ``rows × cols`` when their set is drawn in ``triangle``."""
    first = index.spans[:, :2]
    second = index.spans[:, 2:]
    if triangle is Triangle.STORED:
        flipped = index.up & (index.kind is Kind.LOOP)
    else:
        stored_below = index.up & (index.kind is Kind.STRIPE)
        flipped = stored_below if triangle is Triangle.UPPER else ~stored_below
    drawn_rows = np.where(flipped[:, None], second, first)
    drawn_cols = np.where(flipped[:, None], first, second)

    def hit(drawn: NDArray[np.int64], view: Interval) -> NDArray[np.bool_]:
        return np.asarray((drawn[:, 0] < view.end) & (drawn[:, 1] > view.start), dtype=bool)

    return hit(drawn_rows, rows) & hit(drawn_cols, cols)
