"""Boundaries → nested TADs: pairs of boundaries whose inside stands out, the likeliest first, none across another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.boundaries import boundary_peaks
from napari_hicstruct.genome import Interval

Array = NDArray[np.float32]


INNER = 3
"""Bins from an end on from which a boundary is an inner one: nearer it is the end itself, called twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TadSettings:
    """Limits of TAD decoding: evidence of a boundary, bp, log2 contrast, least score."""

    threshold: float = 0.15
    size: tuple[int, int] = (50_000, 4_000_000)
    min_contrast: float = 0.15
    min_score: float = 0.1

    def at_scale(self, scale: float) -> TadSettings:
        """Sizes of a genome whose structures are ``scale`` times smaller."""
        low, high = self.size
        return self if scale == 1 else replace(self, size=(round(low / scale), round(high / scale)))


def cumulative_oe(band: Band) -> Array:
    """``[i, d]`` = sum over distances 1 … d of O/E (bins i, i + d'), shape (n_bins, n_diagonals), bad bins as 1."""
    oe = band.observed_over_expected()
    steps = np.where(np.isfinite(oe), np.minimum(oe, 8), np.float32(1))
    steps[0] = 0
    return np.ascontiguousarray(np.cumsum(steps, axis=0, dtype=np.float32).T)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _contrast(total: Array, a: int, b: int) -> float:
    """log2 of mean O/E inside [a, b) over that of the two flanks at the same distances; 0 where there is no flank."""
    n, n_diagonals = total.shape
    inside, count = 0.0, 0
    for i in range(a, b - 1):
        reach = min(b - 1 - i, n_diagonals - 1)
        inside += total[i, reach]
        count += reach
    flank, flank_count = 0.0, 0
    width = max(3, (b - a) // 2)
    for i in range(max(0, a - width), a):  # rows before a against columns inside
        low, high = min(a - 1 - i, n_diagonals - 1), min(b - 1 - i, n_diagonals - 1, b - a)
        if high > low:
            flank += total[i, high] - total[i, low]
            flank_count += high - low
    for i in range(a, b):  # rows inside against columns after b
        low, high = min(b - 1 - i, n_diagonals - 1), min(b - 1 - i + width, n_diagonals - 1, b - a, n - 1 - i)
        if high > low:
            flank += total[i, high] - total[i, low]
            flank_count += high - low
    if count == 0 or flank_count == 0 or flank <= 0 or inside <= 0:
        return 0.0
    return float(np.log2((inside / count) / (flank / flank_count)))


def contrast(total: Array, start: int, end: int) -> float:
    """How far a domain's inside stands out, log2; see :func:`cumulative_oe`."""
    return float(_contrast(total, start, end))


def tad_scores(ends: NDArray[np.int64], peaks: NDArray[np.int64], p: Array) -> NDArray[np.float64]:
    """How likely pairs of boundaries are the ends of one TAD, shape (n,), in 0 … 1.

    ``σ(0.65 logit p_weaker + 0.2 logit p_stronger − 0.4 logit p_inner − 1.75 ln(1 + k) − 0.8)``: p_inner is the largest
    evidence inside, k the number of inner boundaries more than half as likely as the weaker end.  Two boundaries far
    apart, with others as good between them, seldom belong together; no size stands in it, so that it holds for any
    genome and bin size.  Fitted on simulated maps: docs/adr/0030.

    Parameters
    ----------
    ends : int64, shape (n, 2)
        Bins of both ends, increasing.
    peaks : int64, shape (m,)
        Bins of all boundaries, increasing.
    p : float32, shape (n_bins,)
        Evidence of a boundary.
    """
    evidence = np.nan_to_num(np.append(p, p[-1:]).astype(np.float64))  # a TAD may end with the chromosome
    at = evidence[ends]
    weaker, stronger = at.min(axis=1, initial=1), at.max(axis=1, initial=0)
    strongest, number = np.zeros(len(ends)), np.zeros(len(ends))
    at_peaks = evidence[peaks]
    for k, (a, b) in enumerate(ends):
        if b - a > 2 * INNER:
            strongest[k] = evidence[a + INNER : b - INNER + 1].max()
            first, stop = np.searchsorted(peaks, (a + INNER, b - INNER + 1))
            number[k] = np.count_nonzero(at_peaks[first:stop] > 0.5 * weaker[k])
    odds = 0.65 * _logit(weaker) + 0.2 * _logit(stronger) - 0.4 * _logit(strongest) - 1.75 * np.log1p(number) - 0.8
    return np.asarray(expit(odds))


def _logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(logit(np.clip(p, 1e-3, 1 - 1e-3)))


def _hierarchy(
    peaks: NDArray[np.int64], p: Array, total: Array, resolution: int, s: TadSettings
) -> list[tuple[int, int, float]]:
    """Pairs of boundaries (bins) that stand out and cross no likelier one, with their score, best first."""
    low, high = s.size
    pairs = [
        (a, b)
        for j, a in enumerate(peaks)
        for b in peaks[j + 1 : np.searchsorted(peaks, a + high // resolution, side="right")]
        if (b - a) * resolution >= low and _contrast(total, a, b) >= s.min_contrast
    ]
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    scores = tad_scores(ends, peaks, p)
    order = np.lexsort((ends[:, 0], -scores))
    order = order[scores[order] >= s.min_score]
    order = order[_nested(ends[order])]
    return [(int(a), int(b), float(score)) for (a, b), score in zip(ends[order], scores[order], strict=True)]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _nested(pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs, best first, cross none kept before."""
    taken = np.empty((len(pairs), 2), np.int64)
    n = 0
    keep = np.zeros(len(pairs), np.bool_)
    for k in range(len(pairs)):
        a, b = pairs[k]
        fits = True
        for m in range(n):
            x, y = taken[m]
            if not (b <= x or y <= a or (a <= x and y <= b) or (x <= a and b <= y)):
                fits = False
                break
        if fits:
            taken[n] = pairs[k]
            n += 1
            keep[k] = True
    return keep


def decode_tads(
    p: Array, band: Band, *, length: int, settings: TadSettings | None = None, model: str = ""
) -> list[Annotation]:
    """TADs of a chromosome, with their hierarchy (:func:`with_hierarchy`); none of which the map knows less than half.

    Parameters
    ----------
    p : float32, shape (n_bins,)
        Evidence of a boundary (:func:`~napari_hicstruct.decode.insulation.boundary_evidence`); NaN where nothing is
        known.
    band : Band
        The map at the same bins.
    length : int
        Chromosome length, bp.
    settings : TadSettings, optional
    model : str
        Name for the records.
    """
    s = settings or TadSettings().at_scale(band.scale)
    peaks = boundary_peaks(p, threshold=s.threshold)
    total = cumulative_oe(band)
    return with_hierarchy(
        Annotation(
            kind=Kind.TAD,
            anchor1=(place := Interval(band.chrom, a * band.resolution, min(b * band.resolution, length))),
            anchor2=place,
            score=round(score, 6),
            resolution=band.resolution,
            source=model or "model",
            model=model,
        )
        for a, b, score in _hierarchy(peaks, p, total, band.resolution, s)
        if 2 * int(band.valid[a:b].sum()) >= b - a
    )


def with_hierarchy(tads: Iterable[Annotation]) -> list[Annotation]:
    """Nested TADs by position, with level (1 = outermost) and parent (uid of the smallest that holds it) among them."""
    holding: list[Annotation] = []
    out = []
    for tad in sorted(tads, key=lambda one: (one.anchor1.start, -one.anchor1.end)):
        while holding and holding[-1].anchor1.end <= tad.anchor1.start:
            holding.pop()
        holding.append(tad.with_(level=len(holding) + 1, parent=holding[-1].uid if holding else ""))
        out.append(holding[-1])
    return out
