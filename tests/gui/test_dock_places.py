"""Several docks of ours in one window: each has room to work in, or they lie over each other as tabs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.plugin._docks import open_dock, open_fuse, open_repair, open_segment
from napari_hicstruct.plugin.dock import HicDock
from napari_hicstruct.plugin.state.layout import USUAL_DOCK
from tests.gui.image_kit import close, resize, settled
from tests.gui.view_kit import pump

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))


def docked(widget: Any) -> Any:
    return widget.parentWidget()


def tabs(viewer: Any, widget: Any) -> set[Any]:
    """What lies in one place with a dock."""
    window = viewer.window._qt_window
    return {one.widget() for one in window.tabifiedDockWidgets(docked(widget))}


def test_on_a_low_screen_docks_are_tabs_and_what_was_asked_for_is_in_front(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    resize(viewer, 1366, 768)
    first = open_dock(viewer)
    assert pump(first.isVisible)
    repair, segment = open_repair(viewer), None
    assert pump(lambda: tabs(viewer, repair) == {first})
    assert pump(lambda: repair.isVisible() and not repair.visibleRegion().isEmpty())
    assert docked(repair).height() > 500, "nothing is squeezed"
    segment = open_segment(viewer)
    assert pump(lambda: tabs(viewer, segment) == {first, repair})
    assert pump(lambda: not segment.visibleRegion().isEmpty())
    assert open_dock(viewer, front=False) is first
    settled()
    assert not segment.visibleRegion().isEmpty(), "who asks from a panel stays there"
    assert open_dock(viewer) is first
    assert pump(lambda: not first.visibleRegion().isEmpty()), "the menu brings it to the front"
    close(segment)
    assert pump(lambda: tabs(viewer, repair) == {first})


def test_on_a_high_screen_docks_share_the_height(make_napari_viewer: Make) -> None:
    viewer = make_napari_viewer(show=True)
    resize(viewer, 1500, 1240)
    segment = open_segment(viewer)
    assert pump(segment.isVisible)
    settled()
    assert segment.width() >= USUAL_DOCK - 20, "names in its boxes are whole"
    fuse = open_fuse(viewer)
    assert pump(fuse.isVisible)
    settled()
    assert not tabs(viewer, fuse)
    heights = [docked(one).height() for one in (segment, fuse)]
    assert min(heights) > 0.4 * sum(heights), heights


def test_a_dock_on_the_other_side_is_left_alone(make_napari_viewer: Make) -> None:
    from qtpy.QtCore import Qt

    viewer = make_napari_viewer(show=True)
    resize(viewer, 1366, 700)
    repair = open_repair(viewer)
    assert pump(repair.isVisible)
    window = viewer.window._qt_window
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, docked(repair))
    fuse = open_fuse(viewer)
    assert pump(fuse.isVisible)
    settled()
    assert not tabs(viewer, fuse)
    assert not isinstance(fuse, HicDock)
