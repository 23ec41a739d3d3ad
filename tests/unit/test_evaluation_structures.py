"""Domains, stripes, agreement across tasks, calibration and pile-up against naïve references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status
from napari_hicstruct.evaluation import agreement, domains, records, stripes
from napari_hicstruct.evaluation.calibration import calibration
from napari_hicstruct.evaluation.pileup import Windows, pile_up, shifted_control
from napari_hicstruct.genome import Interval

KB = 1_000


def _intervals(rows: list[tuple[int, int]]) -> np.ndarray:
    return np.array([(a, a + n) for a, n in rows], float).reshape(-1, 2) * 10 * KB


domain_sets = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=12).map(_intervals)


@settings(deadline=None)
@given(domain_sets, domain_sets)
def test_partition_metrics_equal_their_definitions(pred: np.ndarray, truth: np.ndarray) -> None:
    a, b = (domains.partition(x, 0, 600 * KB, 10 * KB) for x in (pred, truth))
    cuts = {int(v) // (10 * KB) for v in pred.ravel()} - {0, 60}
    assert {int(k) for k in np.flatnonzero(np.diff(a)) + 1} == cuts
    naive = 0.0
    for i in set(a):
        for j in set(b):
            n_ij = ((a == i) & (b == j)).mean()
            if n_ij:
                naive -= n_ij * (np.log(n_ij / (a == i).mean()) + np.log(n_ij / (b == j).mean()))
    assert domains.variation_of_information(a, b) == pytest.approx(naive, abs=1e-9)
    assert domains.variation_of_information(a, a) == pytest.approx(0, abs=1e-9)
    assert domains.adjusted_mutual_information(a, a) == pytest.approx(1)


@given(domain_sets, domain_sets)
def test_jaccard_counts_base_pairs(pred: np.ndarray, truth: np.ndarray) -> None:
    matrix = domains.jaccard_matrix(pred, truth)
    for i, p in enumerate(pred // (10 * KB)):
        for j, t in enumerate(truth // (10 * KB)):
            x, y = set(range(int(p[0]), int(p[1]))), set(range(int(t[0]), int(t[1])))
            assert matrix[i, j] == pytest.approx(len(x & y) / len(x | y))


def test_domains_are_scored_by_size() -> None:
    truth = np.array([[0, 300], [300, 1_000], [1_000, 2_500]], float) * KB
    pred = np.array([[10, 300], [300, 600], [1_000, 2_500]], float) * KB
    by_size = domains.domain_score_by_size(pred, truth)
    small, middle, large = by_size.values()
    assert small.score.precision == 0.5
    assert small.score.recall == large.score.f1 == 1.0
    assert middle.score.recall == 0.0
    assert middle.jaccard == pytest.approx(3 / 7)
    assert domains.domain_score(pred, truth).score.recall == pytest.approx(2 / 3)
    assert np.isnan(domains.domain_score(pred, []).jaccard)


DOWN = [100, 110, 100, 600, 0.9, 1]
UP = [100, 110, 0, 110, 0.8, -1]


def test_stripes_of_one_anchor_are_distinct_names_by_extent_and_direction() -> None:
    truth = np.array([UP, DOWN], float)
    assert stripes.match_stripes([DOWN, UP], truth, 5).tolist() == [1, 0]
    perfect = stripes.stripe_score([DOWN, UP], truth, 5)
    assert perfect.score.f1 == pytest.approx(1)
    assert (perfect.iou, perfect.length_iou, perfect.direction_agreement) == (1, 1, 1)
    shorter = stripes.stripe_score([[100, 110, 100, 350, 0.9, -1]], truth, 5)
    assert shorter.score == pytest.approx((1, 0.5, 2 / 3))
    assert (shorter.length_iou, shorter.iou, shorter.direction_agreement) == (0.5, 0.5, 0.0)
    assert shorter.anchor_hit_rate == 1.0  # both true anchors lie inside the one call, whose extent touches both
    far = stripes.stripe_score([[300, 310, 300, 800, 1, 1]], truth, 5)
    assert (far.anchor_hit_rate, far.anchor_precision, far.n_matched) == (0, 0, 0)
    assert np.isnan(far.direction_agreement)


def test_by_the_anchor_alone_a_stripe_takes_the_truth_it_lies_on_first() -> None:
    lower = [*DOWN[:4], 0.5, 1]
    assert stripes.match_stripes([UP, lower], [DOWN], 5, min_length_iou=0.0).tolist() == [-1, 0]
    assert stripes.match_stripes([UP], [DOWN], 5, min_length_iou=0.0).tolist() == [0]
    assert stripes.match_stripes([UP], np.zeros((0, 6)), 5, min_length_iou=0.0).tolist() == [-1]


def test_ignored_stripes_are_dropped_from_the_calls() -> None:
    faint = [[300, 310, 300, 800, 1, 1]]
    assert stripes.drop_ignored([DOWN, *faint], [DOWN], faint, 5).tolist() == [True, False]


def test_tasks_agree_where_structures_meet() -> None:
    tads, loops = [[0, 500 * KB], [500 * KB, 900 * KB]], [[10 * KB, 495 * KB, 0.5]]
    assert agreement.corners_with_loop(tads, loops, 20 * KB) == (0.5, 0.0)
    assert agreement.loops_at_corner(loops, tads, 20 * KB) == (1.0, 0.0)
    stripe = [[490 * KB, 510 * KB, 0, 510 * KB, 1, -1]]
    assert agreement.stripes_on_boundary(stripe, [500 * KB], 10 * KB) == (1.0, 0.0)
    assert agreement.stripes_on_boundary(np.zeros((0, 6)), [1], 10 * KB) == (0.0, 0.0)
    assert agreement.loop_agreement([*loops, [0, 1, 1]], loops, 0) == pytest.approx((0.5, 1, 2 / 3))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_calibration_equals_its_definition(pairs: list[tuple[float, bool]]) -> None:
    p, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs], float)
    result = calibration([*p, np.nan], [*y, 1])
    bins = np.minimum((p * 10).astype(int), 9)
    naive = sum(abs(p[bins == k].mean() - y[bins == k].mean()) * (bins == k).sum() for k in set(bins)) / len(p)
    assert result.ece == pytest.approx(naive)
    assert result.brier == pytest.approx(((p - y) ** 2).mean())
    assert result.count.sum() == len(p)


def test_pile_up_finds_planted_dots_and_a_flat_control() -> None:
    rng = np.random.default_rng(1)
    n, resolution = 400, 10 * KB
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    expected = 100 / (1 + np.arange(n, dtype=float))
    matrix = expected[distance] * rng.uniform(0.9, 1.1, (n, n))
    loops = np.array([(i, i + 40) for i in range(30, 300, 45)])
    for i, j in loops:
        matrix[i - 1 : i + 2, j - 1 : j + 2] *= 3
    matrix[200] = np.nan

    def fetch(r0: int, r1: int, c0: int, c1: int) -> np.ndarray:
        assert 0 <= r0 < r1 <= n
        assert 0 <= c0 < c1 <= n
        return matrix[r0:r1, c0:c1]

    bp = (loops + 0.5) * resolution
    bp = np.vstack([bp, [[0, 400 * KB], [3_700 * KB, 3_990 * KB], [500 * KB, 600 * KB]]])  # off the edges, too near
    windows = Windows(resolution, n)
    pile = pile_up(fetch, bp, windows, expected=expected)
    assert pile.n == len(loops)
    assert pile.ratio() == pytest.approx(3, rel=0.1)
    control = shifted_control(fetch, bp, windows, shifts=(-200 * KB, 200 * KB), expected=expected)
    assert control.n > len(loops)
    assert control.ratio() == pytest.approx(1, rel=0.15)
    assert pile_up(fetch, bp, windows).ratio() > 2
    assert np.isnan(pile_up(fetch, np.zeros((0, 2)), windows).ratio())


def test_records_become_arrays() -> None:
    def at(start: int, end: int) -> Interval:
        return Interval("chr21", start, end)

    loop = Annotation(kind=Kind.LOOP, anchor1=at(300, 310), anchor2=at(100, 110), soft_score=0.4)
    tad = Annotation(kind=Kind.TAD, anchor1=at(0, 500), anchor2=at(0, 500), score=0.2)
    inner = Annotation(kind=Kind.TAD, anchor1=at(0, 200), anchor2=at(0, 200), score=0.7)
    stripe = Annotation(kind=Kind.STRIPE, anchor1=at(0, 20), anchor2=at(0, 90), direction=Direction.DOWN, score=0.5)
    rejected = loop.with_(status=Status.REJECTED)
    everything = [loop, tad, inner, stripe, rejected]
    assert records.select(everything, Kind.LOOP, "21") == [loop]
    assert records.select(everything, Kind.LOOP, "20") == []
    assert records.loop_table([loop]).tolist() == [[105, 305, 0.4]]
    assert records.boundary_table([], [tad, inner]).tolist() == [[0, 0.7], [200, 0.7], [500, 0.2]]
    assert records.stripe_table([stripe]).tolist() == [[0, 20, 0, 90, 0.5, 1]]
