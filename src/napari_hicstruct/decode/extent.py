"""How far a stripe goes by the contacts: a network stops where single pixels are too noisy, but their sum is not.

Pixel by pixel the log-likelihood ratio of two Poisson rates is summed along the anchor: 1.3 times its stronger side
against that side alone.  It grows while the stripe stands 1.14 times above, and where the sum is
largest the stripe ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band

Doubles = NDArray[np.float64]

RISE = 1.3
"""Rate of a stripe over its stronger side that is weighed against none."""

_BESIDE = (2, 3, 4)  # bins; the rows on either side that give the expected value
_SMOOTH = 12  # bins along the stripe over which they are averaged
_SHRINK = 2.0  # counts


def stripe_extent(band: Band, x: int, side: int, near: int, far: int) -> int:
    """Bins from the diagonal to the end of a stripe that leaves bin ``x``, ``near`` or more.

    Parameters
    ----------
    band : Band
    x : int
        The anchor's bin.
    side : int
        1: contacts with what follows; -1: with what precedes.
    near, far : int
        bins; where to begin to sum, and the longest extent.
    """
    distance = np.arange(near, min(far, band.n_diagonals))
    if not len(distance):
        return near
    counts, mean = _row(band, x, x + side * distance)
    rates = []
    for way in (-1, 1):
        rows = [_row(band, x + way * k, x + side * distance) for k in _BESIDE]
        observed, expected = (_smoothed(np.sum([row[part] for row in rows], axis=0)) for part in (0, 1))
        rates.append((observed + _SHRINK) / (expected + _SHRINK))
    around = mean * np.maximum(*rates)
    ratio = np.cumsum(counts * np.log(RISE) - (RISE - 1) * around)
    best = int(ratio.argmax())
    return near + best + 1 if ratio[best] > 0 else near


def _row(band: Band, r: int, y: NDArray[np.int64]) -> tuple[Doubles, Doubles]:
    """Counts of bins (r, y) and those that distance and coverage let expect; both 0 where nothing is known."""
    apart, low = np.abs(y - r), np.minimum(y, r)
    inside = (y >= 0) & (y < band.n_bins) & (low >= 0) & (max(r, 0) < band.n_bins) & (apart < band.n_diagonals)
    apart, low, y = (np.where(inside, part, 0) for part in (apart, low, y))
    weight = band.weights[np.clip(r, 0, band.n_bins - 1)] * band.weights[y]
    known = inside & (weight > 0) & (band.expected[apart] > 0)
    mean = np.divide(band.expected[apart], weight, out=np.zeros(len(y)), where=known)
    return np.where(known, band.counts[apart, low], 0.0), mean


def _smoothed(values: Doubles) -> Doubles:
    return np.convolve(values, np.ones(_SMOOTH), "full")[_SMOOTH // 2 : _SMOOTH // 2 + len(values)]
