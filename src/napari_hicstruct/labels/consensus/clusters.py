"""Which calls of several programs mark the same structure: clusters around centres, never chains.

A call belongs to a cluster if it lies within the tolerance of the cluster's *centre*.  Single linkage would join
A–B–C–D although A and D are far apart; here the place on which most programs agree is taken first, then the next.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_Numbers = tuple[float, ...]
_Center = tuple[list[int], _Numbers, _Numbers]
"""Members, point and span."""

_TIE = 1e-6
"""Weights add up to a half but for rounding."""

_MAX_MOVES = 4
"""A centre settles within two or three moves; more would only follow ties to and fro."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one kind on one chromosome, as numbers.

    Attributes
    ----------
    points : float64, shape (n, d)
        bp; what must agree within the tolerance: both anchors' centres of a loop, the centre of a boundary, both ends
        of a TAD, the centre of a stripe's anchor.
    spans : float64, shape (n, 2)
        bp, start and end of what must overlap: a TAD, or a stripe's extent.  Loops and boundaries: anything.
    callers : int64, shape (n,)
        Index of the program of each call.
    """

    points: Floats
    spans: Floats
    callers: Ints

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: Ints) -> Calls:
        """Those of ``rows``."""
        return Calls(self.points[rows], self.spans[rows], self.callers[rows])


@dataclass(frozen=True, slots=True)
class Clusters:
    """Groups of calls.

    Attributes
    ----------
    members : int64, shape (n,)
        Cluster of each call.
    points : float64, shape (m, d)
        Centre of each cluster (bp), within the tolerance of all its calls.
    spans : float64, shape (m, 2)
        Span of each cluster (bp).
    """

    members: Ints
    points: Floats
    spans: Floats

    def __len__(self) -> int:
        return len(self.points)


def cluster_calls(calls: Calls, tolerance_bp: float, min_overlap: float = 0.0) -> Clusters:
    """Group calls around common centres.

    Parameters
    ----------
    calls : Calls
    tolerance_bp : float
        Largest difference of any coordinate between a call and its cluster's centre.
    min_overlap : float
        Intersection over union of the call's span with the centre's that is asked for, in [0, 1]; 0: none.

    Returns
    -------
    Clusters
        In the order of their centres.  The result does not depend on the order of the calls.
    """
    if not len(calls):
        return Clusters(np.zeros(0, np.int64), calls.points, calls.spans)
    order = np.lexsort((calls.callers, *calls.spans.T[::-1], *calls.points.T[::-1]))
    calls = calls.take(order)
    part = _connected(calls.points, 2 * tolerance_bp)
    agreed = _fit_their_middle(calls, part, tolerance_bp, min_overlap)
    members = np.full(len(calls), -1, np.int64)
    easy = np.flatnonzero(agreed[part])
    members[easy] = np.unique(part[easy], return_inverse=True)[1]
    found = [_medians(calls.take(easy), members[easy])]
    n = len(found[0][0])
    for rows in _groups(part, np.flatnonzero(~agreed[part])):
        labels, points, spans = _split(calls.take(rows), tolerance_bp, min_overlap)
        members[rows] = labels + n
        found.append((points, spans))
        n += len(points)
    points, spans = (np.concatenate([one[k] for one in found]) for k in range(2))
    ranks = np.lexsort((*spans.T[::-1], *points.T[::-1]))
    place = np.empty(n, np.int64)
    place[ranks] = np.arange(n)
    given = np.empty(len(calls), np.int64)
    given[order] = place[members]
    return Clusters(given, points[ranks], spans[ranks])


def _connected(points: Floats, tolerance: float) -> Ints:
    """Calls that touch directly or through others share a part: nothing beyond its part matters to a call."""
    pairs = cKDTree(points).query_pairs(tolerance, p=np.inf, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(points),) * 2)
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _fit_their_middle(calls: Calls, part: Ints, tolerance: float, min_overlap: float) -> NDArray[np.bool_]:
    """Parts all of whose calls fit the middle of them all: one cluster each, without any search."""
    points, spans = _medians(calls, part)
    fits: NDArray[np.bool_] = np.abs(calls.points - points[part]).max(axis=1) <= tolerance
    if min_overlap > 0:
        fits = fits & (overlaps(calls.spans, spans[part]) >= min_overlap)
    return np.asarray(np.bincount(part, ~fits) == 0)


def _groups(part: Ints, rows: Ints) -> list[Ints]:
    """``rows`` by their part."""
    if not len(rows):
        return []
    ordered = rows[np.argsort(part[rows], kind="stable")]
    return np.split(ordered, np.flatnonzero(np.diff(part[ordered])) + 1)


def overlaps(spans: Floats, others: Floats) -> Floats:
    """Intersection over union of ``spans``, shape ``(n, 2)``, with one other, shape ``(2,)``, or with as many."""
    shared = np.minimum(spans[:, 1], others[..., 1]) - np.maximum(spans[:, 0], others[..., 0])
    joint = np.maximum(spans[:, 1], others[..., 1]) - np.minimum(spans[:, 0], others[..., 0])
    shares: Floats = np.clip(shared, 0, None) / np.maximum(joint, 1e-9)
    return shares


def _split(calls: Calls, tolerance: float, min_overlap: float) -> tuple[Ints, Floats, Floats]:
    """Clusters of one part: the place with most programs first, until no call is left."""
    part = _Part(calls, tolerance, min_overlap)
    support = part.support
    heap = [(*support(k), k) for k in range(len(calls))]
    heapq.heapify(heap)
    labels = [-1] * len(calls)
    centers: list[tuple[_Numbers, _Numbers]] = []
    while heap:
        *before, k = heapq.heappop(heap)
        if labels[k] >= 0:
            continue
        now = support(k)
        if now > tuple(before):  # some of its neighbours have found their cluster meanwhile
            heapq.heappush(heap, (*now, k))
            continue
        members, point, span = part.settle(k)
        for one in members:
            labels[one], part.free[one] = len(centers), False
        centers.append((point, span))
        if labels[k] < 0:  # the centre has moved away from the call that it started from
            heapq.heappush(heap, (*support(k), k))
    return np.array(labels, np.int64), np.array([c[0] for c in centers]), np.array([c[1] for c in centers])


class _Part:
    """Calls of one part, by their first coordinate, and which of them are free.

    Plain numbers in lists: a part has a handful of calls, and an array of five takes longer to make than to search.
    """

    def __init__(self, calls: Calls, tolerance: float, min_overlap: float) -> None:
        self.points: list[_Numbers] = list(map(tuple, calls.points.tolist()))
        self.spans: list[_Numbers] = list(map(tuple, calls.spans.tolist()))
        self.callers: list[int] = calls.callers.tolist()
        self.first, *others = calls.points.T.tolist()
        self.others = [(k, column) for k, column in enumerate(others, start=1) if min(column) < max(column)]
        self.free = [True] * len(calls)
        self.tolerance, self.min_overlap = tolerance, min_overlap

    def around(self, point: _Numbers, span: _Numbers, reach: float) -> list[int]:
        """Free calls within ``reach`` bp of a centre, whose spans overlap the centre's."""
        low = bisect_left(self.first, point[0] - reach)
        high = bisect_right(self.first, point[0] + reach)
        free = self.free
        near = [i for i in range(low, high) if free[i]]
        for place, column in self.others:
            value = point[place]
            near = [i for i in near if abs(column[i] - value) <= reach]
        if self.min_overlap > 0:
            near = [i for i in near if _overlap(self.spans[i], span) >= self.min_overlap]
        return near

    def support(self, k: int) -> tuple[int, int]:
        """The fewer, the sooner: programs and calls around a call, negative."""
        near = self.around(self.points[k], self.spans[k], self.tolerance)
        return -self._n_programs(near), -len(near)

    def settle(self, k: int) -> _Center:
        """The free calls around a centre, and the centre, moved from call ``k`` to the middle of what lies around it.

        Two calls may both fit a centre between them and not each other, so the first middle is that of all calls within
        twice the tolerance, if more programs fit it.
        """
        start = self.points[k], self.spans[k]
        best = (self.around(*start, self.tolerance), *start)
        for reach in (2 * self.tolerance, self.tolerance):
            found = self._moved(self.around(*start, reach), best)
            if k in found[0] and self._n_programs(found[0]) > self._n_programs(best[0]):
                best = found
        return self._moved(best[0], best)

    def _moved(self, members: list[int], best: _Center) -> _Center:
        """The centre to which ``members`` lead, if no program is lost on the way; else ``best``."""
        for _ in range(_MAX_MOVES):
            point, span = self._middle(members)
            moved = self.around(point, span, self.tolerance)
            if self._n_programs(moved) < self._n_programs(best[0]):
                break
            best = moved, point, span
            if moved == members:
                break
            members = moved
        return best

    def _n_programs(self, rows: list[int]) -> int:
        return len({self.callers[i] for i in rows})

    def _middle(self, rows: list[int]) -> tuple[_Numbers, _Numbers]:
        """As :func:`_medians`, of one cluster."""
        counts = Counter([self.callers[i] for i in rows])
        weights = [1.0 / counts[self.callers[i]] for i in rows] if len(counts) < len(rows) else None
        point, span = (
            tuple([_median(column, weights) for column in zip(*[values[i] for i in rows], strict=True)])
            for values in (self.points, self.spans)
        )
        return point, span


