"""Precision, recall and F1 from one-to-one counts; what is matched with what is decided in ``annotations.loci``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Score(NamedTuple):
    """Precision, recall and their harmonic mean; 0 where calls or truth are empty."""

    precision: float
    recall: float
    f1: float


def score_counts(hits: int, n_calls: int, n_truth: int) -> Score:
    """Precision, recall and F1 from one-to-one counts."""
    if not n_calls or not n_truth:
        return Score(0.0, 0.0, 0.0)
    precision, recall = hits / n_calls, hits / n_truth
    return Score(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))


def as_points(points: ArrayLike, n_columns: int) -> NDArray[np.float64]:
    """``points`` as float64 of shape ``(n, n_columns)``; empty input of any shape becomes ``(0, n_columns)``."""
    return np.asarray(points, dtype=np.float64).reshape(-1, n_columns)
