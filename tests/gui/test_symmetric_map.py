"""A symmetric map looks symmetric: no line of masked bins is seen in one direction only, at any zoom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cooler
import numpy as np
import pandas as pd
import pytest

from napari_hicstruct.genome import Interval
from tests.gui.view_kit import open_in, pump

BIN, N = 10_000, 1_500
MASKED = np.array([70, 222, 223, 401, 555, 640, 777, 900, 1_111, 1_300])


@pytest.fixture(scope="module")
def masked_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contacts between all bins, balanced but for a few thin lines."""
    path = tmp_path_factory.mktemp("masked") / "masked.cool"
    bins = cooler.binnify(pd.Series({"chr1": N * BIN}), BIN)
    bins["weight"] = np.where(np.isin(np.arange(N), MASKED), np.nan, 1.0)
    first, second = np.triu_indices(N)
    count = np.random.default_rng(1).integers(5, 9, len(first))
    pixels = pd.DataFrame({"bin1_id": first, "bin2_id": second, "count": count})
    cooler.create_cooler(str(path), bins, pixels, ordered=True)
    return path


def grey_runs(line: np.ndarray) -> int:
    """How many lines of masked bins a line of pixels crosses."""
    colour = line[:, :3].astype(int)
    grey = (np.ptp(colour, axis=1) < 8) & (np.abs(colour.mean(axis=1) - 210) < 6)
    return int(np.sum(grey[1:] & ~grey[:-1]) + grey[0])


@pytest.mark.parametrize("size", [(1_001, 831), (1_250, 760)])
def test_masked_lines_are_seen_in_both_directions(
    make_napari_viewer: Callable[..., Any], masked_map: Path, size: tuple[int, int]
) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(*size)
    session, _ = open_in(viewer, masked_map)
    low, high = session.layer.contrast_limits
    seen = 0
    for start, bins in ((300, 150), (200, 233), (350, 301), (100, 457), (33, 620), (0, 1_001), (0, 1_500)):
        place = Interval("chr1", start * BIN, (start + bins) * BIN)
        session.go_to(place)
        pump(lambda: False, 0.15)
        resolution = session.resolution
        assert resolution * viewer.scene.camera.zoom >= 1 - 1e-6, "a bin is no smaller than a pixel"
        rows, cols = session.layer.corner_pixels[0]
        drawn = session.layer._slice.image.view
        both = slice(max(rows, cols), min(rows + drawn.shape[0], cols + drawn.shape[1]))
        part = drawn[both.start - rows : both.stop - rows, both.start - cols : both.stop - cols]
        np.testing.assert_array_equal(part, part.T)
        session.layer.contrast_limits = low, high  # no grey among the colours of contacts
        picture = viewer.screenshot(canvas_only=True, flash=False)
        within = [m for m in MASKED if start <= m < start + bins] if resolution == BIN else []
        if not within:
            continue
        px = viewer.scene.camera.zoom * BIN
        middle = [side / 2 for side in picture.shape[:2]]
        reach = [slice(int(max(0, m - bins * px / 2)), int(m + bins * px / 2)) for m in middle]
        free = next(b for b in range(start + bins // 2, start + bins) if b not in MASKED and b - 1 not in MASKED)
        at = [int(m + (free + 0.5 - start - bins / 2) * px) for m in middle]
        lines = sum(m - 1 not in within for m in within)
        assert grey_runs(picture[at[0], reach[1]]) == lines, (start, bins, "columns")
        assert grey_runs(picture[reach[0], at[1]]) == lines, (start, bins, "rows")
        seen += 1
    assert seen >= 2
    session.layer.pixel_ratio = lambda: 2.0  # as on a screen of high resolution
    session.go_to(Interval("chr1", 0, int(1.5 * min(viewer.canvas.size)) * BIN))
    pump(lambda: False, 0.15)
    assert 0.5 <= BIN * viewer.scene.camera.zoom < 1
    assert session.resolution == BIN
