"""How much agreement is worth: shares of votes, weighted votes, and reliabilities learnt from the votes themselves.

Dawid and Skene (1979) learn how often each of several raters is right from their answers alone, by expectation
maximisation.  Two things differ here.  Nobody lists where no program calls, so places without any vote are missing:
the likelihood of true structures is that of votes given at least one.  And a wrong call has one program as its source,
beside which others vote only by chance: that chance is measured, by counting how often a program's calls lie within
the tolerance of places shifted along the chromosome (the spatial null), not learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MAX_STEPS = 1_000
_SETTLED = 1e-5
"""Largest change of any soft score in a step at which the reliabilities count as converged."""

_PRIOR = 5.0
"""Clusters that a stratum's reliabilities are pulled to those of all strata with: few clusters teach little."""

_FLOOR = 1e-4
MIN_PROGRAMS = 3
"""With fewer, agreement between two can be right or common error: votes alone do not say which."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Who voted for which cluster.

    Attributes
    ----------
    levels : int64, shape (m, t)
        0: program t has no call in cluster m; 1 … k: it has one, whose score lies in this part of all its scores
        (the lowest first); 1 where a program ranks nothing.
    able : bool, shape (m, t)
        Where the program could have called: a chromosome that it ran on.
    strata : int64, shape (m,)
        Class of size or distance of the cluster, for reliabilities of its own.
    chance : float64, shape (s, t)
        Probability of a vote by chance, per stratum and program.
    """

    levels: Ints
    able: Bools
    strata: Ints
    chance: Floats

    @property
    def given(self) -> Bools:
        """Shape (m, t): True where a program has a call."""
        found: Bools = self.levels > 0
        return found


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was learnt.

    Attributes
    ----------
    soft : float64, shape (m,)
        Probability that a cluster is a structure.
    sensitivity : float64, shape (s, t)
        Share of the structures of a stratum that a program calls; NaN as in ``precision``.
    precision : float64, shape (t,)
        Expected share of a program's clusters that are structures; NaN where nobody else could have called any of them:
        nothing is known of it then.
    steps : int
    converged : bool
    """

    soft: Floats
    sensitivity: Floats
    precision: Floats
    steps: int
    converged: bool


def share_of_votes(votes: Votes, weights: Floats | None = None) -> Floats:
    """Weight of the programs that voted over that of all that could have, per cluster; in [0, 1]."""
    worth = np.ones(votes.able.shape[1]) if weights is None else np.asarray(weights, float)
    shares: Floats = (votes.given @ worth) / np.maximum((votes.able | votes.given) @ worth, 1e-12)
    return shares


def learn_reliability(votes: Votes) -> Reliability:
    """Soft scores and reliabilities that explain the votes best, by expectation maximisation.

    Notes
    -----
    A true structure of stratum s gets a vote of level l from program t with probability a[s, t, l], independently; it
    is seen if it gets at least one.  A false one has a source drawn from the programs with f[s, t, l] and further
    votes by chance.  The share p[s] of true ones, a and f are learnt.
    """
    patterns, inverse, counts = _patterns(votes)
    model, soft = _Model(patterns, counts), share_of_votes(patterns)
    steps, moved = 0, np.inf
    while steps < _MAX_STEPS and moved >= _SETTLED:
        model.fit(soft)
        before, soft = soft, model.posterior()
        moved = float(np.abs(soft - before).max(initial=0.0))
        steps += 1
    given = patterns.given
    precision = ((soft * counts) @ given) / np.maximum(counts @ given, 1)
    sensitivity = model.hits[:, :, 1:].sum(axis=2)
    unknown = ~_confirmable(patterns)
    precision[unknown], sensitivity[:, unknown] = np.nan, np.nan
    return Reliability(soft[inverse], sensitivity, precision, steps, moved < _SETTLED)


def _confirmable(votes: Votes) -> Bools:
    """Programs of which another could have called at least one cluster, shape (t,)."""
    able = votes.able | votes.given
    found: Bools = (votes.given & (able.sum(axis=1, keepdims=True) > 1)).any(axis=0)
    return found


def _patterns(votes: Votes) -> tuple[Votes, Ints, Floats]:
    """Every combination of votes once, which of them each cluster has, and how many have it."""
    rows = np.column_stack([votes.strata, votes.levels, votes.able])
    found, inverse, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    t = votes.levels.shape[1]
    kept = Votes(found[:, 1 : t + 1], found[:, t + 1 :].astype(bool), found[:, 0], votes.chance)
    return kept, inverse.reshape(-1), counts.astype(np.float64)


class _Model:
    """The parameters, and both steps of the expectation maximisation; ``counts`` clusters have each row of votes."""

    def __init__(self, votes: Votes, counts: Floats) -> None:
        self.votes, self.counts = votes, counts
        n_strata, n_programs = votes.chance.shape
        n_levels = int(votes.levels.max(initial=1)) + 1
        self.true = np.full(n_strata, 0.5)
        self.hits = np.zeros((n_strata, n_programs, n_levels))
        self.sources = np.zeros((n_strata, n_programs, n_levels))
        self.onehot = votes.levels[:, :, None] == np.arange(n_levels)
        self.onehot &= (votes.able | votes.given)[:, :, None]
        self.unseen = np.zeros(len(votes.levels))
        self.source = np.where(votes.given, 1.0, 0.0)
        self.source /= np.maximum(self.source.sum(axis=1, keepdims=True), 1.0)
        share = np.maximum(np.tensordot(counts, self.onehot[:, :, 1:], axes=1), 1.0)
        self.stratum = np.zeros((n_strata, len(counts)))
        self.stratum[votes.strata, np.arange(len(counts))] = 1.0
        self.levels = share / share.sum(axis=1, keepdims=True)

    def fit(self, soft: Floats) -> None:
        """Parameters that explain the votes best if ``soft`` are the probabilities of being true."""
        right, wrong_n = soft * self.counts, (1 - soft) * self.counts
        weight = right * (1.0 + self.unseen)  # structures that nobody called stand behind those that somebody did
        voted = self._sums(right[:, None, None] * self.onehot[:, :, 1:])
        able = self._sums(weight[:, None] * (self.votes.able | self.votes.given))
        pooled = voted.sum(axis=0) / np.maximum(able.sum(axis=0), 1e-9)[:, None]
        hits = (voted + _PRIOR * pooled) / (able + _PRIOR)[:, :, None]
        called = np.clip(hits.sum(axis=2), _FLOOR, 1 - _FLOOR)
        self.hits[:, :, 1:] = hits * (called / np.maximum(hits.sum(axis=2), 1e-12))[:, :, None]
        self.hits[:, :, 0] = 1 - called
        wrong = self._sums((wrong_n[:, None] * self.source)[:, :, None] * self.onehot[:, :, 1:])
        common = wrong.sum(axis=0) + 0.5 * self.levels
        common /= common.sum()
        wrong = wrong + _PRIOR * common
        self.sources[:, :, 1:] = wrong / wrong.sum(axis=(1, 2), keepdims=True)
        overall = (right.sum() + 1) / (self.counts.sum() + 2)
        self.true = (self.stratum @ right + _PRIOR * overall) / (self.stratum @ self.counts + _PRIOR)

    def posterior(self) -> Floats:
        """Probability that each cluster is true; remembers how likely such structures stay unseen, and the sources."""
        strata, given, able = self.votes.strata, self.votes.given, self.votes.able | self.votes.given
        chosen = (self.hits[strata] * self.onehot).sum(axis=2)
        likely = np.where(able, np.maximum(chosen, 1e-12), 1.0).prod(axis=1)
        silent = np.where(able, self.hits[strata, :, 0], 1.0).prod(axis=1)
        silent = np.minimum(silent, 0.95)  # programs that all miss nearly everything say little of what they miss
        right = self.true[strata] * likely / (1 - silent)
        chance = np.clip(self.votes.chance[strata], _FLOOR, 1 - _FLOOR)
        level = np.where(given, (self.onehot[:, :, 1:] * self.levels).sum(axis=2), 1.0)
        by_chance = np.where(able, np.where(given, chance * level, 1 - chance), 1.0)
        source = (self.sources[strata] * self.onehot).sum(axis=2)
        each = np.where(given, source / np.maximum(by_chance, 1e-300), 0.0) * by_chance.prod(axis=1, keepdims=True)
        known = (self.sources[strata].sum(axis=2) * able).sum(axis=1)
        total = each.sum(axis=1)
        wrong = (1 - self.true[strata]) * total / np.maximum(known, 1e-12)
        self.source = each / np.maximum(total, 1e-300)[:, None]
        self.unseen = silent / (1 - silent)
        soft: Floats = right / np.maximum(right + wrong, 1e-300)
        return soft

    def _sums(self, values: Floats) -> Floats:
        """Sum of ``values`` over the rows of each stratum."""
        sums: Floats = np.tensordot(self.stratum, values, axes=1)
        return sums
