"""What a real layer reads: the rectangle in view, once; nothing of dask's chunks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.contacts.block_cache import Rectangle
from napari_hicstruct.contacts.pyramid import CHUNK_BINS, LevelReader
from napari_hicstruct.genome import Interval
from tests.gui.view_kit import open_in, pump, write_dots

Make = Callable[..., Any]
BIN = 5_000


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_view_and_a_pan_read_one_rectangle_each(
    make_napari_viewer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asynchronous: bool
) -> None:
    from napari.settings import get_settings

    get_settings().experimental.async_ = asynchronous
    reads: list[tuple[int, Rectangle]] = []
    original = LevelReader.read

    def counting(self: LevelReader, wanted: Rectangle) -> Any:
        reads.append((self.bins.resolution, wanted))
        return original(self, wanted)

    monkeypatch.setattr(LevelReader, "read", counting)
    viewer = make_napari_viewer(show=True)
    middle = CHUNK_BINS * BIN  # where four of dask's chunks meet
    dots = [(middle - 2_000, middle + 3_000, 7), (1_000_000, 2_000_000, 5)]
    session, _ = open_in(viewer, write_dots(tmp_path / "dots.mcool", [BIN, 4 * BIN], 32_000_000, dots))
    pump(lambda: False, 0.5)
    for start in (middle - 500_000, middle - 450_000, middle - 4_000_000):  # a view, a pan, and another view
        reads.clear()
        place = Interval("chr1", start, start + 1_000_000)
        session.go_to(place, place)
        pump(lambda: reads and session.layer._slicing_state._loaded)
        pump(lambda: False, 0.3)
        ((resolution, (r0, r1, c0, c1)),) = reads
        assert resolution == BIN
        rows, cols = session.visible()
        assert (r0 * BIN <= rows.start, c0 * BIN <= cols.start) == (True, True)
        assert (r1 * BIN >= rows.end, c1 * BIN >= cols.end) == (True, True)
        assert (r1 - r0) * (c1 - c0) < 1.3 * len(rows) * len(cols) / BIN**2, "what is in view, and little more"
    session.go_to(place, place)
    pump(lambda: False, 0.3)
    assert len(reads) == 1, "what is in view is not read again"
    assert np.nansum(session.map.level.tile.values) == 0
