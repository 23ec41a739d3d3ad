"""Loops that a map shows by itself: dots above the strongest of the four neighbourhoods of HiCCUPS (Rao et al. 2014).

A pixel of a stripe stands no higher than its row or column does beside it, an edge of a domain no higher than its
lower left: what is left are dots.  They teach a network what dots look like in maps that nobody has labelled; it
learns to see in few contacts what many show.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.weak import WeakLoopConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.neighbourhoods import above_neighbourhoods

Array = NDArray[np.float32]
Loops = NDArray[np.float32]
_WIDTH = 1.0  # bins; of a weak label's Gaussian


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _dots(  # noqa: PLR0913 - a kernel takes arrays
    counts: Array, weights: Array, expected: Array, inner: int, outer: int, nearest: int, rise: Array, z: Array
) -> None:
    n_diagonals, n = counts.shape
    for d in range(nearest, n_diagonals):
        for i in range(n - d):
            if counts[d, i] > 0 and weights[i] > 0 and weights[i + d] > 0:
                observed, mean, around = above_neighbourhoods(counts, weights, expected, i, i + d, inner, outer)
                rise[d, i] = np.log2((observed + 1.0) / (mean * around + 1.0))
                z[d, i] = (observed - mean * around) / np.sqrt(mean * around + 1.0)


def dots(band: Band, config: WeakLoopConfig) -> tuple[Array, Array]:
    """How far every pixel's 3×3 stands above the strongest of its four neighbourhoods.

    Returns
    -------
    rise, z : float32, shape (n_diagonals, n_bins)
        log2 of counts over what that neighbourhood lets expect, and the same in standard deviations; 0 close to the
        diagonal and where there are no contacts.
    """
    rise, z = (np.zeros(band.counts.shape, np.float32) for _ in range(2))
    weights, nearest = np.nan_to_num(band.weights), max(config.nearest_bins, 2)
    _dots(band.counts, weights, band.expected, config.inner, config.outer, nearest, rise, z)
    return rise, z


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _is_peak(z: Array, d: int, i: int, reach: int) -> bool:
    """True if no pixel within ``reach`` bins (rows and columns) has a larger value; of equal ones the first."""
    n_diagonals, n = z.shape
    for a in range(-reach, reach + 1):
        for b in range(-reach, reach + 1):
            k, other = i + a, d + b - a
            if not (0 <= k < n and 0 <= other < n_diagonals) or (a == 0 and b == 0):
                continue
            if z[other, k] > z[d, i] or (z[other, k] == z[d, i] and (a, b) < (0, 0)):
                return False
    return True


def weak_loops(band: Band, config: WeakLoopConfig) -> Loops:
    """Weak loop labels of a map, as ``BinTruth.loops``: row, column, weight, width.

    Weight 0 (ignored) where a dot is too faint to be sure of; everywhere else there is none.
    """
    rise, z = dots(band, config)
    rows = []
    for d, i in zip(*np.nonzero((z >= config.unsure_z) & (rise >= config.unsure_rise)), strict=True):
        if _is_peak(z, d, i, config.separation):
            sure = z[d, i] >= config.sure_z and rise[d, i] >= config.sure_rise
            rows.append((i + 0.5, i + d + 0.5, float(sure), _WIDTH))
    return np.array(rows, np.float32).reshape(-1, 4)
