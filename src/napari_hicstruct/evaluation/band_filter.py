"""A mean filter of the symmetric map, in its band."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def window_means(band: F32, h: int, valid: NDArray[np.bool_]) -> F32:
    """Mean over (2h + 1)² pixels of the symmetric map that are of valid bins and inside band and map.

    Running sums: first along columns of the map at fixed row, then over rows.

    Parameters
    ----------
    band : float32, shape (n_diagonals, n_bins)
    h : int
    valid : bool, shape (n_bins,)
    """
    n_diagonals, n = band.shape
    out = np.zeros_like(band)
    width = n_diagonals + 2 * h
    # row i of the map: sums over columns j − h … j + h, for j from i − h to i + n_diagonals + h
    sums = np.zeros((2 * h + 1, 2 * width + 1))
    counts = np.zeros((2 * h + 1, 2 * width + 1))
    total = np.zeros(2 * width + 1)
    number = np.zeros(2 * width + 1)
    for row in range(-h, n + h):
        # the window's newest row enters, the oldest leaves; columns are counted from i − width of the centre row
        slot = (row + h) % (2 * h + 1)
        sums[slot, :] = 0
        counts[slot, :] = 0
        if 0 <= row < n and valid[row]:
            _row_sums(band, row, h, valid, sums[slot], counts[slot], width)
        centre = row - h
        if centre < 0:
            continue
        total[:] = 0
        number[:] = 0
        for back in range(2 * h + 1):
            at = row - back
            if at < 0:
                continue
            s = (at + h) % (2 * h + 1)
            shift = at - centre  # columns of this row's sums are counted from at − width
            for d in range(min(n_diagonals, n - centre)):
                c = d - shift + width
                if 0 <= c < 2 * width + 1:
                    total[d] += sums[s, c]
                    number[d] += counts[s, c]
        for d in range(min(n_diagonals, n - centre)):
            if number[d] > 0:
                out[d, centre] = total[d] / number[d]
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _row_sums(  # noqa: PLR0913 - a kernel takes arrays
    band: F32,
    row: int,
    h: int,
    valid: NDArray[np.bool_],
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    width: int,
) -> None:
    """Sums over columns within h of each column of one row, counted from row − width."""
    n_diagonals, n = band.shape
    low, high = max(0, row - n_diagonals + 1), min(n, row + n_diagonals)
    run, hits = 0.0, 0.0
    first = row - width
    ahead, behind = low, low
    for c in range(2 * width + 1):
        j = first + c
        while ahead < high and ahead <= j + h:
            if valid[ahead]:
                d = abs(ahead - row)
                run += band[d, min(ahead, row)]
                hits += 1
            ahead += 1
        while behind < ahead and behind < j - h:
            if valid[behind]:
                d = abs(behind - row)
                run -= band[d, min(behind, row)]
                hits -= 1
            behind += 1
        sums[c] = run
        counts[c] = hits
