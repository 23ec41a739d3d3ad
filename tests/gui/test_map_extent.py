"""A map that holds a part of a chromosome opens on that part, to the bin, also where coarse levels are masked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gui.view_kit import open_in


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool", 62_500_000, 63_500_000),
        ("mouse_limbE11.5_Epha4_WT_chr1_73-79Mb_10kb.cool", 73_000_000, 79_000_000),
    ],
)
def test_a_part_opens_whole(
    make_napari_viewer: Callable[..., Any], data_dir: Path, name: str, start: int, end: int
) -> None:
    session, _ = open_in(make_napari_viewer(show=True), data_dir / "maps" / name)
    extent = session.map.extent_with_contacts()
    assert (extent.start, extent.end) == (start, end)
