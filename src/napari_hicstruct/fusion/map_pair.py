"""Two bands of one chromosome in the same bins: whose contacts are expected where, and where the two contradict.

Of two maps of one thing, a pixel's counts split as their depths do: given the sum T = A + B, A is binomial with the
share s of what is expected.  So A + B holds all that both know of the pixel, and s is the decision mask of a network
that has nothing to say; what it says against s should rest on counts that do not split so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.contacts.expected import band_expected

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MIN_SHARE = 1e-3
"""Of the map with fewer contacts at a distance; less than that is taken for none."""

MAX_RATIO = 4.0
"""A bin's contacts in one map, over those in the other: beyond that one of the two is bad there."""

SEGMENTS = (2, 5, 10, 18, 30, 48, 75, 115, 175, 265, 400)
"""Distances (bins) between which a bin's contacts are compared; their median ignores a stripe on a few of them."""

MAX_COVERAGE = 2.5
"""Coverage of a bin in one map over that in the other from which it is bad in one of them."""

LOST = 0.02
"""Of a map's usual contacts of a bin; with fewer the map says nothing about that bin."""

MAX_CONFLICT = 10.0
"""From here on a bin's contacts are so unlike in the two maps that it is bad in one of them."""

NEIGHBOURS = 41
"""Bins around one that say what is usual there."""

PRIOR_COUNTS = 30.0
"""Contacts that say a large bin's halves are covered alike: as much as halves usually differ."""

SWEEPS = 3

MIN_SEGMENT = 6
"""Counts of a bin in a stretch of distance that can tell anything."""


