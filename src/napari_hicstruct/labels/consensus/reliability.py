"""How much agreement is worth: shares of votes, weighted votes, and reliabilities learnt from the votes themselves.

Nobody says which calls are right.  What can be seen is how far other programs confirm the calls that a program ranks
alike, beyond what they have there by chance; that share is its precision at this rank, up to how reliable the others
are, which is learnt in the same way.  So the precisions by rank are those that explain each other (the first
eigenvector of who confirms whom, as in Parisi et al. 2014, with a curve in place of a number for each program).  A
structure is real if any of its calls is right, were their errors independent; what that probability is worth is asked
of each program in turn, which is left out and says how far it confirms what the others find that likely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MIN_PROGRAMS = 3
"""With fewer, agreement between two can be right or common error: votes alone do not say which."""

MAX_ROUNDS = 100
SETTLED = 0.005
"""A round that moves no call's precision by more, as a share of the largest, is the last."""

_KEPT = 0.3
"""Share of a round's precisions that the next one keeps: two programs that confirm mostly each other else swing."""

_NEIGHBOURS, _NEIGHBOURS_SHARE = 8, 20
"""Calls of neighbouring ranks on either side that are taken together: eight, or one in twenty of a long list."""

_UNCONFIRMED = 5.0
"""Calls that nobody confirms, added to each neighbourhood: a call counts as wrong until others confirm it."""

_SURE = 1.0 - 1e-9
_DIGITS = 9
"""Of probabilities, after which they count as equal: sums differ in the last ones by the order of the clusters."""

_TIE = 1e-3
"""Share of the score before its calibration that stays in it: where the curve is level, the order stays."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Who voted for which cluster.

    Attributes
    ----------
    given : bool, shape (m, t)
        Whether program t has a call in cluster m.
    able : bool, shape (m, t)
        Where the program could have called: a chromosome that it ran on.
    strata : int64, shape (m,)
        Class of size or distance of the cluster, for chances of its own.
    chance : float64, shape (s, t)
        Probability of a vote by chance, per stratum and program.
    """

    given: Bools
    able: Bools
    strata: Ints
    chance: Floats


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was learnt.

    Attributes
    ----------
    soft : float64, shape (m,)
        Probability that a cluster is a structure.
    precision : float64, shape (t,)
        Expected share of a program's clusters that are structures; NaN where nobody else could have called any of them:
        nothing is known of it then.
    sensitivity : float64, shape (t,)
        Expected share of the structures that anybody called, where the program could have, that it called; NaN as in
        ``precision``.
    rounds : int
    converged : bool
    """

    soft: Floats
    precision: Floats
    sensitivity: Floats
    rounds: int
    converged: bool


def share_of_votes(votes: Votes, weights: Floats | None = None) -> Floats:
    """Weight of the programs that voted over that of all that could have, per cluster; in [0, 1]."""
    worth = np.ones(votes.able.shape[1]) if weights is None else np.asarray(weights, float)
    shares: Floats = (votes.given @ worth) / np.maximum((votes.able | votes.given) @ worth, 1e-12)
    return shares


def learn_reliability(votes: Votes, ranks: Floats) -> Reliability:
    """Precisions by rank that explain who confirms whom, and the soft scores that follow.

    Parameters
    ----------
    votes : Votes
    ranks : float64, shape (m, t)
        Rank of each program's call among its own, in (0, 1), best highest; equal where it ranks nothing.
    """
    given = votes.given
    confirmations = _Confirmations(votes, ranks)
    found, top, moved, rounds = given.astype(np.float64), 0.0, np.inf, 0
    while rounds < MAX_ROUNDS and moved > SETTLED:
        before, found = found, confirmations.precisions(found)
        top = top if rounds else min(float(found.max(initial=0.0)), 1.0)
        found = _of_largest(found)
        if rounds:
            found = _of_largest(_KEPT * before + (1 - _KEPT) * found)
        moved = float(np.abs(found - before).max(initial=0.0))
        rounds += 1
    # rounds only say which calls are worth more than others: the best are as right as others confirm them
    soft = confirmations.calibrated(top * found)
    able = votes.able | given
    precision = (soft @ given) / np.maximum(given.sum(axis=0), 1)
    sensitivity = (soft @ given) / np.maximum(soft @ able, 1e-12)
    unknown = ~confirmations.asked.any(axis=0)
    precision[unknown], sensitivity[unknown] = np.nan, np.nan
    return Reliability(soft, precision, sensitivity, rounds, moved <= SETTLED)


def _of_largest(values: Floats) -> Floats:
    shares: Floats = values / max(float(values.max(initial=0.0)), 1e-9)
    return shares


class _Confirmations:
    """What programs say of each other's calls; ``asked``: calls of which another program could have said something."""

    def __init__(self, votes: Votes, ranks: Floats) -> None:
        self.given, self.able = votes.given, votes.able | votes.given
        self.chance = np.where(self.able, votes.chance[votes.strata], 0.0)
        room = np.where(self.able, 1.0 - self.chance, 0.0)
        self.others = room.sum(axis=1, keepdims=True) - room
        self.asked = self.given & (self.others > 1e-9)
        self.curves = [
            _Curve(ranks[asked, t], ranks[given, t])
            for t, (asked, given) in enumerate(zip(self.asked.T, self.given.T, strict=True))
        ]

    def precisions(self, worth: Floats) -> Floats:
        """Mean worth of the others' calls at the calls of each rank, beyond what they have there by chance."""
        beyond = self._beyond_chance(worth)
        total = beyond.sum(axis=1)
        found = np.zeros_like(worth)
        for t, curve in enumerate(self.curves):
            asked = self.asked[:, t]
            shares = (total[asked] - beyond[asked, t]) / self.others[asked, t]
            found[self.given[:, t], t] = curve.rising(shares, _UNCONFIRMED)
        return found

    def calibrated(self, worth: Floats) -> Floats:
        """Soft scores: what a program that is left out says of places, by the probability that the others give them."""
        wrong = np.log(1.0 - np.minimum(worth, _SURE))
        total = wrong.sum(axis=1)
        found: Floats = -np.expm1(total)
        beyond = self._beyond_chance(worth)
        asked, said = [], []
        for t in range(worth.shape[1]):
            others = np.round(-np.expm1(total - wrong[:, t]), _DIGITS)
            known = self.able[:, t] & (others > 0)
            slope = (others[known] @ beyond[known, t]) / max(float(others[known] @ others[known]), 1e-12)
            if slope > 0:
                asked.append(others[known])
                said.append(beyond[known, t] / slope)
        if not asked:
            return found
        curve = _Curve(np.concatenate(asked), found).rising(np.concatenate(said))
        soft: Floats = np.where(found > 0, (1 - _TIE) * np.minimum(curve, 1.0) + _TIE * found, 0.0)
        return soft

    def _beyond_chance(self, worth: Floats) -> Floats:
        """What each program says of each place, less what it says of any."""
        means = worth.sum(axis=0) / np.maximum(self.given.sum(axis=0), 1)
        beyond: Floats = np.where(self.able, worth - self.chance * means, 0.0)
        return beyond


