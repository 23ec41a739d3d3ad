"""Boundaries that a map suggests by itself: minima of border contrast, turns of the directionality index, blocks.

Sources: insulation (Crane et al. 2015), here beside what stays on either side, so that balancing cannot move it;
directionality index (Dixon et al. 2012); both on counts over expected, so that distance decay and coverage cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.weak import WeakConfig
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.contrast import contrast_track, observed_over_expected

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
_SHRINK = 0.5
_REACH = 5  # bins within which a minimum and a turn are one boundary


@dataclass(frozen=True, slots=True)
class WeakBoundaries:
    """What a chromosome says of its boundaries, per bin (a boundary lies between its bin and the one before).

    Attributes
    ----------
    insulation, direction : float32, shape (n_bins,)
        Soft labels in [0, 1]: bumps at minima of border contrast, at turns of the directionality index.
    structure : float32, shape (n_bins,)
        ``μ_LR − (μ_LL + μ_RR)/2`` of log2 O/E: cross block against the blocks on both sides, negative at boundaries;
        0 where nothing is known.
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
    seen, mean = 0.0, 0.0
    for i in range(max(rows[0], 0), min(rows[1], n)):
        for j in range(max(columns[0], i + 2), min(columns[1], n)):
            d = j - i
            if d < n_diagonals and weights[i] > 0 and weights[j] > 0 and expected[d] > 0:
                seen += counts[d, i]
                mean += expected[d] / (weights[i] * weights[j])
    return seen, mean


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _contrast(counts: Array, expected: Array, weights: Array, window: int, out: Doubles) -> None:
    """``out[k, x]``: log2 O/E of the cross (0), left (1) and right (2) block of bin x; NaN: too little is known."""
    for x in range(out.shape[1]):
        left, right = (x - window, x), (x, x + window)
        for k in range(3):
            rows = right if k == 2 else left
            columns = left if k == 1 else right
            seen, mean = _block(counts, expected, weights, rows, columns)
            out[k, x] = np.log2((seen + _SHRINK) / (mean + _SHRINK)) if mean > 2.0 else np.nan


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


def _ready(band: Band) -> tuple[Array, Array, Array]:
    weights = np.where(band.valid, band.weights, 0).astype(np.float32)
    return band.counts, band.expected, weights


def block_contrast(band: Band, window: int) -> Doubles:
    """Log2 O/E of the cross, left and right block of ``window`` bins at every bin, shape (3, n_bins)."""
    out = np.full((3, band.n_bins), np.nan)
    _contrast(*_ready(band), window, out)
    return out


def directionality(band: Band, window: int) -> Doubles:
    """Directionality index per bin in standard deviations, shape (n_bins,); NaN at bad bins."""
    out = np.full(band.n_bins, np.nan)
    _directionality(*_ready(band), window, out)
    return out


def minima(track: Doubles) -> tuple[NDArray[np.int64], Doubles]:
    """Local minima of a track with NaN gaps, and how far each lies below the lower of its two shoulders."""
    filled = np.where(np.isnan(track), np.inf, track)
    inner = (filled[1:-1] <= filled[:-2]) & (filled[1:-1] < filled[2:]) & np.isfinite(filled[1:-1])
    at = np.nonzero(inner)[0] + 1
    depth = np.array([_prominence(track, int(x)) for x in at])
    return at[depth > 0], depth[depth > 0]


def _prominence(track: Doubles, x: int) -> float:
    """Lower of the two highest points between the minimum and the next deeper place (or gap) on either side."""
    shoulders = []
    for step in (-1, 1):
        top, k = track[x], x + step
        while 0 <= k < len(track) and not np.isnan(track[k]) and track[k] >= track[x]:
            top, k = max(top, track[k]), k + step
        shoulders.append(top)
    return float(min(shoulders) - track[x])


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
    return np.asarray(1 / (1 + np.exp(-(slopes[0] * own + slopes[1] * other + offset))))


def _nearest(at: NDArray[np.int64], others: NDArray[np.int64], score: Doubles, reach: int) -> Doubles:
    """Score of the best of ``others`` within ``reach`` of each; 0 (nothing said) where there is none."""
    out = np.zeros(len(at))
    for k, x in enumerate(at):
        near = np.abs(others - x) <= reach
        if near.any():
            out[k] = score[near].max()
    return out


def weak_boundaries(band: Band, config: WeakConfig) -> WeakBoundaries:
    """What the map itself says of boundaries; weights ``σ(a·z_IS + b·z_DI + c)``, contrast averaged over scales.

    Parameters
    ----------
    band : Band
        At coarse bins.
    config : WeakConfig
    """
    n = band.n_bins
    oe = observed_over_expected(band, 2 * max(config.windows))
    at, depth = minima(np.mean([contrast_track(oe, window) for window in config.windows], axis=0))
    turn, strength = turns(directionality(band, config.direction_window), config.direction_least)
    z_is, z_di = _score(depth), _score(strength)
    a, b = config.insulation_slope, config.direction_slope
    insulation = _height(z_is, _nearest(at, turn, z_di, _REACH), (a, b), config.offset)
    direction = _height(z_di, _nearest(turn, at, z_is, _REACH), (b, a), config.offset)
    blocks = np.stack([block_contrast(band, window) for window in config.structure_windows])
    structure = blocks[:, 0] - (blocks[:, 1] + blocks[:, 2]) / 2
    return WeakBoundaries(
        bumps(n, at, insulation, config.sigma),
        bumps(n, turn, direction, config.sigma),
        np.nan_to_num(structure.mean(0)).astype(np.float32),
    )
