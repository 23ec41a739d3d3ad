"""The diagonal band of one chromosome in memory: what the model, the decoder and the simulator share.

A band is an array ``(n_diagonals, n_bins)`` whose entry ``[d, i]`` belongs to bins ``i`` and ``i + d``.  Cis maps
are symmetric and every structure sought lies within a few Mb of the diagonal, so the band holds all that is needed
in a small part of the memory of a dense matrix (64 Mb at 5 kb up to 3 Mb: 33 MB).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.fractions import count_scale, whole_counts
from napari_hicstruct.contacts.protocol import COMPUTED, RAW, ContactSource
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval, coarsen_factor, n_bins

_STRIP = 1024


@dataclass(frozen=True, slots=True)
class Band:
    """Counts near the diagonal with all that is needed to compare them with what is expected.

    Attributes
    ----------
    chrom : str
    resolution : int
        Bin size, bp.
    first_bin : int
        Chromosome-relative index of the band's bin 0.
    counts : float32, shape (n_diagonals, n_bins)
        Contact counts (scaled to an equivalent count where the map holds floats); 0 outside the chromosome.
    weights : float32, shape (n_bins,)
        Multiplicative balancing weight, mean about 1 over good bins; NaN where a bin is bad.
    expected : float32, shape (n_diagonals,)
        Mean balanced count per diagonal over pairs of good bins; 0 where a diagonal holds nothing.
    """

    chrom: str
    resolution: int
    first_bin: int
    counts: NDArray[np.float32]
    weights: NDArray[np.float32]
    expected: NDArray[np.float32]

    @property
    def n_bins(self) -> int:
        """Bins covered."""
        return int(self.counts.shape[1])

    @property
    def n_diagonals(self) -> int:
        """Diagonals held, the main one included."""
        return int(self.counts.shape[0])

    @property
    def valid(self) -> NDArray[np.bool_]:
        """True where a bin is good, shape (n_bins,)."""
        return np.isfinite(self.weights)

    @property
    def depth(self) -> float:
        """Mean count at a distance of one bin: the usual measure of how deep a map is."""
        return float(self.expected[1]) if self.n_diagonals > 1 else 0.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _strip_into_band(block: NDArray[np.float32], band: NDArray[np.float32], row0: int) -> None:
    rows, cols = block.shape
    n_diagonals, n = band.shape
    for i in range(rows):
        k = row0 + i
        for j in range(i, min(cols, i + n_diagonals)):
            if k + (j - i) < n:
                value = block[i, j]
                band[j - i, k] = value if np.isfinite(value) else 0.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sums(counts: NDArray[np.float32], weights: NDArray[np.float32], skip: int) -> NDArray[np.float64]:
    """Row sums of the symmetric balanced band, leaving out the first ``skip`` diagonals."""
    n_diagonals, n = counts.shape
    total = np.zeros(n)
    for d in range(skip, n_diagonals):
        for i in range(n - d):
            c = counts[d, i]
            if c > 0:
                value = c * weights[i] * weights[i + d]
                total[i] += value
                if d > 0:
                    total[i + d] += value
    return total


def balance_band(
    counts: NDArray[np.float32], *, iterations: int = 30, skip: int = 1, min_fraction: float = 0.15
) -> NDArray[np.float32]:
    """Iterative correction of a band (ICE; Imakaev et al. 2012), restricted to the diagonals it holds.

    Parameters
    ----------
    counts : float32, shape (n_diagonals, n_bins)
    iterations : int
        At most; stops when the coefficient of variation of the row sums falls below 1 %.
    skip : int
        Diagonals left out (the main one carries self-ligations).
    min_fraction : float
        Bins whose coverage is below this share of the median are bad.

    Returns
    -------
    float32, shape (n_bins,)
        Multiplicative weights with mean 1 over good bins; NaN for bad bins.
    """
    ones = np.ones(counts.shape[1], np.float32)
    coverage = _sums(counts, ones, skip)
    positive = coverage[coverage > 0]
    if positive.size == 0:
        return np.full(counts.shape[1], np.nan, np.float32)
    good = coverage > min_fraction * np.median(positive)
    weights = np.where(good, 1.0, 0.0).astype(np.float32)
    for _ in range(iterations):
        sums = _sums(counts, weights, skip)
        live = good & (sums > 0)
        if not live.any():
            break
        ratio = sums[live] / sums[live].mean()
        weights[live] /= np.sqrt(ratio).astype(np.float32)
        if ratio.std() < 0.01:
            break
    scale = weights[good].mean() if good.any() else 1.0
    return np.where(good & (weights > 0), weights / scale, np.nan).astype(np.float32)


def band_expected(counts: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean balanced count of each diagonal over pairs of good bins, shape (n_diagonals,); 0 for an empty one."""
    n_diagonals, n = counts.shape
    good = np.isfinite(weights)
    w = np.where(good, weights, 0).astype(np.float32)
    expected = np.zeros(n_diagonals, np.float64)
    for d in range(min(n_diagonals, n)):
        pairs = int(np.count_nonzero(good[: n - d] & good[d:]))
        if pairs:
            expected[d] = float(np.sum(counts[d, : n - d] * w[: n - d] * w[d:], dtype=np.float64)) / pairs
    return smooth_tail(expected).astype(np.float32)