def _median(values: Sequence[float], weights: Sequence[float] | None) -> float:
    """The mean of the lower and the upper weighted median."""
    if weights is None:
        ordered, n = sorted(values), len(values)
        return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    half, up_to, lower, value = sum(weights) / 2, 0.0, math.nan, math.nan
    for value, weight in sorted(zip(values, weights, strict=True)):
        up_to += weight
        if lower != lower and up_to >= half - _TIE:
            lower = value
        if up_to > half + _TIE:
            break
    return (lower + value) / 2


def _overlap(span: _Numbers, other: _Numbers) -> float:
    """As :func:`overlaps`, of two."""
    shared = min(span[1], other[1]) - max(span[0], other[0])
    return max(shared, 0.0) / max(max(span[1], other[1]) - min(span[0], other[0]), 1e-9)


def _medians(calls: Calls, members: Ints) -> tuple[Floats, Floats]:
    """Median point and span of each cluster (0 … n − 1); the calls of one program share one vote."""
    n = int(members.max()) + 1 if len(members) else 0
    _, inverse, counts = np.unique(
        members * (calls.callers.max(initial=0) + 1) + calls.callers, return_inverse=True, return_counts=True
    )
    weights = 1.0 / counts[inverse]
    columns = [_weighted_median(values, weights, members, n) for values in (*calls.points.T, *calls.spans.T)]
    d = calls.points.shape[1]
    return np.stack(columns[:d], axis=1), np.stack(columns[d:], axis=1)


def _weighted_median(values: Floats, weights: Floats, members: Ints, n: int) -> Floats:
    """Of each cluster: the mean of its lower and upper weighted median."""
    order = np.lexsort((values, members))
    values, weights, members = values[order], weights[order], members[order]
    total = np.bincount(members, weights, n)
    up_to = np.cumsum(weights) - np.repeat(np.cumsum(total) - total, np.bincount(members, minlength=n))
    half = total[members] / 2
    first = np.searchsorted(members, np.arange(n))
    lower = first + np.bincount(members, up_to < half - _TIE, n).astype(np.int64)
    upper = first + np.bincount(members, up_to <= half + _TIE, n).astype(np.int64)
    last = np.searchsorted(members, np.arange(n), side="right") - 1
    return (values[lower] + values[np.minimum(upper, last)]) / 2
