"""The last layer of every head, fitted exactly to corrections: a convex problem, solved in milliseconds.

With few corrections gradient steps through the whole network follow the noise; the last layer alone has one best answer
near the old one.  ``min Σ wᵢ·log-loss(yᵢ, oᵢ + (1 + a)·zᵢ + Δ·xᵢ + δ) + λ/2·|Δ|² + small·(a² + δ²)``: ``zᵢ`` the old
log-odds, ``oᵢ`` what decoding adds to them before it lists, ``xᵢ`` the features scaled to unit spread, ``a`` and ``δ``
a slope and a bias that few corrections can tell (Platt scaling), ``Δ`` a change of direction that takes many.  Unlike a
fit from nothing it stays with the old weights where the corrections say little (a Gaussian prior around them).
Simulated candidates with known truth take part, so that what was learnt there is not unlearnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BIAS_PRIOR, SLOPE_PRIOR = 1.0, 5.0
"""Ridges of bias and slope: a few corrections move them, so that on a shallow map everything becomes likelier.  With
smaller ones a one-sided draw (fifty rejections, hardly a loop among them) empties a list."""

MAX_FULL_PRIOR = 25
"""Up to so many corrections what the model said before counts in full (:func:`prior_weight`)."""

_STEPS, _SMALL, _HELD = 60, 1e-7, 1e12


@dataclass(frozen=True, slots=True)
class HeadFitOptions:
    """What corrections may change of a last layer.

    Attributes
    ----------
    rescale : bool
        Whether slope and bias may change: the network becomes surer or less sure of all candidates alike.
    ridge : float
        Multiplies the ridge of a change of direction.
    """

    rescale: bool = True
    ridge: float = 1.0


HEAD_FIT_OPTIONS = {
    "point": HeadFitOptions(),
    "mask": HeadFitOptions(rescale=False, ridge=0.1),
    "boundary": HeadFitOptions(rescale=False, ridge=0.1),
}
"""By kind of head.  Stripes are cut from a mask, TADs from all boundaries beside them: there slope and bias would move
their ends and undo partitions, and how many of the pairs that decoding chose are right is no figure for single ones.
Chosen by ``benchmarks/finetune_kinds.py``."""


@dataclass(frozen=True, slots=True)
class HeadSamples:
    """Judged places of one head.

    Attributes
    ----------
    features : float64, shape (n, d)
    logit : float64, shape (n,)
        Log-odds of the network as it is.
    target : float64, shape (n,)
        1 or 0, or a probability.
    weight : float64, shape (n,)
    offset : float64, shape (n,)
        Log-odds that decoding adds before it lists; None: nothing.
    """

    features: Floats
    logit: Floats
    target: Floats
    weight: Floats
    offset: Floats | None = None

    @property
    def odds(self) -> Floats:
        """Log-odds by which they are listed, shape (n,)."""
        return self.logit if self.offset is None else self.logit + self.offset

    def __len__(self) -> int:
        return len(self.logit)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> HeadSamples:
        """Some of them."""
        offset = None if self.offset is None else self.offset[rows]
        return HeadSamples(self.features[rows], self.logit[rows], self.target[rows], self.weight[rows], offset)


def join(parts: Sequence[HeadSamples]) -> HeadSamples:
    """All of several lists (at least one)."""
    names = ("features", "logit", "target", "weight")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return HeadSamples(**arrays, offset=np.concatenate([part.odds - part.logit for part in parts]))


@dataclass(frozen=True, slots=True)
class HeadChange:
    """What becomes of a last layer: weights ``(1 + slope)·w + weight``, bias ``(1 + slope)·b + bias``.

    Attributes
    ----------
    slope, bias : float
    weight : float64, shape (d,)
    """

    slope: float
    weight: Floats
    bias: float

    def logits(self, samples: HeadSamples) -> Floats:
        """Log-odds after the change, shape (n,); without what decoding adds."""
        return np.asarray((1 + self.slope) * samples.logit + samples.features @ self.weight + self.bias)


def prior_weight(corrections: int) -> float:
    """How much the model counts beside so many corrections of a head: 1, beyond :data:`MAX_FULL_PRIOR` falling as n⁻².

    It scales the ridges of bias and slope, and the weight of what nobody judged.  Without it two hundred corrections
    are still held back by what the model thought before the first one (``benchmarks/finetune_start.py``).
    """
    return min(1.0, (MAX_FULL_PRIOR / max(1, corrections)) ** 2)


def fit_head(
    judged: HeadSamples,
    replay: HeadSamples | None = None,
    *,
    ridge: float,
    prior: float = 1.0,
    options: HeadFitOptions = HEAD_FIT_OPTIONS["point"],
) -> HeadChange:
    """The best change of one last layer by Newton's method.

    Parameters
    ----------
    judged : HeadSamples
        Of the map at hand; at least one.
    replay : HeadSamples, optional
        Of simulated maps.  They have a slope and a bias of their own, which are thrown away: how sure one may be
        differs from map to map, what a loop looks like does not.
    ridge : float
        λ: weight of staying as it is.
    prior : float
        Weight of staying as sure as it is (:func:`prior_weight`).
    options : HeadFitOptions
    """
    samples = judged if replay is None else join([judged, replay])
    mean, spread = samples.features.mean(axis=0), samples.features.std(axis=0)
    # what hardly varies among candidates may vary elsewhere on the map: its weight must not grow for that
    spread = np.maximum(spread, max(float(spread.mean()), 1e-6))
    own = (np.arange(len(samples)) < len(judged)).astype(np.float64)
    scale = [samples.logit * own, own, samples.logit * (1 - own), 1 - own]
    x = np.column_stack([(samples.features - mean) / spread, *scale])
    held = (prior * SLOPE_PRIOR, prior * BIAS_PRIOR) if options.rescale else (_HELD, _HELD)
    change = _minimum(x, samples, np.append(np.full(x.shape[1] - 4, ridge * options.ridge), held * 2))
    weight = change[:-4] / spread
    return HeadChange(float(change[-4]), weight, float(change[-3] - mean @ weight))


def _minimum(x: Floats, samples: HeadSamples, prior: Floats) -> Floats:
    """Coefficients of the columns of ``x`` that fit best, by Newton's method with halved steps."""
    from scipy.special import expit

    change = np.zeros(x.shape[1])
    value = _objective(change, x, samples, prior)
    for _ in range(_STEPS):
        p = expit(samples.odds + x @ change)
        slope = x.T @ (samples.weight * (p - samples.target)) + prior * change
        curve = (x * (samples.weight * p * (1 - p))[:, None]).T @ x + np.diag(prior)
        step = np.linalg.solve(curve, slope)
        length, after = 1.0, np.inf
        while length > 1e-4:  # Newton overshoots where old log-odds are extreme
            after = _objective(change - length * step, x, samples, prior)
            if after <= value:
                break
            length /= 2
        if not after <= value or np.abs(length * step).max() < _SMALL:
            break
        change, value = change - length * step, after
    return change


def _objective(change: Floats, x: Floats, samples: HeadSamples, prior: Floats) -> float:
    z = samples.odds + x @ change
    losses = np.logaddexp(0, z) - samples.target * z
    return float(samples.weight @ losses + 0.5 * prior @ change**2)


def log_loss(logits: Floats, samples: HeadSamples) -> float:
    """Weighted mean log loss, nats."""
    losses = np.logaddexp(0, logits) - samples.target * logits
    return float(samples.weight @ losses / max(samples.weight.sum(), 1e-12))
