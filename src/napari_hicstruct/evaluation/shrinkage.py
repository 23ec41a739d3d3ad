"""How much structures changed, as far as their contacts say: the number by which changes are put in order.

A p-value orders by certainty: of many contacts the smallest change is certain, and where all are certain it says
nothing of which changes are large.  A ratio orders by size: of few contacts the largest ratios are noise.  The mean of
a ratio given its contacts is both: nearly the ratio where there are many contacts, nearly 0 where there are few.

The log ratio of a structure is seen with an error of known variance.  The true ones of a kind are a mixture of normals
about 0 of fixed widths, the narrowest being 0; its weights are those under which what was seen is most likely (adaptive
shrinkage: Stephens 2017).  So what two experiments differ by everywhere is learnt, too: it widens the narrow part.

Structures are listed because they were called, and noise alone calls structures that look stronger in one map: the
likelihood of a true ratio is that among the outcomes in which the structure would have been called at all, as in
:mod:`~napari_hicstruct.evaluation.differences`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from napari_hicstruct.evaluation.differences import Called, Places, outcomes_called

F64 = NDArray[np.float64]

WIDTHS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""log2; standard deviations of the parts of the mixture."""

UNCHANGED = 10.0
"""Structures that the narrowest part has from the beginning (ashr's default): a few strange ones make no new part."""

CALLER_QUANTILE = 0.02
"""Of the prominence of a map's calls: where the caller's threshold is taken to lie.  The test is on the safe side with
more; here that would take strong structures for chosen ones."""

_FARTHEST, _FINE, _NODES = 10.0, 0.1, 241
"""log2; true ratios up to which are summed, up to which their steps are equal, and how many there are."""

_ROWS, _ROUNDS, _SETTLED = 2_000, 300, 1e-5
_MIN_CHANCE = 1e-6
"""Of the chance to be called: far from what was seen both it and the likelihood vanish."""

_AT = np.linspace(-np.arcsinh(_FARTHEST / _FINE), np.arcsinh(_FARTHEST / _FINE), _NODES)
_RATIOS: F64 = _FINE * np.sinh(_AT)
_STEP = float(_AT[1] - _AT[0])


def shrunken(places: Places, phi: F64, called: Called | None = None) -> F64:
    """Mean of the true log2 ratio of each structure given its contacts, B over A.

    Parameters
    ----------
    places : Places
        Of one kind.
    phi : float64, shape (n,)
        Dispersion between replicates; 0 where there are none: what the maps differ by everywhere is learnt from them.
    called : Called, optional
        Where the structures come from, if from these very maps.

    Returns
    -------
    float64, shape (n,)
        NaN where there are no contacts.
    """
    seen, error = places.log_ratio / np.log(2), _error(places, phi)
    known = np.flatnonzero((places.total > 0) & np.isfinite(seen) & np.isfinite(error))
    out = np.full(len(seen), np.nan)
    if not len(known):
        return out
    limits = _limits(places, phi, called)
    parts = _parts()
    likelihood, moment = (np.zeros((len(known), len(WIDTHS))) for _ in range(2))
    for start in range(0, len(known), _ROWS):
        rows = known[start : start + _ROWS]
        own = _likelihood(seen[rows], error[rows], None if limits is None else limits[:, rows])
        likelihood[start : start + len(rows)] = own @ parts.T
        moment[start : start + len(rows)] = own @ (parts * _RATIOS).T
    weights = _weights(likelihood)
    out[known] = (moment @ weights) / np.maximum(likelihood @ weights, np.finfo(float).tiny)
    return out


def _parts() -> F64:
    """Each part of the mixture at the ratios that are summed over, shape (parts, ratios)."""
    widths = np.maximum(np.array(WIDTHS)[:, None], np.finfo(float).tiny)
    with np.errstate(over="ignore"):
        density = np.exp(-((_RATIOS / widths) ** 2) / 2) * np.cosh(_AT)
    return np.asarray(density / density.sum(axis=1, keepdims=True))


def _error(places: Places, phi: F64) -> F64:
    """Standard deviation of the log2 ratio that is seen; not less than the steps between the ratios that are summed."""
    counting = 1 / (places.a.focus + 0.5) + 1 / (places.b.focus + 0.5)
    with np.errstate(invalid="ignore"):
        own = np.sqrt(counting + places.spread(phi)) / np.log(2)
        step = _STEP * np.hypot(places.log_ratio / np.log(2), _FINE)
    return np.asarray(np.maximum(own, step))


def _limits(places: Places, phi: F64, called: Called | None) -> F64 | None:
    """Log2 ratios from which on, and up to which, a structure would have been called; shape (2, n), NaN: any."""
    if called is None:
        return None
    low, high = outcomes_called(places, phi, called, CALLER_QUANTILE)
    total, share = places.total, places.null_share

    def ratio(of_a: F64) -> F64:
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.clip(of_a, -0.5, total + 0.5)
            return np.asarray((np.log(total - inside + 0.5) - np.log(inside + 0.5) - np.log(1 / share - 1)) / np.log(2))

    # fewer of A's contacts are a higher ratio; between two counts
    found = np.array([ratio(low + 0.5), ratio(high - 0.5)])
    return np.where(high > low + 1, found, np.nan)


def _likelihood(seen: F64, error: F64, limits: F64 | None) -> F64:
    """Of each ratio that is summed over, shape (n, ratios), up to a factor for each structure."""
    far = ((_RATIOS - seen[:, None]) / error[:, None]) ** 2 / 2
    out = np.exp(far.min(axis=1, keepdims=True) - far)
    if limits is not None:
        above, below = limits[:, :, None]
        chance = ndtr((_RATIOS - above) / error[:, None]) + ndtr((below - _RATIOS) / error[:, None])
        out /= np.where(np.isnan(chance), 1.0, np.maximum(chance, _MIN_CHANCE))
    return np.asarray(out)


def _weights(likelihood: F64) -> F64:
    """Weights of the mixture's parts, by expectation and maximisation."""
    weights = np.full(likelihood.shape[1], 1 / likelihood.shape[1])
    for _ in range(_ROUNDS):
        belongs = likelihood * weights
        total = np.maximum(belongs.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        share = (belongs / total).sum(axis=0)
        share[0] += UNCHANGED
        before, weights = weights, share / share.sum()
        if np.abs(weights - before).max() < _SETTLED:
            break
    return weights