@dataclass(frozen=True, slots=True)
class MapPair:
    """Two bands in the same bins.

    Attributes
    ----------
    first, second : Band
        Of one chromosome, bin size and shape.
    ratio : float32, shape (n_bins,)
        Coverage of each bin in the first map over that in the second; a pixel's is the product of its two bins'.
        1 where one map is bad.
    bad : int8, shape (n_bins,)
        1 where the first map has lost a bin (or has far too much of it), 2 where the second has, else 0.
    conflict : float32, shape (n_bins,)
        How much unlike a bin's contacts fall off in the two maps, in standard deviations of what is usual here.
    coverage : float32, shape (n_bins,)
        Of both maps together, about 1; 0 where nothing is known.  Ones, but where ``spread``.
    spread : bool
        The second map's bins are twice as large: its counts were spread over 2 × 2 pixels each.
    """

    first: Band
    second: Band
    ratio: F32
    bad: NDArray[np.int8]
    conflict: F32
    coverage: F32
    spread: bool = False

    @property
    def n_bins(self) -> int:
        """Bins covered."""
        return self.first.n_bins

    @property
    def n_diagonals(self) -> int:
        """Diagonals held."""
        return self.first.n_diagonals

    @property
    def expected(self) -> F32:
        """Contacts of both maps together by distance (bins), shape (n_diagonals,); above 0."""
        total = self.first.expected + self.second.expected
        return np.maximum(total, np.float32(1e-6))

    @property
    def odds(self) -> F32:
        """Contacts of the first map over those of the second by distance (bins), shape (n_diagonals,)."""
        return band_odds(self.first, self.second)

    def share(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> F32:
        """Share of the first map in the contacts expected of pixels, broadcast over ``rows`` and ``cols`` (bins)."""
        distance = np.minimum(np.abs(rows - cols), self.n_diagonals - 1)
        odds = self.odds[distance] * self.ratio[rows] * self.ratio[cols]
        return np.clip(odds / (1 + odds), MIN_SHARE, 1 - MIN_SHARE).astype(np.float32)


def band_odds(first: Band, second: Band) -> F32:
    """First over second by distance, shape (n_diagonals,).

    Far apart there may be contacts, but no pair of bins that have weights, so that nothing is expected: what holds
    there is what holds at the nearest distance that both maps know.
    """
    odds = distance_odds(first.expected, second.expected)
    known = (first.expected > 0) & (second.expected > 0)
    blank = np.zeros(len(odds), bool)
    for one in (first, second):
        blank |= (one.expected <= 0) & one.counts.any(axis=1)
    if not blank.any():
        return odds
    if not known.any():
        share = np.clip(_whole(first.counts, second.counts), MIN_SHARE, 1 - MIN_SHARE)
        odds[blank] = share / (1 - share)
        return odds
    places = np.flatnonzero(known)
    odds[blank] = np.exp(np.interp(np.flatnonzero(blank), places, np.log(odds[places])))
    return odds


def distance_odds(first: F32, second: F32) -> F32:
    """First over second by distance; where one has nothing, as if it had the least share."""
    total = first.astype(np.float64) + second
    share = np.where(total > 0, first / np.where(total > 0, total, 1), _whole(first, second))
    share = np.clip(share, MIN_SHARE, 1 - MIN_SHARE)
    return np.asarray(share / (1 - share), np.float32)


def _whole(first: F32, second: F32) -> float:
    total = float(first.sum() + second.sum())
    return float(first.sum()) / total if total > 0 else 0.5


def make_pair(first: Band, second: Band) -> MapPair:
    """Pair two bands of one shape; compares the coverage of their bins."""
    odds = band_odds(first, second)
    ratio = coverage_ratio(first.counts, second.counts, odds)
    ahead = bin_conflict(first.counts, second.counts, odds, ratio)
    behind = bin_conflict(second.counts, first.counts, _inverse(odds), _inverse(ratio))
    conflict = np.asarray((ahead + behind) / 2, np.float32)
    bad = bad_bins(first.counts, second.counts, ratio)
    bad = np.where(bad > 0, bad, odd_bins(first.counts, second.counts, conflict))
    ones = np.ones(first.n_bins, np.float32)
    return MapPair(first, second, np.where(bad > 0, np.float32(1), ratio), bad, conflict, ones)


def make_unlike_pair(sharp: Band, coarse: Band) -> MapPair:
    """Pair a band of small bins with one of bins twice as large, whose counts are spread.

    Both maps' shares are by distance alone: half a bin's coverage is known from the sharp map only.
    """
    coverage = fine_coverage(sharp, coarse)
    second = spread_band(coarse, sharp, coverage)
    n = sharp.n_bins
    ones = np.ones(n, np.float32)
    return MapPair(sharp, second, ones, np.zeros(n, np.int8), np.zeros(n, np.float32), coverage, spread=True)


def fine_coverage(sharp: Band, coarse: Band) -> F32:
    """Coverage of small bins: the large bin's, divided among its two as the sharp map's contacts are.

    Drawn towards halves, the more so the fewer contacts there are.
    """
    n = sharp.n_bins
    large = np.where(np.isfinite(coarse.weights), 1 / np.clip(np.nan_to_num(coarse.weights, nan=1), 0.1, 10), 0)
    total = np.zeros(2 * len(large))
    for d in range(2, min(sharp.counts.shape)):
        total[: n - d] += sharp.counts[d, : n - d]
        total[d:n] += sharp.counts[d, : n - d]
    pairs = total.reshape(-1, 2)
    share = (pairs + PRIOR_COUNTS / 2) / (pairs.sum(axis=1, keepdims=True) + PRIOR_COUNTS)
    return np.asarray((2 * share * large[:, None]).ravel()[:n], np.float32)


def bad_bins(first: F32, second: F32, ratio: F32) -> NDArray[np.int8]:
    """Bins whose coverage is far apart: 1 where it is the first map's that is unlike its neighbours', else 2; 0 others.

    Copies of a part of the genome, up to twice as many, are no fault.  A map that says nothing about a bin is the bad
    one there, also where it says nothing about the neighbours either: a stretch that only one map has.
    """
    uneven = np.abs(np.log(ratio)) > np.log(MAX_COVERAGE)
    totals = [_contacts(one) for one in (first, second)]
    odd = [np.abs(_over_neighbours(one)) for one in totals]
    lost = [_says_nothing(one) for one in totals]
    first_is_bad = np.where(lost[0] != lost[1], lost[0], odd[0] > odd[1])
    return np.where(uneven, np.where(first_is_bad, 1, 2), 0).astype(np.int8)


def odd_bins(first: F32, second: F32, conflict: F32) -> NDArray[np.int8]:
    """Bins whose contacts fall off unlike in the two maps: 1 where it is the first's that is unlike its neighbours'."""
    ones, n = np.ones(len(first), np.float32), first.shape[1]
    sums = [_segment_sums(one, one, ones, np.ones(n, np.float32), _edges(len(one)))[0] for one in (first, second)]
    around = [(17 * uniform_filter1d(one, 17) - 5 * uniform_filter1d(one, 5)) / 12 for one in sums]
    weight = np.minimum(*around)  # what both maps can tell
    odd = [(weight * np.log((one + 1) / (usual + 1)) ** 2).sum(axis=0) for one, usual in zip(sums, around, strict=True)]
    return np.where(conflict > MAX_CONFLICT, np.where(odd[0] > odd[1], 1, 2), 0).astype(np.int8)


def _contacts(counts: F32) -> F64:
    """All contacts of each bin."""
    n = counts.shape[1]
    total = counts.sum(axis=0, dtype=np.float64)
    for d in range(1, min(counts.shape)):
        total[d:] += counts[d, : n - d]
    return total


def _over_neighbours(total: F64) -> F64:
    """Log of each bin's contacts over the median of those around it."""
    usual = median_filter(total, size=min(NEIGHBOURS, len(total)), mode="nearest")
    return np.asarray(np.log((total + 1) / (usual + 1)))


def _says_nothing(total: F64) -> NDArray[np.bool_]:
    """Bins with hardly any contacts."""
    some = total[total > 0]
    return np.asarray(total <= (LOST * np.median(some) if some.size else 0))


def coverage_ratio(first: F32, second: F32, odds: F32) -> F32:
    """Coverage of each bin in the first map over that in the second, shape (n_bins,).

    The median over stretches of distance on both sides, so that a stripe or a block on a few of them does not count;
    1 where there are too few contacts to tell.
    """
    ahead, behind = _log_coverage(first, second, odds), _log_coverage(second, first, _inverse(odds))
    return np.asarray(np.exp((ahead - behind) / 2), np.float32)  # who comes first can decide nothing


def _inverse(values: F32) -> F32:
    return np.asarray(1 / values, np.float32)


def _log_coverage(first: F32, second: F32, odds: F32) -> F64:
    logs = np.zeros(first.shape[1])
    for _ in range(SWEEPS):
        ratio = np.exp(logs).astype(np.float32)
        step = _median_log(_segment_sums(first, second, odds, ratio, _edges(len(first))))
        logs = np.clip(logs + 0.5 * step, -np.log(MAX_RATIO), np.log(MAX_RATIO))
        logs -= np.median(logs)
    return logs


def bin_conflict(first: F32, second: F32, odds: F32, ratio: F32) -> F32:
    """How unlike the contacts of each bin are in two maps besides coverage, shape (n_bins,); 0 is usual.

    χ² over stretches of distance on both sides, against its median and spread over the chromosome: maps of unlike
    protocols differ everywhere, which is no fault of one bin.
    """
    a, b, raw = _segment_sums(first, second, odds, ratio, _edges(len(first)))
    use = a + b > MIN_SEGMENT
    variance = a + b * b / np.maximum(raw, 1)
    squares = np.where(use, (a - b) ** 2 / np.maximum(variance, 1), 0)
    parts = np.maximum(use.sum(axis=0), 1)
    score = (squares.sum(axis=0) - parts) / np.sqrt(2 * parts)
    known = use.any(axis=0)
    if not known.any():
        return np.zeros(len(score), np.float32)
    middle = np.median(score[known])
    width = max(1.0, 1.4826 * float(np.median(np.abs(score[known] - middle))))
    return np.where(known, (score - max(0.0, middle)) / width, 0).astype(np.float32)


def _edges(n_diagonals: int) -> NDArray[np.int64]:
    return np.asarray([0, *(edge for edge in SEGMENTS if edge < n_diagonals), n_diagonals], np.int64)


def _median_log(sums: F64) -> F64:
    """Median over stretches of the log ratio, weighted by √counts and drawn towards 0 where these are few."""
    a, b = sums[0], sums[1]
    logs = np.log((a + 0.5) / (b + 0.5))
    weight = np.sqrt(a + b)
    order = np.argsort(logs, axis=0)
    logs, weight = np.take_along_axis(logs, order, 0), np.take_along_axis(weight, order, 0)
    below = np.cumsum(weight, axis=0)
    at = np.argmax(below >= 0.5 * below[-1], axis=0)
    median = np.take_along_axis(logs, at[None], 0)[0]
    total = (a + b).sum(axis=0)
    return np.asarray(median * total / (total + 40.0))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _segment_sums(first: F32, second: F32, odds: F32, ratio: F32, edges: NDArray[np.int64]) -> F64:
    """Counts of each bin by stretch of distance, both ways: the first map's, what the second says, and the second's."""
    n = first.shape[1]
    parts = len(edges) - 1
    out = np.zeros((3, 2 * parts, n))
    for k in range(parts):
        for d in range(edges[k], edges[k + 1]):
            for i in range(n - d):
                j = i + d
                said = second[d, i] * odds[d] * ratio[i] * ratio[j]
                out[0, k, i] += first[d, i]
                out[1, k, i] += said
                out[2, k, i] += second[d, i]
                out[0, parts + k, j] += first[d, i]
                out[1, parts + k, j] += said
                out[2, parts + k, j] += second[d, i]
    return out


def spread_band(coarse: Band, fine: Band, coverage: F32 | None = None) -> Band:
    """A band of bins twice as large in the bins of ``fine``: each count over its 2 × 2 pixels, by distance decay.

    And by ``coverage`` of the small bins, where it is given.  A diagonal block has three pixels above the diagonal.
    Sums over the blocks are the coarse counts again.
    """
    decay = fine.expected.astype(np.float32)
    positive = decay[decay > 0]
    floor = float(positive.min()) * 0.5 if positive.size else 1.0
    seen = np.ones(fine.n_bins, np.float32) if coverage is None else np.maximum(coverage, np.float32(1e-3))
    counts = _spread(coarse.counts, fine.n_diagonals, np.maximum(decay, np.float32(floor)), seen)
    weights = np.repeat(coarse.weights, 2)[: fine.n_bins]
    if coverage is not None:
        weights = np.where(np.isfinite(weights), 1 / np.maximum(coverage, np.float32(0.05)), np.float32(np.nan))
    return replace(fine, counts=counts, weights=weights, expected=band_expected(counts, weights))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _spread(coarse: F32, n_diagonals: int, decay: F32, seen: F32) -> F32:
    n = len(seen)
    out = np.zeros((n_diagonals, n), np.float32)
    last = len(decay) - 1
    for big in range(coarse.shape[0]):
        for k in range(coarse.shape[1] - big):
            count = coarse[big, k]
            if count == 0:
                continue
            total = 0.0
            for x in range(2):
                for y in range(2):
                    i, j = 2 * k + x, 2 * (k + big) + y
                    if i <= j < n:
                        total += decay[min(j - i, last)] * seen[i] * seen[j]
            for x in range(2):
                for y in range(2):
                    i, j = 2 * k + x, 2 * (k + big) + y
                    if i <= j < n and j - i < n_diagonals:
                        out[j - i, i] = count * decay[min(j - i, last)] * seen[i] * seen[j] / total
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def band_block(band: F32, row0: int, col0: int, height: int, width: int) -> F32:
    """A rectangle of the symmetric map from a band, shape (height, width); 0 beyond the band and the chromosome."""
    n_diagonals, n = band.shape
    out = np.zeros((height, width), np.float32)
    for r in range(height):
        i = row0 + r
        if i < 0 or i >= n:
            continue
        for c in range(width):
            j = col0 + c
            if 0 <= j < n:
                d = abs(j - i)
                if d < n_diagonals:
                    out[r, c] = band[d, min(i, j)]
    return out
