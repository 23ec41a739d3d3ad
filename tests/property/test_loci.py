"""Same structure: symmetric, sharp at the tolerance, one to one, and independent of order."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hicstruct.annotations import loci
from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval
from tests.annotation_kit import annotations

RECORDS = st.sampled_from(Kind).flatmap(annotations)
PLACES = st.integers(0, 60).map(lambda k: 2_500.0 * k)
LISTS = st.lists(st.tuples(PLACES, PLACES), max_size=12).map(lambda rows: np.array(rows, float).reshape(-1, 2))
TOLERANCES = st.sampled_from([0.0, 2_500.0, 10_000.0, 20_000.0])


def loop(first: int, second: int, **more: Any) -> Annotation:
    ends = (Interval("chr1", at, at + 5_000) for at in (first, second))
    return Annotation(kind=Kind.LOOP, **dict(zip(("anchor1", "anchor2"), ends, strict=True)), **more)


def stripe(direction: Direction, at: int = 1_000_000, length: int = 300_000) -> Annotation:
    down = direction is not Direction.UP
    extent = Interval("chr1", at, at + length) if down else Interval("chr1", at - length, at + 10_000)
    return Annotation(kind=Kind.STRIPE, anchor1=Interval("chr1", at, at + 10_000), anchor2=extent, direction=direction)


def gaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Chebyshev distances of all pairs, by definition."""
    return np.abs(first[:, None] - second[None]).max(axis=2)


@given(RECORDS, RECORDS, TOLERANCES)
def test_same_structure_is_reflexive_and_symmetric(one: Annotation, other: Annotation, tolerance: float) -> None:
    assert loci.same_structure(one, one, 0)
    assert loci.same_structure(one, other, tolerance) == loci.same_structure(other, one, tolerance)


@given(st.integers(0, 40_000), st.integers(0, 40_000), st.sampled_from([10_000, 20_000]))
def test_the_tolerance_holds_for_each_coordinate_and_ends_one_base_pair_beyond(
    first: int, second: int, tolerance: int
) -> None:
    one, other = loop(100_000, 600_000), loop(100_000 + first, 600_000 - second)
    assert loci.same_structure(one, other, tolerance) == (max(first, second) <= tolerance + 1)


def test_kind_chromosome_and_side_must_agree() -> None:
    one = loop(100_000, 600_000)
    elsewhere = one.with_(anchor1=Interval("chr2", 100_000, 105_000), anchor2=Interval("chr2", 600_000, 605_000))
    tad = Annotation(
        kind=Kind.TAD, anchor1=Interval("chr1", 102_500, 602_500), anchor2=Interval("chr1", 102_500, 602_500)
    )
    up, down = stripe(Direction.UP), stripe(Direction.DOWN)
    for other in (elsewhere, tad):
        assert not loci.same_structure(one, other, 10**9)
    assert not loci.same_structure(up, down, 10**9)
    assert loci.same_structure(down, stripe(Direction.DOWN, length=2_000_000), 0)  # where it ends does not count
    assert loci.same_structure(down, stripe(Direction.NONE), 0)  # without a direction the longer side counts
    index = loci.LocusIndex([one, down])
    assert [index.distance(other) for other in (elsewhere, tad, up)] == [float("inf")] * 3


@given(st.lists(RECORDS, max_size=8), RECORDS, TOLERANCES)
def test_an_index_finds_what_a_comparison_one_by_one_finds(
    records: list[Annotation], one: Annotation, tolerance: float
) -> None:
    found = loci.LocusIndex(records).holds(one, tolerance)
    assert found == any(loci.same_structure(one, other, tolerance) for other in records)


@given(LISTS, LISTS, TOLERANCES)
def test_nearness_and_pairs_are_those_of_the_definition(
    first: np.ndarray, second: np.ndarray, tolerance: float
) -> None:
    near = gaps(first, second) <= tolerance + loci.SLACK_BP
    assert loci.near_any(first, second, tolerance).tolist() == near.any(axis=1).tolist()
    assert sorted(map(tuple, loci.pairs_within(first, second, tolerance))) == sorted(map(tuple, np.argwhere(near)))
    assert loci.pairs_within(second, first, tolerance).shape == loci.pairs_within(first, second, tolerance).shape


