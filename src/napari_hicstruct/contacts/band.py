"""The diagonal band of one chromosome in memory: what the model, the decoder and the simulator share.

A band is an array ``(n_diagonals, n_bins)`` whose entry ``[d, i]`` belongs to bins ``i`` and ``i + d``.  Cis maps
are symmetric and every structure sought lies within a few Mb of the diagonal, so the band holds all that is needed
in a small part of the memory of a dense matrix (64 Mb at 5 kb up to 3 Mb: 33 MB).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray


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
