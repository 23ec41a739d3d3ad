"""napari's own keys and buttons neither move the map under its axes nor change its colours unsaid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_hicstruct.annotations import Kind
from napari_hicstruct.plugin.layers.fixed_place import Image
from napari_hicstruct.plugin.panels.map.share_box import BY_HAND
from tests.gui.edit_kit import press
from tests.gui.person import Person
from tests.gui.view_kit import open_in, pump, write_dots

BIN = 5_000
DOT = (4_000_000, 9_000_000)


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Person]:
    viewer = make_napari_viewer(show=True)
    dots = [(*DOT, 7), *((k * 1_000_000, k * 1_100_000, k) for k in range(1, 20))]
    session, dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", [BIN, 20 * BIN], 32_000_000, dots))
    viewer.layers.selection.active = session.layer
    made = Person(viewer, session, dock)
    yield made
    made.let_go()


def place_of_dot(window: Person) -> tuple[float, float]:
    """Pixel of the canvas (row, column) that the graphics card draws the dot at."""
    canvas = window.viewer.window._qt_viewer.canvas
    node = canvas.layer_to_visual[window.session.layer].node
    corner = window.session.layer.world_to_data(DOT)
    tile = node.get_transform("visual", "canvas")
    x, y, *_ = tile.map(np.array([corner[1], corner[0]]) + 0.5)
    return round(float(y)), round(float(x))


def test_no_digit_gives_the_map_a_tool_that_moves_it(window: Person) -> None:
    layer, native = window.session.layer, window.native
    for digit in "123456789":
        press(native, digit)
        assert str(layer.mode) == "pan_zoom", digit
        before = window.place(native.mapToGlobal(native.rect().center()))
        window.drag_map(DOT, (DOT[0] + 2e6, DOT[1] + 2e6))
        assert np.array_equal(layer.affine.affine_matrix, np.eye(3)), digit
        assert window.place(native.mapToGlobal(native.rect().center())) != before, "a drag pans"
    for overlay in window.session.editing.editor.overlays.values():
        overlay.layer.mode = "transform"
        assert str(overlay.layer.mode) != "transform"


@pytest.mark.parametrize("keys", ["Ctrl+T", "Ctrl+E", "Ctrl+Alt+T", "Ctrl+G"])
def test_the_map_is_not_turned_under_its_coordinates(window: Person, keys: str) -> None:
    session, before = window.session, place_of_dot(window)
    rows, cols = session.visible()
    press(window.native, keys)
    pump(lambda: False, 0.3)
    assert window.viewer.dims.order == (0, 1)
    assert not window.viewer.canvas.grid.enabled
    for layer in window.viewer.layers:
        assert np.array_equal(layer.affine.affine_matrix, np.eye(3)), layer.name
    session.go_to(rows, cols, rest=True)
    pump(lambda: False, 0.3)
    assert place_of_dot(window) == before


def test_what_is_only_shown_offers_no_tools() -> None:
    layer = Image(np.zeros((4, 4)))
    layer.mode = "transform"
    layer.data = np.ones((5, 5))
    layer.mode = "transform"
    assert str(layer.mode) == "pan_zoom"


def test_limits_by_hand_stand_in_the_box_until_a_share_is_chosen(window: Person) -> None:
    box, shown, native = window.dock.map.percentile, window.session.map, window.native
    assert box.text() == "97.0 % of bins"
    for choose in (box.stepUp, box.stepDown, lambda: retype(box, "97"), lambda: retype(box, "97")):
        press(native, "C")  # napari: contrast from the least to the most
        assert not shown.automatic
        assert box.text() == BY_HAND
        press(box, "Return")
        assert box.text() == BY_HAND, "nothing was chosen"
        choose()
        assert shown.automatic
        assert box.text() == f"{shown.percentile:.1f} % of bins"
        assert "by hand" not in window.dock.map.state.text()
    window.session.layer.contrast_limits = (0, 3)
    assert box.text() == BY_HAND
    assert Kind.LOOP in window.session.editing.editor.overlays


def retype(box: Any, text: str) -> None:
    """Write another number over what stands there."""
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
