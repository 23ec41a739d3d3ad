"""Which calls of several programs mark the same structure: clusters around centres, never chains.

A call belongs to a cluster if it lies within the tolerance of the cluster's *centre*.  Single linkage would join
A–B–C–D although A and D are far apart; here the place on which most programs agree is taken first, then the next.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_Center = tuple[Ints, Floats, Floats]
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


class _Around(Protocol):
    """Free calls within ``reach`` bp of a centre (the tolerance, unless said), whose spans overlap the centre's."""

    def __call__(self, point: Floats, span: Floats, reach: float = ...) -> Ints: ...


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
    tree = cKDTree(calls.points)
    labels = np.full(len(calls), -1, np.int64)

    def around(point: Floats, span: Floats, reach: float = tolerance) -> Ints:
        near = np.sort(np.asarray(tree.query_ball_point(point, reach, p=np.inf), np.int64))
        near = near[labels[near] < 0]
        return near[overlaps(calls.spans[near], span) >= min_overlap] if min_overlap > 0 else near

    def support(k: int) -> tuple[int, int]:
        near = around(calls.points[k], calls.spans[k])
        return -_n_programs(calls, near), -len(near)

    heap = [(*support(k), k) for k in range(len(calls))]
    heapq.heapify(heap)
    centers: list[tuple[Floats, Floats]] = []
    while heap:
        *before, k = heapq.heappop(heap)
        if labels[k] >= 0:
            continue
        now = support(k)
        if now > tuple(before):  # some of its neighbours have found their cluster meanwhile
            heapq.heappush(heap, (*now, k))
            continue
        members, point, span = _settle(calls, k, around, tolerance)
        labels[members] = len(centers)
        centers.append((point, span))
        if labels[k] < 0:  # the centre has moved away from the call that it started from
            heapq.heappush(heap, (*support(k), k))
    return labels, np.array([c[0] for c in centers]), np.array([c[1] for c in centers])


def _settle(calls: Calls, k: int, around: _Around, tolerance: float) -> tuple[Ints, Floats, Floats]:
    """The free calls around a centre, and the centre, moved from call ``k`` to the middle of what lies around it.

    Two calls may both fit a centre between them and not each other, so the first middle is that of all calls within
    twice the tolerance, if more programs fit it.
    """
    start = calls.points[k], calls.spans[k]
    best = (around(*start), *start)
    for reach in (2 * tolerance, tolerance):
        found = _moved(calls, around(*start, reach), best, around)
        if k in found[0] and _n_programs(calls, found[0]) > _n_programs(calls, best[0]):
            best = found
    return _moved(calls, best[0], best, around)


def _moved(calls: Calls, members: Ints, best: _Center, around: _Around) -> _Center:
    """The centre to which ``members`` lead, if no program is lost on the way; else ``best``."""
    for _ in range(_MAX_MOVES):
        point, span = _middle(calls, members)
        moved = around(point, span)
        if _n_programs(calls, moved) < _n_programs(calls, best[0]):
            break
        best = moved, point, span
        if np.array_equal(moved, members):
            break
        members = moved
    return best


def _n_programs(calls: Calls, rows: Ints) -> int:
    return len(set(calls.callers[rows].tolist()))


def _middle(calls: Calls, rows: Ints) -> tuple[Floats, Floats]:
    """As :func:`_medians`, of one cluster and without its overhead."""
    callers = calls.callers[rows]
    weights = 1.0 / np.bincount(callers)[callers]
    values = np.hstack([calls.points[rows], calls.spans[rows]])
    order = values.argsort(axis=0, kind="stable")
    up_to, half = weights[order].cumsum(axis=0), weights.sum() / 2
    lower = (up_to < half - _TIE).sum(axis=0)
    upper = np.minimum((up_to <= half + _TIE).sum(axis=0), len(rows) - 1)
    ordered, columns = np.take_along_axis(values, order, axis=0), np.arange(values.shape[1])
    middle = (ordered[lower, columns] + ordered[upper, columns]) / 2
    d = calls.points.shape[1]
    return middle[:d], middle[d:]


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
