"""Stitching: windows are blended into one array per chromosome, rows × distances."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def blend_weight(size: int, margin: int) -> Array:
    """Cosine weight of a window's pixels, shape (size, size): 0 in the margin, 1 in the middle, > 0 in between."""
    inner = size - 2 * margin
    line = np.zeros(size)
    line[margin : size - margin] = 0.05 + 0.95 * np.sin(np.pi * (np.arange(inner) + 0.5) / inner) ** 2
    return (line[:, None] * line[None, :]).astype(np.float32)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add(total: Array, weight: Array, window: Array, blend: Array, row0: int, col0: int, swap: int) -> None:
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
            for c in range(channels):
                # below the diagonal, row and column offsets change places
                source = 3 - c if swap and c > 0 and j < i else c
                total[c, low, d] += w * window[source, y, x]


class Canvas:
    """Weighted mean of overlapping windows, ``(channels, n_bins, n_diagonals)``; ``[:, i, d]`` is bins i and i + d.

    Parameters
    ----------
    channels, n_bins, n_diagonals : int
    blend : float32, shape (S, S)
        From :func:`blend_weight`.
    swap : bool
        True for point outputs: channels 1 and 2 are offsets along rows and columns.
    """

    def __init__(self, channels: int, n_bins: int, n_diagonals: int, blend: Array, *, swap: bool = False) -> None:
        self.blend, self.swap = blend, swap
        self._total = np.zeros((channels, n_bins, n_diagonals), np.float32)
        self._weight = np.zeros((n_bins, n_diagonals), np.float32)

    def add(self, window: Array, row0: int, col0: int) -> None:
        """Add a window ``(channels, S, S)`` whose corner is bin (row0, col0); both triangles fold onto the upper."""
        _add(self._total, self._weight, window, self.blend, row0, col0, int(self.swap))

    def rows(self, start: int, stop: int) -> Array:
        """Blended values of rows ``start … stop``, shape (channels, stop - start, n_diagonals); 0 where none came."""
        weight = self._weight[start:stop]
        return np.asarray(self._total[:, start:stop] / np.where(weight > 0, weight, 1), np.float32)
