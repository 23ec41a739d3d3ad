"""Iterative correction (ICE) of one chromosome in memory, after cooler's ``balance`` with ``cis_only``.

Source: Imakaev et al. 2012 (doi:10.1038/nmeth.2148); filters and defaults as cooler's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.contacts.protocol import Pixels

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

IGNORE_DIAGONALS = 2
MAD_MAX = 5.0
MIN_NNZ = 10
TOLERANCE = 1e-5
"""Variance of the marginals, in counts, at which cooler stops …"""

RELATIVE_TOLERANCE = 1e-9
"""… and relative to their mean squared, so that deep maps need not go on for ever."""

MAX_ITERATIONS = 200


def ice_weights(pixels: Iterable[Pixels], n: int) -> NDArray[np.float64]:
    """Multiplicative weights that give every good bin the marginal 1.

    Parameters
    ----------
    pixels : iterable of Pixels
        Upper-triangle pixels of one chromosome.  The first two diagonals and negative or non-finite values are
        left out.
    n : int
        Bins of the chromosome.

    Returns
    -------
    float64, shape (n,)
        NaN where a bin is bad (too few contacts).  On chromosomes so small or so sparse that the usual filters
        leave fewer than three bins the filters are dropped; a chromosome without contacts is all NaN.
    """
    upper = _matrix(pixels, n)
    good = _good_bins(upper, n)
    weights = _balance(upper, good)
    return weights if weights is not None else _flat_weights(upper, n)


def _matrix(pixels: Iterable[Pixels], n: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    kept = [(p.bin1, p.bin2, p.count) for p in map(_usable, pixels)]
    if not kept:
        return csr_matrix((n, n))
    rows, cols, values = (np.concatenate([part[k] for part in kept]) for k in range(3))
    return csr_matrix((values, (rows, cols)), shape=(n, n))


def _usable(p: Pixels) -> Pixels:
    keep = (p.bin2 - p.bin1 >= IGNORE_DIAGONALS) & (p.count > 0) & np.isfinite(p.count)
    return Pixels(p.bin1[keep].astype(np.int32), p.bin2[keep].astype(np.int32), p.count[keep])


def _marginal(upper: csr_matrix, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    total = upper @ weights + upper.T @ weights
    return np.asarray(weights * total, dtype=np.float64)


def _good_bins(upper: csr_matrix, n: int) -> NDArray[np.bool_]:
    """Bins that pass cooler's filters: enough non-zero pixels, log marginal not far below the median."""
    entries = np.bincount(upper.indices, minlength=n) + np.diff(upper.indptr)
    good: NDArray[np.bool_] = entries >= MIN_NNZ
    marginal = _marginal(upper, np.ones(n))
    positive = marginal[marginal > 0]
    if len(positive):
        log = np.log(np.where(marginal > 0, marginal / np.median(positive), 1))
        typical = log[marginal > 0]
        middle = np.median(typical)
        spread = np.median(np.abs(typical - middle))
        good &= (marginal > 0) & (log >= middle - MAD_MAX * spread)
    return good


def _balance(upper: csr_matrix, good: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Cooler's iteration; None if fewer than three bins carry contacts or the marginals die out."""
    weights = good.astype(np.float64)
    scale = 0.0
    for _ in range(MAX_ITERATIONS):
        marginal = _marginal(upper, weights)
        positive = marginal[marginal > 0]
        if len(positive) < 3:
            return None
        scale = float(positive.mean())
        factor = np.where(marginal > 0, marginal / scale, 1.0)
        weights /= factor
        variance = float(positive.var())
        if variance < TOLERANCE or variance < RELATIVE_TOLERANCE * scale**2:
            break
    weights[(weights == 0) | ~good] = np.nan
    result: NDArray[np.float64] = weights / np.sqrt(scale)
    return result


def _flat_weights(upper: csr_matrix, n: int) -> NDArray[np.float64]:
    """Fallback for maps with hardly any contacts: one weight for all bins that have some."""
    marginal = _marginal(upper, np.ones(n))
    weights = np.full(n, np.nan)
    has = marginal > 0
    if has.any():
        weights[has] = 1.0 / np.sqrt(marginal[has].mean())
    return weights
