"""Domains (TADs) against truth: partitions, Jaccard, by size.  Domains are ``(n, 2)`` starts and ends in bp."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from napari_hicstruct.annotations.loci import near_any
from napari_hicstruct.evaluation.matching import Score, as_points, score_counts
from napari_hicstruct.evaluation.ranking import Ranked
from napari_hicstruct.evaluation.stripes import overlap_iou

SIZES = (0.0, 400_000.0, 1_000_000.0, float("inf"))
"""Edges of the size classes in bp: < 400 kb, 400 kb – 1 Mb, > 1 Mb."""


def partition(domains: ArrayLike, start: float, end: float, resolution: int) -> NDArray[np.int64]:
    """Cut ``[start, end)`` at every domain's start and end.

    Gaps between domains are segments of their own; nested domains cut at every level.

    Returns
    -------
    int64, shape (n_bins,)
        Segment of each bin of ``resolution`` bp, counted from the left.
    """
    cuts = np.unique(as_points(domains, 2))
    centres = np.arange(start + resolution / 2, end, resolution)
    labels = np.searchsorted(cuts, centres, side="right")
    return np.asarray(np.unique(labels, return_inverse=True)[1], np.int64)


def partitions(
    pred: Sequence[ArrayLike], truth: Sequence[ArrayLike], resolution: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """:func:`partition` of both sides over several chromosomes, no segment shared between two of them.

    Each chromosome is compared over the bins between its outermost starts and ends.
    """
    ours: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    theirs: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for p, t in zip(pred, truth, strict=True):
        ends = np.concatenate([np.asarray(p, np.float64).ravel(), np.asarray(t, np.float64).ravel()])
        if len(ends):
            for labels, domains in ((ours, p), (theirs, t)):
                base = int(labels[-1].max(initial=-1)) + 1
                labels.append(base + partition(domains, float(ends.min()), float(ends.max()), resolution))
    return np.concatenate(ours), np.concatenate(theirs)


def variation_of_information(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """H(first | second) + H(second | first) of two labellings of the same bins, in nats; 0 if they are one.

    Source: Meilă, J. Multivar. Anal. 98 (2007) 873.
    """
    n = len(first)
    if not n:
        return 0.0
    joint = _entropy(first * (int(second.max()) + 1) + second)
    return max(0.0, 2 * joint - _entropy(first) - _entropy(second))


def adjusted_mutual_information(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Mutual information of two labellings, 1 if they are one and about 0 by chance (scikit-learn)."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(first, second)) if len(first) else 0.0


def _entropy(labels: NDArray[np.int64]) -> float:
    share = np.unique(labels, return_counts=True)[1] / len(labels)
    return float(-(share * np.log(share)).sum())


def jaccard_matrix(pred: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Shared over covered base pairs of every pair, shape ``(n_pred, n_truth)``."""
    p, t = as_points(pred, 2)[:, None], as_points(truth, 2)[None]
    return overlap_iou(p[..., 0], p[..., 1], t[..., 0], t[..., 1])


@dataclass(frozen=True, slots=True)
class DomainScore:
    """How well domains agree with truth.

    Attributes
    ----------
    score : Score
        One-to-one (the assignment of the largest summed Jaccard), a pair counts from ``threshold`` on.
    jaccard : float
        Mean over the truth of the best Jaccard with any call; NaN without truth.
    n_pred, n_truth : int
    """

    score: Score
    jaccard: float
    n_pred: int
    n_truth: int


def domain_score(pred: ArrayLike, truth: ArrayLike, *, threshold: float = 0.7) -> DomainScore:
    """Compare two sets of domains; see :class:`DomainScore`."""
    return domain_score_by_size(pred, truth, threshold=threshold, edges=(0.0, float("inf")))[0.0, float("inf")]


def domain_score_by_size(
    pred: ArrayLike, truth: ArrayLike, *, threshold: float = 0.7, edges: Sequence[float] = SIZES
) -> dict[tuple[float, float], DomainScore]:
    """Per size class ``[low, high)`` in bp: calls count for precision in their own class, truths for recall."""
    p, t = as_points(pred, 2), as_points(truth, 2)
    jaccard = jaccard_matrix(p, t)
    rows, cols = linear_sum_assignment(-jaccard)
    good = jaccard[rows, cols] >= threshold
    p_hit, t_hit = np.zeros(len(p), bool), np.zeros(len(t), bool)
    p_hit[rows[good]], t_hit[cols[good]] = True, True
    best = jaccard.max(axis=0) if len(p) else np.zeros(len(t))
    result = {}
    for low, high in itertools.pairwise(edges):
        in_p = (np.ptp(p, axis=1) >= low) & (np.ptp(p, axis=1) < high)
        in_t = (np.ptp(t, axis=1) >= low) & (np.ptp(t, axis=1) < high)
        mean = float(best[in_t].mean()) if in_t.any() else float("nan")
        result[low, high] = DomainScore(_class_score(p_hit[in_p], t_hit[in_t]), mean, int(in_p.sum()), int(in_t.sum()))
    return result


def rank_domains(calls: ArrayLike, truth: ArrayLike, *, threshold: float = 0.7) -> Ranked:
    """Domains best first, each with the free truth of the largest Jaccard from ``threshold`` on.

    Parameters
    ----------
    calls : array, shape (n, 3)
        Start, end (bp) and score, NaN last.
    truth : array, shape (m, 2)
    """
    table, t = as_points(calls, 3), as_points(truth, 2)
    order = np.argsort(-table[:, 2], kind="stable")
    hits, free = np.zeros(len(table), bool), np.ones(len(t), bool)
    for k, row in enumerate(jaccard_matrix(table[order, :2], t)):
        fits = np.where(free, row, 0)
        if len(fits) and fits.max() >= threshold:
            hits[k], free[int(fits.argmax())] = True, False
    return Ranked(order, hits, len(t))


def ends_found_by_size(
    boundaries: ArrayLike, truth: ArrayLike, tol_bp: float, *, edges: Sequence[float] = SIZES
) -> dict[tuple[float, float], float]:
    """Share of the true domains' starts and ends with a boundary within ``tol_bp``, per size class; NaN without."""
    t, called = as_points(truth, 2), as_points(boundaries, 1)
    found = near_any(t.reshape(-1, 1), called, tol_bp).reshape(-1, 2)
    size = np.ptp(t, axis=1)
    classes = {(low, high): (size >= low) & (size < high) for low, high in itertools.pairwise(edges)}
    return {edge: float(found[own].mean()) if own.any() else float("nan") for edge, own in classes.items()}


def _class_score(pred_hits: NDArray[np.bool_], truth_hits: NDArray[np.bool_]) -> Score:
    """Score of one class; a pair whose ends fall into two classes counts once on each side."""
    if not len(pred_hits) or not len(truth_hits):
        return score_counts(0, 0, 0)
    precision, recall = float(pred_hits.mean()), float(truth_hits.mean())
    return Score(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))
