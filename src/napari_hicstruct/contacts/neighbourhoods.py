"""A pixel beside its surround: the four neighbourhoods of HiCCUPS (Rao et al. 2014), the strongest of which counts."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def neighbourhood_bins(resolution: int) -> tuple[int, int]:
    """Up to how many bins a dot reaches, and how far its neighbourhoods: p and w of HiCCUPS at 5 and at 10 kb."""
    return (4, 7) if resolution <= 5_000 else (2, 5)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def above_neighbourhoods(  # noqa: PLR0913 - a kernel takes arrays
    counts: Array, weights: Array, expected: Array, i0: int, j0: int, inner: int, outer: int
) -> tuple[float, float, float]:
    """Counts of the 3×3 at bins (i0, j0), those expected, and the largest O/E of its four neighbourhoods.

    Donut, lower left, row and column from ``inner`` + 1 to ``outer`` bins away; bad bins (weight 0) and the first two
    diagonals are left out.
    """
    n_diagonals, n = counts.shape
    observed, mean = np.zeros(5), np.zeros(5)
    for a in range(-outer, outer + 1):
        for b in range(-outer, outer + 1):
            i, j = i0 + a, j0 + b
            d, r = j - i, max(abs(a), abs(b))
            if i < 0 or j >= n or d < 2 or d >= n_diagonals or 1 < r <= inner:
                continue
            if not (weights[i] > 0 and weights[j] > 0 and expected[d] > 0):
                continue
            c, e = counts[d, i], expected[d] / (weights[i] * weights[j])
            part = (r <= 1, a != 0 and b != 0, a > 0 and b < 0, abs(a) <= 1, abs(b) <= 1)
            for k in range(5):
                if part[k] and (k == 0) == (r <= 1):
                    observed[k] += c
                    mean[k] += e
    around = 0.0
    for k in range(1, 5):
        around = max(around, (observed[k] + 0.5) / (mean[k] + 0.5))
    return observed[0], mean[0], around
