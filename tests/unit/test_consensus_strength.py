"""What calls are worth: confirmation by others, by rank, beyond chance; probabilities where errors are shared."""

from __future__ import annotations

import numpy as np

from napari_hicstruct.labels.consensus.reliability import Votes, share_of_votes
from napari_hicstruct.labels.consensus.strength import mean_worth, probability


def votes_of(given: np.ndarray, chance: float = 0.0, able: np.ndarray | None = None) -> Votes:
    n, t = given.shape
    able = np.ones((n, t), bool) if able is None else able
    return Votes(given.astype(np.int64), able, np.zeros(n, np.int64), np.full((1, t), chance))


def drawn(n_true: int = 600, n_wrong: int = 3_000) -> tuple[Votes, np.ndarray, np.ndarray]:
    """Four programs that rank true structures higher; two of them share a third of their wrong calls."""
    rng = np.random.default_rng(0)
    truth = np.arange(n_true + n_wrong) < n_true
    given = rng.random((len(truth), 4)) < np.where(truth[:, None], 0.6, 0.1)
    shared = ~truth & (rng.random(len(truth)) < 0.1)
    given[shared, :2] = True
    strength = rng.normal(size=given.shape) + 2.0 * truth[:, None]
    kept = rng.permutation(np.flatnonzero(given.any(axis=1)))
    ranks = (strength.argsort(axis=0).argsort(axis=0) + 0.5) / len(truth)
    return votes_of(given[kept]), ranks[kept], truth[kept]


def precision_of_top(score: np.ndarray, truth: np.ndarray) -> float:
    n = int(truth.sum())
    return float(truth[np.argsort(-score, kind="stable")[:n]].mean())


def test_ranks_tell_more_than_the_number_of_votes() -> None:
    votes, ranks, truth = drawn()
    flat = np.full(ranks.shape, 0.5)
    by_rank, by_vote = (precision_of_top(mean_worth(votes, one), truth) for one in (ranks, flat))
    assert by_rank > by_vote + 0.05
    assert by_rank > precision_of_top(share_of_votes(votes), truth) + 0.05


def test_a_better_rank_never_lowers_the_worth() -> None:
    votes, ranks, _ = drawn()
    alone = votes.given[:, 2] & (votes.given.sum(axis=1) == 1)
    order = np.argsort(ranks[alone, 2])
    assert (np.diff(mean_worth(votes, ranks)[alone][order]) >= -1e-12).all()


def test_calls_that_agree_by_chance_only_are_not_likely_real() -> None:
    rng = np.random.default_rng(1)
    given = rng.random((20_000, 4)) < 0.1
    given = given[given.any(axis=1)]
    soft = probability(mean_worth(votes_of(given, chance=0.1), rng.random(given.shape)))
    assert soft.mean() < 0.1


def test_a_program_that_did_not_run_is_not_silent_and_one_alone_learns_nothing() -> None:
    given = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0]], bool)
    able = np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1], [1, 0, 0]], bool)
    worth = mean_worth(votes_of(given, able=able), np.full(given.shape, 0.5))
    assert worth[0] > worth[1]
    assert np.isfinite(worth).all()


def test_the_order_of_the_clusters_does_not_matter() -> None:
    votes, ranks, _ = drawn()
    order = np.random.default_rng(2).permutation(len(ranks))
    ranks = np.round(ranks, 1)  # many ties
    moved = Votes(votes.levels[order], votes.able[order], votes.strata[order], votes.chance)
    np.testing.assert_allclose(mean_worth(moved, ranks[order]), mean_worth(votes, ranks)[order], atol=1e-9)


def test_probabilities_rise_from_none_to_one() -> None:
    soft = probability(np.array([0.0, 0.1, 0.3, 1.0]))
    assert soft[0] == 0.0
    assert (np.diff(soft) > 0).all()
    assert soft[-1] <= 1.0
