"""Counts of a simulated map as sorted upper-triangle pixels, row chunk by row chunk, beyond the band too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.synth.types import SimulatedMap, draw_counts

Pixels = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]
"""``bin1 <= bin2`` (chromosome-relative) and counts, sorted by bin1, then bin2."""


def iter_counts(sim: SimulatedMap, depth: float, rng: np.random.Generator, *, rows: int = 1_000) -> Iterator[Pixels]:
    """Poisson counts of the whole chromosome in chunks of ``rows`` bins.

    Parameters
    ----------
    sim : SimulatedMap
        With ``far`` set the chunks reach to the chromosome's end, else to the band's.
    depth : float
        Mean count at a distance of one bin, before coverage bias.
    rng : numpy.random.Generator
    rows : int
        Bins per chunk; memory grows with it.
    """
    seen = np.where(sim.masked, 0, sim.bias).astype(np.float32)
    for start in range(0, sim.n_bins, rows):
        stop = min(start + rows, sim.n_bins)
        near, far = _near(sim, seen, depth, rng, start, stop), _far(sim, seen, depth, rng, start, stop)
        # Both parts are sorted and every far column lies beyond every near one of its row.
        order = np.argsort(np.concatenate([near[0], far[0]]), kind="stable")
        bin1, bin2 = (np.concatenate([near[k], far[k]])[order] for k in (0, 1))
        yield bin1, bin2, np.concatenate([near[2], far[2]])[order]


def _near(
    sim: SimulatedMap, seen: NDArray[np.float32], depth: float, rng: np.random.Generator, start: int, stop: int
) -> Pixels:
    n_diagonals = sim.band.shape[0]
    mean = sim.band[:, start:stop] * np.float32(depth)
    padded = np.concatenate([seen, np.zeros(n_diagonals, np.float32)])
    for d in range(n_diagonals):
        mean[d] *= seen[start:stop] * padded[start + d : stop + d]
    counts = draw_counts(mean, sim.overdispersion, rng).T
    row, column = np.nonzero(counts)
    bin1 = row.astype(np.int64) + start
    return bin1, bin1 + column, counts[row, column].astype(np.int32)


def _far(
    sim: SimulatedMap, seen: NDArray[np.float32], depth: float, rng: np.random.Generator, start: int, stop: int
) -> Pixels:
    """Contacts beyond the band by thinning: distances from the decay alone, kept by coverage and compartments."""
    n_diagonals, n = sim.band.shape
    none = np.zeros(0, np.int64)
    if sim.far is None or n_diagonals >= n:
        return none, none, none.astype(np.int32)
    far = sim.far
    # tail[k]: expected contacts of a row at distances n_diagonals … n_diagonals + k − 1
    tail = np.concatenate([[0.0], np.cumsum(far.decay[n_diagonals:], dtype=np.float64)])
    reach = np.maximum(0, n - np.arange(start, stop) - n_diagonals)
    ceiling = (1 + far.strength) * float(seen.max())
    drawn = rng.poisson(depth * ceiling * seen[start:stop] * tail[reach])
    bin1 = np.repeat(np.arange(start, stop), drawn)
    mass = rng.random(len(bin1)) * np.repeat(tail[reach], drawn)
    d = n_diagonals + np.clip(np.searchsorted(tail, mass, side="right") - 1, 0, len(tail) - 2)
    bin2 = np.minimum(bin1 + d, n - 1)
    pattern = 1 + far.strength * d / (d + far.onset) * far.profile[bin1] * far.profile[bin2]
    kept = rng.random(len(bin1)) * ceiling < pattern * seen[bin2]
    key, count = np.unique(bin1[kept] * n + bin2[kept], return_counts=True)
    return key // n, key % n, count.astype(np.int32)
