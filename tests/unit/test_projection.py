"""Genome ↔ world: square and tilted maps, what a camera shows of them, and what it cuts off."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.map.projection import BELOW_PX, SQUARE, TILTED, Projection
from napari_hicstruct.plugin.state.map.view import View

CHROM, LENGTH = "chr17", 83_000_000
CANVAS = (800, 1_000)


def iv(start: int, end: int) -> Interval:
    return Interval(CHROM, start, end)


@pytest.mark.parametrize("projection", [SQUARE, TILTED])
def test_places_come_back_and_the_matrix_says_the_same(projection: Projection) -> None:
    rng = np.random.default_rng(0)
    for row, col in rng.uniform(0, LENGTH, (50, 2)):
        y, x = projection.to_world((row, col))
        assert projection.to_genome((y, x)) == pytest.approx((row, col))
        assert projection.matrix @ (row, col, 1) == pytest.approx((y, x, 1))
    moved = np.subtract(projection.to_world((1e6 + 1e5, 3e6)), projection.to_world((1e6, 3e6)))
    assert np.hypot(*moved) * projection.bp_per_world == pytest.approx(1e5), "a pixel is so many base pairs"


def test_a_tilted_map_has_the_genome_along_and_half_the_distance_up() -> None:
    y, x = TILTED.to_world((62_500_000, 63_500_000))
    assert (y, x) == (-500_000, 63_000_000)
    assert TILTED.to_world((62_500_000, 62_500_000)) == (0, 62_500_000), "the diagonal is the genome itself"


def test_a_view_about_the_diagonal_takes_the_width_and_stands_on_the_lower_edge() -> None:
    view = View(iv(62_500_000, 63_500_000), iv(62_500_000, 63_500_000))
    center, zoom = TILTED.camera_for(view, CANVAS)
    assert zoom == CANVAS[1] / 1_000_000
    assert center[0] + CANVAS[0] / 2 / zoom == pytest.approx(BELOW_PX / zoom)
    assert TILTED.view_of_camera(center, zoom, CANVAS, chrom=CHROM, length=LENGTH) == view


def test_a_view_off_the_diagonal_is_shown_whole_and_comes_back() -> None:
    view = View(iv(20_000_000, 21_000_000), iv(40_000_000, 41_000_000))
    center, zoom = TILTED.camera_for(view, CANVAS)
    assert zoom == min(CANVAS) / 1_000_000
    assert TILTED.view_of_camera(center, zoom, CANVAS, chrom=CHROM, length=LENGTH) == view
    for row, col in ((20e6, 40e6), (20e6, 41e6), (21e6, 40e6), (21e6, 41e6)):
        off = (np.array(TILTED.to_world((row, col))) - center) * zoom
        assert (np.abs(off) <= np.array(CANVAS) / 2 + 1e-6).all()


@pytest.mark.parametrize("projection", [SQUARE, TILTED])
def test_reach_holds_all_that_is_on_the_canvas(projection: Projection) -> None:
    center, zoom = (-3_000_000.0, 30_000_000.0) if projection.tilted else (27e6, 33e6), 1e-4
    rows, cols = projection.reach(center, zoom, CANVAS, chrom=CHROM, length=LENGTH)
    for y in (-0.5, 0, 0.5):
        for x in (-0.5, 0, 0.5):
            place = np.array(center) + np.array([y, x]) * CANVAS / zoom
            row, col = projection.to_genome(place.tolist())
            assert rows.start - 1 <= max(row, 0) <= rows.end + 1
            assert cols.start - 1 <= max(col, 0) <= cols.end + 1


def test_what_lies_above_the_upper_edge_is_not_wholly_seen() -> None:
    low = (200, 1_000)  # the triangle over 1 Mb is 500 pixels high
    view = View(iv(62_500_000, 63_500_000), iv(62_500_000, 63_500_000))
    center, zoom = TILTED.camera_for(view, low)
    seen = TILTED.view_of_camera(center, zoom, low, chrom=CHROM, length=LENGTH)
    part = TILTED.whole(seen, center, zoom, low)
    assert part.rows == part.cols
    assert len(part.rows) == pytest.approx(2 * (200 - BELOW_PX) / zoom, abs=2)
    assert part.rows.center == pytest.approx(63_000_000, abs=2)
    assert SQUARE.whole(view, center, zoom, low) == view
    high, zoom = TILTED.camera_for(view, CANVAS)
    assert TILTED.whole(view, high, zoom, CANVAS) == view


def test_past_the_end_nothing_is_seen() -> None:
    seen = TILTED.view_of_camera((0, 200e6), 1e-3, CANVAS, chrom=CHROM, length=LENGTH)
    assert len(seen.rows) == 0
    assert len(TILTED.whole(seen, (0, 200e6), 1e-3, CANVAS).rows) == 0


def test_what_is_on_the_canvas_is_seen_also_beyond_the_ends_of_the_diagonal() -> None:
    view = View(iv(62_500_000, 63_500_000), iv(62_500_000, 63_500_000))
    center, zoom = TILTED.camera_for(view, CANVAS)
    across = (62_400_000, 62_405_000, 62_900_000, 62_905_000)  # its first anchor lies left of the view, its mark in it
    assert TILTED.sees(across, center, zoom, CANVAS)
    assert not TILTED.sees((62_000_000, 62_005_000, 62_500_000, 62_505_000), center, zoom, CANVAS)
    assert not TILTED.sees((62_900_000, 62_905_000, 62_500_000, 62_505_000), center, zoom, CANVAS), "below the edge"
    square = SQUARE.camera_for(view, CANVAS)
    assert not SQUARE.sees(across, *square, CANVAS)
