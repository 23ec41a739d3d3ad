"""Boundaries → TADs: a flat partition by dynamic programming, then the hierarchy by contrast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.boundaries import boundary_peaks
from napari_hicstruct.genome import Interval

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class TadSettings:
    """Limits of TAD decoding, bp and log2 contrast."""

    threshold: float = 0.15
    flat: tuple[int, int] = (200_000, 2_000_000)
    nested: tuple[int, int] = (50_000, 4_000_000)
    min_contrast: float = 0.25
    gap_cost: float = 1.0


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


def flat_partition(
    peaks: NDArray[np.int64], p: Array, total: Array, resolution: int, s: TadSettings
) -> list[tuple[int, int]]:
    """Chain of boundaries with the highest sum of log-odds and contrast; segments of an odd length are gaps.

    Returns
    -------
    list of (int, int)
        Half-open bins of the domains.
    """
    if len(peaks) < 2:
        return []
    odds = np.log(np.clip(p[peaks], 1e-3, 1 - 1e-3) / s.threshold)
    skipped = np.concatenate([[0.0], np.cumsum(np.maximum(odds, 0))])
    best, back = np.zeros(len(peaks)), np.full(len(peaks), -1)
    for k in range(len(peaks)):
        best[k] = odds[k]
        for j in range(k - 1, -1, -1):
            size = int(peaks[k] - peaks[j]) * resolution
            if size > s.flat[1] and j < k - 1:
                break
            fits = s.flat[0] <= size <= s.flat[1]
            value = 2 * min(_contrast(total, peaks[j], peaks[k]), 2.0) if fits else -s.gap_cost
            # leaving out a good boundary costs what it was worth, halved: nested domains have inner ones
            value += best[j] + odds[k] - 0.5 * (skipped[k] - skipped[j + 1])
            if value > best[k]:
                best[k], back[k] = value, j
    chain, k = [], int(np.argmax(best))
    while k >= 0:
        chain.append(int(peaks[k]))
        k = int(back[k])
    pairs = zip(chain[:0:-1], chain[-2::-1], strict=True)
    return [(a, b) for a, b in pairs if s.flat[0] <= (b - a) * resolution <= s.flat[1]]


def _hierarchy(
    peaks: NDArray[np.int64], p: Array, total: Array, flat: list[tuple[int, int]], resolution: int, s: TadSettings
) -> list[tuple[int, int, float]]:
    """Flat domains and every further pair of boundaries that stands out and crosses none taken before."""
    taken = [(a, b, _score(p, total, a, b)) for a, b in flat]
    known = set(flat)
    pairs = []
    for j, a in enumerate(peaks):
        for b in peaks[j + 1 :]:
            size = int(b - a) * resolution
            if size > s.nested[1]:
                break
            if size >= s.nested[0] and (int(a), int(b)) not in known:
                stands_out = _contrast(total, a, b)
                if stands_out >= s.min_contrast:
                    pairs.append((_score(p, total, int(a), int(b)), int(a), int(b)))
    pairs.sort(reverse=True)
    ends = np.array([(a, b) for _, a, b in pairs], np.int64).reshape(-1, 2)
    kept = _nested(np.array(flat, np.int64).reshape(-1, 2), ends)
    return taken + [(a, b, score) for (score, a, b), keep in zip(pairs, kept, strict=True) if keep]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _nested(first: NDArray[np.int64], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs, best first, cross none of ``first`` and none kept before."""
    taken = np.empty((len(first) + len(pairs), 2), np.int64)
    taken[: len(first)] = first
    n = len(first)
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


def _score(p: Array, total: Array, a: int, b: int) -> float:
    """Geometric mean of the boundaries' probabilities, scaled by the contrast (full at log2 1)."""
    both = float(np.sqrt(max(p[a], 0) * max(p[min(b, len(p) - 1)], 0)))
    return both * (0.5 + 0.5 * float(np.clip(_contrast(total, a, b), 0, 1)))


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
    s = settings or TadSettings()
    peaks = boundary_peaks(p, threshold=s.threshold)
    total = cumulative_oe(band)
    flat = flat_partition(peaks, p, total, band.resolution, s)
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
        for a, b, score in _hierarchy(peaks, p, total, flat, band.resolution, s)
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
