"""How alike two contact maps are: stratum-adjusted correlation (HiCRep) and structural similarity of log O/E.

Source of the first: Yang et al. 2017, HiCRep, Genome Research 27:1939 (doi:10.1101/gr.220640.117).  Both maps are
smoothed by a mean filter of h bins on each side; a pair of bins counts where one of the smoothed maps has contacts;
Pearson's correlation is taken in every stratum (distance), and strata are averaged with weights N_k · r_2k, where r_2k
is the root of the product of the variances of the ranks over N_k (variances of the values would let the diagonal, where
counts are largest, decide all).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band

F32 = NDArray[np.float32]

MIN_STRATUM = 10
"""Pairs of bins that a stratum needs."""

TILE = 256
_SHOWN_LOG = 1.5
"""Log O/E beyond which a picture of a map is saturated."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """SCC, and each stratum's correlation and weight (NaN and 0 where there are too few pairs)."""

    scc: float
    correlation: NDArray[np.float64]
    weight: NDArray[np.float64]


def stratum_adjusted_correlation(
    first: F32, second: F32, *, h: int, valid: NDArray[np.bool_] | None = None, first_diagonal: int = 0
) -> Agreement:
    """SCC of two bands.

    Parameters
    ----------
    first, second : float32, shape (n_diagonals, n_bins)
        ``[d, i]`` belongs to bins i and i + d.
    h : int
        Half width of the mean filter, bins: HiCRep takes 20 at 10 kb, 11 at 25 kb; less keeps more detail; 0: none.
    valid : bool, shape (n_bins,), optional
        Bins that count.  Pixels of others are left out, also of the filter.
    first_diagonal : int
        Strata below it are left out.
    """
    from scipy.stats import rankdata

    n_diagonals, n = first.shape
    good = np.ones(n, bool) if valid is None else valid
    smooth_first, smooth_second = (smooth_band(one, h, good) for one in (first, second))
    correlation, weight = np.full(n_diagonals, np.nan), np.zeros(n_diagonals)
    for d in range(first_diagonal, min(n_diagonals, n)):
        x, y = (one[d, : n - d].astype(np.float64) for one in (smooth_first, smooth_second))
        use = good[: n - d] & good[d:] & ((x > 0) | (y > 0))
        count = int(use.sum())
        if count < MIN_STRATUM:
            continue
        x, y = x[use], y[use]
        if x.std() == 0 or y.std() == 0:
            continue
        correlation[d] = np.corrcoef(x, y)[0, 1]
        spread = np.sqrt(np.var(rankdata(x) / count) * np.var(rankdata(y) / count))
        weight[d] = count * spread
    total = weight.sum()
    scc = float(np.nansum(correlation * weight) / total) if total > 0 else float("nan")
    return Agreement(scc, correlation, weight)


def smooth_band(band: F32, h: int, valid: NDArray[np.bool_]) -> F32:
    """Mean of each pixel's (2h + 1)² neighbours in the symmetric map that are of valid bins, within band and map."""
    if h == 0:
        return band
    from napari_hicstruct.evaluation.band_filter import window_means

    means: F32 = window_means(np.ascontiguousarray(band, np.float32), h, valid)
    return means


def ssim_of_oe(first: Band, second: Band, *, n_diagonals: int, tile: int = TILE) -> float:
    """Mean structural similarity of two maps' log O/E in squares along the diagonal.

    Parameters
    ----------
    first, second : Band
        Of one chromosome and bin size.  Each is balanced by its own weights and divided by its own expected.
    n_diagonals : int
        Diagonals that count.
    tile : int
        Bins along an edge of a square.
    """
    from skimage.metrics import structural_similarity

    pictures = [_log_oe(one, n_diagonals) for one in (first, second)]
    n, scores, weights = first.n_bins, [], []
    for start in range(0, max(1, n - tile // 2), tile):
        squares = [_square(one, start, min(tile, n - start)) for one in pictures]
        known = np.isfinite(squares[0]) & np.isfinite(squares[1])
        if min(squares[0].shape) < 7 or not known.any():
            continue
        filled = [np.where(known, one, 0) for one in squares]
        measure: Any = structural_similarity
        _, field = measure(*filled, data_range=2 * _SHOWN_LOG, full=True)
        scores.append(float(field[known].mean()))
        weights.append(float(known.sum()))
    return float(np.average(scores, weights=weights)) if scores else float("nan")


def _log_oe(band: Band, n_diagonals: int) -> F32:
    oe = band.observed_over_expected(n_diagonals)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.log(oe), -_SHOWN_LOG, _SHOWN_LOG).astype(np.float32)


def _square(band: F32, start: int, size: int) -> F32:
    out = np.full((size, size), np.nan, np.float32)
    for d in range(min(len(band), size)):
        line = band[d, start : start + size - d]
        at = np.arange(size - d)
        out[at, at + d] = out[at + d, at] = line
    return out