@given(LISTS, LISTS, TOLERANCES)
def test_ranked_matching_is_one_to_one_within_the_tolerance_and_leaves_no_free_pair(
    calls: np.ndarray, truth: np.ndarray, tolerance: float
) -> None:
    matched = loci.match_ranked(calls, truth, tolerance)
    used = matched[matched != loci.UNMATCHED]
    assert len(set(used.tolist())) == len(used)
    near = gaps(calls, truth) <= tolerance + loci.SLACK_BP
    assert all(near[i, j] for i, j in enumerate(matched) if j != loci.UNMATCHED)
    free = np.setdiff1d(np.arange(len(truth)), used)
    assert not near[matched == loci.UNMATCHED][:, free].any()
    for n in range(len(calls)):  # the best n calls do not see those behind them
        assert loci.match_ranked(calls[:n], truth, tolerance).tolist() == matched[:n].tolist()


@given(st.lists(PLACES, max_size=7), st.lists(PLACES, max_size=7), TOLERANCES, st.randoms())
def test_matching_on_a_line_is_the_largest_and_independent_of_order(
    first: list[float], second: list[float], tolerance: float, rng: Any
) -> None:
    one, other = np.array(first), np.array(second)
    size = len(loci.match_on_line(one, other, tolerance))
    short, long = sorted((first, second), key=len)
    fits = tolerance + loci.SLACK_BP
    most = (
        max(
            (
                sum(abs(a - b) <= fits for a, b in zip(short, order, strict=False))
                for order in itertools.permutations(long)
            ),
            default=0,
        )
        if len(long) <= 5
        else size
    )
    assert size == most
    rng.shuffle(first)
    assert len(loci.match_on_line(other, np.array(first), tolerance)) == size


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), max_size=15), st.randoms())
def test_the_closest_pairs_are_matched_first_whatever_the_order(pairs: list[tuple[int, int, int]], rng: Any) -> None:
    matched = loci.match_closest(pairs)
    assert len({i for i, _ in matched}) == len({j for _, j in matched}) == len(matched)
    if pairs:
        assert matched[0] == min(pairs)[1:]
    shuffled = list(pairs)
    rng.shuffle(shuffled)
    assert loci.match_closest(shuffled) == matched


@given(LISTS, TOLERANCES, st.randoms())
def test_duplicates_are_the_close_pairs_in_any_order(points: np.ndarray, tolerance: float, rng: Any) -> None:
    near = gaps(points, points) <= tolerance + loci.SLACK_BP
    wanted = {frozenset(map(int, pair)) for pair in np.argwhere(near) if pair[0] != pair[1]}
    assert {frozenset(map(int, pair)) for pair in loci.duplicates(points, tolerance)} == wanted
    order = np.array(rng.sample(range(len(points)), len(points)), np.int64)
    again = loci.duplicates(points[order], tolerance)
    assert {frozenset(int(order[k]) for k in pair) for pair in again} == wanted


@given(LISTS, TOLERANCES)
def test_merging_keeps_points_apart_and_drops_only_what_is_near_an_earlier_one(
    points: np.ndarray, tolerance: float
) -> None:
    kept = loci.merge_close(points, tolerance)
    near = gaps(points, points) <= tolerance
    assert not (near[np.ix_(kept, kept)] & ~np.eye(len(kept), dtype=bool)).any()
    for k in np.setdiff1d(np.arange(len(points)), kept):
        assert near[k, kept[kept < k]].any()


@pytest.mark.parametrize("direction", list(Direction))
def test_a_stripe_lies_at_its_anchor_and_side(direction: Direction) -> None:
    (place,) = loci.points([stripe(direction)])
    assert place[:2].tolist() == [1_005_000, 1_005_000]
    assert (place[2] == 0) == (direction is not Direction.UP)
