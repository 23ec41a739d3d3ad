"""Regions as people type them, and what is said when they are wrong."""

from __future__ import annotations

import pytest

from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import Interval, NameMatcher, display_region, format_bp, format_span, parse_region

SIZES = {"chr17": 83_257_441, "chrM": 16_569, "HLA-A*01:01:01-02": 3_503}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("chr17:62.5M-63.5M", Interval("chr17", 62_500_000, 63_500_000)),
        ("chr17:62,500,000-63,500,000", Interval("chr17", 62_500_000, 63_500_000)),
        ("17:62500kb – 63.5Mb", Interval("chr17", 62_500_000, 63_500_000)),
        ("chr17", Interval("chr17", 0, 83_257_441)),
        ("MT", Interval("chrM", 0, 16_569)),
        ("HLA-A*01:01:01-02", Interval("HLA-A*01:01:01-02", 0, 3_503)),
        ("HLA-A*01:01:01-02:10-20", Interval("HLA-A*01:01:01-02", 10, 20)),
        ("chr17:62.50–63.50 Mb", Interval("chr17", 62_500_000, 63_500_000)),  # the unit once, as people write it
        ("chr17:62-63M", Interval("chr17", 62_000_000, 63_000_000)),
        ("chr17:1,500-2kb", Interval("chr17", 1_500, 2_000)),
    ],
)
def test_spellings(text: str, wanted: Interval) -> None:
    assert parse_region(text, SIZES) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chr17:63M-62M", "Swap"),
        ("chr17:62M-62M", "Give an end behind the start"),
        ("chr17:62M-64", r"Did you mean chr17:62M-64M\? Each position needs its unit"),
        ("chr17:62.5 Mb – 63.5", r"Did you mean chr17:62.5 Mb-63.5Mb\?"),
        ("chr17:62M-60", "Swap"),
        ("chr17:63M-62,000kb", "Swap"),
        ("chr17:62M-90M", "83,257,441 bp long"),
        ("chr7:1-2", "no chromosome 'chr7'.*chr17"),
        ("chr17:1,5M-2M", "not a position"),  # 1.5 or 15? ask rather than guess
        ("chr17:62.5-63.5", "not a position"),  # no such thing as half a base pair: the unit was forgotten
        ("chr17:1x-2x", "not a position"),
        ("chr17:1-2-3", "not a region"),
        ("chr17:62.5M", r"one position, not a region. Write start and end: chr17:62,000,000-63,000,000"),
        ("", "empty"),
    ],
)
def test_wrong_regions_say_what_to_do(text: str, says: str) -> None:
    with pytest.raises(RegionError, match=says):
        parse_region(text, SIZES)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("17:62.5M", 61_500_000, 63_500_000), ("chr17:100kb", 0, 2_000_000), ("chr17:83,257,441", 81_257_441, 83_257_441)],
)
def test_a_position_is_the_middle_of_what_is_asked_for_around_it(text: str, start: int, end: int) -> None:
    assert parse_region(text, SIZES, around=2_000_000) == Interval("chr17", start, end)


def test_a_position_beyond_the_end_names_the_length() -> None:
    with pytest.raises(RegionError, match="83,257,441 bp long"):
        parse_region("chr17:90M", SIZES, around=2_000_000)


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (29_660_000, 35_340_000, "29.7–35.3 Mb"),
        (24_300_000, 24_600_000, "24.30–24.60 Mb"),
        (0, 48_129_895, "0–48 Mb"),
        (24_300_000, 24_304_000, "24,300,000–24,304,000"),
    ],
)
def test_spans_for_people_are_regions(start: int, end: int, says: str) -> None:
    span = Interval("chr17", start, end)
    assert format_span(span) == says
    back = parse_region(f"chr17:{says}")
    assert max(abs(back.start - start), abs(back.end - end)) <= len(span) / 40


def test_bare_name_needs_the_length() -> None:
    with pytest.raises(RegionError, match="no start and end"):
        parse_region("chr17")


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4)])
def test_impossible_intervals(start: int, end: int) -> None:
    with pytest.raises(RegionError, match="not an interval"):
        Interval("chr1", start, end)


def test_unknown_chromosome_names_near_ones() -> None:
    with pytest.raises(RegionError, match=r"no chromosome 'chr1b'. It has chr1"):
        NameMatcher(["chr1", "chr2"]).require("chr1b")


@pytest.mark.parametrize(
    ("bp", "text"),
    [(400, "400 bp"), (5_000, "5 kb"), (12_500, "12.5 kb"), (705_000, "705 kb"), (1_250_000, "1.25 Mb")],
)
def test_lengths_for_people(bp: int, text: str) -> None:
    assert format_bp(bp) == text


@pytest.mark.parametrize(("chrom", "shown"), [("21", "chr21"), ("chr21", "chr21"), ("scaffold_7", "scaffold_7")])
def test_a_region_is_shown_with_the_name_that_people_know(chrom: str, shown: str) -> None:
    region = Interval(chrom, 5_000, 1_010_000)
    assert display_region(region) == f"{shown}:5,000-1,010,000"
    assert parse_region(display_region(region), {chrom: 2_000_000}) == region
