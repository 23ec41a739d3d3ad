"""How many contacts come together, where they do not come one by one.

Contacts of many cells come one by one, and a count varies as its mean (Poisson).  Where a few cells were pooled, a
fragment brings contacts with all neighbours of its partner; where duplicates of the PCR stayed in, each comes several
times.  Such contacts come in clumps, which look like loops and borders and say as little as one contact each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIDE = 5
"""Bins; contacts are counted in squares of this side, for those of one clump lie side by side."""

DISTANCES = (10, 14, 20, 28, 40, 56, 80, 113, 160, 226, 320, 452)
"""Bins from the diagonal at which squares begin: nearer ones hold structure above all."""

MIN_MEAN, MAX_MEAN = 0.05, 1.0
"""Contacts in a square between which clumps can be separated from structure: fewer say nothing; with more, it makes
squares differ as clumps do."""

MIN_SQUARES, MIN_DISTANCES = 100, 3
"""Pairs of squares that a distance needs, and distances, before anything is said."""

MIN_CLUMPING = 1.8
"""Less is found in maps of many cells, too (docs/adr/0046)."""


def clumping(counts: F32) -> float:
    """Contacts that come together on average; 1 where they come one by one or nothing can be said.

    Variance over mean of the difference of neighbouring squares, given the coverage of their bins; the median over
    distances.

    Parameters
    ----------
    counts : float32, shape (n_diagonals, n_bins)
        Contacts of one chromosome.
    """
    coverage = _coverage(counts)
    found = [one for d in DISTANCES if d + SIDE <= len(counts) and (one := _at(counts, coverage, d)) is not None]
    median = float(np.median(found)) if len(found) >= MIN_DISTANCES else 1.0
    return median if median >= MIN_CLUMPING else 1.0


def _coverage(counts: F32) -> F64:
    """Contacts of each bin, mean 1; 0 for bins that have hardly any."""
    n = counts.shape[1]
    total = np.zeros(n)
    for d in range(min(counts.shape)):
        total[: n - d] += counts[d, : n - d]
        total[d:] += counts[d, : n - d]
    if not total.any():
        return total
    total[total < 0.3 * np.median(total[total > 0])] = 0
    return np.asarray(total / total[total > 0].mean(), np.float64)


def _at(counts: F32, coverage: F64, distance: int) -> float | None:
    """Variance over mean at one distance; None if too little is known, or so much that structure rules."""
    n = counts.shape[1] - distance - SIDE
    if n < 2 * SIDE:
        return None
    seen, wanted = np.zeros(n), np.zeros(n)
    for d in range(distance, distance + SIDE):
        pairs = coverage[:n] * coverage[d : d + n]
        row = np.where(pairs > 0, counts[d, :n], 0)
        seen += row
        wanted += pairs * (row.sum() / max(pairs.sum(), 1e-9))
    squares = n // SIDE * SIDE
    x, e = (values[:squares].reshape(-1, SIDE).sum(1) for values in (seen, wanted))
    both = (e[1:] > 0) & (e[:-1] > 0)
    if both.sum() < MIN_SQUARES:
        return None
    first, second, e1, e2 = x[:-1][both], x[1:][both], e[:-1][both], e[1:][both]
    mean = float((e**2).sum() / e.sum())  # of the square that a contact lies in
    if not MIN_MEAN <= mean <= MAX_MEAN:
        return None
    difference = second * np.sqrt(e1 / e2) - first * np.sqrt(e2 / e1)  # mean 0, variance e1 + e2 of single contacts
    return float((difference**2).sum() / (e1 + e2).sum())
