"""What of a project is in view, answered from its table of records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.record_table import RecordTable, Rows
from napari_hicstruct.annotations.records import (
    DIRECTION_CODES,
    KIND_CODES,
    STATUS_CODES,
    Annotation,
    Direction,
    Kind,
    Status,
)
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.labels.draw_limit import Contenders, best_of_each_set
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.labels.tad_levels import TadLevels, nesting, opacity

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project

_PROBABILITY = 1  # column of RecordTable.scores


class Places:
    """Where the records of one kind on one chromosome lie, in an order in which those near a view are found at once.

    Attributes
    ----------
    rows : int64, shape (n,)
        In the table, ascending.
    """

    def __init__(self, table: RecordTable, kind: Kind, chrom: str) -> None:
        self.rows = table.rows_of(kind, chrom)
        span = table.span[self.rows]
        first = span[:, [0, 2]].min(axis=1)
        self._order = np.argsort(first, kind="stable")
        self._first = first[self._order]
        self._longest = int((span[:, [1, 3]].max(axis=1) - first).max(initial=0))

    def near(self, rows: Interval, cols: Interval) -> tuple[Rows, NDArray[np.int64]]:
        """Rows of the records that may reach into the hull of a view, and their places in :attr:`rows`, ascending."""
        low, high = min(rows.start, cols.start) - self._longest, max(rows.end, cols.end)
        places = np.sort(self._order[slice(*np.searchsorted(self._first, (low, high)))])
        return self.rows[places], places


class Catalogue:
    """Every record of ``project``; :attr:`records` follows its changes.

    Attributes
    ----------
    records : RecordTable
    tad_levels : TadLevels
        Which of nested TADs are in view at all.
    min_probability : float
        Proposals with a smaller one are not in view; what has none, or was judged, is.
    """

    def __init__(self, project: Project) -> None:
        self.records: RecordTable = project.table()
        self.tad_levels = TadLevels.ALL
        self.min_probability = 0.0
        self._placed: dict[tuple[Kind, str], Places] = {}
        self._placed_at = -1
        self._nesting: dict[object, NDArray[np.int64]] = {}
        self._at_once: dict[object, NDArray[np.int64]] = {}

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
        ``keep`` and those that a person confirmed stay first, then the best scored of each set.  The judged are last:
        they are drawn over proposed ones of the same place.
        """
        table = self.records
        own, near = self._places(kind, rows.chrom).near(rows, cols)
        seen = np.zeros(len(own), bool)
        for triangle in set(triangles.values()):
            there = [set_id for set_id, where in triangles.items() if where is triangle]
            seen |= _overlap(table, own, rows, cols, triangle) & np.isin(table.sets[own], there)
        chosen = np.isin(own, [table.row(uid) for uid in keep if uid in table])
        seen &= chosen | (self._drawn_tads(rows.chrom)[near] if kind is Kind.TAD else ~self._faint(own))
        found = own[seen]
        if (total := len(found)) > limit:
            found = found[best_of_each_set(_contenders(table, found, keep), limit)]
        judged = table.status[found] != STATUS_CODES[Status.PROPOSED]
        return table.records(found[np.argsort(judged, kind="stable")]), total

    def _places(self, kind: Kind, chrom: str) -> Places:
        """Kept until something is added or moves: a judgment changes no place."""
        if self._placed_at != self.records.places_revision:
            self._placed, self._placed_at = {}, self.records.places_revision
        if (kind, chrom) not in self._placed:
            self._placed[kind, chrom] = Places(self.records, kind, chrom)
        return self._placed[kind, chrom]

    def n_faint(self) -> int:
        """Proposals of the project that :attr:`min_probability` keeps out of view."""
        return int(self._faint(np.arange(self.records.n_rows)).sum()) if self.min_probability > 0 else 0

    def _faint(self, rows: Rows) -> NDArray[np.bool_]:
        if self.min_probability <= 0:
            return np.zeros(len(rows), bool)
        open_ = self.records.status[rows] == STATUS_CODES[Status.PROPOSED]
        return np.asarray(open_ & (self.records.scores[rows, _PROBABILITY] < self.min_probability), bool)

    def opacities(self, tads: Sequence[Annotation]) -> list[float]:
        """Of TADs of one chromosome: those that hold others step back."""
        if not tads:
            return []
        chrom = tads[0].chrom
        own = self._places(Kind.TAD, chrom).rows
        rows = np.searchsorted(own, [self.records.row(tad.uid) for tad in tads])
        return opacity(self._levels(own, self._drawn_tads(chrom))[1][rows]).tolist()

    def _drawn_tads(self, chrom: str) -> NDArray[np.bool_]:
        """Which of a chromosome's TADs pass both switches, in the order of their rows.

        Levels are those among what is likely enough to be shown; the judged stay.
        """
        own = self._places(Kind.TAD, chrom).rows
        likely = ~self._faint(own)
        if self.tad_levels is TadLevels.ALL:
            return likely
        confirmed = np.isin(self.records.status[own], [STATUS_CODES[Status.ACCEPTED], STATUS_CODES[Status.EDITED]])
        return np.asarray(likely & (confirmed | self.tad_levels.drawn(*self._levels(own, likely))))

    def _levels(self, own: Rows, among: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Levels outside and inside of each of these TADs among some of its set; kept until one of them changes."""
        at_once = self.records.revision, own.tobytes(), among.tobytes()
        if at_once not in self._at_once:
            self._at_once = dict([*list(self._at_once.items())[-1:], (at_once, self._worked_out(own, among))])
        return self._at_once[at_once]

    def _worked_out(self, own: Rows, among: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Worked out only if a TAD changed: a judgment changes the table, too, and many TADs take long."""
        spans, sets = self.records.span[own], self.records.sets[own]
        key = own.tobytes(), spans.tobytes(), sets.tobytes(), among.tobytes()
        if key not in self._nesting:
            levels = np.zeros((2, len(own)), np.int64)
            for one in np.unique(sets):
                mine = among & (sets == one)
                levels[:, mine] = nesting(*spans[mine, :2].T)
            kept = list(self._nesting.items())[-1:]  # of the switch, and of what is drawn
            self._nesting = dict([*kept, (key, levels)])
        return self._nesting[key]


def _contenders(table: RecordTable, found: Rows, keep: Collection[str]) -> Contenders:
    status = table.status[found]
    first = np.isin(status, [STATUS_CODES[Status.ACCEPTED], STATUS_CODES[Status.EDITED]])
    first |= np.isin(found, [table.row(uid) for uid in keep if uid in table])
    rejected = status == STATUS_CODES[Status.REJECTED]
    return Contenders(found, table.sets[found], table.strength(found), first, rejected)


def _overlap(table: RecordTable, own: Rows, rows: Interval, cols: Interval, triangle: Triangle) -> NDArray[np.bool_]:
    """Which records are drawn inside ``rows × cols`` when their set is drawn in ``triangle``."""
    below = table.direction[own] == DIRECTION_CODES[Direction.UP]
    loops, stripes = (table.kind[own] == KIND_CODES[kind] for kind in (Kind.LOOP, Kind.STRIPE))
    if triangle is Triangle.STORED:
        flipped = below & loops
    else:
        flipped = below & stripes if triangle is Triangle.UPPER else ~(below & stripes)
    span = table.span[own]
    span[flipped] = span[flipped][:, [2, 3, 0, 1]]
    first, second = span[:, :2], span[:, 2:]

    def hit(drawn: NDArray[np.int64], view: Interval) -> NDArray[np.bool_]:
        return np.asarray((drawn[:, 0] < view.end) & (drawn[:, 1] > view.start), dtype=bool)

    return hit(first, rows) & hit(second, cols)
