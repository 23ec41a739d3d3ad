"""What a pulled handle makes of an object, and objects as other kinds."""

from __future__ import annotations

import math

import pytest

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.plugin.state.labels.geometry import Grid, Triangle
from napari_hicstruct.plugin.state.labels.handles import Handle, handle_at, handles_of, pulled, whole
from napari_hicstruct.plugin.state.labels.kind_change import as_kind
from tests.window_kit import CHROM, LENGTH, RES, boundary, iv, loop, stripe, tad

GRID = Grid(CHROM, LENGTH, RES)
STORED, UPPER, LOWER = Triangle.STORED, Triangle.UPPER, Triangle.LOWER
PX = 1_000.0


def at(record: Annotation, place: tuple[float, float], triangle: Triangle = STORED) -> Handle:
    found = handle_at(record, triangle, place, PX)
    assert found is not None
    return found


def test_a_stripe_has_eight_handles_a_tad_those_of_its_triangle_a_mark_none() -> None:
    domain = tad(200_000, 600_000)
    assert len(handles_of(stripe((200_000, 210_000), (210_000, 600_000)), STORED)) == 8
    assert handles_of(domain, STORED) == handles_of(domain, UPPER)
    assert {h.place for h in handles_of(domain, UPPER)} == {
        (200_000, 200_000), (200_000, 400_000), (200_000, 600_000), (400_000, 600_000), (600_000, 600_000)
    }  # fmt: skip
    assert {h.place for h in handles_of(domain, LOWER)} == {h.place[::-1] for h in handles_of(domain, UPPER)}
    assert handles_of(loop(100_000, 300_000), STORED) == []


def test_each_handle_moves_its_own_ends() -> None:
    domain = tad(200_000, 600_000)
    last = pulled(domain, STORED, at(domain, (600_000, 600_000)), (51_000, 52_000), GRID)
    assert last.anchor1 == last.anchor2 == iv(200_000, 650_000)
    first = pulled(domain, STORED, at(domain, (200_000, 400_000)), (-30_000, 80_000), GRID)
    assert first.anchor1 == iv(170_000, 600_000), "the middle of the upper side moves the start only"
    both = pulled(domain, UPPER, at(domain, (200_000, 600_000), UPPER), (50_000, 100_000), GRID)
    assert both.anchor1 == iv(250_000, 700_000)
    bar = stripe((200_000, 210_000), (210_000, 600_000))
    assert pulled(bar, STORED, at(bar, (205_000, 600_000)), (40_000, 99_000), GRID).anchor2 == iv(210_000, 700_000)


def test_a_whole_object_moves_and_keeps_its_size() -> None:
    domain, mark, cut = tad(200_000, 600_000), loop(100_000, 300_000), boundary(500_000)
    moved = pulled(domain, STORED, whole((300_000, 400_000)), (60_000, 40_000), GRID)
    assert moved.anchor1 == iv(250_000, 650_000)
    across = pulled(mark, STORED, whole((102_500, 302_500)), (300_000, -100_000), GRID)
    assert (across.anchor1, across.anchor2, across.direction) == (iv(200_000, 205_000), iv(400_000, 405_000), "up")
    assert pulled(cut, STORED, whole((502_500, 502_500)), (20_000, 20_000), GRID).anchor1 == iv(520_000, 525_000)


def test_a_pull_of_less_than_half_a_bin_changes_nothing() -> None:
    for record in (tad(200_000, 600_000), loop(100_000, 300_000), boundary(500_000)):
        assert pulled(record, STORED, whole((0, 0)), (300, 300), GRID) is record


def test_a_small_object_can_still_be_taken_as_a_whole() -> None:
    small = tad(200_000, 212_000)
    assert handle_at(small, STORED, (206_000, 206_000), PX) is None
    assert at(small, (201_000, 201_000)).place == (200_000, 200_000)
    assert at(small, (216_000, 216_000)).place == (212_000, 212_000), "from outside it reaches as far as ever"


@pytest.mark.parametrize(
    ("record", "kind", "anchors"),
    [
        (loop(200_000, 400_000), Kind.TAD, (iv(200_000, 405_000), iv(200_000, 405_000))),
        (loop(200_000, 400_000), Kind.STRIPE, (iv(200_000, 205_000), iv(200_000, 405_000))),
        (tad(200_000, 400_000), Kind.LOOP, (iv(200_000, 205_000), iv(395_000, 400_000))),
        (stripe((300_000, 305_000), (305_000, 600_000)), Kind.BOUNDARY, (iv(300_000, 305_000), iv(300_000, 305_000))),
        (tad(200_000, 400_000), Kind.BOUNDARY, None),
        (boundary(200_000), Kind.LOOP, None),
        (boundary(200_000), Kind.TAD, None),
    ],
)
def test_the_same_stretch_as_another_kind(
    record: Annotation, kind: Kind, anchors: tuple[object, object] | None
) -> None:
    new = as_kind(record.with_(score=0.9, probability=0.8), kind, RES)
    if anchors is None:
        assert new is None
    else:
        assert new is not None
        assert (new.kind, new.anchor1, new.anchor2, new.uid) == (kind, *anchors, record.uid)
        assert math.isnan(new.score), "it was the score of another kind"
        assert math.isnan(new.probability)
        assert (new.direction is Direction.DOWN) is (kind is Kind.STRIPE)
