"""Undo a balancing: the counts and weights behind balanced values; other fractions get a scale from their noise."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_TOLERANCE = 1e-5
"""Logarithms that differ by less are equal: float32 and six printed digits are that exact."""

_MAX_RATIOS = 200  # per pair of bins; more change nothing
_NEIGHBOURS = 6  # on either side, whose weights a bin's weight is worked out from
_SWEEPS, _POLISH = 2, 3
_MIN_EQUAL = 4  # equal ratios that give a bin its weight
_MAX_GAP = 8  # bins in a row without a weight; after that a new segment begins
_MIN_SEGMENT = 20  # bins
_SMALL, _WHOLE = 100.0, 0.01  # counts that are tested, and how near to a whole number they must be


def unbalance(values: F32) -> tuple[F32, F32 | None] | None:
    """Counts ``c`` and weights ``w`` with ``values[i, j] = c[i, j] · w[i] · w[j]``, if that is what the values are.

    Two neighbouring bins have the same small count with most of their partners, or at least more often than any other
    pair of counts, so the most common ratio of their values is the exact ratio of their weights.  Bin after bin that
    gives all weights but for one factor, which makes the smallest count 1.  They are returned only if nearly all
    values over them are whole numbers, which fractions of any other origin are not.

    Parameters
    ----------
    values : float32, shape (n_diagonals, n_bins)
        Band of one chromosome, 0 where there is nothing.

    Returns
    -------
    counts : float32, shape (n_diagonals, n_bins)
    weights : float32, shape (n_bins,), or None
        NaN for bins whose weight cannot be worked out; they hold no counts.  None where the values are counts times one
        number, without any balancing.

    Returns None if the values are neither, or too few to decide.
    """
    live = _per_bin(values > 0) > 0
    logs, segment = _chain(values, live)
    _set_scales(values, logs, segment, 0.75)
    for correction in (_times_whole, _over_whole):
        logs -= np.log(correction(_unscaled(values, logs)))
        _set_scales(values, logs, segment, 0.95)
    logs[_not_whole(_unscaled(values, logs))] = np.nan
    counts = _unscaled(values, logs)
    if not _are_whole(counts[counts > 0], 0.995) or (live & np.isfinite(logs)).sum() < 0.9 * live.sum():
        return None
    for _ in range(_POLISH):
        logs += 0.5 * _drift(counts)
        counts = _unscaled(values, logs)
    low, typical, high = np.nanquantile(logs, (0.05, 0.5, 0.95))
    if high - low < _WHOLE:
        return np.rint(values * np.exp(-2 * typical)).astype(np.float32), None
    return np.rint(counts).astype(np.float32), np.exp(logs).astype(np.float32)


def _set_scales(values: F32, logs: F64, segment: NDArray[np.int64], min_share: float) -> None:
    """Find each segment's own factor, so that its counts are whole; what has none is left out (NaN)."""
    for number in range(int(segment.max()) + 1):
        inside = segment == number
        large = inside.sum() >= _MIN_SEGMENT
        scale = _scale(_unscaled(values, np.where(inside, logs, np.nan)), min_share) if large else None
        logs[inside] = np.nan if scale is None else logs[inside] + 0.5 * np.log(scale)


