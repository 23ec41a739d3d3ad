"""From a ranked list of hits to precision at n, average precision and the precision–recall curve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Curve(NamedTuple):
    """Precision and recall after each call, best first; both of shape ``(n_calls,)``."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def pr_curve(hits: NDArray[np.bool_], n_truth: int) -> Curve:
    """Precision and recall of the first 1, 2, … n calls.

    Parameters
    ----------
    hits : bool, shape (n,)
        Best call first.
    n_truth : int
        Size of the truth; recall is 0 throughout if it is empty.
    """
    cumulative = np.cumsum(hits, dtype=np.float64)
    return Curve(cumulative / np.arange(1, len(hits) + 1), cumulative / max(n_truth, 1))


def precision_of_top(hits: NDArray[np.bool_], ns: Iterable[int]) -> dict[int, float]:
    """Share of hits among the first ``n`` calls for each ``n``; NaN where there are fewer than ``n`` calls."""
    return {n: float(hits[:n].mean()) if 0 < n <= len(hits) else float("nan") for n in ns}


def average_precision_of(hits: NDArray[np.bool_], n_truth: int) -> float:
    """Sum of the precision at every hit over the size of the truth (not interpolated); 0 for empty truth."""
    if not n_truth or not len(hits):
        return 0.0
    return float(pr_curve(hits, n_truth).precision[hits].sum() / n_truth)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Calls judged one-to-one, best first.

    Attributes
    ----------
    kept : int64, shape (n,)
        Where each call stands among those that were given; what counts neither way is gone.
    hits : bool, shape (n,)
    n_truth : int
    """

    kept: NDArray[np.int64]
    hits: NDArray[np.bool_]
    n_truth: int

    def curve(self) -> Curve:
        """Precision and recall after each call."""
        return pr_curve(self.hits, self.n_truth)

    def average_precision(self) -> float:
        """Area under :meth:`curve` in steps."""
        return average_precision_of(self.hits, self.n_truth)
