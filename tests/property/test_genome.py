"""Coordinates: what holds for every region, name and bin."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import (
    Interval,
    NameMatcher,
    bin_range,
    bin_start,
    canonical_name,
    coarsen_factor,
    format_region,
    n_bins,
    parse_region,
    to_bin,
)

CHROMS = st.sampled_from(["chr1", "1", "chrX", "chr21", "HLA-DRB1*15:01:01:02", "chrUn_KI270302v1", "2L"])
POSITIONS = st.integers(0, 3_000_000_000)
RESOLUTIONS = st.sampled_from([1, 200, 1_000, 5_000, 10_000, 25_000, 40_000, 1_000_000])


@st.composite
def intervals(draw: st.DrawFn, chroms: st.SearchStrategy[str] = CHROMS) -> Interval:
    start, end = sorted((draw(POSITIONS), draw(POSITIONS)))
    assume(end > start)
    return Interval(draw(chroms), start, end)


@given(intervals())
def test_every_region_reads_back_as_written(interval: Interval) -> None:
    assert parse_region(format_region(interval)) == interval
    assert parse_region(f"{interval.chrom}:{interval.start}-{interval.end}") == interval
    assert parse_region(f" {interval.chrom}:{interval.start} .. {interval.end} ") == interval


@given(CHROMS, st.integers(0, 299_999), st.integers(1, 9_999))
def test_megabases_mean_the_same_as_base_pairs(chrom: str, start: int, length: int) -> None:
    end = start + length  # in kb: exactly representable with three decimals of Mb
    wanted = Interval(chrom, start * 1_000, end * 1_000)
    assert parse_region(f"{chrom}:{start / 1000}M-{end / 1000}M") == wanted
    assert parse_region(f"{chrom}:{start}kb-{end}KB") == wanted


@given(intervals(), RESOLUTIONS)
def test_bins_touch_exactly_the_interval(interval: Interval, resolution: int) -> None:
    first, last = bin_range(interval.start, interval.end, resolution)
    assert bin_start(first, resolution) <= interval.start < bin_start(first + 1, resolution)
    assert bin_start(last - 1, resolution) < interval.end <= bin_start(last, resolution)
    assert first == to_bin(interval.start, resolution)
    assert last - 1 == to_bin(interval.end - 1, resolution)
    assert n_bins(interval.end, resolution) == last


@given(intervals(), RESOLUTIONS, st.integers(0, 10**6))
def test_snap_contains_and_is_idempotent(interval: Interval, resolution: int, margin: int) -> None:
    snapped = interval.snap(resolution)
    assert snapped.start <= interval.start
    assert interval.end <= snapped.end
    assert snapped.start % resolution == snapped.end % resolution == 0
    assert snapped.snap(resolution) == snapped
    assert snapped.start > interval.start - resolution
    assert snapped.end < interval.end + resolution
    grown = interval.expand(margin, interval.end + 10)
    assert grown.end == min(interval.end + margin, interval.end + 10)
    assert grown.start == max(0, interval.start - margin)


@given(intervals(st.just("chr1")), intervals(st.just("chr1")), POSITIONS)
def test_overlap_is_sharing_a_base_pair(a: Interval, b: Interval, length: int) -> None:
    assert a.overlaps(b) == b.overlaps(a) == (max(a.start, b.start) < min(a.end, b.end))
    assert not a.overlaps(Interval("chr2", a.start, a.end))
    clamped = a.clamp(length)
    assert clamped.end <= max(length, 0)
    assert len(clamped) == max(0, min(a.end, length) - min(a.start, length))


@given(st.integers(1, 10**6), st.integers(1, 500))
def test_coarsening_is_whole(fine: int, factor: int) -> None:
    assert coarsen_factor(fine, fine * factor) == factor
    if fine > 1:
        with pytest.raises(RegionError, match="whole"):
            coarsen_factor(fine, fine * factor + 1)


@given(st.sampled_from(["1", "21", "X", "Y", "M", "2L", "III", "Un_GL000220v1"]))
def test_both_spellings_of_a_chromosome_meet(name: str) -> None:
    for names in ([name], [f"chr{name}"], [f"CHR{name}"]):
        matcher = NameMatcher(names)
        for spelling in (name, f"chr{name}", f"Chr{name}", name.lower()):
            assert matcher.match(spelling) == names[0]
    assert canonical_name(canonical_name(name)) == canonical_name(name)


@given(st.lists(st.sampled_from(["1", "chr1", "2", "chr2", "MT", "chrM"]), unique=True, min_size=1))
def test_exact_spelling_wins(names: list[str]) -> None:
    matcher = NameMatcher(names)
    assert all(matcher.match(name) == name for name in names)


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(RegionError):
        found = parse_region(text, {"chr1": 1_000, "chr2": 2_000})
        assert found.chrom in ("chr1", "chr2")
        assert 0 <= found.start < found.end <= {"chr1": 1_000, "chr2": 2_000}[found.chrom]
