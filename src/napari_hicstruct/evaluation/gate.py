"""Is a fine-tuned model taken?  Both models on what people said, and on a replay set, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DRAWS = 400
EPS = 1e-4


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after, and the 90 % interval of its difference."""

    before: float
    after: float
    low: float
    high: float
    n: int

    @property
    def gain(self) -> float:
        """After minus before."""
        return self.after - self.before


def ranking(p: Floats, there: NDArray[np.bool_]) -> float:
    """Chance that a true candidate is more probable than a false one (area under the ROC curve); NaN for one class."""
    from scipy.stats import rankdata

    positives = int(there.sum())
    if not 0 < positives < len(there):
        return math.nan
    ranks = rankdata(p)
    return float((ranks[there].sum() - positives * (positives + 1) / 2) / (positives * (len(there) - positives)))


def surprise(p: Floats, there: NDArray[np.bool_]) -> float:
    """Mean log loss, nats."""
    q = np.clip(p, EPS, 1 - EPS)
    return float(-np.mean(np.where(there, np.log(q), np.log(1 - q))))
