"""Boundaries of domains against truth: positions in bp, one-to-one, with a shifted control."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.evaluation.matching import (
    SLACK,
    UNMATCHED,
    Score,
    as_points,
    match_points,
    merge_points,
    near_any,
    score_counts,
)
from napari_hicstruct.evaluation.ranking import Ranked

CONTROL_SHIFT = 500_000
"""bp by which the calls are shifted for the chance level."""


def matched_pairs(pred: ArrayLike, truth: ArrayLike, tol_bp: float) -> NDArray[np.int64]:
    """The largest one-to-one matching of two lists of positions.

    Parameters
    ----------
    pred, truth : array, shape (n,) and (m,)
        Positions in bp, in any order.
    tol_bp : float
        bp; one base pair of slack is added.

    Returns
    -------
    int64, shape (k, 2)
        Indices (into ``pred``, into ``truth``) of the pairs.

    Notes
    -----
    On a line with one tolerance, pairing the leftmost two that fit is optimal, so no ranking is needed.
    """
    p, t = np.asarray(pred, np.float64).ravel(), np.asarray(truth, np.float64).ravel()
    p_order, t_order = np.argsort(p, kind="stable"), np.argsort(t, kind="stable")
    pairs = []
    i = j = 0
    while i < len(p) and j < len(t):
        gap = p[p_order[i]] - t[t_order[j]]
        if abs(gap) <= tol_bp + SLACK:
            pairs.append((p_order[i], t_order[j]))
            i, j = i + 1, j + 1
        elif gap < 0:
            i += 1
        else:
            j += 1
    return np.array(pairs, np.int64).reshape(-1, 2)


def boundary_score(pred_positions: ArrayLike, truth_positions: ArrayLike, tol_bp: float) -> Score:
    """Precision, recall and F1 of boundary positions (bp) within ``tol_bp``."""
    n_pred, n_truth = np.size(pred_positions), np.size(truth_positions)
    return score_counts(len(matched_pairs(pred_positions, truth_positions, tol_bp)), n_pred, n_truth)


def boundary_f1(pred_positions: ArrayLike, truth_positions: ArrayLike, tol_bp: float) -> float:
    """F1 of boundary positions (bp) within ``tol_bp``; 0 if either list is empty."""
    return boundary_score(pred_positions, truth_positions, tol_bp).f1


def strongest(positions: ArrayLike, scores: ArrayLike, n: int) -> NDArray[np.float64]:
    """The ``n`` positions of the highest score, NaN last, ties in the order given: compare at equal numbers."""
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")[:n]
    return np.asarray(np.asarray(positions, np.float64)[order])


def rank_boundaries(calls: ArrayLike, truth: ArrayLike, tol_bp: float, *, ignore: ArrayLike | None = None) -> Ranked:
    """Boundaries best first, each with the first free truth within ``tol_bp``.

    Parameters
    ----------
    calls : array, shape (n, 2)
        Position (bp) and score, NaN last.
    truth, ignore : array, shape (m,) and (k,)
        bp; a call without truth that is near one of ``ignore`` counts neither way.
    """
    table, true = as_points(calls, 2), as_points(truth, 1)
    order = np.argsort(-table[:, 1], kind="stable")
    places = table[order, :1]
    hits = match_points(places, true, tol_bp) != UNMATCHED
    faint = np.zeros(len(hits), bool)
    if ignore is not None and np.size(ignore):
        faint = near_any(places, as_points(ignore, 1), tol_bp) & ~near_any(places, true, tol_bp)
    return Ranked(order[~faint], hits[~faint], len(true))


def boundaries_of(domains: ArrayLike, *, merge: float = 0.0) -> NDArray[np.float64]:
    """All starts and ends of domains, sorted, each once.

    Parameters
    ----------
    domains : array, shape (n, 2)
        Starts and ends in bp.
    merge : float
        bp within which two positions are one boundary; the left one stays.
    """
    positions = np.unique(np.asarray(domains, np.float64).ravel())
    return np.asarray(positions[merge_points(positions[:, None], merge)])
