"""What of a project is in view, answered from its table of records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
from napari_hicstruct.plugin.state.geometry import Triangle

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project


class Catalogue:
    """Every record of ``project``; :attr:`records` follows its changes.

    Attributes
    ----------
    records : RecordTable
    """

    def __init__(self, project: Project) -> None:
        self.records: RecordTable = project.table()

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
        table = self.records
        own = table.rows_of(kind, rows.chrom)
        seen = np.zeros(len(own), bool)
        for triangle in set(triangles.values()):
            there = [set_id for set_id, where in triangles.items() if where is triangle]
            seen |= np.isin(table.sets[own], there) & _overlap(table, own, rows, cols, triangle)
        found = own[seen]
        if len(found) > limit:
            kept = np.isin(found, [table.row(uid) for uid in keep if uid in table])
            order = np.argsort(-(_rank(table, found) + 10.0 * kept), kind="stable")
            chosen = found[order[:limit]]
        else:
            chosen = found
        judged = table.status[chosen] != STATUS_CODES[Status.PROPOSED]
        return table.records(chosen[np.argsort(judged, kind="stable")]), len(found)


def _rank(table: RecordTable, rows: Rows) -> NDArray[np.float64]:
    status, strength = table.status[rows], np.nan_to_num(table.strength(rows), nan=1.0)
    touched = np.isin(status, [STATUS_CODES[Status.EDITED], STATUS_CODES[Status.ACCEPTED]])
    return np.asarray(strength + 2.0 * touched - 2.0 * (status == STATUS_CODES[Status.REJECTED]))


def _overlap(table: RecordTable, own: Rows, rows: Interval, cols: Interval, triangle: Triangle) -> NDArray[np.bool_]:
    """Which records are drawn inside ``rows × cols`` when their set is drawn in ``triangle``."""
    first, second = table.span[own, :2], table.span[own, 2:]
    if triangle is not Triangle.STORED:
        below = (table.kind[own] == KIND_CODES[Kind.STRIPE]) & (table.direction[own] == DIRECTION_CODES[Direction.UP])
        flipped = (below if triangle is Triangle.UPPER else ~below)[:, None]
        first, second = np.where(flipped, second, first), np.where(flipped, first, second)

    def hit(drawn: NDArray[np.int64], view: Interval) -> NDArray[np.bool_]:
        return np.asarray((drawn[:, 0] < view.end) & (drawn[:, 1] > view.start), dtype=bool)

    return hit(first, rows) & hit(second, cols)
