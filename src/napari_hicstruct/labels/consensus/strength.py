"""What a call is worth: how often other programs confirm the calls that its program ranks as it ranks this one.

Dawid and Skene take the programs' errors for independent.  They are not: all see the same map, and pairs of them agree
on the same wrong places, which that model takes for certain.  Here a call is worth what the others say of calls of its
rank, and what they say is worth as much in turn, until both settle.  The mean over all programs that could have called
becomes a probability by one curve for all lists, fitted on simulated maps (``benchmarks/consensus_fit.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_hicstruct.labels.consensus.reliability import Floats, Ints, Votes

HALF, STEEPNESS = 0.3, 1.9
"""Mean worth at which a structure is as likely right as wrong, and how fast the odds grow with it."""

ROUNDS = 8
SETTLED = 0.01
"""A round that moves no call's worth by more, as a share of the largest: lists of programs get there in eight."""

_NEIGHBOURS, _NEIGHBOURS_SHARE = 3, 20
"""Calls of neighbouring ranks on either side that are taken together: three, or one in twenty of a long list."""

_PRIOR = 5.0
"""Calls of a program's mean worth that are added to each neighbourhood: few calls teach little."""


def probability(mean_worth: Floats) -> Floats:
    """Soft scores, in [0, 1]."""
    odds = (mean_worth / HALF) ** STEEPNESS
    soft: Floats = odds / (1 + odds)
    return soft


def mean_worth(votes: Votes, ranks: Floats) -> Floats:
    """As :func:`settled_worth`, without what the last round moved."""
    return settled_worth(votes, ranks)[0]


def settled_worth(votes: Votes, ranks: Floats) -> tuple[Floats, float]:
    """What all programs' calls of each cluster are worth, per program that could have called.

    Parameters
    ----------
    votes : Votes
    ranks : float64, shape (m, t)
        Rank of each program's call among its own, in (0, 1), best highest; equal where it ranks nothing.

    Returns
    -------
    float64, shape (m,)
        A program's calls are divided by the root of their mean worth: a short list is not worth more by being strict
        alone.
    float
        By how much the last round moved the worth of any call, as a share of the largest: see :data:`SETTLED`.
    """
    given, able = votes.given, votes.able | votes.given
    found, top, moved = given.astype(np.float64), 0.0, np.inf
    for number in range(ROUNDS):
        before = found
        found = _confirmed(found, ranks, votes)
        largest = max(float(found.max(initial=0.0)), 1e-9)
        top = top if number else min(largest, 1.0)
        found = found / largest
        moved = float(np.abs(found - before).max(initial=0.0))
    found = found * top  # lists that agree by chance only have no calls that are worth much
    means = found.sum(axis=0) / np.maximum(given.sum(axis=0), 1)
    worth: Floats = (found / np.sqrt(np.maximum(means, 1e-9))).sum(axis=1) / np.maximum(able.sum(axis=1), 1)
    return worth, moved


def _confirmed(worth: Floats, ranks: Floats, votes: Votes) -> Floats:
    """Mean worth of the others' calls at the calls of each rank, beyond what they have there by chance."""
    given, able = votes.given, votes.able | votes.given
    means = worth.sum(axis=0) / np.maximum(given.sum(axis=0), 1)
    chance = votes.chance[votes.strata]
    beyond = np.where(able, worth - chance * means, 0.0)
    room = np.where(able, 1.0 - chance, 0.0)
    found = np.zeros_like(worth)
    for t in range(given.shape[1]):
        others = room.sum(axis=1) - room[:, t]
        asked = given[:, t] & (others > 0)
        shares = (beyond.sum(axis=1) - beyond[:, t])[asked] / others[asked]
        found[asked, t] = np.clip(_rising(ranks[asked, t], shares), 0.0, None)
    return found


def _rising(ranks: Floats, values: Floats) -> Floats:
    """Means of ``values`` over neighbouring ranks that never fall with the rank; equal ranks have equal means."""
    from scipy.optimize import isotonic_regression

    if not len(values):
        return values
    _, place, counts = np.unique(ranks, return_inverse=True, return_counts=True)
    order = np.argsort(place, kind="stable")
    level = _by_place(values, place, counts)[place][order]
    n = len(level)
    reach = max(_NEIGHBOURS, n // _NEIGHBOURS_SHARE)
    sums = np.concatenate([[0.0], np.cumsum(level)])
    first, last = np.maximum(np.arange(n) - reach, 0), np.minimum(np.arange(n) + reach + 1, n)
    smooth = (sums[last] - sums[first] + _PRIOR * level.mean()) / (last - first + _PRIOR)
    steps = isotonic_regression(_by_place(smooth, place[order], counts), weights=counts.astype(np.float64)).x
    rising: Floats = steps[place]
    return rising


def _by_place(values: Floats, place: Ints, counts: Ints) -> Floats:
    means: Floats = np.bincount(place, values, len(counts)) / counts
    return means
