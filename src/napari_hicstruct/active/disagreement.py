"""What contradicts a candidate: other callers, the structures it should go with, other bin sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import CORNER_BP, SAME_CALL_BP, Points, near_any, points
from napari_hicstruct.annotations.records import Annotation, Kind

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
    records: Sequence[Annotation],
    callers: Mapping[str, str] | None = None,
    *,
    exclude: NDArray[np.bool_] | None = None,
    places: Points | None = None,
) -> Contradictions:
    """Run all checks on all candidates.

    Parameters
    ----------
    records : sequence of Annotation
    callers : mapping of str to str, optional
        Uid → who called it; default: the model's name, else the source.  An empty name is no caller's: nothing
        contradicts others because a person did not draw it, too.
    exclude : bool, shape (n,), optional
        Records that neither support nor contradict others, because they were rejected.
    places : float64, shape (n, 3), optional
        Their :func:`annotations.loci.points`, where they are known.
    """
    out = np.zeros(len(records), bool) if exclude is None else exclude
    failed = np.zeros((len(records), len(CHECKS)), bool)
    possible = np.zeros_like(failed)
    names = callers or {}
    everywhere = points(records) if places is None else places
    groups: dict[tuple[str, Kind], list[int]] = {}
    for k, record in enumerate(records):
        groups.setdefault((record.chrom, record.kind), []).append(k)
    for (chrom, kind), rows in groups.items():
        own = [records[k] for k in rows]
        at = everywhere[rows]
        who = np.array([names.get(r.uid, r.model or r.source) for r in own])
        possible[rows, 0], failed[rows, 0] = _alone(at, who, out[rows] | (who == ""))
        bins = np.array([r.resolution for r in own])
        possible[rows, 3], failed[rows, 3] = _alone(at, bins, out[rows] | (bins == 0))
        possible[np.array(rows)[bins == 0], 3] = False
        if kind is Kind.LOOP:
            tads = everywhere[_included(groups, chrom, Kind.TAD, out)]
            possible[rows, 1], failed[rows, 1] = _far(at[:, :2], tads[:, :2])
        elif kind is Kind.STRIPE:
            tads, boundaries = (everywhere[_included(groups, chrom, one, out)] for one in (Kind.TAD, Kind.BOUNDARY))
            borders = np.concatenate([tads[:, :2].ravel(), boundaries[:, 0]])[:, None]
            possible[rows, 2], failed[rows, 2] = _far(at[:, :1], borders)
    return Contradictions(failed, possible)


def _included(
    groups: Mapping[tuple[str, Kind], Sequence[int]], chrom: str, kind: Kind, out: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Rows of one kind on one chromosome without those left out."""
    rows = np.array(groups.get((chrom, kind), ()), np.int64)
    return rows[~out[rows]]


def _alone(at: Points, who: NDArray[np.generic], out: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether there are others, and whether none of them has a candidate near; both shape (n,)."""
    near, others = np.zeros(len(at), bool), np.zeros(len(at), bool)
    for name in np.unique(who[~out]):
        others |= who != name
        near |= near_any(at, at[(who == name) & ~out], SAME_CALL_BP) & (who != name)
    return others, ~near


def _far(at: Points, others: Points) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether there is any of ``others``, and whether none of them is within reach; both shape (n,)."""
    found = np.full(len(at), bool(len(others)))
    return found, found & ~near_any(at, others, CORNER_BP)
