"""Where records lie, and when two of them are the same structure; every comparison of two lists is made here.

Two records are the same structure if kind, chromosome and, of stripes, side agree, and no coordinate differs by more
than a tolerance (Chebyshev).  A stripe's far end does not count: callers differ in where it ends, hardly in where it
begins.  Tolerances are always given, in bp; :data:`SLACK_BP` is added to each.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import DIRECTION_CODES, KIND_CODES, Annotation, Direction, Kind

Points = NDArray[np.float64]
Pairs = NDArray[np.int64]

# What is the same, by the question asked.
SAME_CALL_BP = 20_000
"""Calls of two callers, models or runs, and calls against labels: two coarse bins, as in the loop protocol."""
DUPLICATE_BP = 10_000
"""Records of several sets of one project, of which one is reviewed and exported: two bins at 5 kb."""
MERGE_BP = 10_000
"""Loops of one list that the protocol counts once."""
CORNER_BP = 50_000
"""A loop and the corner of its TAD, a stripe and its boundary: different structures at one place."""

SLACK_BP = 1.0
"""Added to every tolerance between two lists: closed and half-open writers differ by one base pair."""

UNMATCHED = -1

_APART_BP = 1e13
"""Between what can never be the same: no tolerance reaches across."""


def _tree(points: Points) -> Any:
    from scipy.spatial import cKDTree  # here: a window opens without it

    return cKDTree(points)


def goes_down(stripe: Annotation) -> bool:
    """Whether a stripe leaves its anchor downstream; without a direction, whether that side is the longer one."""
    x, y = stripe.anchor1, stripe.anchor2
    if stripe.direction is Direction.NONE:
        return y.end - x.end >= x.start - y.start
    return stripe.direction is Direction.DOWN


def points(records: Iterable[Annotation]) -> Points:
    """What must agree for two records of one kind and chromosome to be the same structure, shape (n, 3).

    Two coordinates in bp: of a loop the centres of its anchors, of a TAD start and end, of a stripe and of a boundary
    the anchor's centre twice.  The third tells upstream stripes from all others, farther than any tolerance.
    """
    kept = list(records)
    spans = [(r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end) for r in kept]
    return points_of(
        np.array([KIND_CODES[r.kind] for r in kept], np.int8),
        np.array([DIRECTION_CODES[r.direction] for r in kept], np.int8),
        np.array(spans, np.int64).reshape(-1, 4),
    )


def points_of(kind: NDArray[np.int8], direction: NDArray[np.int8], span: NDArray[np.int64]) -> Points:
    """:func:`points` of columns (:class:`~napari_hicstruct.annotations.record_table.RecordTable`)."""
    start1, end1, start2, end2 = span.T
    first, second = (start1 + end1) / 2, (start2 + end2) / 2
    tads, stripes = kind == KIND_CODES[Kind.TAD], kind == KIND_CODES[Kind.STRIPE]
    longer_down = (direction == DIRECTION_CODES[Direction.NONE]) & (end2 - end1 >= start1 - start2)
    up = stripes & (direction != DIRECTION_CODES[Direction.DOWN]) & ~longer_down
    loops = kind == KIND_CODES[Kind.LOOP]
    ends = np.where(loops, second, first)
    return np.column_stack([np.where(tads, start1, first), np.where(tads, end1, ends), _APART_BP * up])


def same_structure(one: Annotation, other: Annotation, tolerance_bp: float) -> bool:
    """True if two records are the same structure."""
    if (one.chrom, one.kind) != (other.chrom, other.kind):
        return False
    first, second = points((one, other))
    return bool(np.abs(first - second).max() <= tolerance_bp + SLACK_BP)


class LocusIndex:
    """Records to be searched for the structure that another record is."""

    def __init__(self, records: Iterable[Annotation]) -> None:
        groups: dict[tuple[str, Kind], list[Annotation]] = {}
        for record in records:
            groups.setdefault((record.chrom, record.kind), []).append(record)
        self._trees = {key: _tree(points(own)) for key, own in groups.items()}

    def distance(self, record: Annotation) -> float:
        """bp to the nearest record of its kind, chromosome and side; infinite without one."""
        tree = self._trees.get((record.chrom, record.kind))
        found = inf if tree is None else float(tree.query(points((record,))[0], p=inf)[0])
        return found if found < _APART_BP / 2 else inf

    def holds(self, record: Annotation, tolerance_bp: float) -> bool:
        """True if any of the records is the same structure."""
        return self.distance(record) <= tolerance_bp + SLACK_BP


def near_any(points: Points, others: Points, tolerance_bp: float) -> NDArray[np.bool_]:
    """True for each point (bp, shape ``(n, d)``) that has any of ``others`` (shape ``(m, d)``) within the tolerance."""
    if not len(points) or not len(others):
        return np.zeros(len(points), bool)
    limit = tolerance_bp + SLACK_BP
    # where nothing is that near, the tree gives infinity without searching further
    distance, _ = _tree(others).query(points, p=inf, distance_upper_bound=limit + 1)
    return np.asarray(distance <= limit)


def match_ranked(calls: Points, truth: Points, tolerance_bp: float) -> NDArray[np.int64]:
    """Give every call at most one truth, and every truth at most one call.

    Calls are served in the order given (best score first), each with the first truth that is still free within the
    tolerance.  This is the greedy rule of the loop protocol, so the matching of the first ``n`` calls is the first
    ``n`` entries of the matching of all.

    Parameters
    ----------
    calls : float64, shape (n, d)
        bp, best first.
    truth : float64, shape (m, d)
        bp.
    tolerance_bp : float

    Returns
    -------
    int64, shape (n,)
        Index of each call's truth, -1 where it has none.
    """
    matched = np.full(len(calls), UNMATCHED, np.int64)
    if not len(calls) or not len(truth):
        return matched
    tree = _tree(truth)
    free = np.ones(len(truth), bool)
    for i, call in enumerate(calls):
        # One query per call: scipy orders the results of a batched query differently, and the first free one counts.
        for j in tree.query_ball_point(call, tolerance_bp + SLACK_BP, p=inf):
            if free[j]:
                matched[i], free[j] = j, False
                break
    return matched


def match_on_line(first: Points, second: Points, tolerance_bp: float) -> Pairs:
    """The largest one-to-one matching of two lists of positions in any order, as indices, shape (k, 2).

    On a line with one tolerance, pairing the leftmost two that fit is optimal, so no ranking is needed.
    """
    one, other = np.argsort(first, kind="stable"), np.argsort(second, kind="stable")
    pairs = []
    i = j = 0
    while i < len(one) and j < len(other):
        gap = first[one[i]] - second[other[j]]
        if abs(gap) <= tolerance_bp + SLACK_BP:
            pairs.append((one[i], other[j]))
            i, j = i + 1, j + 1
        elif gap < 0:
            i += 1
        else:
            j += 1
    return np.array(pairs, np.int64).reshape(-1, 2)


def pairs_within(first: Points, second: Points, tolerance_bp: float) -> Pairs:
    """All pairs of two lists within the tolerance, as indices, shape (k, 2)."""
    if not len(first) or not len(second):
        return np.zeros((0, 2), np.int64)
    found = _tree(first).query_ball_tree(_tree(second), tolerance_bp + SLACK_BP, p=inf)
    return np.array([(i, j) for i, own in enumerate(found) for j in own], np.int64).reshape(-1, 2)


def match_closest(pairs: Iterable[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """One-to-one pairs of candidates ``(distance, i, j)``, the closest first."""
    first: set[int] = set()
    second: set[int] = set()
    matched = []
    for _, i, j in sorted(pairs):
        if i not in first and j not in second:
            first.add(i)
            second.add(j)
            matched.append((i, j))
    return matched


def duplicates(points: Points, tolerance_bp: float) -> Pairs:
    """Pairs of rows of one list within the tolerance, as indices, shape (k, 2)."""
    if len(points) < 2:
        return np.zeros((0, 2), np.int64)
    return np.asarray(_tree(points).query_pairs(tolerance_bp + SLACK_BP, p=inf, output_type="ndarray"), np.int64)


def merge_close(points: Points, tolerance_bp: float) -> NDArray[np.int64]:
    """Indices of the points that stay when later ones within ``tolerance_bp`` of a kept one are dropped.

    Parameters
    ----------
    points : float64, shape (n, d)
        bp, in order of priority.
    tolerance_bp : float
        Without slack: one list has one writer.
    """
    if not len(points):
        return np.zeros(0, np.int64)
    tree = _tree(points)
    dropped = np.zeros(len(points), bool)
    kept = []
    for i, point in enumerate(points):
        if not dropped[i]:
            kept.append(i)
            dropped[tree.query_ball_point(point, tolerance_bp, p=inf)] = True
    return np.array(kept, np.int64)
