"""What a fusion network reads of a rectangle of two maps, alike in training and application."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, uniform_filter

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.fusion.map_pair import MapPair, band_block

F32 = NDArray[np.float32]

WINDOWS = ((1, 1), (5, 5), (11, 11), (25, 25), (1, 21), (21, 1), (1, 61), (61, 1))
"""Rows × columns of the windows in which both maps' counts are compared: pixels, spots, blocks, stripes."""

MARGIN_BINS = max(max(one) for one in WINDOWS) // 2 + 1
"""Pixels from the border of a rectangle from which on all windows lie in it."""

OWN_WINDOWS = ((11, 11), (1, 21), (21, 1), (1, 61), (61, 1))
"""Windows of a map's own O/E: a line or block that is unlike what lies beside it, in one map and not in the other."""

CHANNELS = 7 + len(WINDOWS) + len(OWN_WINDOWS)
"""Of each map: O/E of pixels and of 5 × 5, what is expected; z of each window; bad bins, coverage, conflict, spread.

Then O/E of wider windows; a network may read the first so many only."""

GATE = (5.0, 6.5)
"""|z| below which a contradiction is taken for noise (the mask stays at the share of contacts), and above which not."""

BIN_GATE = (8.0, 12.0)
"""The same of a whole bin's conflict, which opens the gate for all its pixels."""

MAX_LOG = 3.0
_SAMPLE_ROWS, _MAX_SAMPLES = 160, 12


@dataclass(frozen=True, slots=True)
class Scales:
    """How much more than binomial counts the two maps differ, by window and distance; 1: no more.

    ``by_distance`` has shape (len(WINDOWS), n_diagonals).
    """

    by_distance: F32


@dataclass(frozen=True, slots=True)
class MapTile:
    """A rectangle of two maps.

    Attributes
    ----------
    a, b : float32, shape (CHANNELS, H, W)
        What the network reads.
    counts_a, counts_b : float32, shape (H, W)
    share : float32, shape (H, W)
        Of A in the contacts expected.
    expected : float32, shape (H, W)
        Contacts of both together, by distance; of unlike bins by coverage, too.
    known : float32, shape (H, W)
        Coverage of a pixel, about 1; 0 where nothing is known of one of its bins.
    gate : float32, shape (H, W)
        How much the mask may leave the share, 0 to 1.
    forced : float32, shape (H, W)
        0 or 1 where a bin is bad in the first or the second map, whatever the network says; NaN elsewhere.
    inside : bool, shape (H, W)
        Upper triangle, the diagonal included, within the band and the chromosome.
    """

    a: F32
    b: F32
    counts_a: F32
    counts_b: F32
    share: F32
    expected: F32
    known: F32
    gate: F32
    forced: F32
    inside: NDArray[np.bool_]


def signed_deviance(a: NDArray[Any], b: NDArray[Any], expected_a: NDArray[Any]) -> F32:
    """How unlikely it is that counts split as they do, in standard deviations; above 0 where A has more.

    The signed root of the binomial deviance, which is normal also where counts are few.

    Parameters
    ----------
    a, b : ndarray
        Counts.
    expected_a : ndarray
        A's part of a + b, if they split by depth.
    """
    expected_b = np.maximum(a + b - expected_a, 1e-9)
    expected_a = np.maximum(expected_a, 1e-9)
    terms = np.where(a > 0, a * np.log(np.maximum(a, 1e-9) / expected_a), 0)
    terms = terms + np.where(b > 0, b * np.log(np.maximum(b, 1e-9) / expected_b), 0)
    return np.asarray(np.sign(a - expected_a) * np.sqrt(np.maximum(2 * terms, 0)), np.float32)


def window_scores(counts_a: F32, counts_b: F32, share: F32, inside: NDArray[np.bool_]) -> F32:
    """z of each of :data:`WINDOWS` around each pixel, shape (len(WINDOWS), H, W)."""
    said = share * (counts_a + counts_b) * inside
    out = np.empty((len(WINDOWS), *share.shape), np.float32)
    for k, window in enumerate(WINDOWS):
        a, b, e = (_summed(one, window) for one in (counts_a * inside, counts_b * inside, said))
        out[k] = signed_deviance(a, b, e)
    return out


