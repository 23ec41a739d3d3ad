"""A dock without a map offers the last maps and the sample; one click, and the keyboard is the map's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_hicstruct.plugin._docks import open_dock
from napari_hicstruct.plugin.controllers.session import ensure_session
from tests.gui.view_kit import pump, write_dots


def test_the_last_maps_are_offered_and_open_with_a_click(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = ensure_session(viewer), open_dock(viewer)
    maps = [write_dots(tmp_path / name, [20_000], 4_000_000, []) for name in ("old.mcool", "gone.mcool", "new.mcool")]
    for path in maps:
        session.open_map(path)
    assert not dock._invitation.isVisible()
    maps[1].unlink()
    session.close_map()
    assert dock._invitation.isVisible()
    assert [one.text() for one in dock._invitation.recent] == ["new.mcool", "old.mcool"]
    dock._invitation.recent[1].setFocus()
    QTest.mouseClick(dock._invitation.recent[1], Qt.MouseButton.LeftButton)
    assert session.source is not None
    assert session.source.name == "old"
    canvas = viewer.window._qt_viewer.canvas.native
    assert pump(lambda: viewer.window._qt_window.focusWidget() is canvas, 5), "keys are the map's at once"
