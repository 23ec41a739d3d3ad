"""Record → drawn → record: nothing moves that nobody moved, and what moved sits on bins, on the chromosome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hicstruct.annotations.records import Annotation, Kind, stripe_direction
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.labels import geometry
from napari_hicstruct.plugin.state.labels.geometry import Box, Grid, Triangle

LENGTH = 248_956_422
RESOLUTIONS = (1_000, 5_000, 10_000, 25_000, 40_000, 100_000)
triangles = st.sampled_from(Triangle)


def interval(start: int, size: int) -> Interval:
    return Interval("chr1", start, min(start + size, LENGTH))


spans = st.builds(interval, st.integers(0, LENGTH - 2_000), st.integers(1_000, 8_000_000))


@st.composite
def stripes(draw: Any) -> Annotation:
    x = interval(draw(st.integers(0, LENGTH - 200_000)), draw(st.integers(1_000, 80_000)))
    before, after = draw(st.integers(0, 3_000_000)), draw(st.integers(0, 3_000_000))
    y = x.expand(0) if before + after == 0 else Interval("chr1", max(0, x.start - before), min(LENGTH, x.end + after))
    return Annotation(kind=Kind.STRIPE, anchor1=x, anchor2=y, direction=stripe_direction(x, y))


grids = st.builds(lambda resolution: Grid("chr1", LENGTH, resolution), st.sampled_from(RESOLUTIONS))
tads = spans.map(lambda place: Annotation(kind=Kind.TAD, anchor1=place, anchor2=place))


@st.composite
def loops(draw: Any) -> tuple[Annotation, Grid]:
    grid = draw(grids)
    points = sorted(draw(st.integers(0, LENGTH - 1)) for _ in range(2))
    first, second = (grid.bin_at(point) for point in points)
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second, resolution=grid.resolution), grid


def as_drawn(vertices: np.ndarray) -> np.ndarray:
    """napari keeps shapes in single precision."""
    return np.asarray(vertices, dtype=np.float32).astype(float)


def on_grid(edge: int, grid: Grid) -> bool:
    return edge % grid.resolution == 0 or edge == LENGTH


@given(loops(), triangles)
def test_untouched_loop_stays_itself(case: tuple[Annotation, Grid], triangle: Triangle) -> None:
    record, grid = case
    assert geometry.move_loop(record, geometry.point_of(record, triangle), triangle, grid) is record


@given(stripes(), triangles, grids)
def test_untouched_stripe_stays_itself(record: Annotation, triangle: Triangle, grid: Grid) -> None:
    vertices = as_drawn(geometry.outline_of(record, triangle)[0])
    assert geometry.is_upright(vertices)
    assert geometry.reshape_stripe(record, Box.of(vertices), triangle, grid) is record


@given(tads, triangles, grids)
def test_untouched_tad_stays_itself(record: Annotation, triangle: Triangle, grid: Grid) -> None:
    vertices = as_drawn(geometry.outline_of(record, triangle)[0])
    assert geometry.is_upright(vertices)
    assert geometry.reshape_tad(record, Box.of(vertices), grid) is record


@given(stripes(), triangles)
def test_triangle_choice_holds_for_every_direction(record: Annotation, triangle: Triangle) -> None:
    box = geometry.box_of(record, triangle)
    above = (box.left + box.right) - (box.top + box.bottom)
    if triangle is Triangle.STORED:
        assert (box.rows, box.cols) == (
            (record.anchor1.start, record.anchor1.end),
            (record.anchor2.start, record.anchor2.end),
        )
    else:
        assert above >= 0 if triangle is Triangle.UPPER else above <= 0


@given(loops(), triangles, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_moved_loop_is_drawn_in_the_bin_where_it_was_dropped(
    case: tuple[Annotation, Grid], triangle: Triangle, row: int, col: int
) -> None:
    record, grid = case
    moved = geometry.move_loop(record, (row, col), triangle, grid)
    assert moved.anchor1 <= moved.anchor2
    assert moved.uid == record.uid
    drawn = sorted(geometry.point_of(moved, triangle))
    for dropped, shown in zip(sorted((row, col)), drawn, strict=True):
        assert abs(shown - dropped) <= 0.6 * grid.resolution


@given(stripes(), triangles, grids, st.integers(-2_000_000, 2_000_000), st.integers(-2_000_000, 2_000_000))
def test_moved_stripe_keeps_its_size_and_lands_on_bins(
    record: Annotation, triangle: Triangle, grid: Grid, down: int, right: int
) -> None:
    box = geometry.box_of(record, triangle)
    moved_box = Box(box.top + down, box.left + right, box.bottom + down, box.right + right)
    moved = geometry.reshape_stripe(record, moved_box, triangle, grid)
    shifts = (right, down) if geometry.is_flipped(record, triangle) else (down, right)
    for old, new, shift in zip((record.anchor1, record.anchor2), (moved.anchor1, moved.anchor2), shifts, strict=True):
        assert len(new) == len(old)
        assert new.start >= 0
        assert new.end <= LENGTH
        if new != old and new.end < LENGTH:
            assert new.start % grid.resolution == 0
            assert new.start == 0 or abs(new.start - old.start - shift) <= grid.resolution / 2 + 1
    assert moved.direction is stripe_direction(moved.anchor1, moved.anchor2)


@given(tads, grids, st.tuples(*[st.integers(-3_000_000, 3_000_000)] * 4))
def test_reshaped_tad_is_on_the_diagonal_on_bins_and_on_the_chromosome(
    record: Annotation, grid: Grid, moves: tuple[int, ...]
) -> None:
    box = geometry.box_of(record, Triangle.STORED)
    edges = [edge + move for edge, move in zip((box.top, box.left, box.bottom, box.right), moves, strict=True)]
    new = geometry.reshape_tad(record, Box.of([(edges[0], edges[1]), (edges[2], edges[3])]), grid)
    assert new.anchor1 == new.anchor2
    assert 0 <= new.anchor1.start < new.anchor1.end <= LENGTH
    resized = len(new.anchor1) != len(record.anchor1)
    for edge, old in ((new.anchor1.start, record.anchor1.start), (new.anchor1.end, record.anchor1.end)):
        assert not resized or edge == old or on_grid(edge, grid)


@given(grids, st.tuples(*[st.integers(0, LENGTH - 1)] * 4))
def test_drawn_stripe_has_its_narrow_side_as_anchor(grid: Grid, points: tuple[int, ...]) -> None:
    box = Box.of([(points[0], points[1]), (points[2], points[3])])
    record = geometry.new_stripe(box, grid)
    if record is None:
        assert max(box.bottom - box.top, box.right - box.left) < 3 * grid.resolution
        return
    assert len(record.anchor1) <= len(record.anchor2)
    assert all(on_grid(edge, grid) for part in (record.anchor1, record.anchor2) for edge in (part.start, part.end))


@pytest.mark.parametrize("angle", [3, 30, 90.5])
def test_rotated_rectangle_is_noticed(angle: float) -> None:
    corners = Box(1e8, 1e8, 1.0001e8, 1.01e8).vertices()
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = corners.mean(axis=0)
    assert not geometry.is_upright(as_drawn((corners - middle) @ matrix.T + middle))


def test_vertex_dragged_away_is_noticed() -> None:
    corners = Box(1e6, 1e6, 2e6, 2e6).vertices()
    corners[2] -= 4e5
    assert not geometry.is_upright(corners)
