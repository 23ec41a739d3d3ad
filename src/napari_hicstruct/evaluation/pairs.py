"""How well probabilities of pairs rank and decide: AUPR, AUROC, best F1, calibration by two numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairScores:
    """Figures of some pairs; NaN where only one class is labelled.

    Attributes
    ----------
    aupr : float
        Average precision; by chance it is the share of positives.
    auroc : float
    n, positives : int
    """

    aupr: float
    auroc: float
    n: int
    positives: int


def score_pairs(labels: ArrayLike, scores: ArrayLike) -> PairScores:
    """Of labels 0 and 1 and any score that grows with the chance of a pair."""
    y, x = np.asarray(labels, np.float64), np.asarray(scores, np.float64)
    n, positives = len(y), int(y.sum())
    if not 0 < positives < n:
        return PairScores(float("nan"), float("nan"), n, positives)
    return PairScores(float(average_precision_score(y, x)), float(roc_auc_score(y, x)), n, positives)


def best_f1(labels: ArrayLike, scores: ArrayLike) -> tuple[float, float]:
    """The threshold of the best F1 (scores at or above it are pairs), and that F1.

    Raises
    ------
    ValueError
        If only one class is labelled.
    """
    y = np.asarray(labels)
    if not 0 < y.sum() < len(y):
        raise ValueError("only one class is labelled")
    precision, recall, thresholds = precision_recall_curve(y, scores)
    f1 = 2 * precision[:-1] * recall[:-1] / np.clip(precision[:-1] + recall[:-1], 1e-12, None)
    k = int(np.argmax(f1))
    return float(thresholds[k]), float(f1[k])


def fit_platt(labels: ArrayLike, logits: ArrayLike) -> tuple[float, float]:
    """``(a, b)`` of ``p = sigmoid(a·logit + b)``, a > 0, by maximum likelihood with Platt's smoothed targets (1999)."""
    y, x = np.asarray(labels, np.float64), np.asarray(logits, np.float64)
    positives = y.sum()
    high, low = (positives + 1) / (positives + 2), 1 / (len(y) - positives + 2)
    target = np.where(y > 0.5, high, low)
    spread = float(x.std()) or 1.0

    def loss(parameters: Array) -> float:
        z = np.exp(parameters[0]) * x / spread + parameters[1]
        return float(np.mean(np.logaddexp(0, z) - target * z))

    found = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead", options={"maxiter": 500}).x
    return float(np.exp(found[0]) / spread), float(found[1])


def platt(logits: ArrayLike, calibration: tuple[float, float]) -> Array:
    """Probabilities of logits."""
    return np.asarray(special.expit(calibration[0] * np.asarray(logits, np.float64) + calibration[1]))
