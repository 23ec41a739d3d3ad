"""Reliability of callers: learnt back from votes that were drawn with it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.labels.consensus.reliability import Votes, learn_reliability, share_of_votes

HITS = np.array([0.8, 0.6, 0.5, 0.3, 0.7])
WRONG = np.array([300, 200, 800, 100, 3_000])
CHANCE = np.array([0.01, 0.01, 0.02, 0.005, 0.08])


def drawn(seed: int = 0, n_true: int = 4_000) -> tuple[Votes, np.ndarray]:
    """Votes for true structures, and wrong ones of which each has one program as its source."""
    rng = np.random.default_rng(seed)
    right = rng.random((n_true, len(HITS))) < HITS
    right = right[right.any(axis=1)]
    source = np.repeat(np.arange(len(HITS)), WRONG)
    wrong = rng.random((len(source), len(HITS))) < CHANCE
    wrong[np.arange(len(source)), source] = True
    levels = np.concatenate([right, wrong]).astype(np.int64)
    truth = np.arange(len(levels)) < len(right)
    return Votes(levels, np.ones(levels.shape, bool), np.zeros(len(levels), np.int64), CHANCE[None]), truth


def test_sensitivities_are_found_and_soft_scores_are_probabilities() -> None:
    votes, truth = drawn()
    found = learn_reliability(votes)
    assert found.converged
    np.testing.assert_allclose(found.sensitivity[0], HITS, atol=0.05)
    bins = np.clip((found.soft * 10).astype(int), 0, 9)
    error = sum(abs(truth[bins == k].mean() - found.soft[bins == k].mean()) * (bins == k).mean() for k in set(bins))
    assert error < 0.03


def test_a_careless_caller_alone_is_worth_less_than_a_careful_one() -> None:
    votes, truth = drawn()
    found = learn_reliability(votes)
    alone = votes.levels.sum(axis=1) == 1
    worth = [found.soft[alone & (votes.levels[:, t] == 1)].mean() for t in range(len(HITS))]
    assert worth[4] < min(worth[:4])
    counted = share_of_votes(votes)
    order = np.lexsort((np.arange(len(truth)), -found.soft))
    plain = np.lexsort((np.arange(len(truth))[::-1], -counted))
    n = int(truth.sum())
    assert truth[order[:n]].mean() > truth[plain[:n]].mean()


def test_programs_that_did_not_run_on_a_chromosome_are_not_silent_there() -> None:
    votes, _ = drawn()
    able = votes.able.copy()
    half = np.arange(len(able)) % 2 == 0
    able[half, 1] = False
    levels = np.where(able, votes.levels, 0)
    seen = levels.any(axis=1)
    part = Votes(levels[seen], able[seen], votes.strata[seen], votes.chance)
    found = learn_reliability(part)
    np.testing.assert_allclose(found.sensitivity[0], HITS, atol=0.06)
    assert share_of_votes(part)[(levels[seen] == [1, 0, 1, 1, 1]).all(axis=1) & ~able[seen, 1]] == pytest.approx(1.0)


def test_ranks_of_a_program_are_learnt_to_be_worth_something() -> None:
    votes, truth = drawn()
    rng = np.random.default_rng(1)
    high = rng.random(votes.levels.shape) < np.where(truth, 0.8, 0.2)[:, None]
    ranked = Votes(votes.levels * (1 + high), votes.able, votes.strata, votes.chance)
    found, plain = learn_reliability(ranked), learn_reliability(votes)
    n = int(truth.sum())
    assert truth[np.argsort(-found.soft)[:n]].mean() > truth[np.argsort(-plain.soft, kind="stable")[:n]].mean()


def test_weights_and_counts() -> None:
    levels = np.array([[1, 0, 1], [1, 0, 0]])
    votes = Votes(levels, np.array([[True, True, True], [True, False, True]]), np.zeros(2, np.int64), np.zeros((1, 3)))
    assert share_of_votes(votes).tolist() == pytest.approx([2 / 3, 1 / 2])
    assert share_of_votes(votes, np.array([3.0, 1.0, 0.0])).tolist() == pytest.approx([3 / 4, 1.0])
