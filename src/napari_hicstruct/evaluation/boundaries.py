"""Boundaries of domains against truth: positions in bp, one-to-one, with a shifted control."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.loci import UNMATCHED, match_on_line, match_ranked, merge_close, near_any
from napari_hicstruct.evaluation.matching import Score, as_points, score_counts
from napari_hicstruct.evaluation.ranking import Ranked

CONTROL_SHIFT = 500_000
"""bp by which the calls are shifted for the chance level."""


def boundary_score(pred_positions: ArrayLike, truth_positions: ArrayLike, tol_bp: float) -> Score:
    """Precision, recall and F1 of boundary positions (bp) within ``tol_bp``."""
    pred, truth = (np.asarray(side, np.float64).ravel() for side in (pred_positions, truth_positions))
    return score_counts(len(match_on_line(pred, truth, tol_bp)), len(pred), len(truth))


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
    hits = match_ranked(places, true, tol_bp) != UNMATCHED
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
    return np.asarray(positions[merge_close(positions[:, None], merge)])
