"""Stripes against truth: anchors, overlap, length, direction.

Stripes are arrays of shape ``(n, 6)``: ``x0, x1`` (anchor), ``y0, y1`` (extent), score, direction
(+1 down, −1 up, 0 neither), positions in bp.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.loci import SLACK_BP, UNMATCHED, near_any
from napari_hicstruct.evaluation.matching import Score, as_points, score_counts
from napari_hicstruct.evaluation.ranking import Ranked

X0, X1, Y0, Y1, SCORE, DIRECTION = range(6)

HALF = 0.5
"""Length-IoU of a hit."""


@dataclass(frozen=True, slots=True)
class StripeScore:
    """How well stripes agree with truth.

    Attributes
    ----------
    score : Score
        One-to-one: anchors within the tolerance and length-IoU at or above the threshold.
    anchor_hit_rate : float
        Share of true anchors (centre of x) that lie inside a called stripe's x, widened by the tolerance, with
        extents that overlap.  Source of the measure: StripeBench (Rossini et al. 2025).
    anchor_precision : float
        The same from the calls' side: share of called anchors inside a true stripe.
    iou, length_iou : float
        Mean over the matched pairs of the rectangles' and of the extents' intersection over union; NaN without.
    direction_agreement : float
        Share of matched pairs that point the same way; NaN without pairs.
    n_matched : int
    """

    score: Score
    anchor_hit_rate: float
    anchor_precision: float
    iou: float
    length_iou: float
    direction_agreement: float
    n_matched: int


def overlap_iou(a0: ArrayLike, a1: ArrayLike, b0: ArrayLike, b1: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of intervals ``[a0, a1)`` and ``[b0, b1)``, broadcast; 0 where both are empty."""
    shared = overlap(a0, a1, b0, b1)
    covered = (np.asarray(a1, float) - a0) + (np.asarray(b1, float) - b0) - shared
    return np.asarray(np.divide(shared, covered, out=np.zeros_like(shared), where=covered > 0))


def overlap(a0: ArrayLike, a1: ArrayLike, b0: ArrayLike, b1: ArrayLike) -> NDArray[np.float64]:
    """Base pairs that intervals ``[a0, a1)`` and ``[b0, b1)`` share, broadcast."""
    shared = np.minimum(np.asarray(a1, float), b1) - np.maximum(np.asarray(a0, float), b0)
    return np.asarray(np.clip(shared, 0, None))


def rectangle_iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of rectangles x × y, row by row, shape ``(n,)``."""
    shared = overlap(a[:, X0], a[:, X1], b[:, X0], b[:, X1]) * overlap(a[:, Y0], a[:, Y1], b[:, Y0], b[:, Y1])
    area = (a[:, X1] - a[:, X0]) * (a[:, Y1] - a[:, Y0]) + (b[:, X1] - b[:, X0]) * (b[:, Y1] - b[:, Y0])
    covered = area - shared
    return np.asarray(np.divide(shared, covered, out=np.zeros_like(shared), where=covered > 0))


def match_stripes(
    pred: ArrayLike, truth: ArrayLike, tol_bp: float, *, min_length_iou: float = HALF
) -> NDArray[np.int64]:
    """One-to-one matching, best score first (NaN last): the free truth of the largest length-IoU.

    Where ``min_length_iou`` is below 0.5, calls that share half of the length are matched before the others: up and
    down stripes of one anchor must not take each other's truth.

    Returns
    -------
    int64, shape (n_pred,)
        Index of the truth, -1 where none has its anchor's centre within ``tol_bp`` and enough common length.
    """
    p, t = as_points(pred, 6), as_points(truth, 6)
    matched = np.full(len(p), UNMATCHED, np.int64)
    if not len(t):
        return matched
    free = np.ones(len(t), bool)
    centres = (t[:, X0] + t[:, X1]) / 2
    order = np.argsort(-p[:, SCORE], kind="stable")
    for min_iou in dict.fromkeys((max(min_length_iou, HALF), min_length_iou)):
        for i in order[matched[order] == UNMATCHED]:
            iou = overlap_iou(p[i, Y0], p[i, Y1], t[:, Y0], t[:, Y1])
            close = near_any(centres[:, None], p[i : i + 1, :Y0].mean(axis=1, keepdims=True), tol_bp)
            iou[~(close & free & (iou >= min_iou))] = -1.0
            if iou.max() >= 0:
                matched[i] = int(iou.argmax())
                free[matched[i]] = False
    return matched


def anchors_inside(stripes: ArrayLike, others: ArrayLike, tol_bp: float) -> NDArray[np.bool_]:
    """True for each stripe whose anchor's centre lies in the (widened) x of one of ``others`` that overlaps in y."""
    a, b = as_points(stripes, 6)[:, None], as_points(others, 6)[None]
    centre = (a[..., X0] + a[..., X1]) / 2
    wide = tol_bp + SLACK_BP
    inside = (centre >= b[..., X0] - wide) & (centre <= b[..., X1] + wide)
    return np.asarray((inside & (overlap(a[..., Y0], a[..., Y1], b[..., Y0], b[..., Y1]) > 0)).any(axis=1))


def drop_ignored(pred: ArrayLike, truth: ArrayLike, ignore: ArrayLike, tol_bp: float) -> NDArray[np.bool_]:
    """False for each call whose anchor only lies inside a stripe too faint to be required: it counts neither way."""
    return np.asarray(anchors_inside(pred, truth, tol_bp) | ~anchors_inside(pred, ignore, tol_bp))


def rank_stripes(calls: ArrayLike, truth: ArrayLike, tol_bp: float, *, ignore: ArrayLike | None = None) -> Ranked:
    """Stripes best first as :func:`match_stripes` matches them; see :func:`drop_ignored` for ``ignore``."""
    table, true = as_points(calls, 6), as_points(truth, 6)
    known = np.ones(len(table), bool)
    if ignore is not None and np.size(ignore):
        known = drop_ignored(table, true, ignore, tol_bp)
    hits = match_stripes(table[known], true, tol_bp) != UNMATCHED
    order = np.argsort(-table[known, SCORE], kind="stable")
    return Ranked(np.flatnonzero(known)[order], hits[order], len(true))


def stripe_score(pred: ArrayLike, truth: ArrayLike, tol_bp: float, *, min_length_iou: float = HALF) -> StripeScore:
    """Compare two sets of stripes; ``tol_bp`` is the tolerance of the anchors.  See :class:`StripeScore`."""
    p, t = as_points(pred, 6), as_points(truth, 6)
    matched = match_stripes(p, t, tol_bp, min_length_iou=min_length_iou)
    hit = matched != UNMATCHED
    a, b = p[hit], t[matched[hit]]

    def mean(values: NDArray[np.bool_] | NDArray[np.float64], empty: float) -> float:
        return float(values.mean()) if len(values) else empty

    nan = float("nan")
    return StripeScore(
        score=score_counts(int(hit.sum()), len(p), len(t)),
        anchor_hit_rate=mean(anchors_inside(t, p, tol_bp), 0.0),
        anchor_precision=mean(anchors_inside(p, t, tol_bp), 0.0),
        iou=mean(rectangle_iou(a, b), nan),
        length_iou=mean(overlap_iou(a[:, Y0], a[:, Y1], b[:, Y0], b[:, Y1]), nan),
        direction_agreement=mean(np.asarray(a[:, DIRECTION] == b[:, DIRECTION]), nan),
        n_matched=int(hit.sum()),
    )