def smooth_tail(expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over a window that grows with distance, so that few far contacts still give a steady expectation."""
    n = len(expected)
    total = np.concatenate([[0.0], np.cumsum(expected)])
    d = np.arange(n)
    half = (d * 0.05).astype(int)
    low, high = np.maximum(d - half, 0), np.minimum(d + half + 1, n)
    return np.asarray((total[high] - total[low]) / (high - low))


def make_band(
    chrom: str, resolution: int, counts: NDArray[np.float32], *, weights: NDArray[np.float32] | None = None
) -> Band:
    """A whole-chromosome :class:`Band` from counts; balances in memory where ``weights`` is None."""
    scaled = balance_band(counts) if weights is None else _unit_weights(weights)
    return Band(chrom, resolution, 0, counts, scaled, band_expected(counts, scaled))


def _unit_weights(weights: NDArray[np.floating]) -> NDArray[np.float32]:
    good = np.isfinite(weights) & (weights > 0)
    mean = float(np.mean(weights[good])) if good.any() else 1.0
    return np.where(good, weights / mean, np.nan).astype(np.float32)


def coarsen_band(band: Band, factor: int) -> Band:
    """Sum ``factor × factor`` blocks of counts into one bin and balance anew; never interpolates.

    The diagonal's blocks hold both triangles of a symmetric map; as everywhere, ``counts[0]`` keeps the upper one.
    """
    counts = sum_blocks(band.counts, factor)
    weights = balance_band(counts)
    resolution = band.resolution * factor
    return Band(band.chrom, resolution, band.first_bin // factor, counts, weights, band_expected(counts, weights))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def sum_blocks(counts: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Upper-triangle counts of a band summed into bins ``factor`` times as large, shape (⌈D/f⌉, ⌈n/f⌉)."""
    n_diagonals, n = counts.shape
    out = np.zeros(((n_diagonals + factor - 1) // factor, (n + factor - 1) // factor), np.float32)
    for d in range(n_diagonals):
        for i in range(n - d):
            low, high = i // factor, (i + d) // factor
            if high - low < out.shape[0]:
                out[high - low, low] += counts[d, i]
    return out


def iter_load_band(
    source: ContactSource, chrom: str, *, resolution: int, max_distance: int, norm: str | None = None
) -> Iterator[float | Band]:
    """Read a chromosome's band; yields the fraction read, and last the :class:`Band`.

    Parameters
    ----------
    source : ContactSource
    chrom : str
    resolution : int
        Bin size wanted, bp; made by exact summation from the coarsest finer level that divides it, if absent.
    max_distance : int
        Farthest contacts held, bp.
    norm : str, optional
        Weights to use; default the file's best, balanced in memory where it has none or where bins are summed.

    Raises
    ------
    MapError
        If no level of the map can give ``resolution`` or the chromosome holds no contact.
    """
    level = level_for(source, resolution)
    size = n_bins(source.chromsizes[chrom], level)
    n_diagonals = min(max_distance // level, size)
    counts = np.zeros((n_diagonals, size), np.float32)
    length = source.chromsizes[chrom]
    for row0 in range(0, size, _STRIP):
        row1, col1 = min(size, row0 + _STRIP), min(size, row0 + _STRIP + n_diagonals)
        rows = Interval(chrom, row0 * level, min(row1 * level, length))
        cols = Interval(chrom, row0 * level, min(col1 * level, length))
        block = source.fetch(rows, cols, resolution=level, norm=RAW)
        _strip_into_band(np.ascontiguousarray(block, np.float32), counts, row0)
        yield row1 / size
    if not counts.any():
        raise MapError(f"holds no contacts on {chrom}.", where=source.uri, mend="Choose another chromosome.")
    np.maximum(counts, 0, out=counts)
    factor = coarsen_factor(level, resolution)
    chosen = norm or source.default_norm(level)
    weights = None
    if not source.integer_counts:
        counts, weights = _from_fractions(counts, factor, chosen)
    elif factor > 1:
        counts = sum_blocks(counts, factor)
    if factor == 1 and chosen not in (RAW, COMPUTED):
        stored = source.weights(chrom, resolution=level, norm=chosen)
        weights = stored.astype(np.float32) if np.isfinite(stored).any() else None
    if chosen == RAW and weights is None:
        weights = np.where(counts.any(axis=0), np.float32(1), np.float32(np.nan))
    yield make_band(chrom, resolution, counts, weights=weights)


def _from_fractions(
    values: NDArray[np.float32], factor: int, norm: str
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Counts in the wanted bins, and the weights that gave the stored values where these stay as they are."""
    found = whole_counts(values) if norm != RAW or factor == 1 else None
    if found is None:
        summed = sum_blocks(values, factor) if factor > 1 else values
        return summed * np.float32(count_scale(summed)), None
    return (sum_blocks(found[0], factor), None) if factor > 1 else found


def level_for(source: ContactSource, resolution: int) -> int:
    """The stored bin size from which ``resolution`` can be had exactly: itself, else the coarsest divisor."""
    fits = [r for r in source.resolutions if resolution % r == 0]
    if not fits:
        have = ", ".join(f"{r:,}" for r in source.resolutions)
        raise MapError(
            f"has no resolution that gives {resolution:,} bp bins (it has {have}).",
            where=source.uri,
            mend=f"Add a {resolution:,} bp level, e.g. with cooler zoomify.",
        )
    return max(fits)
