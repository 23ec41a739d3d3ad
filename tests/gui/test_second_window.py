"""The dock of every window is as wide as its content may be: napari puts no stretch beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_hicstruct.plugin._docks import open_dock
from tests.gui.view_kit import pump


def test_the_dock_s_body_fills_it_in_the_second_window_too(make_napari_viewer: Callable[..., Any]) -> None:
    for _ in range(2):
        viewer = make_napari_viewer(show=True)
        viewer.window._qt_window.resize(1500, 900)
        dock = open_dock(viewer)
        layout = dock.layout()
        assert all(layout.itemAt(place).spacerItem() is None for place in range(layout.count()))
        assert pump(lambda dock=dock: dock._body.width() == dock.width() > 300, 5)
        viewer.close()
