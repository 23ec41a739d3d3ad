"""Reliability diagram: how many of the calls of a probability are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Calibration:
    """Reliability of probabilities.

    Attributes
    ----------
    ece : float
        Expected calibration error: mean over the bins, weighted by their size, of |hit rate − mean probability|.
        Source: Naeini et al., AAAI 2015.
    brier : float
        Mean squared difference of probability and outcome (Brier 1950).
    confidence, hit_rate : float64, shape (n_bins,)
        Mean probability and share of hits per bin; NaN where a bin is empty.
    count : int64, shape (n_bins,)
    """

    ece: float
    brier: float
    confidence: NDArray[np.float64]
    hit_rate: NDArray[np.float64]
    count: NDArray[np.int64]


def calibration(probability: ArrayLike, hits: ArrayLike, *, n_bins: int = 10) -> Calibration:
    """Compare probabilities with outcomes over equal-width bins of [0, 1]; both NaN without any probability.

    Parameters
    ----------
    probability : array, shape (n,)
        In [0, 1]; entries that are NaN are left out.
    hits : array of bool, shape (n,)
    n_bins : int
    """
    p, y = np.asarray(probability, np.float64).ravel(), np.asarray(hits, np.float64).ravel()
    p, y = p[known := np.isfinite(p)], y[known]
    index = np.minimum((p * n_bins).astype(np.int64), n_bins - 1)
    count = np.bincount(index, minlength=n_bins)
    size = np.where(count > 0, count, np.nan)
    confidence = np.bincount(index, weights=p, minlength=n_bins) / size
    hit_rate = np.bincount(index, weights=y, minlength=n_bins) / size
    if not len(p):
        return Calibration(float("nan"), float("nan"), confidence, hit_rate, count)
    ece = float(np.nansum(np.abs(hit_rate - confidence) * count) / len(p))
    return Calibration(ece, float(np.mean((p - y) ** 2)), confidence, hit_rate, count)
