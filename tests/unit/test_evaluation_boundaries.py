"""Boundaries: the leftmost pairing is optimal, scores follow, equal numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from napari_hicstruct.annotations.loci import match_on_line
from napari_hicstruct.evaluation.boundaries import (
    boundaries_of,
    boundary_score,
    strongest,
)

positions = st.lists(st.integers(0, 40), max_size=20).map(lambda x: np.array(x, float) * 5_000)


@given(positions, positions, st.sampled_from([0, 5_000, 20_000]))
def test_pairing_is_the_largest_one_to_one_matching(pred: np.ndarray, truth: np.ndarray, tolerance: float) -> None:
    pairs = match_on_line(np.asarray(pred, float), np.asarray(truth, float), tolerance)
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
    assert (np.abs(pred[pairs[:, 0]] - truth[pairs[:, 1]]) <= tolerance).all()
    if len(pred) and len(truth):
        graph = csr_array(np.abs(pred[:, None] - truth) <= tolerance)
        best = int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())
        assert len(pairs) == best


def test_scores_and_empty_lists() -> None:
    truth = [100_000, 200_000, 300_000, 400_000]
    assert boundary_score([90_000, 210_000, 260_000], truth, 20_000) == pytest.approx((2 / 3, 0.5, 4 / 7))
    assert boundary_score([], truth, 20_000).f1 == boundary_score(truth, [], 20_000).f1 == 0.0
    assert boundary_score([80_000], truth, 10_000).f1 == 0.0


def test_boundaries_of_nested_domains_are_listed_once() -> None:
    domains = [[100_000, 500_000], [100_000, 300_000], [300_000, 500_000], [505_000, 900_000]]
    assert boundaries_of(domains).tolist() == [100_000, 300_000, 500_000, 505_000, 900_000]
    assert boundaries_of(domains, merge=10_000).tolist() == [100_000, 300_000, 500_000, 900_000]
    assert boundaries_of([]).tolist() == []


def test_strongest_puts_nan_last() -> None:
    assert strongest([1, 2, 3, 4], [0.1, np.nan, 0.9, 0.5], 3).tolist() == [3, 4, 1]
