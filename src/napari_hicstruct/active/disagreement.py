"""What contradicts a candidate: other callers, the structures it should go with, other bin sizes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import CORNER_BP, SAME_CALL_BP, Points, near_any, points_of
from napari_hicstruct.annotations.record_table import RecordTable, Rows
from napari_hicstruct.annotations.records import KIND_CODES, Annotation, Kind

CHECKS = ("caller", "corner", "boundary", "resolution")
"""``caller``: another caller or model with calls on this chromosome does not call it.  ``corner``: a loop without a
TAD's corner.  ``boundary``: a stripe whose anchor is no boundary.  ``resolution``: not called at the other bin size."""


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Results of all checks of n candidates.

    Attributes
    ----------
    failed : bool, shape (n, 4)
        By :data:`CHECKS`.
    possible : bool, shape (n, 4)
        Whether there is anything to check against.
    """

    failed: NDArray[np.bool_]
    possible: NDArray[np.bool_]

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of the possible checks that failed, shape (n,); 0 where none was possible."""
        n = self.possible.sum(axis=1)
        return np.asarray((self.failed & self.possible).sum(axis=1) / np.maximum(n, 1), np.float64)

    def reasons(self, index: int) -> tuple[str, ...]:
        """Names of the checks that one candidate failed."""
        return tuple(n for n, bad in zip(CHECKS, self.failed[index] & self.possible[index], strict=True) if bad)


def find_contradictions(
    records: RecordTable | Iterable[Annotation],
    drawn: NDArray[np.bool_] | None = None,
    *,
    rows: Rows | None = None,
    exclude: NDArray[np.bool_] | None = None,
    places: Points | None = None,
) -> Contradictions:
    """Run all checks on all candidates.

    Parameters
    ----------
    records : RecordTable or iterable of Annotation
    drawn : bool, shape (n,), optional
        What a person drew: no caller's, so that nothing contradicts others because that person did not draw it, too.
    rows : int64, shape (n,), optional
        Of the table: which of its records, in which order.
    exclude : bool, shape (n,), optional
        Records that neither support nor contradict others, because they were rejected.
    places : float64, shape (n, 3), optional
        Their :func:`annotations.loci.points`, where they are known.
    """
    table = records if isinstance(records, RecordTable) else RecordTable.of(records)
    live = table.live() if rows is None else rows
    kind, chrom, bins = table.kind[live], table.chrom[live], table.counts[live, 0]
    who, names = table.callers(live)
    nobody = np.array([not name for name in names], bool)[who] if names else np.zeros(len(live), bool)
    if drawn is not None:
        who, nobody = np.where(drawn, len(names), who), nobody | drawn
    at = points_of(kind, table.direction[live], table.span[live]) if places is None else places
    out = np.zeros(len(live), bool) if exclude is None else exclude
    failed = np.zeros((len(live), len(CHECKS)), bool)
    possible = np.zeros_like(failed)
    for name in np.unique(chrom):
        mine = {one: np.flatnonzero((chrom == name) & (kind == code)) for one, code in KIND_CODES.items()}
        for own in mine.values():
            possible[own, 0], failed[own, 0] = _alone(at[own], who[own], out[own] | nobody[own])
            possible[own, 3], failed[own, 3] = _alone(at[own], bins[own], out[own] | (bins[own] == 0))
        tads, boundaries = (at[mine[one]][~out[mine[one]]] for one in (Kind.TAD, Kind.BOUNDARY))
        loops, stripes = mine[Kind.LOOP], mine[Kind.STRIPE]
        possible[loops, 1], failed[loops, 1] = _far(at[loops, :2], tads[:, :2])
        borders = np.concatenate([tads[:, :2].ravel(), boundaries[:, 0]])[:, None]
        possible[stripes, 2], failed[stripes, 2] = _far(at[stripes, :1], borders)
    possible[bins == 0, 3] = False
    return Contradictions(failed, possible)


def _alone(at: Points, who: NDArray[np.generic], out: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether there are others, and whether none of them has a candidate near; both shape (n,)."""
    near, others = np.zeros(len(at), bool), np.zeros(len(at), bool)
    for name in np.unique(who[~out]):
        others |= who != name
        open_ = np.flatnonzero((who != name) & ~near)
        near[open_] = near_any(at[open_], at[(who == name) & ~out], SAME_CALL_BP)
    return others, ~near


def _far(at: Points, others: Points) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether there is any of ``others``, and whether none of them is within reach; both shape (n,)."""
    found = np.full(len(at), bool(len(others)))
    return found, found & ~near_any(at, others, CORNER_BP)
