"""A map opens where one looked at it last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_hicstruct.genome import Interval
from tests.gui.view_kit import pump

MAP = "GM12878_MboI_chr21_10kb_hg19.cool"


def test_a_map_opens_where_one_looked_at_it_last(make_napari_viewer: Callable[..., Any], data_dir: Path) -> None:
    from napari_hicstruct.plugin.controllers.session import ensure_session

    session = ensure_session(make_napari_viewer(show=True))
    session.open_map(data_dir / "maps" / MAP)
    home = session.visible()
    session.go_to(Interval("21", 33_000_000, 35_000_000))
    seen = []
    session.view_changed.connect(lambda rows, cols: seen.append((rows, cols)))
    assert pump(lambda: bool(seen), 5)
    there = session.visible()
    assert len(there[0]) < len(home[0]) / 4
    session.open_map(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    session.open_map(data_dir / "maps" / MAP)
    again = session.visible()
    for one, other in zip(again, there, strict=True):
        assert abs(one.start - other.start) < 0.1 * len(other)
        assert abs(one.end - other.end) < 0.1 * len(other)
