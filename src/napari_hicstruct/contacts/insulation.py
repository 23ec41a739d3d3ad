"""Insulation of a chromosome: the contacts that cross each bin within a window, and where they are fewest.

Source: Crane et al., Nature 523 (2015) 240; the meaning, bin for bin, of ``cooltools.insulation`` (Open2C, PLOS
Computational Biology 20 (2024) e1012067).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]

MIN_VALID_SHARE = 0.66
"""Of the most good pixels that any window has: windows with fewer have no boundary strength."""


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sum_windows(counts: Array, weights: Doubles, window: int, skipped: int, total: Doubles, valid: Doubles) -> None:
    """Balanced contacts and good pixels (i − a, i + b), 0 ≤ a, b < window, a + b ≥ skipped, of every bin i."""
    n = counts.shape[1]
    sums, known = np.zeros(n + 1), np.zeros(n + 1)
    for d in range(skipped, min(2 * window - 1, counts.shape[0], n)):
        # running sums along a diagonal: what lies in a window is a run of it
        for i in range(n - d):
            good = weights[i] > 0 and weights[i + d] > 0
            sums[i + 1] = sums[i] + (counts[d, i] * weights[i] * weights[i + d] if good else 0.0)
            known[i + 1] = known[i] + (1.0 if good else 0.0)
        nearest, farthest = max(0, d - window + 1), min(d, window - 1)
        for i in range(n):
            low, high = max(0, i - farthest), min(i - nearest + 1, n - d)
            if high > low:
                total[i] += sums[high] - sums[low]
                valid[i] += known[high] - known[low]


def insulation_score(band: Band, window: int, *, ignore_diags: int = 2) -> tuple[Doubles, NDArray[np.int64]]:
    """log2 of the mean contact across each bin over the chromosome's median.

    Parameters
    ----------
    band : Band
        At least ``2 · window − 1`` diagonals.
    window : int
        Side of the sliding square, bins.
    ignore_diags : int
        First diagonals left out.

    Returns
    -------
    score : float64, shape (n_bins,)
        NaN where the square holds no contact or no good pixel.
    n_valid : int64, shape (n_bins,)
        Good pixels of the square.
    """
    total, valid = np.zeros(band.n_bins), np.zeros(band.n_bins)
    weights = np.nan_to_num(band.weights).astype(np.float64)
    _sum_windows(band.counts, weights, window, ignore_diags, total, valid)
    mean = np.divide(total, valid, out=np.full(band.n_bins, np.nan), where=valid > 0)
    middle = np.nanmedian(mean) if np.isfinite(mean).any() else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.log2(mean / middle)
    score[~np.isfinite(score)] = np.nan
    return score, valid.astype(np.int64)


def boundary_strength(score: Doubles, n_valid: NDArray[np.int64], most_valid: int | None = None) -> Doubles:
    """How deep the score's minima lie below the lower of the shoulders that a deeper minimum ends; else NaN.

    Parameters
    ----------
    score, n_valid : shape (n_bins,)
        Of :func:`insulation_score`.
    most_valid : int, optional
        Most good pixels of any window, on all chromosomes; default: of this one.
    """
    out = np.full(len(score), np.nan)
    most = int(n_valid.max(initial=0)) if most_valid is None else most_valid
    used = np.flatnonzero((n_valid >= MIN_VALID_SHARE * most) & np.isfinite(score))
    depth = -score[used]
    at = np.flatnonzero((depth[1:-1] > depth[:-2]) & (depth[1:-1] > depth[2:])) + 1
    if len(at):
        out[used[at]] = _prominence(depth, at)
    return out


def _prominence(value: Doubles, at: NDArray[np.int64]) -> Doubles:
    """Prominence of peaks; the end of the chromosome is no shoulder, unless no peak is higher on either side."""
    from scipy import signal

    _, left, right = signal.peak_prominences(value, at)
    ended_left = np.maximum.accumulate(value)[at - 1] > value[at]
    ended_right = np.maximum.accumulate(value[::-1])[::-1][at + 1] > value[at]
    rise = np.stack([value[at] - value[left], value[at] - value[right]])
    rise[0, ~ended_left & ended_right] = np.inf
    rise[1, ended_left & ~ended_right] = np.inf
    rise = np.asarray(rise.min(axis=0))
    highest = np.flatnonzero(~ended_left & ~ended_right)[:1]
    if len(highest):  # above the deepest place between any two peaks
        low = np.flatnonzero((value[1:-1] < value[:-2]) & (value[1:-1] < value[2:])) + 1
        rise[highest] = value[at[highest]] - (value[low].min() if len(low) else value.min())
    return np.asarray(rise, np.float64)
