"""A window that is closed ends its session while Qt still stands; nothing raises, whoever closes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_hicstruct.plugin._docks import open_dock, open_table
from napari_hicstruct.plugin.controllers.session import session_of
from tests.gui.view_kit import open_in

Make = Callable[..., Any]
SMALL = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"


@pytest.mark.parametrize("by_script", [True, False])
@pytest.mark.parametrize("docks", [0, 1, 2])
def test_nothing_raises(make_napari_viewer: Make, data_dir: Path, by_script: bool, docks: int) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / SMALL)
    viewer.add_image(np.zeros((4, 4)), name="somebody else's")
    session.ensure_project()
    if docks == 0:
        dock.parentWidget().destroyOnClose()
    if docks == 2:
        open_table(viewer)
    dock = None
    QApplication.processEvents()
    if by_script:
        viewer.close()
    else:
        viewer.window._qt_window.close()
        viewer.layers.clear()  # as what is still about may do
        del viewer.window._qt_window  # napari cannot close a window twice; the fixture does not try then
    QApplication.processEvents()
    assert session.project is None
    assert session.source is None
    assert session_of(viewer) is None


def test_a_window_whose_close_is_refused_goes_on(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, data_dir / "maps" / SMALL)
    guard = dock.learn.guard
    guard._running = lambda: True
    guard.ask = lambda _window: "wait"
    viewer.window._qt_window.close()
    QApplication.processEvents()
    assert viewer.window._qt_window.isVisible()
    assert session.source is not None
    assert open_dock(viewer) is dock
    guard._running = lambda: False
