"""Loops against truth: one-to-one, Chebyshev tolerance in bp, best score first, with a shifted control."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.loci import MERGE_BP, UNMATCHED, match_ranked, merge_close, near_any
from napari_hicstruct.evaluation.matching import Score, score_counts
from napari_hicstruct.evaluation.ranking import Curve, average_precision_of, pr_curve, precision_of_top

DISTANCES = (40_000, 3_000_000)
"""bp between anchors that the protocol judges."""

CONTROL_SHIFT = 1_000_000
"""bp by which both anchors are shifted for the chance level."""

STRATA = (40_000, 100_000, 250_000, 500_000, 1_000_000, 3_000_000)


def ranked_order(calls: ArrayLike) -> NDArray[np.int64]:
    """Indices of the calls (see :func:`rank`) from the best score down; ties, and lists without one, keep order."""
    table = np.asarray(calls, dtype=np.float64)
    if table.ndim < 2 or table.shape[1] < 3 or not np.isfinite(table[:, 2]).any():
        return np.arange(len(table), dtype=np.int64)
    return np.asarray(np.argsort(-table[:, 2], kind="stable"), np.int64)


def rank(calls: ArrayLike) -> NDArray[np.float64]:
    """Centres of the calls, best score first.

    Parameters
    ----------
    calls : array, shape (n, 2) or (n, 3)
        Centres of both anchors in bp and, in a third column, the score (high is good, NaN last).  Ties, and
        lists without a score, keep their order.

    Returns
    -------
    float64, shape (n, 2)
        Each row with the smaller coordinate first.
    """
    table = np.asarray(calls, dtype=np.float64)
    if table.size == 0:
        return np.zeros((0, 2))
    return np.sort(table[ranked_order(table), :2], axis=1)


def prepare_order(
    calls: ArrayLike, *, distances: tuple[float, float] | None = DISTANCES, merge: float = MERGE_BP
) -> NDArray[np.int64]:
    """Indices of the calls that :func:`prepare` keeps, in its order."""
    order, xy = ranked_order(calls), rank(calls)
    if distances is not None:
        apart = xy[:, 1] - xy[:, 0]
        judged = (apart >= distances[0]) & (apart <= distances[1])
        order, xy = order[judged], xy[judged]
    return order[merge_close(xy, merge)]


def dropped_counts(
    calls: ArrayLike, *, distances: tuple[float, float] = DISTANCES, merge: float = MERGE_BP
) -> dict[str, int]:
    """How many calls :func:`prepare` leaves out, by reason; reasons that no call has are left out.

    Parameters
    ----------
    calls : array, shape (n, 2) or (n, 3)
    distances : (float, float)
        bp between the anchors, both ends included.
    merge : float
        bp.
    """
    xy = rank(calls)
    apart = xy[:, 1] - xy[:, 0]
    near, far = int((apart < distances[0]).sum()), int((apart > distances[1]).sum())
    judged = len(prepare(calls, distances=distances, merge=merge))
    counts = {
        f"anchors less than {distances[0] / 1000:g} kb apart": near,
        f"anchors more than {distances[1] / 1e6:g} Mb apart": far,
        f"within {merge / 1000:g} kb of a better one": len(xy) - near - far - judged,
    }
    return {reason: count for reason, count in counts.items() if count}


def prepare(
    calls: ArrayLike, *, distances: tuple[float, float] | None = DISTANCES, merge: float = MERGE_BP
) -> NDArray[np.float64]:
    """Rank, keep the distances (bp, both ends included) that are judged, merge what is within ``merge`` bp."""
    kept = prepare_order(calls, distances=distances, merge=merge)
    return np.sort(np.asarray(calls, np.float64)[kept, :2], axis=1) if len(kept) else np.zeros((0, 2))


def unite(truths: Sequence[ArrayLike], *, distances: tuple[float, float] | None = DISTANCES) -> NDArray[np.float64]:
    """One truth of several lists: the first list's loops first, later ones within 10 kb merged into them."""
    ranked = [rank(truth) for truth in truths]
    return prepare(np.vstack(ranked) if ranked else np.zeros((0, 2)), distances=distances)


