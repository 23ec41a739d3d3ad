"""Regions as they are typed into the window's box, and as the box shows them."""

from __future__ import annotations

import pytest

from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.map.view import View, parse_view

SIZES = {"21": 48_129_895, "2": 243_199_373}


def view(rows: tuple[int, int], cols: tuple[int, int]) -> View:
    return View(Interval("21", *rows), Interval("21", *cols))


def test_a_view_off_the_diagonal_is_shown_as_rows_and_columns_and_read_back() -> None:
    shown = view((24_300_000, 24_600_000), (24_700_000, 25_000_000))
    assert str(shown) == "chr21:24.30–24.60 Mb × 24.70–25.00 Mb"
    assert parse_view(str(shown), SIZES) == shown
    overlapping = view((24_260_000, 24_740_000), (24_600_000, 25_160_000))  # a loop at 24.50 × 24.88 Mb
    assert str(overlapping) == "chr21:24.26–24.74 Mb × 24.60–25.16 Mb"


def test_a_view_about_the_diagonal_is_the_span_that_was_asked_for() -> None:
    assert str(view((20_000_000, 21_000_000), (19_900_000, 21_100_000))) == "chr21:20,000,000-21,000,000"
    assert str(view((0, 5_000_000), (0, 9_000_000))) == "chr21:0-5,000,000"  # the canvas shows what lies before 0, too
    assert view((20_000_000, 21_000_000), (19_900_000, 21_100_000)).short() == "chr21:20.00–21.00 Mb"
    assert view((20_000_000, 21_000_000), (20_900_000, 30_000_000)).short() == "chr21:20.00–21.00 Mb × 20.9–30.0 Mb"


@pytest.mark.parametrize(
    ("text", "chrom", "start", "end"),
    [
        ("chr21:33.2M", "21", 32_200_000, 34_200_000),
        ("33200000", "21", 32_200_000, 34_200_000),
        ("33.2 Mb", "21", 32_200_000, 34_200_000),
        ("chr21", "21", 0, 48_129_895),
        ("2", "2", 0, 243_199_373),
        ("2-3M", "21", 2_000_000, 3_000_000),
    ],
)
def test_positions_and_names_are_regions(text: str, chrom: str, start: int, end: int) -> None:
    wanted = Interval(chrom, start, end)
    assert parse_view(text, SIZES, chrom="21") == View(wanted, wanted)


def test_two_positions_are_a_loop_to_be_looked_at() -> None:
    found = parse_view("24.5M x 24.88M", SIZES, chrom="21", around=200_000)
    assert found == view((24_400_000, 24_600_000), (24_780_000, 24_980_000))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("90M", "48,129,895 bp long"),
        ("1M × 2M × 3M", "rows × columns"),
        ("chr21:1M-2M × chr2:1M-2M", "joins two chromosomes"),
        ("33,2M", "not a position"),
        ("chrQ:33M", "no chromosome 'chrQ'"),
    ],
)
def test_wrong_views_say_what_to_do(text: str, says: str) -> None:
    with pytest.raises(RegionError, match=says):
        parse_view(text, SIZES, chrom="21")