def _summed(values: F32, window: tuple[int, int]) -> F32:
    """Sums over windows; nothing outside."""
    if window == (1, 1):
        return values
    total = uniform_filter(values.astype(np.float64), window, mode="constant") * (window[0] * window[1])
    return np.asarray(np.maximum(total, 0), np.float32)


def measure_scales(pair: MapPair) -> Scales:
    """How much the two maps differ beyond chance where nothing is the matter: the median |z| by distance."""
    n, depth = pair.n_bins, pair.n_diagonals
    starts = np.unique(np.linspace(0, max(0, n - _SAMPLE_ROWS), _MAX_SAMPLES).astype(int))
    edges = np.unique(np.r_[0, np.geomspace(1, depth, 9).astype(int)])
    found: list[list[list[F32]]] = [[[] for _ in edges[1:]] for _ in WINDOWS]
    for start in starts:
        height, width = min(_SAMPLE_ROWS, n), min(_SAMPLE_ROWS + depth, n - int(start))
        counts_a, counts_b, share, distance, inside = _raw(pair, int(start), int(start), height, width)
        inside &= np.isnan(_forced(pair, int(start) + np.arange(height), int(start) + np.arange(width)))
        scores = window_scores(counts_a, counts_b, share, inside)
        # where 5 × 5 hold fewer there is no spread worth measuring; by what is expected: a fault has more
        several = pair.expected[np.minimum(distance, depth - 1)] > 1
        for k in range(len(WINDOWS)):
            for part, (low, high) in enumerate(itertools.pairwise(edges)):
                use = inside & several & (distance >= low) & (distance < high)
                found[k][part].append(np.abs(scores[k][use]))
    table = np.ones((len(WINDOWS), depth), np.float32)
    for k, parts in enumerate(found):
        for part, (low, high) in enumerate(itertools.pairwise(edges)):
            values = np.concatenate(parts[part])
            if values.size >= 200:
                table[k, low:high] = max(1.0, float(np.median(values)) / 0.6745)
    return Scales(table)


def _raw(
    pair: MapPair, row0: int, col0: int, height: int, width: int
) -> tuple[F32, F32, F32, NDArray[np.int64], NDArray[np.bool_]]:
    """Counts of both, share, distance in bins, and what lies inside."""
    rows = np.arange(row0, row0 + height)[:, None]
    cols = np.arange(col0, col0 + width)[None]
    counts_a = band_block(pair.first.counts, row0, col0, height, width)
    counts_b = band_block(pair.second.counts, row0, col0, height, width)
    near, far = (np.clip(one, 0, pair.n_bins - 1) for one in (rows, cols))
    share = pair.share(near, far)
    distance = np.abs(rows - cols)
    inside = (rows >= 0) & (cols >= 0) & (rows < pair.n_bins) & (cols < pair.n_bins) & (distance < pair.n_diagonals)
    return counts_a, counts_b, share, distance, inside


