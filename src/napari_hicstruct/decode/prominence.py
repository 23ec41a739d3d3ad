"""How far a called dot or stripe stands above its own surround: what people see, and a network may not weigh enough.

A network trained on simulated maps gives a faint dot in a smooth place the probability of a strong one; in real maps
the faint one is more often none.  Adding a little of the dot's own significance ranks both right; so does
trusting it less close to the diagonal.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.neighbourhoods import above_neighbourhoods, neighbourhood_bins

Array = NDArray[np.float32]

WEIGHT = 0.6
"""Log-odds per standard deviation: the more, the fewer stripe pixels and edges on real maps; simulated ones lose
slowly (docs/science/real-maps.md)."""

TEXTURE = 0.06
"""Share by which neighbouring pixels of real maps differ besides by chance: where contacts are many, chance alone would
make a dot of every ripple."""

LIMITS = (-5.0, 15.0)
"""Standard deviations beyond which nothing more is counted."""

SHORT, SHORT_WEIGHT = 200_000, 0.8
"""Below this distance (bp) a loop loses that much log-odds each time the distance falls by e: near the diagonal corners
of domains and steep decay look like dots, more often than in the maps networks are trained on (docs/adr/0014)."""


def prominence(band: Band, i: int, j: int) -> float:
    """Standard deviations by which the 3×3 counts at bins (i, j) exceed what its surround lets expect.

    ``(C − E·R) / √(E·R + 1 + (0.06 E·R)²)``: C and E observed and expected of the nine pixels, R the largest observed
    over expected of donut, lower left, row and column (:mod:`contacts.neighbourhoods`): a pixel of a stripe or of a
    domain's edge is no dot.  No more than twice that of the eight pixels without the brightest, and two: a single hot
    pixel is no dot either.
    """
    inner, outer = neighbourhood_bins(band.network_resolution)
    observed, mean, around = above_neighbourhoods(band.counts, band.weights, band.expected, i, j, inner, outer)
    others, others_mean = _without_brightest(band.counts, band.weights, band.expected, i, j)
    return min(_deviations(observed, mean * around), 2.0 + 2.0 * _deviations(others, others_mean * around))


def _deviations(observed: float, expected: float) -> float:
    return float((observed - expected) / np.sqrt(expected + 1.0 + (TEXTURE * expected) ** 2))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _without_brightest(counts: Array, weights: Array, expected: Array, i: int, j: int) -> tuple[float, float]:
    """Observed and expected counts of the pixels around (i, j) but the one of them that has most."""
    n_diagonals, n = counts.shape
    observed = mean = most = most_mean = 0.0
    for a in range(max(0, i - 1), i + 2):
        for b in range(j - 1, min(n, j + 2)):
            d = b - a
            if d < 2 or d >= n_diagonals or not (weights[a] > 0 and weights[b] > 0 and expected[d] > 0):
                continue
            e = expected[d] / (weights[a] * weights[b])
            observed += counts[d, a]
            mean += e
            if counts[d, a] > most:
                most, most_mean = counts[d, a], e
    return observed - most, mean - most_mean


def loop_score(probability: float, z: float, length: float) -> float:
    """``σ(logit p + 0.6 z − 0.8 max(0, ln(200 kb / length)))``: what loops are ranked by.

    Parameters
    ----------
    probability : float
        The network's probability.
    z : float
        :func:`prominence`; what lies outside :data:`LIMITS` counts as they do.
    length : float
        Distance of the anchors, bp times the genome's scale, above 0.
    """
    return float(expit(logit(min(max(probability, 1e-6), 1 - 1e-6)) + _added(z, length)))


def _added(z: float, length: float) -> float:
    """What :func:`loop_score` adds to the network's log-odds."""
    return float(WEIGHT * min(max(z, LIMITS[0]), LIMITS[1]) - SHORT_WEIGHT * max(0.0, np.log(SHORT / length)))


def loop_evidence(band: Band, i: int, j: int) -> float:
    """What :func:`loop_score` adds to the log-odds of a loop at bins (i, j); 0 on the diagonal."""
    i, j = min(i, j), max(i, j)
    return _added(prominence(band, i, j), (j - i) * band.network_resolution) if j > i else 0.0


_BLOCK, _BESIDE, _AHEAD = 5, (2, 8), 2  # bins: along a stripe; distance of its sides; how far sides reach beyond
_SIDE = 3  # rows; the nearest ones that the map knows make a side


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sides(weights: Array, x: int) -> NDArray[np.int64]:
    """Rows beside ``x`` that the map knows, of either side the nearest: shape (2, 3), -1 where there are too few."""
    rows = np.full((2, _SIDE), -1, np.int64)
    for side in range(2):
        found = 0
        for apart in range(_BESIDE[0], _BESIDE[1] + 1):
            r = x + (2 * side - 1) * apart
            if found < _SIDE and 0 <= r < len(weights) and weights[r] > 0:
                rows[side, found] = r
                found += 1
    return rows


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _along(  # noqa: PLR0913 - a kernel takes arrays
    counts: Array, weights: Array, expected: Array, x: int, side: int, near: int, far: int
) -> tuple[float, float]:
    """Observed counts of a row, and those expected if it were as its stronger side, block by block; 0 without both."""
    n_diagonals, n = counts.shape
    rows = _sides(weights, x)
    observed = around = 0.0
    if not weights[x] > 0 or rows[0, 0] < 0 or rows[1, 0] < 0:
        return observed, around  # at an edge of what is known a stripe looks like a domain
    for start in range(near, far, _BLOCK):
        stop = min(start + _BLOCK, far)
        own_mean = 0.0
        beside, beside_mean = np.zeros(2), np.zeros(2)
        for t in range(start - _AHEAD, stop + _AHEAD):
            y = x + side * t
            if y < 0 or y >= n or not weights[y] > 0:
                continue
            d = abs(y - x)
            if start <= t < stop and 2 <= d < n_diagonals and expected[d] > 0:
                observed += counts[d, min(x, y)]
                own_mean += expected[d] / (weights[x] * weights[y])
            for way in range(2):
                for r in rows[way]:
                    d = abs(y - r)
                    if r >= 0 and 2 <= d < n_diagonals and expected[d] > 0:
                        beside[way] += counts[d, min(r, y)]
                        beside_mean[way] += expected[d] / (weights[r] * weights[y])
        around += own_mean * np.max((beside + 0.5) / (beside_mean + 0.5))
    return observed, around


def stripe_prominence(band: Band, x: int, side: int, near: int, far: int) -> tuple[float, float]:
    """How far a row stands above the stronger of its two sides, from ``near`` to ``far`` bins off the diagonal.

    Every five bins along the row the rows two to four bins beside it give what is expected, the stronger side alone:
    one edge of a domain stands above one side only.  Rows that are masked are passed over, up to eight bins away; where
    a whole side is unknown, nothing is.

    Parameters
    ----------
    band : Band
    x : int
        The row's bin.
    side : int
        1: contacts with what follows; -1: with what precedes.
    near, far : int
        bins.

    Returns
    -------
    rise : float
        log2 of observed over expected counts, each with 5 more.
    z : float
        ``(C − E) / √(E + 1)``.
    """
    observed, around = _along(band.counts, band.weights, band.expected, x, side, near, far)
    return float(np.log2((observed + 5) / (around + 5))), float((observed - around) / np.sqrt(around + 1.0))
