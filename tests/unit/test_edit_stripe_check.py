"""The stripe check: window, resolution, colour maximum and rectangle exactly as the format page says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.values import ValueKind
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.labels.geometry import Box, dashes
from napari_hicstruct.workflows import stripe_check

LENGTH = 9_000_000


class Source:
    resolutions = (2_000, 10_000, 25_000)
    value_kind = ValueKind.COUNTS

    def default_norm(self, resolution: int, chrom: str) -> str:
        return "weight"

    def __init__(self) -> None:
        self.chromsizes = {"chr1": LENGTH}
        self.asked: list[Any] = []

    def resolutions_of(self, chrom: str) -> tuple[int, ...]:
        return self.resolutions if chrom in self.chromsizes else ()

    def fetch(self, rows: Interval, cols: Interval, *, resolution: int, norm: str) -> np.ndarray:
        self.asked.append((rows, cols, resolution, norm))
        n = -(-rows.end // resolution) - rows.start // resolution
        counts = np.arange(n * n, dtype=np.float32).reshape(n, n)
        counts[0] = np.nan
        return counts


def stripe(x: tuple[int, int], y: tuple[int, int]) -> Annotation:
    return Annotation(kind=Kind.STRIPE, anchor1=Interval("chr1", *x), anchor2=Interval("chr1", *y))


def test_window_is_bounding_interval_plus_250_kb_or_a_quarter() -> None:
    short = stripe((2_000_000, 2_015_000), (2_000_000, 2_600_000))
    assert stripe_check.check_window(short, LENGTH) == Interval("chr1", 1_750_000, 2_850_000)
    long = stripe((2_000_000, 2_015_000), (2_000_000, 6_000_000))
    assert stripe_check.check_window(long, LENGTH) == Interval("chr1", 1_000_000, 7_000_000)
    assert stripe_check.check_window(long, LENGTH, margin=50_000) == Interval("chr1", 1_950_000, 6_050_000)
    edge = stripe((8_900_000, 8_910_000), (8_500_000, 8_910_000))
    assert stripe_check.check_window(edge, LENGTH) == Interval("chr1", 8_250_000, LENGTH)


@pytest.mark.parametrize(("wanted", "nearest"), [(5_000, 2_000), (2_000, 2_000), (8_000, 10_000), (99_000, 25_000)])
def test_nearest_resolution_is_named_when_it_differs(wanted: int, nearest: int) -> None:
    check = stripe_check.check_stripe(
        Source(), stripe((2_000_000, 2_015_000), (2_000_000, 2_600_000)), stripe_check.CheckOptions(resolution=wanted)
    )
    assert check.resolution == nearest
    assert bool(check.note) is (wanted != nearest)
    assert not check.note or f"{nearest // 1000} kb" in check.note


def test_raw_counts_and_98th_percentile_of_the_window() -> None:
    source = Source()
    check = stripe_check.check_stripe(
        source, stripe((2_000_000, 2_015_000), (2_000_000, 2_600_000)), stripe_check.CheckOptions(resolution=10_000)
    )
    ((rows, cols, resolution, norm),) = source.asked
    assert (rows, cols, resolution, norm) == (check.window, check.window, 10_000, "raw")
    assert check.limit == pytest.approx(np.nanpercentile(check.counts, 98))


def test_rectangle_is_rows_x_columns_y_floor_and_ceiling_in_bins() -> None:
    box = Box(*stripe_check.bin_box(stripe((2_000_001, 2_010_001), (2_009_999, 2_600_000)), 10_000))
    assert box.rows == (2_000_000, 2_020_000)
    assert box.cols == (2_000_000, 2_600_000)


@pytest.mark.parametrize(
    ("balanced", "kind", "says"),
    [
        (False, ValueKind.COUNTS, "contacts"),
        (True, ValueKind.COUNTS, "balanced contacts (weight)"),
        (False, ValueKind.NORMALISED, "normalised contacts"),
    ],
)
def test_the_numbers_are_named_for_what_they_are(balanced: bool, kind: ValueKind, says: str) -> None:
    source = Source()
    source.value_kind = kind
    options = stripe_check.CheckOptions(balanced=balanced)
    check = stripe_check.check_stripe(source, stripe((2_000_000, 2_010_000), (2_000_000, 2_600_000)), options)
    assert check.values == says


def test_no_pixel_of_a_narrow_stripe_is_covered() -> None:
    options = stripe_check.CheckOptions(resolution=10_000)
    narrow, wide = (
        stripe_check.check_stripe(Source(), stripe((2_000_000, end), (2_000_000, 2_600_000)), options)
        for end in (2_010_000, 2_050_000)
    )
    point = 5_000.0  # bp
    assert narrow.fill_alpha(point) == 0
    assert wide.fill_alpha(point) == stripe_check.FILL_ALPHA
    edge = 1.4 * point
    top, left, bottom, right = narrow.outline(edge)
    assert (top + edge / 2, bottom - edge / 2) == (2_000_000, 2_010_000)
    assert (left + edge / 2, right - edge / 2) == (2_000_000, 2_600_000)


def test_dashes_lie_on_the_outline_and_leave_gaps() -> None:
    box = Box(0.0, 0.0, 10.0, 100.0)
    lines = dashes(box, n=5)
    assert len(lines) == 20
    for line in lines:
        assert np.any(np.isin(line, (0.0, 10.0, 100.0)))
    drawn = sum(np.abs(line[1] - line[0]).sum() for line in lines)
    assert 0.4 * 220 < drawn < 0.7 * 220