@dataclass(frozen=True, slots=True)
class LoopMatch:
    """Ranked calls matched with truth.

    Attributes
    ----------
    calls : float64, shape (n, 2)
        bp, best first; calls that only fit an ignored loop are gone.
    truth : float64, shape (m, 2)
    matched : int64, shape (n,)
        Index of each call's truth, -1 for none.
    kept : int64, shape (n,)
        Where each call stands among those that were given.
    control : float
        Precision of the same calls shifted along the diagonal: the chance level.
    """

    calls: NDArray[np.float64]
    truth: NDArray[np.float64]
    matched: NDArray[np.int64]
    kept: NDArray[np.int64]
    control: float

    @property
    def hits(self) -> NDArray[np.bool_]:
        """True where a call has a truth."""
        return np.asarray(self.matched != UNMATCHED)

    def score(self, top: int | None = None) -> Score:
        """Precision, recall and F1 of all calls, or of the best ``top``."""
        hits = self.hits[:top]
        return score_counts(int(hits.sum()), len(hits), len(self.truth))

    def curve(self) -> Curve:
        """Precision and recall after each call."""
        return pr_curve(self.hits, len(self.truth))

    def precision_at(self, ns: Iterable[int]) -> dict[int, float]:
        """Precision of the best ``n`` calls; NaN where there are fewer."""
        return precision_of_top(self.hits, ns)

    def average_precision(self) -> float:
        """Area under :meth:`curve` in steps."""
        return average_precision_of(self.hits, len(self.truth))

    def by_distance(self, edges: Sequence[float] = STRATA) -> dict[tuple[float, float], Score]:
        """Scores per stratum ``[low, high)`` of anchor distance (bp; the last one includes its end).

        A call counts for precision in its own stratum, a truth for recall in its own.
        """
        call_class = _stratum(self.calls, edges)
        truth_class = _stratum(self.truth, edges)
        found = np.zeros(len(self.truth), bool)
        found[self.matched[self.hits]] = True
        scores = {}
        for k, stratum in enumerate(itertools.pairwise(edges)):
            calls, truths = call_class == k, truth_class == k
            precision = float(self.hits[calls].mean()) if calls.any() else 0.0
            recall = float(found[truths].mean()) if truths.any() else 0.0
            scores[stratum] = Score(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))
        return scores

    def average_precision_by_distance(self, edges: Sequence[float] = STRATA) -> list[float]:
        """Average precision within each stratum, 0 … 1; NaN where it holds no truth.

        A hit belongs to its truth's stratum, so that none is counted beside truths that it is not of.
        """
        call_class, truth_class = _stratum(self.calls, edges), _stratum(self.truth, edges)
        call_class[self.hits] = truth_class[self.matched[self.hits]]
        sizes = [int((truth_class == k).sum()) for k in range(len(edges) - 1)]
        return [
            average_precision_of(self.hits[call_class == k], size) if size else float("nan")
            for k, size in enumerate(sizes)
        ]


def match_loops(
    calls: NDArray[np.float64],
    truth: NDArray[np.float64],
    tol_bp: float,
    *,
    ignore: NDArray[np.float64] | None = None,
    shift: float = CONTROL_SHIFT,
) -> LoopMatch:
    """Match prepared calls (see :func:`prepare`) with truth.

    Parameters
    ----------
    calls, truth : float64, shape (n, 2) and (m, 2)
        bp; calls best first.
    tol_bp : float
        Chebyshev tolerance.
    ignore : float64, shape (k, 2), optional
        Loops too faint to be required: a call without truth within ``tol_bp`` of one counts neither way.
    shift : float
        bp, for the control.
    """
    kept, matched = _match_and_ignore(calls, truth, ignore, tol_bp)
    _, shifted = _match_and_ignore(calls + shift, truth, ignore, tol_bp)
    control = float((shifted != UNMATCHED).mean()) if len(shifted) else 0.0
    return LoopMatch(calls[kept], truth, matched, kept, control)


def _match_and_ignore(
    calls: NDArray[np.float64], truth: NDArray[np.float64], ignore: NDArray[np.float64] | None, tol_bp: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the calls that remain once those that only fit an ignored loop are left out, and their truths."""
    matched = match_ranked(calls, truth, tol_bp)
    if ignore is None or not len(ignore):
        return np.arange(len(calls), dtype=np.int64), matched
    kept = np.flatnonzero((matched != UNMATCHED) | ~near_any(calls, ignore, tol_bp))
    return kept, matched[kept]


def _stratum(xy: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    """Index of each loop's distance stratum; the last edge belongs to the last stratum."""
    apart = xy[:, 1] - xy[:, 0]
    index = np.searchsorted(np.asarray(edges, np.float64), apart, side="right") - 1
    index[apart == edges[-1]] = len(edges) - 2
    return index.astype(np.int64)
