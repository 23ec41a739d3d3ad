"""What lies under the mouse, in pixels of the screen."""

from __future__ import annotations

import pytest

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.labels.hit import hits, mark_size
from tests.window_kit import RES, boundary, loop, stripe, tad

STORED, UPPER, LOWER = Triangle.STORED, Triangle.UPPER, Triangle.LOWER
PX = 1_000.0
"""Base pairs per pixel."""


def under(place: tuple[float, float], *records: Annotation, triangle: Triangle = STORED, px: float = PX) -> list[str]:
    return hits([(record, triangle) for record in records], place, px)


def test_a_ring_is_hit_on_and_near_its_line() -> None:
    mark = loop(100_000, 300_000)
    radius = mark_size(mark, PX) / 2
    middle = (102_500.0, 302_500.0)
    for away, found in ((0, True), (radius, True), (radius + 3 * PX, True), (radius + 6 * PX, False)):
        assert under((middle[0], middle[1] + away), mark) == [mark.uid] * found
    assert under((middle[1], middle[0]), mark) == [], "it is drawn above the diagonal only"
    assert under((middle[1], middle[0]), mark, triangle=LOWER) == [mark.uid]


def test_the_wider_ring_of_the_current_loop_is_hit_on_its_line() -> None:
    mark = loop(100_000, 300_000)
    radius = mark_size(mark, 100.0, current=True) / 2
    assert radius > 1.5 * mark_size(mark, 100.0) / 2
    place = (102_500.0, 302_500.0 + radius)
    assert hits([(mark, STORED)], place, 100.0) == []
    assert hits([(mark, STORED)], place, 100.0, current=mark.uid) == [mark.uid]


def test_marks_stay_as_easy_to_hit_at_every_zoom() -> None:
    mark, cut = loop(100_000, 300_000), boundary(500_000)
    assert mark_size(mark, 10.0) == pytest.approx(2.6 * RES)
    for px in (100.0, 1_000.0, 50_000.0):
        assert under((102_500.0 + 5 * px, 302_500.0 + 5 * px), mark, px=px) == [mark.uid]
        assert under((502_500.0 + 8 * px, 502_500.0), cut, px=px) == [cut.uid]


def test_inside_counts_but_a_line_and_what_is_smaller_come_first() -> None:
    outer, inner, other = tad(100_000, 900_000), tad(200_000, 400_000), tad(300_000, 700_000)
    assert under((250_000.0, 260_000.0), outer, inner, other) == [inner.uid, outer.uid]
    assert under((350_000.0, 360_000.0), outer, inner, other) == [inner.uid, other.uid, outer.uid]
    assert under((301_000.0, 350_000.0), outer, inner, other)[0] == other.uid, "on its outline"
    assert under((50_000.0, 60_000.0), outer, inner, other) == []


def test_only_the_drawn_half_of_a_triangle_is_hit() -> None:
    domain = tad(200_000, 600_000)
    assert under((300_000.0, 500_000.0), domain, triangle=UPPER) == [domain.uid]
    assert under((500_000.0, 300_000.0), domain, triangle=UPPER) == []
    assert under((500_000.0, 300_000.0), domain, triangle=LOWER) == [domain.uid]


def test_a_thin_stripe_can_be_hit_beside_its_line() -> None:
    thin = stripe((200_000, 205_000), (205_000, 800_000))
    assert under((202_500.0 + 5 * PX, 500_000.0), thin) == [thin.uid]
    assert under((202_500.0 + 9 * PX, 500_000.0), thin) == []


def test_of_two_loops_the_nearer_comes_first() -> None:
    one, two = loop(100_000, 300_000), loop(110_000, 300_000)
    assert under((104_000.0, 302_500.0), one, two) == [one.uid, two.uid]
    assert under((111_000.0, 302_500.0), one, two) == [two.uid, one.uid]


def test_a_loop_that_was_put_below_the_diagonal_is_hit_there() -> None:
    mark = loop(100_000, 300_000, direction=Direction.UP)
    assert under((302_500.0, 102_500.0), mark) == [mark.uid]
    assert under((102_500.0, 302_500.0), mark) == []
    assert under((102_500.0, 302_500.0), mark, triangle=UPPER) == [mark.uid]
    assert mark.kind is Kind.LOOP
