"""Score → probability: one increasing map per kind of structure, fitted on maps whose truth is known."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import ModelError
from napari_hicstruct.evaluation.calibration import Calibration, calibration

Array = NDArray[np.float64]

GOOD_ECE = 0.05
"""Temperature and bias are enough up to this calibration error."""

KNOTS = 8
CLIP = 1e-7
_KEY = re.compile(r"[a-z_]+(@[0-9]+)?")
_NOISE_UNIT = 10.0  # noise is tenths of a log2, its weight about 10: both of order 1 for the fit
TILT = 1e-3
"""Share of the plain sigmoid that is mixed in between knots, so that no two scores become one."""


@dataclass(frozen=True, slots=True)
class CalibrationMap:
    """A strictly increasing map from score to probability; the identity by default.

    Attributes
    ----------
    temperature, bias : float
        p = sigmoid(x / temperature + bias), x = logit(score) − noise · s.  Source: Platt 1999; Guo et al., ICML 2017.
    knots : tuple of (float, float)
        If there are any, instead: (x, probability), straight between them (Zadrozny & Elkan, KDD 2002, thinned to a
        few quantiles).
    noise : float
        What each log2 of counting noise s at the structure's ends takes off, at least 0: of equal scores the one
        from fewer contacts is right less often.
    """

    temperature: float = 1.0
    bias: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    noise: float = 0.0

    def apply(self, scores: ArrayLike, noise: ArrayLike = 0.0) -> Array:
        """Probabilities of ``scores`` in [0, 1] under counting noise (log2) of their shape; NaN stays NaN."""
        x = logit(scores) - self.noise * np.asarray(noise, np.float64)
        if not self.knots:
            return special.expit(x / self.temperature + self.bias)
        at, value = np.array(self.knots).T
        return np.asarray((1 - TILT) * np.interp(x, at, value) + TILT * special.expit(x))

    def to_dict(self) -> dict[str, Any]:
        """JSON's own types; see :meth:`from_dict`."""
        knots = [list(knot) for knot in self.knots]
        return {"temperature": self.temperature, "bias": self.bias, "noise": self.noise, "knots": knots}

    @classmethod
    def from_dict(cls, text: Mapping[str, Any]) -> CalibrationMap:
        """The map that :meth:`to_dict` described.

        Raises
        ------
        ModelError
            If it is none, or does not increase.
        """
        try:
            knots = tuple((float(x), float(p)) for x, p in text.get("knots", ()))
            found = cls(float(text["temperature"]), float(text["bias"]), knots, float(text.get("noise", 0)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            hint = "hicstruct calibrate makes it anew."
            raise ModelError(f"holds a damaged calibration ({str(text)[:80]}).", hint=hint) from error
        steps = np.diff(np.array(knots), axis=0) if len(knots) > 1 else np.zeros((0, 2))
        rising = bool((steps[:, 0] > 0).all() and (steps[:, 1] >= 0).all())
        within = all(np.isfinite(x) and 0 <= p <= 1 for x, p in knots)
        usable = 0 < found.temperature < np.inf and 0 <= found.noise < np.inf and np.isfinite(found.bias)
        if not (rising and within and usable):
            raise ModelError(f"holds a calibration that does not increase with the score ({text}).")
        return found


def logit(scores: ArrayLike) -> Array:
    """log(s / (1 − s)), finite at 0 and 1."""
    s = np.clip(np.asarray(scores, np.float64), CLIP, 1 - CLIP)
    return np.asarray(special.logit(s))


def fit_temperature(scores: ArrayLike, hits: ArrayLike, noise: ArrayLike | None = None) -> CalibrationMap:
    """Temperature, bias and, of calls with counting ``noise``, its weight, of the highest posterior probability.

    The prior (log temperature, bias and a tenth of the noise's weight normal around 0, variance 1) keeps few or
    perfectly separated calls finite; beside a hundred calls it hardly counts.
    """
    from scipy.optimize import minimize

    x, y = logit(scores).ravel(), np.asarray(hits, np.float64).ravel()
    s = np.zeros(len(x)) if noise is None else _NOISE_UNIT * np.asarray(noise, np.float64).ravel()

    def cost(free: Array) -> tuple[float, Array]:
        slope = np.exp(free[0])
        z = slope * x + free[1] - free[2] * s
        error = special.expit(z) - y
        loss = float(np.sum(np.logaddexp(0, z) - y * z) + 0.5 * np.sum(free**2))
        return loss, np.array([np.sum(error * x) * slope, np.sum(error), -np.sum(error * s)]) + free

    best = minimize(cost, np.zeros(3), jac=True, method="L-BFGS-B", bounds=[(-4, 4), (-12, 12), (0, 5)])
    temperature = float(np.exp(-best.x[0]))
    return CalibrationMap(temperature, float(best.x[1]), noise=temperature * float(_NOISE_UNIT * best.x[2]))


def fit_isotonic(
    scores: ArrayLike, hits: ArrayLike, noise: ArrayLike | None = None, *, n_knots: int = KNOTS
) -> CalibrationMap:
    """Hit rates of ``n_knots`` equally large groups of neighbouring scores, pooled until they rise.

    Equal scores never part.  Of calls with counting ``noise`` its weight is that of :func:`fit_temperature`.  Needs at
    least one call.
    """
    from sklearn.isotonic import isotonic_regression

    weight = 0.0 if noise is None else fit_temperature(scores, hits, noise).noise
    x, y = logit(scores).ravel(), np.asarray(hits, np.float64).ravel()
    if noise is not None:
        x = x - weight * np.asarray(noise, np.float64).ravel()
    edges = np.unique(np.quantile(x, np.linspace(0, 1, n_knots + 1)[1:-1]))
    group = np.searchsorted(edges, x, side="right")
    count = np.bincount(group).astype(np.float64)
    there = count > 0
    at = np.bincount(group, x)[there] / count[there]
    rate = (np.bincount(group, y)[there] + 0.5) / (count[there] + 1)
    value = isotonic_regression(rate, sample_weight=count[there], y_min=0, y_max=1)
    knots = tuple((float(a), float(v)) for a, v in zip(at, value, strict=True))
    return CalibrationMap(knots=knots, noise=weight)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A map, and how reliable probabilities are with the plain scores and with the map, on calls not used to fit it.

    ``after`` is cross-fitted: each group is judged by what was fitted to all others; ``map`` is fitted to all.
    """

    map: CalibrationMap
    before: Calibration
    after: Calibration


def fit(scores: ArrayLike, hits: ArrayLike, groups: ArrayLike, noise: ArrayLike | None = None) -> Fitted:
    """Temperature and bias; a few isotonic knots only where those leave a calibration error and knots a smaller one.

    Where neither beats the plain scores (too few or too different maps), the scores stay as they are.

    All this is decided by cross-fitting, one group left out at a time.

    Parameters
    ----------
    scores, hits : array, shape (n,)
        In [0, 1]; bool.
    groups : array of int, shape (n,)
        What must not be torn apart (the map a call is from), two or more.
    noise : array, shape (n,), optional
        Counting noise at each call (log2).
    """
    s, y = np.asarray(scores, np.float64).ravel(), np.asarray(hits, bool).ravel()
    of, noise = np.asarray(groups).ravel(), np.zeros(len(s)) if noise is None else np.asarray(noise, np.float64)

    def crossed(method: Callable[[Array, Array, Array], CalibrationMap]) -> Calibration:
        p = np.zeros(len(s))
        for group in np.unique(of):
            out = of == group
            p[out] = method(s[~out], y[~out], noise[~out]).apply(s[out], noise[out])
        return calibration(p, y)

    before, after = calibration(s, y), crossed(fit_temperature)
    chosen = fit_temperature(s, y, noise)
    if after.ece > GOOD_ECE and (bent := crossed(fit_isotonic)).ece < after.ece:
        chosen, after = fit_isotonic(s, y, noise), bent
    if after.ece > max(before.ece, GOOD_ECE):
        chosen, after = CalibrationMap(), before
    return Fitted(chosen, before, after)


def key_of(record: Annotation) -> str:
    """What a record is calibrated with: its kind; loops also by bin size, for two heads call them."""
    return f"loop@{record.resolution}" if record.kind is Kind.LOOP else str(record.kind)


def calibrated(record: Annotation, maps: Mapping[str, CalibrationMap], noise: float = 0.0) -> Annotation:
    """The record with the probability that its score means where contacts are so few; as it is without a map for it.

    ``noise`` is :func:`~napari_hicstruct.decode.insulation.noise_at` it.
    """
    known = maps.get(key_of(record)) or _nearest_bins(record, maps)
    return record if known is None else record.with_(probability=round(float(known.apply(record.score, noise)), 6))


def _nearest_bins(record: Annotation, maps: Mapping[str, CalibrationMap]) -> CalibrationMap | None:
    """The map of loops in the bins nearest to a loop's, for bins that are not the network's own.

    Where one of its own two sizes could not be calibrated, nothing stands in for it: another head calls there.
    """
    sizes = [int(key.partition("@")[2]) for key in maps if key.startswith("loop@")]
    if record.kind is not Kind.LOOP or record.resolution <= 0 or len(sizes) < 2:
        return None
    nearest = min(sizes, key=lambda size: abs(math.log(size / record.resolution)))
    return maps[f"loop@{nearest}"]


def maps_of(card: Mapping[str, Any]) -> dict[str, CalibrationMap]:
    """The maps in a model's card; none where it was never calibrated.

    Raises
    ------
    ModelError
        If one is damaged.
    """
    found = card.get("calibration", {})
    if not isinstance(found, Mapping) or not all(_KEY.fullmatch(str(key)) for key in found):
        raise ModelError(f"holds a damaged calibration ({str(found)[:80]}).", hint="hicstruct calibrate makes it anew.")
    return {key: CalibrationMap.from_dict(text) for key, text in found.items()}
