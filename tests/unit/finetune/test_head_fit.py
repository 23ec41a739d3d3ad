"""The exact fit of last layers: it is the optimum, stays near the old weights, and keeps what was known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_hicstruct.training.head_fit import (
    BIAS_PRIOR,
    MAX_FULL_PRIOR,
    SLOPE_PRIOR,
    HeadFitOptions,
    HeadSamples,
    fit_head,
    join,
    log_loss,
    prior_weight,
)


def examples(n: int, d: int = 5, *, seed: int = 0, shift: float = 0.0, turn: float = 0.0) -> HeadSamples:
    """Places whose truth follows the log-odds, shifted, and turned towards the first feature."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    logit = x @ np.linspace(1, -1, d)
    p = 1 / (1 + np.exp(-(logit + shift + turn * x[:, 0])))
    return HeadSamples(x, logit, (rng.random(n) < p).astype(float), np.ones(n))


@pytest.mark.parametrize("added", [0.0, 1.5])
def test_it_is_the_optimum_that_scipy_finds(added: float) -> None:
    from scipy.optimize import minimize

    e, ridge = examples(80, shift=1.0), 7.0
    offset = added * np.random.default_rng(1).normal(size=80)
    e = replace(e, offset=offset) if added else e
    change = fit_head(e, ridge=ridge)
    mean, spread = e.features.mean(0), e.features.std(0)
    spread = np.maximum(spread, spread.mean())
    x = np.column_stack([(e.features - mean) / spread, e.logit, np.ones(80)])
    prior = np.array([ridge] * 5 + [SLOPE_PRIOR, BIAS_PRIOR])

    def loss(w: np.ndarray) -> float:
        z = e.logit + offset + x @ w
        return float((np.logaddexp(0, z) - e.target * z).sum() + 0.5 * prior @ w**2)

    best = minimize(loss, np.zeros(7), tol=1e-10)
    assert np.allclose(change.logits(e), e.logit + x @ best.x, atol=1e-3)


def test_what_decoding_adds_is_not_learnt_again() -> None:
    e = examples(200, seed=9)
    held_back = replace(e, logit=e.logit - 3)

    def moved(one: HeadSamples) -> float:
        return float(np.mean(fit_head(one, ridge=100).logits(one) - one.logit))

    assert moved(held_back) > 2
    assert abs(moved(replace(held_back, offset=np.full(200, 3.0)))) < 0.3


def test_a_scale_that_is_not_free_stays() -> None:
    e = examples(200, shift=2.0, turn=-1.0, seed=10)
    change = fit_head(e, ridge=1.0, options=HeadFitOptions(rescale=False))
    assert abs(change.slope) < 1e-6
    assert np.mean(change.logits(e) - e.logit) == pytest.approx(0, abs=1e-6)
    assert np.abs(change.weight).max() > 0.1
    stiff, soft = (fit_head(e, ridge=100, options=HeadFitOptions(ridge=share)) for share in (10, 0.1))
    assert np.abs(stiff.weight).max() < np.abs(soft.weight).max()


def test_a_shifted_map_is_followed_with_few_corrections() -> None:
    few, many = examples(20, shift=2.0, seed=1), examples(4_000, shift=2.0, seed=2)
    change = fit_head(few, ridge=300)
    assert log_loss(change.logits(many), many) < 0.85 * log_loss(many.logit, many)


def test_the_prior_counts_less_the_more_was_judged() -> None:
    assert [prior_weight(n) for n in (0, 1, MAX_FULL_PRIOR)] == [1, 1, 1]
    assert prior_weight(2 * MAX_FULL_PRIOR) == pytest.approx(1 / 4)
    few = examples(20, shift=2.0, seed=1)
    held, free = fit_head(few, ridge=300), fit_head(few, ridge=300, prior=0.01)
    assert 0 < held.bias < free.bias


def test_a_large_ridge_keeps_the_direction() -> None:
    few = examples(20, turn=3.0, seed=3)
    stiff, soft = fit_head(few, ridge=1e6), fit_head(few, ridge=1e-2)
    assert np.abs(stiff.weight).max() < 1e-3
    assert np.abs(soft.weight).max() > 0.5


def test_replay_keeps_the_direction_but_not_the_level() -> None:
    mine, old = examples(60, shift=1.5, turn=-2.0, seed=4), examples(2_000, seed=5)
    alone, both = fit_head(mine, ridge=1.0), fit_head(mine, old, ridge=1.0)

    def turned(change) -> float:
        return log_loss(change.logits(old) - np.mean(change.logits(old) - old.logit), old) - log_loss(old.logit, old)

    assert turned(both) < 0.5 * turned(alone)
    level = float(np.mean(both.logits(mine) - mine.logit))
    assert level > 0.3  # the replay's own level does not hold the map's back


def test_a_feature_that_hardly_varies_gets_no_large_weight() -> None:
    e = examples(60, seed=8)
    flat = HeadSamples(np.column_stack([e.features, 1e-4 * e.target]), e.logit, e.target, e.weight)
    assert abs(fit_head(flat, ridge=10).weight[-1]) < 1e-2


def test_weights_count() -> None:
    e = examples(60, shift=1.0, seed=6)
    none = HeadSamples(e.features, e.logit, 1 - e.target, np.zeros(60))
    one, two = fit_head(e, ridge=10), fit_head(join([e, none]), ridge=10)
    assert one.bias + one.slope == pytest.approx(two.bias + two.slope, abs=0.2)
    halves = HeadSamples(*(np.concatenate([a, a]) for a in (e.features, e.logit, e.target)), np.full(120, 0.5))
    assert np.allclose(fit_head(halves, ridge=10).logits(e), one.logits(e), atol=1e-6)


def test_extreme_log_odds_do_not_blow_up() -> None:
    e = examples(40, seed=7)
    wild = HeadSamples(e.features, 200 * e.logit, e.target, e.weight)
    change = fit_head(wild, ridge=10)
    assert np.isfinite(change.logits(wild)).all()
    constant = HeadSamples(np.ones((4, 3)), np.zeros(4), np.array([1.0, 0, 1, 1]), np.ones(4))
    assert np.isfinite(fit_head(constant, ridge=10).weight).all()
