"""How many contacts cross a border beside how many stay on either side of it: what makes a boundary one.

Plain insulation (Crane et al. 2015) counts what crosses, and so falls wherever balancing turns bins down.  Beside the
geometric mean of the two sides, whatever multiplies bins cancels: coverage, and the weights of any balancing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
Pixels = list[tuple[int, int]]
"""Each as its first bin, counted from the border on, and its distance from the diagonal in bins."""

_KNOWN = 1 / 3
"""Share of a square's or a triangle's pixels that must be known, else the result is NaN."""

_FLOOR = 1e-3
"""O/E of a block without any contact."""

_SMOOTH = 1.0
"""Bins, σ: where contacts are few, neighbouring borders are better averaged."""


def contrast_track(oe: Array, width: int) -> Doubles:
    """:func:`border_contrast` of ``width`` and half of it, their mean, smoothed (σ 1 bin), shape (n_bins,).

    A gap is no shoulder of a valley: across it the track runs straight.  NaN only where nothing is known anywhere.
    """
    return _filled(np.mean([border_contrast(oe, size) for size in (width // 2, width)], axis=0))


def crossing_track(oe: Array, width: int) -> Doubles:
    """``log2`` of the mean O/E across the border before each bin: insulation, filled and smoothed as the contrast."""
    n = oe.shape[1]
    track = np.full(n, np.nan)
    if n >= 2 * width:
        track[width : n - width + 1] = _log_mean(oe, _parts(width)[0], width)
    return _filled(track)


def _filled(track: Doubles) -> Doubles:
    """A track without gaps, smoothed; as it is where nothing is known."""
    from scipy import ndimage

    known, bins = np.isfinite(track), np.arange(len(track))
    if not known.any():
        return track
    return np.asarray(ndimage.gaussian_filter1d(np.interp(bins, bins[known], track[known]), _SMOOTH))


def find_valleys(
    track: Doubles, *, window: int | None = None, distance: int | None = None
) -> tuple[NDArray[np.int64], Doubles]:
    """Minima of a track, and how far each lies below the lower of its two shoulders: its prominence.

    Parameters
    ----------
    track : float64, shape (n_bins,)
        NaN everywhere has no minima; single NaN are no gaps, fill them first.
    window : int, optional
        Bins within which shoulders are sought, the minimum in their middle; default up to the next deeper place.
    distance : int, optional
        Bins that minima are apart at least, the deepest first.
    """
    from scipy import signal

    at, _ = signal.find_peaks(-track, distance=distance)
    return np.asarray(at, np.int64), np.asarray(signal.peak_prominences(-track, at, wlen=window)[0])


def border_contrast(oe: Array, width: int) -> Doubles:
    """``log2`` of the contacts across the border before each bin over those within its two sides, shape (n_bins,).

    Parameters
    ----------
    oe : float32, shape (n_diagonals, n_bins)
        ``oe[d, i]`` is the O/E of bins i and i + d; NaN is not known.  At least ``2 · width`` diagonals.
    width : int
        Bins on either side, at least 2.

    Returns
    -------
    float64, shape (n_bins,)
        ``log2 across − (log2 before + log2 after) / 2``, each the mean of its pixels off the main diagonal; NaN where a
        side leaves the chromosome or less than a third of it is known.
    """
    n = oe.shape[1]
    out = np.full(n, np.nan)
    if n < 2 * width:
        return out
    across, before, after = (_log_mean(oe, pixels, width) for pixels in _parts(width))
    inner = slice(width, n - width + 1)
    out[inner] = across - (before + after) / 2
    return out


def contrast_noise(counts: Array, width: int) -> Doubles:
    """Standard deviation of :func:`border_contrast` by the chance of counting, log2, shape (n_bins,).

    ``√(1/A + (1/B + 1/C)/4) / ln 2`` with A, B, C one more than the contacts across, before and after; NaN where a side
    leaves the chromosome.

    Parameters
    ----------
    counts : float32, shape (n_diagonals, n_bins)
        Contacts of bins i and i + d; at least ``2 · width`` diagonals.
    width : int
        Bins on either side, at least 2.
    """
    n = counts.shape[1]
    out = np.full(n, np.nan)
    if n < 2 * width:
        return out
    across, before, after = (1 + _total(counts, pixels, width) for pixels in _parts(width))
    out[width : n - width + 1] = np.sqrt(1 / across + (1 / before + 1 / after) / 4) / np.log(2)
    return out


def crossing_noise(counts: Array, width: int) -> Doubles:
    """Standard deviation of the :func:`crossing_track` by the chance of counting, log2, before smoothing, (n_bins,).

    ``1 / √A / ln 2``, A one more than the contacts across; NaN where a side leaves the chromosome.
    """
    n = counts.shape[1]
    out = np.full(n, np.nan)
    if n >= 2 * width:
        out[width : n - width + 1] = 1 / np.sqrt(1 + _total(counts, _parts(width)[0], width)) / np.log(2)
    return out


def _parts(width: int) -> tuple[Pixels, Pixels, Pixels]:
    """Pixels across a border, before it and after it, off the main diagonal."""
    across = [(k - width, a + width - k) for k in range(width) for a in range(width)]
    after = [(a, b - a) for b in range(1, width) for a in range(b)]
    return across, [(a - width, d) for a, d in after], after


def _total(counts: Array, pixels: Pixels, width: int) -> Doubles:
    """Sum over pixels at every border in reach."""
    n = counts.shape[1]
    total = np.zeros(n - 2 * width + 1)
    for first, d in pixels:
        total += counts[d, width + first : n - width + first + 1]
    return total


def _log_mean(oe: Array, pixels: Pixels, width: int) -> Doubles:
    """log2 of the mean over pixels at every border in reach."""
    n = oe.shape[1]
    total, known = np.zeros(n - 2 * width + 1), np.zeros(n - 2 * width + 1)
    for first, d in pixels:
        part = oe[d, width + first : n - width + first + 1]
        there = np.isfinite(part)
        total += np.where(there, part, 0)
        known += there
    mean = np.divide(total, known, out=np.full(len(total), np.nan), where=known >= _KNOWN * len(pixels))
    return np.asarray(np.log2(np.maximum(mean, _FLOOR)))
