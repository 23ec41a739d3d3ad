"""Loop matching: the greedy rule, ranking metrics, strata, ignored truth, and parity with the protocol's script."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.annotations.loci import UNMATCHED, match_ranked, merge_close
from napari_hicstruct.evaluation import loops
from napari_hicstruct.evaluation.ranking import average_precision_of, pr_curve

bins = st.tuples(st.integers(0, 12), st.integers(0, 12))
points = st.lists(bins, max_size=40).map(lambda rows: np.array(rows, float).reshape(-1, 2) * 10_000)


@settings(deadline=None)
@given(points, points, st.sampled_from([0, 10_000, 20_000]))
def test_matching_is_one_to_one_and_greedy(calls: np.ndarray, truth: np.ndarray, tolerance: float) -> None:
    """A call stays without truth only if every truth in reach was taken by a better call."""
    matched = match_ranked(calls, truth, tolerance)
    taken: set[int] = set()
    for call, j in zip(calls, matched, strict=True):
        near = {k for k in range(len(truth)) if np.abs(truth[k] - call).max() <= tolerance}
        if j == UNMATCHED:
            assert near <= taken
        else:
            assert j in near - taken
            taken.add(int(j))


@given(points, st.sampled_from([0, 10_000, 20_000]))
def test_merging_equals_the_quadratic_rule(xy: np.ndarray, tolerance: float) -> None:
    kept: list[int] = []
    for i, p in enumerate(xy):
        if all(np.abs(p - xy[k]).max() > tolerance for k in kept):
            kept.append(i)
    assert merge_close(xy, tolerance).tolist() == kept


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 40))
def test_ranking_metrics_equal_their_definitions(flags: list[bool], missed: int) -> None:
    hits, n_truth = np.array(flags), sum(flags) + missed
    precision, recall = pr_curve(hits, n_truth)
    assert precision[-1] == pytest.approx(sum(flags) / len(flags))
    assert recall[-1] == pytest.approx(sum(flags) / n_truth)
    naive = sum(sum(flags[: k + 1]) / (k + 1) for k in range(len(flags)) if flags[k]) / n_truth
    assert average_precision_of(hits, n_truth) == pytest.approx(naive)


def test_best_score_is_served_first() -> None:
    calls = np.array([[100_000, 300_000, 0.2], [110_000, 310_000, 0.9], [700_000, 900_000, 0.5]])
    truth = np.array([[100_000, 300_000]])
    match = loops.match_loops(loops.rank(calls), truth, 20_000)
    top = match.precision_at([1, 2, 3, 4])
    assert [top[1], top[2], top[3]] == pytest.approx([1.0, 0.5, 1 / 3])
    assert np.isnan(top[4])
    assert match.average_precision() == pytest.approx(1.0)
    assert loops.match_loops(loops.rank(calls), truth, 5_000).precision_at([1])[1] == 0.0  # the best call is 10 kb off


def test_empty_lists_give_zeros() -> None:
    none = np.zeros((0, 2))
    assert loops.match_loops(none, none, 20_000).average_precision() == 0.0
    match = loops.match_loops(none, np.array([[0.0, 100_000.0]]), 20_000)
    assert match.score() == (0.0, 0.0, 0.0)
    assert match.control == 0.0
    assert np.isnan(match.precision_at([10])[10])


def test_ignored_truth_counts_neither_way() -> None:
    calls = np.array([[100_000, 300_000], [500_000, 700_000], [800_000, 900_000]], float)
    truth, faint = calls[:1], calls[1:2] + 10_000
    match = loops.match_loops(calls, truth, 20_000, ignore=faint)
    assert match.score() == pytest.approx((0.5, 1.0, 2 / 3))
    assert loops.match_loops(calls, truth, 20_000).score().precision == pytest.approx(1 / 3)


def test_what_is_not_judged_is_counted_by_reason() -> None:
    calls = np.array([[0, 30_000, 0.9], [0, 4e6, 0.8], [1e6, 2e6, 0.7], [1_005_000, 2e6, 0.6], [1e6, 1.5e6, 0.5]])
    assert loops.dropped_counts(calls) == {
        "anchors less than 40 kb apart": 1,
        "anchors more than 3 Mb apart": 1,
        "within 10 kb of a better one": 1,
    }
    assert len(loops.prepare(calls)) == len(calls) - 3
    assert loops.dropped_counts(calls[4:]) == {}


def test_strata_partition_calls_and_truth() -> None:
    truth = np.array([[0, 50_000], [0, 200_000], [0, 3_000_000]], float)
    calls = np.array([[0, 55_000], [900_000, 1_100_000], [0, 3_000_000]], float)
    scores = loops.match_loops(calls, truth, 20_000).by_distance()
    assert scores[40_000, 100_000] == pytest.approx((1, 1, 1))
    assert scores[100_000, 250_000] == (0, 0, 0)
    assert scores[1_000_000, 3_000_000] == pytest.approx((1, 1, 1))


def _protocol(data_dir: Path) -> ModuleType:
    path = data_dir.parent / "bench" / "score_loops.py"
    if not path.exists():
        pytest.skip("the protocol's script is not beside the data")
    spec = importlib.util.spec_from_file_location("score_loops", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_same_results_as_the_protocol_script(data_dir: Path) -> None:
    """Real lists and random ones: merged calls, hits of every prefix and the control are the script's own."""
    protocol = _protocol(data_dir)
    labels = data_dir / "labels"
    lists = [protocol.read(labels / f"GM12878_chr21.{name}.bedpe", "chr21", None)[0] for name in
             ("peakachu.10kb.hg19", "HiCCUPS.hg19", "RAD21_ChIA-PET.hg19")]  # fmt: skip
    truth = protocol.dedup(np.vstack(lists[1:]))
    np.testing.assert_array_equal(loops.unite(lists[1:]), truth)
    assert len(truth) == 179
    rng = np.random.default_rng(0)
    crowd = truth[rng.integers(0, len(truth), 400)] + rng.integers(-4, 5, (400, 2)) * 5_000
    crowd = np.sort(crowd[np.ptp(crowd, axis=1) >= 40_000], axis=1)
    crowd = crowd[np.ptp(crowd, axis=1) <= 3_000_000]
    for calls in (lists[0], crowd):
        ours = loops.prepare(calls)
        np.testing.assert_array_equal(ours, protocol.dedup(calls))
        match = loops.match_loops(ours, truth, 20_000)
        for n in (1, 10, 25, 50, len(ours)):
            assert match.score(n) == pytest.approx(protocol.prf(ours[:n], truth, 20_000))
        assert match.control == pytest.approx(protocol.prf(ours + 1e6, truth, 20_000)[0])
