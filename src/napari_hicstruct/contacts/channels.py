"""The model's input channels, computed the same way for training and inference.

All channels are scale-free: they depend on counts only through what is expected at that distance and coverage, so
one model serves maps of any depth and normalisation.  With count ``c`` and expected count ``e`` of a pixel
(``e = expected[d] / (w_i · w_j)``):

==========  =====================================================================================================
oe          ``log2((c + k) / (e + k))`` with k = 0.5, clipped to ±4, halved: O/E shrunk to 0 where nothing is known
residual    ``(c - e) / sqrt(e + 1)``, clipped to [-4, 8], divided by 4: how many standard deviations
distance    ``log2(1 + bp / 10 kb) / 8``
expected    ``log2(1 + e) / 8``: how much a pixel can say at all
valid       1 where both bins are good and the diagonal is held, else 0 (and then oe = residual = 0)
==========  =====================================================================================================
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band

CHANNELS = ("oe", "residual", "distance", "expected", "valid")
"""Names of the input channels, in order."""

_SHRINK = 0.5


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _fill(out: NDArray[np.float32], y: int, x: int, c: float, mean: float, wi: float, wj: float, bp: float) -> None:
    out[2, y, x] = math.log2(1.0 + bp / 10000.0) / 8.0
    if mean <= 0.0 or not (wi > 0.0) or not (wj > 0.0):
        return
    e = mean / (wi * wj)
    oe = math.log2((c + _SHRINK) / (e + _SHRINK))
    residual = (c - e) / math.sqrt(e + 1.0)
    out[0, y, x] = min(4.0, max(-4.0, oe)) / 2.0
    out[1, y, x] = min(8.0, max(-4.0, residual)) / 4.0
    out[3, y, x] = math.log2(1.0 + e) / 8.0
    out[4, y, x] = 1.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _window(
    counts: NDArray[np.float32],
    weights: NDArray[np.float32],
    expected: NDArray[np.float32],
    resolution: int,
    origin: tuple[int, int],
    out: NDArray[np.float32],
) -> None:
    n_diagonals, n = counts.shape
    for y in range(out.shape[1]):
        i = origin[0] + y
        for x in range(out.shape[2]):
            j = origin[1] + x
            d = abs(j - i)
            if i < 0 or j < 0 or i >= n or j >= n or d >= n_diagonals:
                continue
            _fill(out, y, x, counts[d, min(i, j)], expected[d], weights[i], weights[j], float(d * resolution))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _strip(
    counts: NDArray[np.float32],
    weights: NDArray[np.float32],
    expected: NDArray[np.float32],
    resolution: int,
    first: int,
    out: NDArray[np.float32],
) -> None:
    n_diagonals, n = counts.shape
    for d in range(min(out.shape[1], n_diagonals)):
        for x in range(out.shape[2]):
            # centred on the bin between both anchors, so that column x is "around bin first + x"
            i = first + x - d // 2
            if i < 0 or i + d >= n:
                continue
            _fill(out, d, x, counts[d, i], expected[d], weights[i], weights[i + d], float(d * resolution))


def window_channels(band: Band, row0: int, col0: int, size: int) -> NDArray[np.float32]:
    """Channels of the square window whose corner is bin (``row0``, ``col0``), either triangle.

    Returns
    -------
    float32, shape (5, size, size)
        In the order of :data:`CHANNELS`; pixels outside the band are 0 (so is their ``valid``).
    """
    out = np.zeros((len(CHANNELS), size, size), np.float32)
    _window(band.counts, band.weights, band.expected, band.resolution, (row0, col0), out)
    return out


def strip_channels(band: Band, first: int, length: int, n_diagonals: int) -> NDArray[np.float32]:
    """Channels along the diagonal: entry ``[:, d, x]`` is the contact over distance ``d`` centred on bin ``first + x``.

    Returns
    -------
    float32, shape (5, n_diagonals, length)
    """
    out = np.zeros((len(CHANNELS), n_diagonals, length), np.float32)
    _strip(band.counts, band.weights, band.expected, band.resolution, first, out)
    return out