def count_scale(values: F32) -> float:
    """Factor that turns other fractions into equivalent counts, from the variance of neighbouring pixels.

    Poisson counts have variance = mean; for a map scaled by ``s`` the variance of neighbours' differences is
    ``2 s · mean``, which gives ``s`` back without knowing the depth.
    """
    far = values[values.shape[0] // 8 :: 4]
    pairs = far[:, 1:][far[:, 1:] + far[:, :-1] > 0], far[:, :-1][far[:, 1:] + far[:, :-1] > 0]
    if pairs[0].size < 100:
        return 1.0
    mean = float(np.mean(pairs[0] + pairs[1])) / 2
    variance = float(np.mean((pairs[0] - pairs[1]) ** 2)) / 2
    return mean / variance if variance > 0 else 1.0


def _unscaled(values: F32, logs: F64) -> F32:
    """``values`` over both bins' weights, 0 where one has none."""
    factor, n = np.where(np.isfinite(logs), np.exp(-logs), 0.0), values.shape[1]
    out = np.zeros(values.shape, np.float32)
    for d in range(min(values.shape)):
        out[d, : n - d] = values[d, : n - d] * factor[: n - d] * factor[d:]
    return out


def _scale(unscaled: F32, min_share: float) -> float | None:
    """What a count of 1 is, where values are counts but for one factor; None where they are not.

    The largest candidate that makes a share of ``min_share`` whole: halves of it would do so, too.
    """
    found = unscaled[unscaled > 0]
    if not found.size:
        return None
    lows = np.quantile(found, (0.5, 0.2, 0.05, 0.01, 0.001), method="lower")
    candidates = [float(np.median(found[np.abs(found - low) <= 1e-3 * low])) for low in lows]
    candidates += [candidates[-1] / k for k in (2, 3, 4, 5)]  # on deep maps the rarest counts may be 2 or 3 already
    return next((scale for scale in sorted(candidates, reverse=True) if _are_whole(found / scale, min_share)), None)


def _times_whole(counts: F32) -> F64:
    """What to multiply each bin's counts by: where coverage jumps, weights beyond may be wrong by 2 or 3."""
    return _factors(counts, _not_whole(counts), (3.0, 2.0), 0.75)


def _over_whole(counts: F32) -> F64:
    """The same for bins that have even counts only, or multiples of 3."""
    return _factors(counts, ~_not_whole(counts), (1 / 3, 1 / 2), 0.99)


def _factors(counts: F32, rows: NDArray[np.bool_], factors: tuple[float, ...], min_share: float) -> F64:
    """Of ``factors`` the last that makes ``min_share`` of a bin's small counts whole; 1 for other ``rows``."""
    small = (counts > 0) & (counts < _SMALL)
    tested, found = np.maximum(_per_bin(small), 1), np.ones(counts.shape[1])
    for by in factors:
        whole = np.abs(counts * by - np.rint(counts * by)) < _WHOLE * max(by, 1)
        found[rows & (_per_bin(small & whole) >= min_share * tested) & (tested >= _MIN_SEGMENT)] = by
    return found


def _not_whole(counts: F32) -> NDArray[np.bool_]:
    """Bins with a wrong weight: one in twenty of their counts, or more, is not whole."""
    small = (counts > 0) & (counts < _SMALL)
    fraction = small & (np.abs(counts - np.rint(counts)) >= _WHOLE)
    tested, wrong = _per_bin(small), _per_bin(fraction)
    return wrong > 0.05 * tested


def _drift(counts: F32) -> F64:
    """Mean logarithm of a bin's small counts over the whole numbers that they are; errors add up from bin to bin."""
    whole = np.rint(counts)
    small = (whole > 0) & (counts < _SMALL)
    over = np.log(np.where(small, counts / np.where(small, whole, 1), 1))
    return _per_bin(over) / np.maximum(_per_bin(small), 1)


def _per_bin(pixels: NDArray[Any]) -> F64:
    """Sum of each bin's pixels, as row and as column."""
    total, n = np.zeros(pixels.shape[1]), pixels.shape[1]
    for d in range(min(pixels.shape)):
        total[: n - d] += pixels[d, : n - d]
        total[d:] += pixels[d, : n - d]
    return total


def _are_whole(counts: F32, min_share: float) -> bool:
    small = counts[counts < _SMALL]
    return small.size >= 100 and bool((np.abs(small - np.rint(small)) < _WHOLE).mean() >= min_share)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _chain(values: F32, live: NDArray[np.bool_]) -> tuple[F64, NDArray[np.int64]]:
    """Logarithm of each bin's weight, and its segment, -1 is none; between segments a factor is unknown."""
    n = values.shape[1]
    logs, segment = np.full(n, np.nan), np.full(n, -1)
    known = np.empty(n, np.int64)
    n_known = first = missed = begin = i = 0
    number = -1
    while i < n:
        if not live[i]:
            i += 1
            continue
        if number < 0 or missed >= _MAX_GAP:
            i = begin if missed else i
            number, missed, first = number + 1, 0, n_known
            logs[i], equal = 0.0, _MIN_EQUAL
        else:
            logs[i], equal = _log_weight(values, i, known[max(first, n_known - _NEIGHBOURS) : n_known], logs)
        if equal >= _MIN_EQUAL:
            segment[i], known[n_known] = number, i
            n_known, missed = n_known + 1, 0
        else:
            logs[i], begin = np.nan, begin if missed else i
            missed += 1
        i += 1
    for _ in range(_SWEEPS):  # the first bins of a segment had few neighbours with a weight
        for k in range(n_known):
            around = known[max(0, k - _NEIGHBOURS) : min(n_known, k + _NEIGHBOURS + 1)]
            where, equal = _log_weight(values, known[k], around[segment[around] == segment[known[k]]], logs)
            if equal >= _MIN_EQUAL:
                logs[known[k]] = where
    return logs, segment


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _log_weight(values: F32, i: int, neighbours: NDArray[np.int64], logs: F64) -> tuple[float, int]:
    """Logarithm of bin ``i``'s weight by its neighbours', and how many ratios are equal to give it."""
    n_diagonals, n = values.shape
    ratios, m = np.empty(_MAX_RATIOS * len(neighbours)), 0
    for k in neighbours:
        before = m
        for j in range(max(0, max(i, k) - n_diagonals + 1), min(n, min(i, k) + n_diagonals)):
            if m - before == _MAX_RATIOS or j in (i, k) or k == i:
                continue
            mine = values[j - i, i] if j > i else values[i - j, j]
            theirs = values[j - k, k] if j > k else values[k - j, j]
            if mine > 0 and theirs > 0:
                ratios[m] = np.log(mine / theirs) + logs[k]
                m += 1
    found = np.sort(ratios[:m])
    most, where, low = 0, np.nan, 0
    for high in range(m):
        while found[high] - found[low] > _TOLERANCE:
            low += 1
        if high - low + 1 > most:
            most, where = high - low + 1, found[(low + high) // 2]
    return where, most
