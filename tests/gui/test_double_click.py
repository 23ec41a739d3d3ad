"""A real window: the second of two quick clicks, which Qt reports as a double click, is a click on an object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from tests.gui.edit_kit import make_project, tad
from tests.gui.test_edit_window import Window


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Window]:
    with make_project(tmp_path) as project:
        made = Window(make_napari_viewer(show=True), project)
        yield made
        made.session.editing.close()


def double_click(window: Window, place: tuple[float, float]) -> None:
    """As Qt reports two quick clicks: press, release, double click, release."""
    at = QPoint(*np.round(window.pixel(place)).astype(int).tolist())
    QTest.mouseClick(window.canvas.native, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(window.canvas.native, Qt.MouseButton.LeftButton, pos=at)
    window.editor.flush()


def test_two_quick_clicks_on_objects_choose_the_second_there_and_do_not_zoom(window: Window) -> None:
    inner, outer = tad(300_000, 500_000), tad(200_000, 700_000)
    window.put(inner, outer)
    zoom = window.viewer.scene.camera.zoom
    double_click(window, (420_000, 430_000))
    assert window.editor.labels.current_uid == outer.uid
    assert window.viewer.scene.camera.zoom == zoom
    QTest.mouseClick(window.canvas.native, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert window.editor.labels.current_uid is None


def test_beside_all_objects_a_double_click_zooms_as_ever(window: Window) -> None:
    window.put(tad(300_000, 500_000))
    before = window.viewer.scene.camera.zoom
    double_click(window, (850_000, 150_000))
    assert window.viewer.scene.camera.zoom == pytest.approx(2 * before)
    window.session.editing.close()
    assert len(window.viewer.mouse_double_click_callbacks) == 1
