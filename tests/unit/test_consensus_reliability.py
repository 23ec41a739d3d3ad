"""Reliability of callers: learnt back from votes that were drawn with it; what calls are worth by their rank."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.labels.consensus.reliability import Votes, learn_reliability, share_of_votes

HITS = np.array([0.8, 0.6, 0.5, 0.3, 0.7])
WRONG = np.array([300, 200, 800, 100, 3_000])
CHANCE = np.array([0.01, 0.01, 0.02, 0.005, 0.08])


def votes_of(given: np.ndarray, chance: float | np.ndarray = 0.0, able: np.ndarray | None = None) -> Votes:
    n, t = given.shape
    able = np.ones((n, t), bool) if able is None else able
    return Votes(given.astype(bool), able, np.zeros(n, np.int64), np.broadcast_to(chance, (1, t)))


def flat(votes: Votes) -> np.ndarray:
    """Ranks of programs that rank nothing."""
    return np.full(votes.given.shape, 0.5)


def with_sources(seed: int = 0, n_true: int = 4_000) -> tuple[Votes, np.ndarray, np.ndarray]:
    """Votes for true structures, and wrong ones each with one program as its source; ranks that say something."""
    rng = np.random.default_rng(seed)
    right = rng.random((n_true, len(HITS))) < HITS
    right = right[right.any(axis=1)]
    source = np.repeat(np.arange(len(HITS)), WRONG)
    wrong = rng.random((len(source), len(HITS))) < CHANCE
    wrong[np.arange(len(source)), source] = True
    given = np.concatenate([right, wrong])
    truth = np.arange(len(given)) < len(right)
    return votes_of(given, CHANCE), truth, ranks_of(truth, given.shape, rng)


def with_common_errors(n_true: int = 600, n_wrong: int = 3_000) -> tuple[Votes, np.ndarray, np.ndarray]:
    """Four programs that rank true structures higher; two of them share a tenth of the wrong places."""
    rng = np.random.default_rng(0)
    truth = np.arange(n_true + n_wrong) < n_true
    given = rng.random((len(truth), 4)) < np.where(truth[:, None], 0.6, 0.1)
    shared = ~truth & (rng.random(len(truth)) < 0.1)
    given[shared, :2] = True
    ranks = ranks_of(truth, given.shape, rng)
    kept = rng.permutation(np.flatnonzero(given.any(axis=1)))
    return votes_of(given[kept]), truth[kept], ranks[kept]


def ranks_of(truth: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    strength = rng.normal(size=shape) + 2.0 * truth[:, None]
    return (strength.argsort(axis=0).argsort(axis=0) + 0.5) / len(truth)


def precision_of_top(score: np.ndarray, truth: np.ndarray) -> float:
    """Precision of as many as are true; equal scores in random order."""
    mixed = np.random.default_rng(5).permutation(len(truth))
    best = mixed[np.argsort(-score[mixed], kind="stable")[: int(truth.sum())]]
    return float(truth[best].mean())


def test_precisions_and_sensitivities_are_found() -> None:
    votes, truth, ranks = with_sources()
    found = learn_reliability(votes, ranks)
    assert found.converged
    np.testing.assert_allclose(found.precision, [truth[given].mean() for given in votes.given.T], atol=0.15)
    np.testing.assert_allclose(found.sensitivity, votes.given[truth].mean(axis=0), atol=0.15)


def test_soft_scores_are_probabilities_where_programs_rank() -> None:
    votes, truth, ranks = with_sources()
    soft = learn_reliability(votes, ranks).soft
    assert (soft >= 0).all()
    assert (soft <= 1).all()
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)):
        part = (soft >= low) & (soft < high)
        assert abs(truth[part].mean() - soft[part].mean()) < 0.2, (low, high)


def test_ranks_say_more_than_the_number_of_votes() -> None:
    votes, truth, ranks = with_common_errors()
    by_rank, by_vote = (precision_of_top(learn_reliability(votes, one).soft, truth) for one in (ranks, flat(votes)))
    assert by_rank > by_vote + 0.05
    assert by_rank > precision_of_top(share_of_votes(votes), truth) + 0.05


def test_a_better_rank_never_lowers_the_score() -> None:
    votes, _, ranks = with_common_errors()
    alone = votes.given[:, 2] & (votes.given.sum(axis=1) == 1)
    order = np.argsort(ranks[alone, 2])
    soft = learn_reliability(votes, ranks).soft[alone][order]
    assert (np.diff(soft) >= -1e-12).all()
    assert soft[-1] > soft[0]


def test_a_careless_caller_alone_is_worth_less_than_a_careful_one() -> None:
    votes, truth, _ = with_sources()
    soft = learn_reliability(votes, flat(votes)).soft
    alone = votes.given.sum(axis=1) == 1
    worth = [soft[alone & votes.given[:, t]].mean() for t in range(len(HITS))]
    assert worth[4] < min(worth[:4])
    assert precision_of_top(soft, truth) > precision_of_top(share_of_votes(votes), truth)


def test_calls_that_agree_by_chance_only_are_not_likely_real() -> None:
    rng = np.random.default_rng(1)
    given = rng.random((20_000, 4)) < 0.1
    given = given[given.any(axis=1)]
    assert learn_reliability(votes_of(given, chance=0.1), rng.random(given.shape)).soft.mean() < 0.1


def test_a_few_calls_that_agree_prove_less_than_many() -> None:
    few, many = (learn_reliability(votes_of(np.ones((n, 3))), np.full((n, 3), 0.5)).soft.max() for n in (2, 200))
    assert few < 0.9 < many


def test_programs_that_did_not_run_on_a_chromosome_are_not_silent_there() -> None:
    votes, _, ranks = with_sources()
    able = votes.able.copy()
    able[::2, 1] = False
    given = votes.given & able
    seen = given.any(axis=1)
    part = Votes(given[seen], able[seen], votes.strata[seen], votes.chance)
    silent = Votes(given[seen], votes.able[seen], votes.strata[seen], votes.chance)
    everywhere, known, wrong = (
        learn_reliability(one, rank) for one, rank in ((votes, ranks), (part, ranks[seen]), (silent, ranks[seen]))
    )
    assert known.sensitivity[1] == pytest.approx(everywhere.sensitivity[1], abs=0.05)
    assert wrong.sensitivity[1] < everywhere.sensitivity[1] - 0.15
    assert known.precision[0] > wrong.precision[0]
    of_all_others = (given[seen] == [1, 0, 1, 1, 1]).all(axis=1) & ~able[seen, 1]
    assert share_of_votes(part)[of_all_others] == pytest.approx(1.0)


def test_what_was_learnt_of_a_program_holds_where_nobody_else_ran() -> None:
    votes, _, ranks = with_common_errors()
    alone = np.arange(len(ranks)) % 5 == 0
    alone &= votes.given[:, 2]
    able = np.where(alone[:, None], [False, False, True, False], True)
    found = learn_reliability(Votes(votes.given & able, able, votes.strata, votes.chance), ranks)
    best = alone & (ranks[:, 2] > np.quantile(ranks[alone, 2], 0.9))
    worst = alone & (ranks[:, 2] < np.quantile(ranks[alone, 2], 0.1))
    assert found.soft[best].mean() > found.soft[worst].mean() + 0.2


def test_nothing_is_known_of_a_program_that_nobody_could_confirm() -> None:
    given = np.array([[1, 1, 0, 0]] * 30 + [[1, 0, 1, 0]] * 30 + [[0, 0, 0, 1]] * 10, bool)
    votes = votes_of(given, able=given | (given.sum(axis=1, keepdims=True) > 1))
    found = learn_reliability(votes, flat(votes))
    assert np.isnan(found.precision).tolist() == [False, False, False, True]
    assert np.isnan(found.sensitivity).tolist() == [False, False, False, True]
    assert (found.soft[:60] > 0).all()
    assert (found.soft[60:] == 0).all()


def test_two_programs_that_confirm_each_other_settle() -> None:
    """Without keeping a part of the last round, each would have the other's worth in turn, for ever."""
    rng = np.random.default_rng(4)
    given = np.zeros((200, 4), bool)
    given[:, 0] = True
    given[:120, 1] = True
    given[rng.choice(200, 5), 2] = True
    given[rng.choice(200, 5), 3] = True
    assert learn_reliability(votes_of(given), rng.random(given.shape)).converged


def test_the_order_of_the_clusters_does_not_matter() -> None:
    votes, _, ranks = with_common_errors()
    order = np.random.default_rng(2).permutation(len(ranks))
    ranks = np.round(ranks, 1)  # many ties
    moved = Votes(votes.given[order], votes.able[order], votes.strata[order], votes.chance)
    there, here = learn_reliability(moved, ranks[order]), learn_reliability(votes, ranks)
    np.testing.assert_allclose(there.soft, here.soft[order], atol=1e-9)


def test_weights_and_counts() -> None:
    given = np.array([[1, 0, 1], [1, 0, 0]])
    votes = votes_of(given, able=np.array([[True, True, True], [True, False, True]]))
    assert share_of_votes(votes).tolist() == pytest.approx([2 / 3, 1 / 2])
    assert share_of_votes(votes, np.array([3.0, 1.0, 0.0])).tolist() == pytest.approx([3 / 4, 1.0])
