"""The map keeps its room on small screens; the dock folds, keeps still under the mouse, and remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QCursor
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractScrollArea, QApplication, QCheckBox, QLabel

from napari_hicstruct.contacts.pair_levels import Joined
from napari_hicstruct.plugin._docks import open_dock
from napari_hicstruct.plugin.panels.review.card import Card
from napari_hicstruct.plugin.state.layout import MAP_SHARE, USUAL_DOCK
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.strip import WIDTH
from tests.gui.test_dock_closed import close
from tests.gui.view_kit import imported, open_in, pump

Make = Callable[..., Any]
SMALL = "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
SIZES = {
    "1000x700": (1000, 700),
    "1366x768": (1366, 768),
    "1000x700 at 150 %": (667, 467),
    "1366x768 at 150 %": (911, 512),
}
"""Logical pixels: what Qt calls a pixel is 1.5 of the screen at 150 %."""


def open_small(make: Make, data_dir: Path) -> tuple[Any, Any]:
    viewer = make(show=True)
    _, dock = open_in(viewer, data_dir / "maps" / SMALL)
    return viewer, dock


def resize(viewer: Any, width: int, height: int) -> None:
    window = viewer.window._qt_window
    window.resize(width, height)
    assert pump(lambda: (window.width(), window.height()) == (width, height), 5), (window.width(), window.height())
    settle()


def settle() -> None:
    for _ in range(5):
        QTest.qWait(20)


def share(viewer: Any) -> float:
    return viewer.window._qt_viewer.canvas.native.width() / viewer.window._qt_window.width()


def test_the_map_keeps_its_share_on_small_screens(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer, dock = open_small(make_napari_viewer, data_dir)
    resize(viewer, 1700, 900)
    assert dock.layout_of_window.panels_shown
    assert share(viewer) >= MAP_SHARE
    for name, (width, height) in SIZES.items():
        resize(viewer, width, height)
        assert share(viewer) >= MAP_SHARE, name
        assert not dock.layout_of_window.panels_shown, name  # they take 355 px: too much for all of these
        assert dock.header.isVisible(), name
        if name == "1366x768 at 150 %":
            assert dock._scroll.horizontalScrollBar().maximum() == 0, "all controls fit beside the map"
    resize(viewer, 1700, 900)
    assert dock.layout_of_window.panels_shown


def test_one_button_folds_the_dock_and_one_icon_brings_a_section(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer, dock = open_small(make_napari_viewer, data_dir)
    resize(viewer, 667, 467)
    dock.header.fold.click()
    settle()
    assert dock.width() == WIDTH
    assert not dock.header.isVisible()
    assert share(viewer) > 0.85
    dock.sections["review"].unfold(False)
    dock.strip.buttons["review"].click()
    settle()
    assert dock.sections["review"].isExpanded()
    assert dock.header.isVisible()
    assert not dock.strip.isVisible()
    assert share(viewer) >= MAP_SHARE


def test_a_folded_dock_keeps_the_tools_with_their_keys(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer, dock = open_small(make_napari_viewer, data_dir)
    resize(viewer, 1366, 768)
    dock.header.fold.click()
    settle()
    tools, review = dock.folded_tools, dock.session.review
    assert {name for name, button in tools.buttons.items() if button.isVisible()} == set(dock.tools.buttons)
    assert tools.buttons["add loop"].text() == "L"
    assert dock.width() <= WIDTH + 2
    assert tools.mapTo(dock, QPoint(0, tools.height())).y() <= dock.height()
    tools.buttons["lasso_candidates"].click()
    assert review.tool == "lasso_candidates"
    assert tools.buttons["lasso_candidates"].isChecked()
    tools.buttons["lasso_candidates"].click()
    assert review.tool == ""
    resize(viewer, 667, 467)
    assert not tools.isVisible(), "there is room for the icons alone"


def test_what_was_set_is_there_again(make_napari_viewer: Make, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dock's width by hand, and the formats of the export: in the next dock."""
    viewer, dock = open_small(make_napari_viewer, data_dir)
    resize(viewer, 1800, 900)
    parent, window = dock.parent(), viewer.window._qt_window
    with monkeypatch.context() as held:  # a person drags the border
        held.setattr(QApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
        window.resizeDocks([parent], [310], Qt.Orientation.Horizontal)
        settle()
    wide = dock.width()
    assert 300 < wide < 360
    form = dock.sections["export"]
    boxes = {box.text(): box for box in form.findChildren(QCheckBox)}
    name = next(text for text in boxes if "juicebox" in text.lower())
    boxes[name].setChecked(not boxes[name].isChecked())
    chosen = boxes[name].isChecked()
    close(dock)
    other = open_dock(viewer)
    settle()
    assert abs(other.width() - wide) <= 4
    assert {box.text(): box for box in other.sections["export"].findChildren(QCheckBox)}[name].isChecked() is chosen


def test_napari_panels_fold_by_one_button(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer, dock = open_small(make_napari_viewer, data_dir)
    resize(viewer, 1000, 700)
    qt_viewer = viewer.window._qt_viewer
    dock.header.panels.click()
    assert qt_viewer.dockLayerList.isVisible()
    assert qt_viewer.dockLayerControls.isVisible()
    dock.header.panels.click()
    assert not qt_viewer.dockLayerList.isVisible()


def test_what_was_chosen_is_there_in_the_next_dock(make_napari_viewer: Make, data_dir: Path) -> None:
    viewer, dock = open_small(make_napari_viewer, data_dir)
    resize(viewer, 1700, 900)
    dock.sections["labels"].button.click()
    dock.sections["export"].button.click()
    dock.header.panels.click()
    dock.header.fold.click()
    close(dock)
    again = open_dock(viewer)
    settle()
    assert not again.sections["labels"].isExpanded()
    assert again.sections["export"].isExpanded()
    assert again.strip.isVisible()
    assert not again.layout_of_window.panels_shown


def under_mouse(widget: Any) -> QPoint:
    return widget.mapToGlobal(widget.rect().center())


def test_a_second_click_hits_the_same_button(make_napari_viewer: Make, data_dir: Path) -> None:
    """A text appears above, a section above folds, a section folds under the mouse at the end of the column."""
    viewer, dock = open_small(make_napari_viewer, data_dir)
    resize(viewer, 1000, 700)
    bar = dock._scroll.verticalScrollBar()
    undo = dock.sections["review"].body.buttons["undo"]
    dock._scroll.ensureWidgetVisible(undo, 0, 60)
    settle()
    place = under_mouse(undo)
    QCursor.setPos(place)
    settle()
    note = QLabel("one\ntwo\nthree")
    dock.predict.layout().addWidget(note)
    settle()
    assert QApplication.widgetAt(place) is undo
    note.hide()
    settle()
    assert QApplication.widgetAt(place) is undo
    dock.sections["labels"].unfold(False)
    settle()
    assert QApplication.widgetAt(place) is undo

    bar.setValue(bar.maximum())
    settle()
    head = dock.sections["learn"].button
    dock._scroll.ensureWidgetVisible(head, 0, 0)
    settle()
    place = under_mouse(head)
    QCursor.setPos(place)
    settle()
    for expanded in (False, True, False, True):
        window = viewer.window._qt_window
        QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=window.mapFromGlobal(place))
        settle()
        assert dock.sections["learn"].isExpanded() is expanded
        assert QApplication.widgetAt(place) is head


def reach_of(area: Any) -> int:
    """By how many pixels an area may be scrolled sideways."""
    bar = area.horizontalScrollBar()
    hidden = area.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    return 0 if bar is None or (hidden and area.metaObject().className() == "QListWidget") else bar.maximum()


def test_nothing_is_wider_than_the_dock(make_napari_viewer: Callable[..., Any], data_dir: Path, tmp_path: Path) -> None:
    """All sections and all that folds in them open; two maps, a track and labels whose names are long."""
    maps = [data_dir / "maps" / f"mouse_limbE11.5_Epha4_{name}_chr1_73-79Mb_10kb.cool" for name in ("WT", "DelB")]
    viewer = make_napari_viewer(show=True)
    session, dock = open_in(viewer, maps[0])
    long = "loops_of_the_left_limb_at_E11.5_called_by_another_program_at_10kb"
    loops, track = tmp_path / f"{long}.bedpe", tmp_path / f"{long}.bedgraph"
    loops.write_text("chr1\t74000000\t74010000\tchr1\t74600000\t74610000\n", encoding="utf-8")
    track.write_text("chr1\t74000000\t74010000\t2.5\n", encoding="utf-8")
    session.tracks.add(track)
    imported(session, [loops])
    session.second_map.open_map(maps[1])
    session.review.next()
    why = dock.findChild(Card).why
    why.setText("first\nsecond")
    assert why.height() >= why.heightForWidth(why.width()), "its second line is cut"
    panel = dock.sections["second"].body
    panel._compared(
        SimpleNamespace(counts=lambda: {"lost": 17, "gained": 3, "weaker": 2}, table=range(99)), tmp_path / long
    )
    for fold in [*dock.findChildren(Fold), *dock.findChildren(Fold)]:  # some make their inside when they are opened
        fold.unfold()
    for (width, height), joined in (((1500, 950), Joined.HALVES), ((1366, 768), Joined.RATIO)):  # the longest texts
        session.second_map.show(joined)
        resize(viewer, width, height)
        assert dock.width() == USUAL_DOCK
        areas = [one for one in dock.findChildren(QAbstractScrollArea) if one.isVisible()]
        assert dock._scroll in areas
        assert {type(one).__name__: reach_of(one) for one in areas if reach_of(one)} == {}, width
