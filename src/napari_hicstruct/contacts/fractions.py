"""Maps that hold fractions: the counts behind them if they are balanced counts, else a scale from their noise."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_TOLERANCE = 1e-5
"""Logarithms that differ by less are of one number: float32 and six printed digits are that exact."""

_PARTNERS = 200  # ratios looked at per pair of bins: more say nothing new
_BACK = 6  # neighbours on a side that a bin is tied to
_SWEEPS, _POLISH = 2, 3
_LEAST_AGREEING = 4  # equal ratios that tie two bins
_GAP = 8  # bins in a row that nothing ties to those before: a new piece begins
_LEAST_PIECE = 20  # bins
_SMALL, _NEAR = 100.0, 0.01  # counts that are looked at, and how near to a whole number they must be


def whole_counts(values: F32) -> tuple[F32, F32 | None] | None:
    """Counts ``c`` and weights ``w`` with ``values[i, j] = c[i, j] · w[i] · w[j]``, if that is what the values are.

    Two neighbouring bins have the same small count with most of their partners, or at least more often than any other
    pair of counts, so the most common ratio of their values is the exact ratio of their weights.  Bin after bin that
    gives all weights but for one factor, which makes the smallest count 1.  It is believed only if nearly all values
    then are whole numbers, which fractions of any other origin are not.

    Parameters
    ----------
    values : float32, shape (n_diagonals, n_bins)
        Band of one chromosome, 0 where there is nothing.

    Returns
    -------
    counts : float32, shape (n_diagonals, n_bins)
    weights : float32, shape (n_bins,), or None
        NaN for bins that nothing ties to others; they hold no counts.  None where the values are counts times one
        number, which nobody has balanced.

    Gives None if the values are neither, or too few to tell.
    """
    live = _per_bin(values > 0) > 0
    logs, piece = _tie(values, live)
    _set_scales(values, logs, piece, 0.75)
    for repair in (_broken, _doubled):
        logs -= np.log(repair(_unscaled(values, logs)))
        _set_scales(values, logs, piece, 0.95)
    logs[_odd(_unscaled(values, logs))] = np.nan
    counts = _unscaled(values, logs)
    if not _are_whole(counts[counts > 0], 0.995) or (live & np.isfinite(logs)).sum() < 0.9 * live.sum():
        return None
    for _ in range(_POLISH):
        logs += 0.5 * _drift(counts)
        counts = _unscaled(values, logs)
    low, typical, high = np.nanquantile(logs, (0.05, 0.5, 0.95))
    if high - low < _NEAR:
        return np.rint(values * np.exp(-2 * typical)).astype(np.float32), None
    return np.rint(counts).astype(np.float32), np.exp(logs).astype(np.float32)


def _set_scales(values: F32, logs: F64, piece: NDArray[np.int64], least: float) -> None:
    """Find each piece's own factor, so that its counts are whole; what has none is left out (NaN)."""
    for number in range(int(piece.max()) + 1):
        inside = piece == number
        large = inside.sum() >= _LEAST_PIECE
        scale = _scale(_unscaled(values, np.where(inside, logs, np.nan)), least) if large else None
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


def _scale(unscaled: F32, least: float) -> float | None:
    """What a count of 1 is, where values are counts but for one factor; None where they are not.

    The largest candidate that makes a share of ``least`` whole: halves of it would do so, too.
    """
    found = unscaled[unscaled > 0]
    if not found.size:
        return None
    lows = np.quantile(found, (0.5, 0.2, 0.05, 0.01, 0.001), method="lower")
    candidates = [float(np.median(found[np.abs(found - low) <= 1e-3 * low])) for low in lows]
    candidates += [candidates[-1] / k for k in (2, 3, 4, 5)]  # on deep maps the rarest counts may be 2 or 3 already
    return next((scale for scale in sorted(candidates, reverse=True) if _are_whole(found / scale, least)), None)


def _broken(counts: F32) -> F64:
    """What to multiply each bin's counts by: where coverage jumps, all bins beyond may be tied by a ratio of 2."""
    return _factors(counts, _odd(counts), (3.0, 2.0), 0.75)


def _doubled(counts: F32) -> F64:
    """The same for bins that have even counts only, or multiples of 3."""
    return _factors(counts, ~_odd(counts), (1 / 3, 1 / 2), 0.99)


def _factors(counts: F32, rows: NDArray[np.bool_], factors: tuple[float, ...], least: float) -> F64:
    """Of ``factors`` the last that makes a share of ``least`` of a bin's small counts whole, 1 for other ``rows``."""
    small = (counts > 0) & (counts < _SMALL)
    seen, found = np.maximum(_per_bin(small), 1), np.ones(counts.shape[1])
    for by in factors:
        whole = np.abs(counts * by - np.rint(counts * by)) < _NEAR * max(by, 1)
        found[rows & (_per_bin(small & whole) >= least * seen) & (seen >= _LEAST_PIECE)] = by
    return found


def _odd(counts: F32) -> NDArray[np.bool_]:
    """Bins tied by a wrong ratio: one in twenty of their counts, or more, is not whole."""
    small = (counts > 0) & (counts < _SMALL)
    broken = small & (np.abs(counts - np.rint(counts)) >= _NEAR)
    seen, wrong = _per_bin(small), _per_bin(broken)
    return wrong > 0.05 * seen


def _drift(counts: F32) -> F64:
    """Mean logarithm of a bin's small counts over the whole numbers that they are: links add up small errors."""
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


def _are_whole(counts: F32, least: float) -> bool:
    small = counts[counts < _SMALL]
    return small.size >= 100 and bool((np.abs(small - np.rint(small)) < _NEAR).mean() >= least)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _tie(values: F32, live: NDArray[np.bool_]) -> tuple[F64, NDArray[np.int64]]:
    """Logarithm of each bin's weight, and its piece: the pieces' factors are unknown to each other, -1 is none."""
    n = values.shape[1]
    logs, piece = np.full(n, np.nan), np.full(n, -1)
    known = np.empty(n, np.int64)
    n_known = first = missed = begin = i = 0
    number = -1
    while i < n:
        if not live[i]:
            i += 1
            continue
        if number < 0 or missed >= _GAP:
            i = begin if missed else i
            number, missed, first = number + 1, 0, n_known
            logs[i], agreeing = 0.0, _LEAST_AGREEING
        else:
            logs[i], agreeing = _link(values, i, known[max(first, n_known - _BACK) : n_known], logs)
        if agreeing >= _LEAST_AGREEING:
            piece[i], known[n_known] = number, i
            n_known, missed = n_known + 1, 0
        else:
            logs[i], begin = np.nan, begin if missed else i
            missed += 1
        i += 1
    for _ in range(_SWEEPS):  # the first bins of a piece had few neighbours to agree on them
        for k in range(n_known):
            around = known[max(0, k - _BACK) : min(n_known, k + _BACK + 1)]
            where, agreeing = _link(values, known[k], around[piece[around] == piece[known[k]]], logs)
            if agreeing >= _LEAST_AGREEING:
                logs[known[k]] = where
    return logs, piece


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _link(values: F32, i: int, neighbours: NDArray[np.int64], logs: F64) -> tuple[float, int]:
    """Logarithm of bin ``i``'s weight by its neighbours', and how many ratios agree on it."""
    n_diagonals, n = values.shape
    ratios, m = np.empty(_PARTNERS * len(neighbours)), 0
    for k in neighbours:
        before = m
        for j in range(max(0, max(i, k) - n_diagonals + 1), min(n, min(i, k) + n_diagonals)):
            if m - before == _PARTNERS or j in (i, k) or k == i:
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
