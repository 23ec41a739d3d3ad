"""One-to-one matching of calls with truth: the one place where a call becomes a hit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

SLACK = 1.0
"""bp added to every tolerance: closed and half-open writers differ by one base pair (as in the loop protocol)."""

UNMATCHED = -1


class Score(NamedTuple):
    """Precision, recall and their harmonic mean; 0 where calls or truth are empty."""

    precision: float
    recall: float
    f1: float


def score_counts(hits: int, n_calls: int, n_truth: int) -> Score:
    """Precision, recall and F1 from one-to-one counts."""
    if not n_calls or not n_truth:
        return Score(0.0, 0.0, 0.0)
    precision, recall = hits / n_calls, hits / n_truth
    return Score(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))


def as_points(points: ArrayLike, n_columns: int) -> NDArray[np.float64]:
    """``points`` as float64 of shape ``(n, n_columns)``; empty input of any shape becomes ``(0, n_columns)``."""
    return np.asarray(points, dtype=np.float64).reshape(-1, n_columns)


def match_points(calls: NDArray[np.float64], truth: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    """Give every call at most one truth, and every truth at most one call.

    Calls are served in the order given (best score first), each with the first truth that is still free within
    ``tolerance`` (Chebyshev: the largest difference of any coordinate).  This is the greedy rule of the loop
    protocol, so the matching of the first ``n`` calls is the first ``n`` entries of the matching of all.

    Parameters
    ----------
    calls : float64, shape (n, d)
        bp, best first.
    truth : float64, shape (m, d)
        bp.
    tolerance : float
        bp; one base pair of slack is added.

    Returns
    -------
    int64, shape (n,)
        Index of each call's truth, -1 where it has none.
    """
    matched = np.full(len(calls), UNMATCHED, np.int64)
    if not len(calls) or not len(truth):
        return matched
    tree = cKDTree(truth)
    free = np.ones(len(truth), bool)
    for i, call in enumerate(calls):
        # One query per call: scipy orders the results of a batched query differently, and the first free one counts.
        for j in tree.query_ball_point(call, tolerance + SLACK, p=np.inf):
            if free[j]:
                matched[i], free[j] = j, False
                break
    return matched


def near_any(points: NDArray[np.float64], others: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    """True for each point (shape ``(n, d)``) that has any of ``others`` within ``tolerance`` bp (Chebyshev)."""
    if not len(points) or not len(others):
        return np.zeros(len(points), bool)
    distance, _ = cKDTree(others).query(points, p=np.inf)
    return np.asarray(distance <= tolerance + SLACK)


def merge_points(points: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    """Indices of the points that stay when later ones within ``tolerance`` of a kept one are dropped.

    Parameters
    ----------
    points : float64, shape (n, d)
        bp, in order of priority.
    tolerance : float
        bp, Chebyshev, without slack.
    """
    if not len(points):
        return np.zeros(0, np.int64)
    tree = cKDTree(points)
    dropped = np.zeros(len(points), bool)
    kept = []
    for i, point in enumerate(points):
        if not dropped[i]:
            kept.append(i)
            dropped[tree.query_ball_point(point, tolerance, p=np.inf)] = True
    return np.array(kept, np.int64)
