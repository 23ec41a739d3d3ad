"""Stitching: windows are blended into one array per chromosome, rows × distances."""

from __future__ import annotations

from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Below = Literal["same", "offsets", "direction"]
BELOW: tuple[Below, ...] = ("same", "offsets", "direction")


def blend_weight(size: int, margin: int) -> Array:
    """Cosine weight of a window's pixels, shape (size, size): 0 in the margin, 1 in the middle, > 0 in between."""
    inner = size - 2 * margin
    line = np.zeros(size)
    line[margin : size - margin] = 0.05 + 0.95 * np.sin(np.pi * (np.arange(inner) + 0.5) / inner) ** 2
    return (line[:, None] * line[None, :]).astype(np.float32)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add(total: Array, weight: Array, window: Array, blend: Array, row0: int, col0: int, below: int) -> None:  # noqa: PLR0913 - a kernel takes arrays
    channels, n, n_diagonals = total.shape
    size = window.shape[1]
    for y in range(size):
        for x in range(size):
            w = blend[y, x]
            if w == 0:
                continue
            i, j = row0 + y, col0 + x
            low, d = min(i, j), abs(j - i)
            if low < 0 or low + d >= n or d >= n_diagonals:
                continue
            weight[low, d] += w
            mirrored = below if j < i else 0
            for c in range(channels):
                source = 3 - c if mirrored == 1 and c > 0 else c
                value = window[source, y, x]
                total[c, low, d] += w * (1 - value if mirrored == 2 and c == 1 else value)


class Canvas:
    """Weighted mean of overlapping windows, ``(channels, n_bins, n_diagonals)``; ``[:, i, d]`` is bins i and i + d.

    Parameters
    ----------
    channels, n_bins, n_diagonals : int
    blend : float32, shape (S, S)
        From :func:`blend_weight`.
    below : {"same", "offsets", "direction"}
        What becomes of channels below the diagonal, where rows and columns have changed places: nothing; channels 1 and
        2 are offsets along rows and columns and change places; channel 1 is the probability that a stripe runs along
        the row, and becomes its complement, so that on the canvas it is the probability of *down*.
    """

    def __init__(self, channels: int, n_bins: int, n_diagonals: int, blend: Array, *, below: Below = "same") -> None:
        self.blend, self.below = blend, BELOW.index(below)
        self._total = np.zeros((channels, n_bins, n_diagonals), np.float32)
        self._weight = np.zeros((n_bins, n_diagonals), np.float32)

    def add(self, window: Array, row0: int, col0: int) -> None:
        """Add a window ``(channels, S, S)`` whose corner is bin (row0, col0); both triangles fold onto the upper."""
        _add(self._total, self._weight, window, self.blend, row0, col0, self.below)

    def rows(self, start: int, stop: int) -> Array:
        """Blended values of rows ``start … stop``, shape (channels, stop - start, n_diagonals); 0 where none came."""
        weight = self._weight[start:stop]
        return np.asarray(self._total[:, start:stop] / np.where(weight > 0, weight, 1), np.float32)
