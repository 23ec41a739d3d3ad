"""Clusters of calls: everyone fits its centre, order does not matter, chains are cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.labels.consensus import clusters
from napari_hicstruct.labels.consensus.clusters import Calls, cluster_calls, overlaps

TOLERANCE = 20_000.0


def calls(points: list[list[float]], callers: list[int], spans: list[list[float]] | None = None) -> Calls:
    places = np.array(points, float).reshape(len(callers), -1)
    return Calls(places, np.array(spans, float) if spans else np.zeros((len(callers), 2)), np.array(callers, np.int64))


@st.composite
def many(draw: st.DrawFn) -> Calls:
    n = draw(st.integers(1, 40))
    bins = st.integers(0, 30)
    points = draw(st.lists(st.tuples(bins, bins), min_size=n, max_size=n))
    callers = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    spans = [(a * 5_000.0, (a + b + 1) * 5_000.0) for a, b in points]
    return calls([[a * 5_000.0, b * 5_000.0] for a, b in points], callers, [list(s) for s in spans])


@settings(deadline=None)
@given(many(), st.sampled_from([0.0, 0.5]))
def test_each_call_fits_the_centre_of_its_cluster(given_calls: Calls, overlap: float) -> None:
    found = cluster_calls(given_calls, TOLERANCE, overlap)
    assert set(found.members) == set(range(len(found)))
    away = np.abs(given_calls.points - found.points[found.members]).max(axis=1)
    assert (away <= TOLERANCE + 1e-6).all()
    for k in range(len(found)):
        rows = found.members == k
        assert (overlaps(given_calls.spans[rows], found.spans[k]) >= overlap - 1e-9).all()


@settings(deadline=None)
@given(many(), st.randoms(use_true_random=False))
def test_the_order_of_the_calls_does_not_matter(given_calls: Calls, random: object) -> None:
    order = np.arange(len(given_calls))
    random.shuffle(order)  # type: ignore[attr-defined]
    a, b = cluster_calls(given_calls, TOLERANCE), cluster_calls(given_calls.take(order), TOLERANCE)
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(
        np.sort(np.unique(a.members, return_counts=True)[1]), np.sort(np.unique(b.members, return_counts=True)[1])
    )


def test_a_chain_is_cut_where_its_ends_are_too_far_apart() -> None:
    chain = calls([[k * 15_000.0, 1e6] for k in range(5)], [0, 1, 2, 3, 4])
    found = cluster_calls(chain, TOLERANCE)
    assert len(found) == 2
    assert found.members[0] != found.members[4]


def test_one_program_that_calls_often_does_not_draw_the_centre() -> None:
    found = cluster_calls(calls([[0.0], [0.0], [0.0], [10_000.0], [10_000.0]], [0, 0, 0, 1, 2]), TOLERANCE)
    assert found.points.tolist() == [[10_000.0]]


def test_domains_with_one_common_end_stay_apart() -> None:
    spans = [[0.0, 1e5], [0.0, 3e5], [5_000.0, 3.05e5]]
    found = cluster_calls(calls(spans, [0, 1, 2], spans), TOLERANCE, 0.7)
    assert found.members.tolist() == [0, 1, 1]


def test_no_calls_no_clusters() -> None:
    assert len(cluster_calls(Calls(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, np.int64)), TOLERANCE)) == 0


@settings(deadline=None)
@given(many())
def test_the_middle_of_one_cluster_is_that_of_many(given_calls: Calls) -> None:
    both = clusters._medians(given_calls, np.zeros(len(given_calls), np.int64))
    one = clusters._Part(given_calls, TOLERANCE, 0.0)._middle(list(range(len(given_calls))))
    np.testing.assert_allclose(one[0], both[0][0])
    np.testing.assert_allclose(one[1], both[1][0])