def make_tile(pair: MapPair, scales: Scales, place: tuple[int, int], size: tuple[int, int]) -> MapTile:
    """The rectangle at ``place`` (first row and column, bins; may begin before 0) of ``size`` (rows, columns)."""
    (row0, col0), (height, width) = place, size
    counts_a, counts_b, share, distance, inside = _raw(pair, row0, col0, height, width)
    near = np.minimum(distance, pair.n_diagonals - 1)
    rows = np.clip(np.arange(row0, row0 + height), 0, pair.n_bins - 1)
    cols = np.clip(np.arange(col0, col0 + width), 0, pair.n_bins - 1)
    forced = _forced(pair, rows, cols)
    compared = inside & np.isnan(forced)  # a bad bin must not make its neighbours look bad
    scores = window_scores(counts_a, counts_b, share, compared) / scales.by_distance[:, near]
    scores *= compared
    log_ratio = np.log(pair.ratio)
    both = (log_ratio[rows][:, None] + log_ratio[cols][None]) * inside
    conflict = np.maximum(pair.conflict[rows][:, None], pair.conflict[cols][None]) * inside
    shared = pair.coverage if pair.spread else None
    a = _channels(pair.first, counts_a, (rows, cols), near, inside, shared)
    b = _channels(pair.second, counts_b, (rows, cols), near, inside, shared)
    shown = np.clip(scores / 4, -MAX_LOG, MAX_LOG)
    last = 3 + len(WINDOWS)
    a[3:last], b[3:last] = shown, -shown
    a[last + 1], b[last + 1] = both, -both
    a[last + 2] = b[last + 2] = np.clip(conflict / 8, -MAX_LOG, MAX_LOG)
    b[last + 3] = float(pair.spread)
    return MapTile(
        a=a,
        b=b,
        counts_a=counts_a,
        counts_b=counts_b,
        share=share,
        expected=pair.expected[near] * _covered(pair, rows, cols),
        known=np.maximum(pair.coverage, 0)[rows][:, None] * np.maximum(pair.coverage, 0)[cols][None] * inside,
        gate=_gate(scores, conflict),
        forced=forced,
        inside=inside & (np.arange(col0, col0 + width)[None] >= np.arange(row0, row0 + height)[:, None]),
    )


def _channels(
    band: Band,
    counts: F32,
    bins: tuple[NDArray[np.int64], NDArray[np.int64]],
    distance: NDArray[np.int64],
    inside: NDArray[np.bool_],
    shared: F32 | None,
) -> F32:
    """A map's own channels; those of the comparison are left 0."""
    rows, cols = bins
    bad = ~np.isfinite(band.weights)
    coverage = np.where(bad, 1, 1 / np.clip(np.where(bad, 1, band.weights), 0.2, 5)).astype(np.float32)
    if shared is not None:
        coverage = np.maximum(shared, np.float32(0.05))
    expected = band.expected[distance] * coverage[rows][:, None] * coverage[cols][None] * inside
    out = np.zeros((CHANNELS, *counts.shape), np.float32)
    out[0] = np.clip(np.log((counts + 1) / (expected + 1)), -MAX_LOG, MAX_LOG)
    summed, said = _summed(counts * inside, (5, 5)), _summed(expected, (5, 5))
    out[1] = np.clip(np.log((summed + 1) / (said + 1)), -MAX_LOG, MAX_LOG)
    out[2] = np.log1p(expected) / 4
    out[3 + len(WINDOWS)] = (bad[rows][:, None] | bad[cols][None]) * inside
    for k, window in enumerate(OWN_WINDOWS):
        summed, said = _summed(counts * inside, window), _summed(expected, window)
        out[7 + len(WINDOWS) + k] = np.clip(np.log((summed + 1) / (said + 1)), -MAX_LOG, MAX_LOG)
    return out


def _covered(pair: MapPair, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> F32:
    seen = np.maximum(pair.coverage, np.float32(0.05))
    covered: F32 = seen[rows][:, None] * seen[cols][None]
    return covered


def _forced(pair: MapPair, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> F32:
    """The mask where a bin is bad in one map; NaN where none is, or each of a pixel's in another map."""
    first, second = ((pair.bad[rows] == which)[:, None] | (pair.bad[cols] == which)[None] for which in (1, 2))
    out = np.full(first.shape, np.nan, np.float32)
    out[first & ~second] = 0
    out[second & ~first] = 1
    return out


def _gate(scores: F32, conflict: F32) -> F32:
    """0 where the maps differ no more than by chance, 1 where they contradict each other, and around it."""
    local = maximum_filter(_ramp(np.abs(scores[1:]).max(axis=0), GATE), 5)
    return np.asarray(np.maximum(local, _ramp(conflict, BIN_GATE)), np.float32)


def _ramp(values: F32, limits: tuple[float, float]) -> F32:
    """0 up to the first limit, 1 from the second on."""
    low, high = limits
    return np.clip((values - low) / (high - low), 0, 1)
