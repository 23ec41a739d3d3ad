"""A text that was refused keeps the keyboard: the letters of its correction judge nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLineEdit

from napari_hicstruct.annotations import Status
from napari_hicstruct.plugin.controllers.keyboard.refused import is_refused
from napari_hicstruct.plugin.panels.review.panel import ReviewPanel
from tests.annotation_kit import loop
from tests.gui.edit_kit import press
from tests.gui.view_kit import open_in, open_with_loops, pump, write_dots

BIN = 5_000


def line_of(box: Any) -> QLineEdit:
    """The line that is typed in."""
    return box if isinstance(box, QLineEdit) else box.lineEdit()


def test_no_box_gives_the_keyboard_away_with_what_it_refuses(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    session, dock = open_with_loops(viewer, tmp_path, [loop(1_000_000 * k, 2_000_000 * k) for k in range(1, 5)])
    canvas = viewer.window._qt_viewer.canvas.native
    viewer.window._qt_window.activateWindow()
    press(canvas, "N")
    (review,) = dock.findChildren(ReviewPanel)
    for fold in (*review.folds.values(), dock.predict.limits_fold):
        fold.unfold(True)

    def names() -> list[Any]:
        return [line for line in dock.findChildren(QLineEdit) if line.text() == "calls"]

    limits = dock.predict.limits.edit
    boxes = {
        dock.map.region: ("RUNX1", "chr1:1M-2M"),
        dock.map.percentile: ("20", "98"),
        review.header.order: ("entropie", "entropy"),
        review.filters.nearest: ("far", "20k"),
        review.statistics.reviewer: ("", "Ada"),
        limits("loop_distance"): ("near-far", "50k-1M"),
        limits("loop_probability"): ("7", "0.5"),
        names: ("", "mine"),  # found when it is its turn: the rows of the sets are made anew now and then
    }
    for found, (wrong, right) in boxes.items():
        assert found is not names or pump(names, 5)
        box = names()[0] if found is names else found
        assert pump(box.isVisible, 5)
        box.setFocus()
        assert pump(box.hasFocus, 5)
        line_of(box).selectAll()
        QTest.keyClicks(box, wrong) if wrong else press(box, "Delete")
        press(box, "Return")
        pump(lambda: False, 0.1)
        assert box.hasFocus(), (wrong, "the keyboard has gone to the canvas")
        assert line_of(box).selectedText(), wrong
        assert isinstance(box, type(dock.map.percentile)) or is_refused(box), wrong
        QTest.keyClicks(box, "r")
        line_of(box).selectAll()
        QTest.keyClicks(box, right)
        press(box, "Return")
        assert pump(canvas.hasFocus, 5), (right, "the keyboard stays in the box")
        assert not is_refused(box), right
        if isinstance(box, QComboBox):
            pump(lambda: False, 0.1)
    project = session.project
    assert project.count(statuses=[Status.REJECTED, Status.ACCEPTED]) == 0
    assert dock.map.problem.isHidden()
    press(canvas, "R")  # brings it into view: another region was typed
    press(canvas, "R")
    assert project.count(statuses=[Status.REJECTED]) == 1


def test_escape_leaves_a_refused_text(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    _, dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", [BIN, 4 * BIN], 32_000_000, []))
    canvas, region = viewer.window._qt_viewer.canvas.native, dock.map.region
    viewer.window._qt_window.activateWindow()
    region.setFocus()
    assert pump(region.hasFocus, 5)
    region.selectAll()
    QTest.keyClicks(region, "RUNX1")
    press(region, "Return")
    pump(lambda: False, 0.1)
    assert region.hasFocus()
    assert region.selectedText() == "RUNX1"
    press(region, "Escape")
    assert pump(canvas.hasFocus, 5)
    assert "RUNX1" not in region.text(), "what is in view stands there again"
    assert dock.map.problem.isHidden()