class _Curve:
    """A curve over the ranks of one program's calls that never falls with the rank."""

    def __init__(self, ranks: Floats, wanted: Floats) -> None:
        self.places, self.index, self.counts = np.unique(ranks, return_inverse=True, return_counts=True)
        self.wanted, n = wanted, len(ranks)
        self.of_call = np.repeat(np.arange(len(self.places)), self.counts)
        end = np.cumsum(self.counts)
        reach, number = max(_NEIGHBOURS, n // _NEIGHBOURS_SHARE), np.arange(n)
        # equal ranks are one neighbourhood, however many they are
        self.first = np.minimum(np.maximum(number - reach, 0), (end - self.counts)[self.of_call])
        self.last = np.maximum(np.minimum(number + reach + 1, n), end[self.of_call])

    def rising(self, values: Floats, zeros: float = 0.0) -> Floats:
        """Means of ``values``, and ``zeros`` more of 0, over neighbouring ranks; never falling, at the wanted ranks."""
        from scipy.optimize import isotonic_regression

        if not len(values):
            return np.zeros(len(self.wanted))
        level = self._by_place(self.index, values)[self.of_call]
        sums = np.concatenate([[0.0], np.cumsum(level)])
        smooth = (sums[self.last] - sums[self.first]) / (self.last - self.first + zeros)
        fit = isotonic_regression(self._by_place(self.of_call, smooth), weights=self.counts.astype(np.float64))
        starts = fit.blocks[:-1]
        centres = np.add.reduceat(self.places * self.counts, starts) / np.add.reduceat(self.counts, starts)
        found: Floats = np.interp(self.wanted, centres, np.clip(fit.x[starts], 0.0, None))
        return found

    def _by_place(self, place: Ints, values: Floats) -> Floats:
        means: Floats = np.bincount(place, values, len(self.counts)) / self.counts
        return means
