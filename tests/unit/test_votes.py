"""Votes of callers as pixels, and objects read off them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.votes import MaskKind, VoteMap, objects_of, shared_ends, vote_maps
from napari_hicstruct.workflows.repair.hic_changes import added_up, compared
from napari_hicstruct.workflows.repair.hic_tiles import (
    MAX_LEVELS,
    OVERLAP_BINS,
    TILE_BINS,
    levels_of,
    pieces_of,
    put_together,
    starts_of,
)

BIN = 10_000
REGION = Interval("chr1", 0, 100 * BIN)


def span(first: int, last: int) -> Interval:
    return Interval("chr1", first * BIN, last * BIN)


def tad(first: int, last: int, **fields: Any) -> Annotation:
    return Annotation(kind=Kind.TAD, anchor1=span(first, last), anchor2=span(first, last), **fields)


def loop(row: int, col: int) -> Annotation:
    return Annotation(kind=Kind.LOOP, anchor1=span(row, row + 1), anchor2=span(col, col + 1))


def stripe(x: tuple[int, int], y: tuple[int, int]) -> Annotation:
    way = Direction.DOWN if y[1] > x[1] else Direction.UP
    return Annotation(kind=Kind.STRIPE, anchor1=span(*x), anchor2=span(*y), direction=way)


def votes_on(kind: MaskKind, **calls: list[Annotation]) -> VoteMap:
    (found,) = vote_maps(calls, REGION, BIN, [kind])
    return found


def places(records: list[Annotation]) -> list[tuple[int, int]]:
    return [(one.anchor1.start // BIN, one.anchor2.end // BIN) for one in records]


def test_share_is_of_those_who_have_the_kind_anywhere() -> None:
    votes = votes_on(
        MaskKind.LOOP, one=[loop(10, 40)], two=[loop(11, 40)], elsewhere=[loop(900, 950)], domains=[tad(0, 20)]
    )
    assert votes.callers == ("elsewhere", "one", "two")
    assert votes.share[10, 40] == pytest.approx(2 / 3)
    assert votes.share[8, 40] == pytest.approx(1 / 3)
    assert votes.share[12, 60] == 0
    assert not np.tril(votes.share, -1).any()


@pytest.mark.parametrize(("share", "between"), [(0.5, 0.375), (0.51, 0.625), (0.75, 0.625), (0.1, 0.125), (1, 0.875)])
def test_thresholds_lie_between_two_numbers_of_callers(share: float, between: float) -> None:
    votes = VoteMap(MaskKind.LOOP, REGION, BIN, np.zeros((100, 100), np.float32), ("a", "b", "c", "d"))
    assert votes.threshold(share) == between


def test_a_caller_is_one_vote_however_often_it_calls() -> None:
    votes = votes_on(MaskKind.LOOP, one=[loop(10, 40), loop(10, 41)], two=[])
    assert votes.share.max() == 1


def test_names_of_chromosomes_may_be_spelt_otherwise() -> None:
    ours = loop(10, 40)
    theirs = ours.with_(anchor1=Interval("1", 100_000, 110_000), anchor2=Interval("1", 400_000, 410_000))
    assert votes_on(MaskKind.LOOP, one=[ours], two=[theirs]).share[10, 40] == 1


def test_nested_domains_keep_each_border() -> None:
    votes = votes_on(MaskKind.DOMAIN, one=[tad(0, 40), tad(0, 15), tad(25, 40)])
    assert places(objects_of(votes.share, MaskKind.DOMAIN, REGION, BIN)) == [(0, 15), (15, 25), (25, 40)]


def test_domains_of_the_majority_with_gaps() -> None:
    votes = votes_on(
        MaskKind.DOMAIN,
        one=[tad(0, 20), tad(20, 50), tad(60, 90)],
        two=[tad(0, 22), tad(22, 50), tad(60, 90)],
        three=[tad(0, 20), tad(20, 90)],
    )
    found = objects_of(votes.share, MaskKind.DOMAIN, REGION, BIN)
    assert places(found) == [(0, 20), (20, 50), (60, 90)]
    assert found[0].score == pytest.approx(190 / (190 + 40 / 3))  # one of three goes on for two bins
    assert found[2].score < found[0].score
    assert found[0].score == found[0].soft_score


def best_by_trying(share: np.ndarray, threshold: float) -> float:
    """The same sum by trying every row of disjoint domains."""
    n = len(share)
    gain = np.triu(share - threshold, 1)
    best = np.zeros(n + 1)
    for end in range(1, n + 1):
        best[end] = max([best[end - 1], *(best[start] + gain[start:end, start:end].sum() for start in range(end - 2))])
    return float(best[-1])


def test_domains_agree_best_with_the_pixels() -> None:
    share = np.triu(np.random.default_rng(3).random((24, 24)).astype(np.float32))
    region = Interval("chr1", 0, 24 * BIN)
    found = objects_of(share, MaskKind.DOMAIN, region, BIN)
    spans = [(one.anchor1.start // BIN, one.anchor1.end // BIN) for one in found]
    assert all(last <= first for (_, last), (first, _) in itertools.pairwise(spans))
    gain = np.triu(share.astype(float) - 0.5, 1)
    assert sum(gain[a:b, a:b].sum() for a, b in spans) == pytest.approx(best_by_trying(share, 0.5), abs=1e-4)


def test_loops_close_to_each_other_stay_two_and_a_plateau_is_one() -> None:
    votes = votes_on(MaskKind.LOOP, one=[loop(20, 50), loop(27, 50)], two=[loop(20, 50), loop(27, 51)])
    found = objects_of(votes.share, MaskKind.LOOP, REGION, BIN)
    assert len(found) == 2
    assert found[0].anchor1 == span(20, 21)
    assert found[0].score > found[1].score


def test_a_loop_of_one_caller_is_listed_from_a_low_threshold_on() -> None:
    votes = votes_on(MaskKind.LOOP, one=[loop(20, 50)], two=[loop(70, 90)], three=[loop(70, 90)])
    assert places(objects_of(votes.share, MaskKind.LOOP, REGION, BIN)) == [(70, 91)]
    assert len(objects_of(votes.share, MaskKind.LOOP, REGION, BIN, threshold=0.2)) == 2


def test_stripes_both_ways() -> None:
    down, up = stripe((20, 22), (20, 60)), stripe((80, 82), (40, 82))
    for kind, one in ((MaskKind.STRIPE_DOWN, down), (MaskKind.STRIPE_UP, up)):
        votes = votes_on(kind, one=[down, up], two=[down, up])
        (found,) = objects_of(votes.share, kind, REGION, BIN)
        assert (found.anchor1, found.direction) == (one.anchor1, one.direction)
        assert abs(found.anchor2.start - one.anchor2.start) <= 2 * BIN
        assert abs(found.anchor2.end - one.anchor2.end) <= 2 * BIN


def test_nothing_in_the_region_gives_no_map() -> None:
    assert vote_maps({"one": [loop(900, 950)], "two": []}, REGION, BIN) == []


@pytest.mark.parametrize("n_bins", [20, TILE_BINS, TILE_BINS + 1, 2 * TILE_BINS, 301])
@pytest.mark.parametrize("kind", [MaskKind.DOMAIN, MaskKind.LOOP])
def test_cut_and_put_together_is_the_share(n_bins: int, kind: MaskKind) -> None:
    rng = np.random.default_rng(n_bins)
    share = np.triu(rng.integers(0, 4, (n_bins, n_bins))).astype(np.float32) / 3
    votes = VoteMap(kind, Interval("chr1", 0, n_bins * BIN), BIN, share, ("a", "b", "c"))
    pieces = [(piece, piece.mask.astype(np.float32)) for piece in pieces_of(votes)]
    np.testing.assert_allclose(put_together(votes, pieces), share, atol=1e-6)
    assert len({piece.name for piece, _ in pieces}) == len(pieces)


def test_tiles_overlap_and_cover() -> None:
    starts = starts_of(500, TILE_BINS)
    assert starts[0] == 0
    assert starts[-1] + TILE_BINS >= 500
    assert all(b - a == TILE_BINS - OVERLAP_BINS for a, b in itertools.pairwise(starts))


def test_levels_of_few_and_of_many_callers() -> None:
    assert levels_of(1) == [1]
    assert levels_of(3) == [1, 2, 3]
    many = levels_of(9)
    assert (many[0], many[-1], len(many)) == (1, 9, MAX_LEVELS)


def test_what_changed_counts_each_object_once() -> None:
    before, after = [loop(10, 40), loop(50, 80), loop(20, 90)], [loop(11, 40), loop(50, 80), loop(5, 70)]
    change = compared(Kind.LOOP, before, after, (40, 7), BIN)
    assert (change.before, change.after, change.moved, change.new, change.gone) == (3, 3, 1, 1, 1)
    assert "7 of 40 pixels changed" in change.sentence()
    words = [line.split("\t")[0] for line in change.places]
    assert words == ["new", "moved", "gone"]  # along the map
    assert " → " in change.places[1]
    assert f"{20 * BIN:,}-" in change.places[2]
    both = added_up([change, change])[0]
    assert (both.after, len(both.places)) == (6, 6)


def test_ends_lie_where_callers_agree_not_where_one_of_them_has_a_large_domain() -> None:
    calls = {
        "a": [tad(0, 40), tad(40, 70)],
        "b": [tad(0, 41), tad(41, 70)],
        "c": [tad(0, 39), tad(39, 70)],
        "d": [tad(0, 55)],
    }
    assert list(shared_ends(calls, REGION, BIN)) == [0, 40, 70, 100]


def test_an_end_that_half_of_the_callers_have_needs_an_anchor_once_loops_are_called() -> None:
    domains = {"a": [tad(10, 40)], "b": [tad(10, 40)], "c": [tad(10, 60)], "d": [tad(10, 80)]}
    assert 40 in shared_ends(domains, REGION, BIN)
    beside = {**domains, "dots": [loop(10, 90)]}
    assert 40 not in shared_ends(beside, REGION, BIN)
    assert 40 in shared_ends({**domains, "dots": [loop(10, 40)]}, REGION, BIN)
    assert 40 in shared_ends(beside, REGION, BIN, loops=0)


def test_ends_near_each_other_are_one_and_other_chromosomes_have_no_say() -> None:
    away = tad(50, 60).with_(anchor1=Interval("chr2", 50 * BIN, 60 * BIN), anchor2=Interval("chr2", 50 * BIN, 60 * BIN))
    calls = {"a": [tad(20, 40), away], "b": [tad(20, 42), away]}
    assert list(shared_ends(calls, REGION, BIN)) == [0, 20, 41, 100], "one between them"
    assert list(shared_ends({"loops": [loop(10, 40)]}, REGION, BIN)) == [0, 100]


def test_domains_begin_and_end_at_given_places_alone() -> None:
    votes = votes_on(MaskKind.DOMAIN, one=[tad(10, 40), tad(40, 80)], two=[tad(10, 44), tad(44, 80)])
    free = places(objects_of(votes.share, MaskKind.DOMAIN, REGION, BIN))
    assert free in ([(10, 40), (40, 80)], [(10, 44), (44, 80)])
    held = objects_of(votes.share, MaskKind.DOMAIN, REGION, BIN, ends=np.array([0, 10, 42, 80, 100]))
    assert places(held) == [(10, 42), (42, 80)]
