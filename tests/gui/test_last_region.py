"""A map opens where one looked at it last."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.settings import Settings
from tests.gui.view_kit import open_in, pump, write_dots

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
    session.show_tilted(True)
    session.open_map(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    session.show_tilted(False)
    session.open_map(data_dir / "maps" / MAP)
    assert session.projection.tilted, "a map lies as it lay last"
    session.show_tilted(False)
    session.open_map(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    session.open_map(data_dir / "maps" / MAP)
    assert not session.projection.tilted
    again = session.visible()
    for one, other in zip(again, there, strict=True):
        assert abs(one.start - other.start) < 0.1 * len(other)
        assert abs(one.end - other.end) < 0.1 * len(other)


def test_where_one_rests_is_kept_while_the_map_is_open_and_not_with_every_move(
    make_napari_viewer: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window that is killed loses nothing; none of the writes is the window's own work."""
    viewer = make_napari_viewer(show=True)
    session, _dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", [20_000], 32_000_000, []))
    path, writers, write = session.settings.path, [], Settings._write

    def noted(self: Settings, values: Any) -> None:
        writers.append(threading.current_thread())
        write(self, values)

    def kept() -> str:
        return str(json.loads(path.read_text(encoding="utf-8")).get("regions", {}))

    pump(lambda: False, 1.5)  # what the opening moved
    monkeypatch.setattr(Settings, "_write", noted)
    before = kept()
    for step in range(12):
        viewer.scene.camera.center = (0, 10_000_000 + 100_000 * step, 10_000_000 + 100_000 * step)
        pump(lambda: False, 0.15)
    assert kept() == before
    assert not writers, "else each move writes"
    session.go_to(Interval("chr1", 20_000_000, 21_000_000))
    assert pump(lambda: "20,000,000" in kept() or "20M" in kept(), 4), kept()
    assert writers
    assert threading.main_thread() not in writers
