"""The diagonal band of one chromosome in memory: what the model, the decoder and the simulator share.

A band is an array ``(n_diagonals, n_bins)`` whose entry ``[d, i]`` belongs to bins ``i`` and ``i + d``.  Cis maps
are symmetric and every structure sought lies within a few Mb of the diagonal, so the band holds all that is needed
in a small part of the memory of a dense matrix (64 Mb at 5 kb up to 3 Mb: 33 MB).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.balance import CisPixels, ice_weights, mean_one
from napari_hicstruct.contacts.expected import band_expected

COARSENED_IGNORE_DIAGS = 1
"""Diagonals that balancing of summed bins leaves out, where every other balancing leaves out ``IGNORE_DIAGS``, two.

The one exception to *the same balancing everywhere*: the shipped model was trained on coarse bins balanced so, whose
main diagonal holds about the contacts of the fine bins' two, and reads a stripe's contrast there; with two left out
stripes lose .04 to .12 of average precision (docs/adr/0022).  A model that is trained anew can take ``IGNORE_DIAGS``.
"""


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
        Mean balanced count by distance (:mod:`contacts.expected`); 0 where a diagonal holds nothing.
    clumping : float
        Contacts that came together on average (:mod:`contacts.clumping`), by which the counts were divided.
    scale : float
        How many times smaller than mammals' the genome's structures are (:mod:`contacts.genome_scale`).
    """

    chrom: str
    resolution: int
    first_bin: int
    counts: NDArray[np.float32]
    weights: NDArray[np.float32]
    expected: NDArray[np.float32]
    clumping: float = 1.0
    scale: float = 1.0

    @property
    def network_resolution(self) -> int:
        """Bin size as networks and decoders know it, bp: that of a genome with structures as large as mammals'."""
        return round(self.resolution * self.scale)

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

    def observed_over_expected(self, n_diagonals: int | None = None) -> NDArray[np.float32]:
        """Balanced O/E of the first diagonals, shape (n_diagonals, n_bins); NaN where nothing is known."""
        n, weights = self.n_bins, self.weights
        out = np.full((n_diagonals or self.n_diagonals, n), np.nan, np.float32)
        for d in range(min(len(out), self.n_diagonals, n)):
            if self.expected[d] > 0:
                out[d, : n - d] = self.counts[d, : n - d] * weights[: n - d] * weights[d:] / self.expected[d]
        return out

    def without_clumps(self, clumping: float) -> Band:
        """The band with each clump of contacts counted as one; itself where contacts come one by one."""
        if clumping == 1:
            return self
        counts, expected = self.counts / np.float32(clumping), self.expected / np.float32(clumping)
        return replace(self, counts=counts, expected=expected, clumping=self.clumping * clumping)

    @property
    def depth(self) -> float:
        """Mean count at a distance of one bin: the usual measure of how deep a map is."""
        return float(self.expected[1]) if self.n_diagonals > 1 else 0.0


def make_band(
    chrom: str, resolution: int, counts: NDArray[np.float32], *, weights: NDArray[np.floating] | None = None
) -> Band:
    """A whole-chromosome :class:`Band` from counts; where ``weights`` is None these contacts alone are balanced."""
    scaled = mean_one(ice_weights(CisPixels.of_band(counts)) if weights is None else weights)
    return Band(chrom, resolution, 0, counts, scaled, band_expected(counts, scaled))


def empty_fine(coarse: Band) -> Band:
    """Fine bins of a map that has none: no contacts, every bin bad."""
    shape = (2 * coarse.n_diagonals, 2 * coarse.n_bins)
    bad = np.full(shape[1], np.nan, np.float32)
    resolution, first = coarse.resolution // 2, 2 * coarse.first_bin
    counts, expected = np.zeros(shape, np.float32), np.zeros(shape[0], np.float32)
    return Band(coarse.chrom, resolution, first, counts, bad, expected, scale=coarse.scale)


def coarsen_band(band: Band, factor: int) -> Band:
    """Sum ``factor × factor`` blocks of counts into one bin and balance anew; never interpolates.

    This balancing leaves out :data:`COARSENED_IGNORE_DIAGS`, not as many as that of levels.  The diagonal's blocks
    hold both triangles of a symmetric map; as everywhere, ``counts[0]`` keeps the upper one.
    """
    counts = sum_blocks(band.counts, factor)
    weights = ice_weights(CisPixels.of_band(counts, ignore_diags=COARSENED_IGNORE_DIAGS))
    coarse = make_band(band.chrom, band.resolution * factor, counts, weights=weights)
    return replace(coarse, first_bin=band.first_bin // factor, scale=band.scale)


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
