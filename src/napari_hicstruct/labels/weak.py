"""Boundaries found in a map without labels: minima of border contrast, turns of the directionality index, blocks.

Sources: insulation (Crane et al. 2015), here beside what stays on either side, so that balancing cannot move it;
directionality index (Dixon et al. 2012); both on counts over expected, so that distance decay and coverage cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from napari_hicstruct.config.weak import WeakConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.contrast import border_contrast, contrast_track, find_valleys

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
_SAME_BOUNDARY_BINS = 5  # bins within which a minimum and a turn are one boundary


@dataclass(frozen=True, slots=True)
class WeakBoundaries:
    """Weak labels of a chromosome's boundaries, per bin (a boundary lies between its bin and the one before).

    Attributes
    ----------
    insulation, direction : float32, shape (n_bins,)
        Soft labels in [0, 1]: bumps at minima of border contrast, at turns of the directionality index.
    structure : float32, shape (n_bins,)
        :func:`~napari_hicstruct.contacts.contrast.border_contrast`, negative at boundaries; 0 where nothing is known.
    """

    insulation: Array
    direction: Array
    structure: Array


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _block(
    counts: Array, expected: Array, weights: Array, rows: tuple[int, int], columns: tuple[int, int]
) -> tuple[float, float]:
    """Counts and expected counts of pixels i < j of a block over good bins (weight 0 is bad)."""
    n_diagonals, n = counts.shape
    observed, mean = 0.0, 0.0
    for i in range(max(rows[0], 0), min(rows[1], n)):
        for j in range(max(columns[0], i + 2), min(columns[1], n)):
            d = j - i
            if d < n_diagonals and weights[i] > 0 and weights[j] > 0 and expected[d] > 0:
                observed += counts[d, i]
                mean += expected[d] / (weights[i] * weights[j])
    return observed, mean


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _directionality(counts: Array, expected: Array, weights: Array, window: int, out: Doubles) -> None:
    """Signed χ of downstream against upstream contacts per bin, both over expected (positive: downstream)."""
    n = out.shape[0]
    for x in range(n):
        up, up_mean = _block(counts, expected, weights, (x - window, x - 1), (x, x + 1))
        down, down_mean = _block(counts, expected, weights, (x, x + 1), (x + 2, x + window + 1))
        if up_mean <= 0 or down_mean <= 0 or weights[x] <= 0:
            out[x] = np.nan
            continue
        a, b = up / up_mean, down / down_mean
        # variance of the difference of two Poisson rates
        spread = (up + 1.0) / up_mean**2 + (down + 1.0) / down_mean**2
        out[x] = (b - a) / np.sqrt(spread)


def directionality(band: Band, window: int) -> Doubles:
    """Directionality index per bin in standard deviations, shape (n_bins,); NaN at bad bins."""
    out = np.full(band.n_bins, np.nan)
    _directionality(band.counts, band.expected, np.nan_to_num(band.weights), window, out)
    return out


def turns(index: Doubles, least: float, reach: int = 5) -> tuple[NDArray[np.int64], Doubles]:
    """Bins at which the index turns from upstream to downstream with |DI| > ``least`` near by on both sides."""
    value = np.nan_to_num(index)
    at, strength = [], []
    for x in np.nonzero((value[:-1] < 0) & (value[1:] >= 0))[0] + 1:
        before, after = -value[max(0, x - reach) : x].min(), value[x : x + reach].max()
        if min(before, after) > least:
            at.append(int(x))
            strength.append(float(min(before, after)))
    return np.array(at, np.int64), np.array(strength, np.float64)


def bumps(n: int, at: NDArray[np.int64], height: Doubles, sigma: float) -> Array:
    """The highest Gaussian bump at every bin, shape (n,)."""
    out = np.zeros(n, np.float32)
    grid = np.arange(n) + 0.5
    for x, h in zip(at, height, strict=True):
        low, high = max(0, int(x - 5 * sigma)), min(n, int(x + 5 * sigma) + 1)
        np.maximum(out[low:high], h * np.exp(-((grid[low:high] - x) ** 2) / (2 * sigma**2)), out=out[low:high])
    return out


def _score(values: Doubles) -> Doubles:
    """Standardised by median and median absolute deviation, so that few strong ones do not set the scale."""
    if not len(values):
        return values
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return np.asarray((values - middle) / max(float(spread), 1e-6))


def _height(own: Doubles, other: Doubles, slopes: tuple[float, float], offset: float) -> Doubles:
    return np.asarray(expit(slopes[0] * own + slopes[1] * other + offset))


def _nearest(at: NDArray[np.int64], others: NDArray[np.int64], score: Doubles, reach: int) -> Doubles:
    """Score of the best of ``others`` within ``reach`` of each; 0 where there is none."""
    out = np.zeros(len(at))
    for k, x in enumerate(at):
        near = np.abs(others - x) <= reach
        if near.any():
            out[k] = score[near].max()
    return out


@dataclass(frozen=True, slots=True)
class WeakMinima:
    """Minima of border contrast, each a candidate boundary; arrays of shape (n,).

    Attributes
    ----------
    at : int64
        Bins; the boundary lies between the bin and the one before.
    prominence : float64
        log2; how far the contrast lies below the lower of the two shoulders.
    z_insulation, z_direction : float64
        Prominence, and strength of the turn of the directionality index near by (0 without one), by median and MAD.
    probability : float64
        ``σ(a · z_insulation + b · z_direction + c)``.
    """

    at: NDArray[np.int64]
    prominence: Doubles
    z_insulation: Doubles
    z_direction: Doubles
    probability: Doubles


def _candidates(band: Band, oe: Array, config: WeakConfig) -> tuple[WeakMinima, NDArray[np.int64], Doubles]:
    """Minima of border contrast, and turns of the directionality index with their probability."""
    at, depth = find_valleys(np.mean([contrast_track(oe, window) for window in config.windows], axis=0))
    turn, strength = turns(directionality(band, config.direction_window), config.direction_least)
    z_is, z_di = _score(depth), _score(strength)
    a, b = config.insulation_slope, config.direction_slope
    beside = _nearest(at, turn, z_di, _SAME_BOUNDARY_BINS)
    minima = WeakMinima(at, depth, z_is, beside, _height(z_is, beside, (a, b), config.offset))
    return minima, turn, _height(z_di, _nearest(turn, at, z_is, _SAME_BOUNDARY_BINS), (b, a), config.offset)


def weak_minima(band: Band, config: WeakConfig) -> WeakMinima:
    """Candidate boundaries of a map and the figures of each; what :func:`weak_boundaries` makes bumps of."""
    return _candidates(band, band.observed_over_expected(2 * max(config.windows)), config)[0]


def weak_boundaries(band: Band, config: WeakConfig) -> WeakBoundaries:
    """Weak boundary labels of a map; weights ``σ(a·z_IS + b·z_DI + c)``, contrast averaged over scales.

    Parameters
    ----------
    band : Band
        At coarse bins.
    config : WeakConfig
    """
    n = band.n_bins
    oe = band.observed_over_expected(2 * max(*config.windows, *config.structure_windows))
    minima, turn, direction = _candidates(band, oe, config)
    structure = np.mean([border_contrast(oe, window) for window in config.structure_windows], axis=0)
    return WeakBoundaries(
        bumps(n, minima.at, minima.probability, config.sigma),
        bumps(n, turn, direction, config.sigma),
        np.nan_to_num(structure).astype(np.float32),
    )
