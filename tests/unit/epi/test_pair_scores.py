"""Figures of pairs against plain code, threshold and calibration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.evaluation.pairs import best_f1, fit_platt, platt, score_pairs


def test_aupr_and_auroc_of_a_small_list() -> None:
    found = score_pairs([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    assert found.aupr == pytest.approx((1 + 2 / 3) / 2)
    assert found.auroc == pytest.approx(3 / 4)
    assert (found.n, found.positives) == (4, 2)


def test_one_class_has_no_figures() -> None:
    assert np.isnan(score_pairs([0, 0], [0.1, 0.2]).aupr)
    with pytest.raises(ValueError, match="one class"):
        best_f1([1, 1], [0.1, 0.2])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=30))
def test_the_threshold_has_the_best_f1_of_all(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([p[0] for p in pairs], int), np.array([p[1] for p in pairs], float)
    if not 0 < labels.sum() < len(labels):
        return
    threshold, f1 = best_f1(labels, scores)

    def f1_at(t: float) -> float:
        called = scores >= t
        return float(2 * (called & (labels == 1)).sum() / (called.sum() + labels.sum()))

    assert f1 == pytest.approx(f1_at(threshold))
    assert f1 == pytest.approx(max(f1_at(t) for t in scores))


def test_probabilities_are_calibrated_and_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=20_000) * 3
    labels = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits - 2)))
    a, b = fit_platt(labels, logits)
    assert a == pytest.approx(0.5, abs=0.05)
    assert b == pytest.approx(-2, abs=0.1)
    p = platt(logits, (a, b))
    assert p.mean() == pytest.approx(labels.mean(), abs=0.01)
    assert np.array_equal(np.argsort(p), np.argsort(logits))


def test_a_separable_list_gives_finite_probabilities() -> None:
    a, b = fit_platt([0, 0, 1, 1], [-1.0, -2.0, 1.0, 2.0])
    assert np.isfinite([a, b]).all()
    assert a > 0
