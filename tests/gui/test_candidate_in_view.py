"""The candidate that the queue brings is seen: its card with the buttons, the bins about it, the others round it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest

from napari_hicstruct.annotations import Kind, Status
from napari_hicstruct.plugin.panels.review.panel import ReviewPanel
from tests.annotation_kit import loop
from tests.gui.edit_kit import press
from tests.gui.person import park
from tests.gui.view_kit import open_with_loops, pump


def test_card_and_buttons_come_into_view_and_others_are_back_elsewhere(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    starts = [first + 40_000 * k for first in (3_000_000, 10_000_000) for k in range(4)]
    session, dock = open_with_loops(viewer, tmp_path, [loop(start, 300_000) for start in starts])
    for key in ("map", "labels", "predict", "review"):
        dock.sections[key].unfold(True)
    viewer.window._qt_window.activateWindow()
    park(viewer.window._qt_window)
    pump(lambda: False, 0.3)
    (review,) = dock.findChildren(ReviewPanel)
    view = dock._scroll.viewport()

    def is_seen(widget: Any) -> bool:
        top = widget.mapTo(view, QPoint(0, 0)).y()
        return 0 <= top and top + widget.height() <= view.height()

    dock._scroll.verticalScrollBar().setValue(0)
    assert not is_seen(review.buttons["accept"]), "else nothing is tested"
    press(viewer.window._qt_viewer.canvas.native, "N")
    parts = (review.card, review.buttons["accept"], review.buttons["reject"])
    assert pump(lambda: all(map(is_seen, parts)), 5)

    loops = session.editing.editor.overlays[Kind.LOOP].layer
    assert pump(lambda: min(loops.border_color[:, 3]) < 0.3, 5)
    here = session.labels.current.anchor1.start < 5_000_000
    region = dock.map.region
    region.setFocus()
    region.selectAll()
    QTest.keyClicks(region, "chr1:9.8M-10.8M" if here else "chr1:2.8M-3.8M")
    press(region, "Return")
    assert pump(lambda: len(loops.data) >= 3 and min(loops.border_color[:, 3]) > 0.9, 5), "all are drawn in full"


def test_a_key_judges_nothing_that_lies_out_of_view_and_brings_it_there_first(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    marks = [loop(3_000_000, 300_000), loop(10_000_000, 300_000)]
    session, _dock = open_with_loops(viewer, tmp_path, marks)
    native, labels, project = viewer.window._qt_viewer.canvas.native, session.labels, session.ensure_project()

    def status(uid: str) -> Status:
        return project.get(uid).status

    def pan_away() -> None:
        viewer.scene.camera.center = (0, 20_000_000, 20_000_000)
        assert pump(lambda: session.visible()[0].start > 15_000_000, 5)

    press(native, "N")
    candidate = labels.current_uid
    assert pump(lambda: labels.in_view_now(candidate), 5)
    pan_away()
    press(native, "A")
    assert status(candidate) is Status.PROPOSED
    assert labels.in_view_now(candidate)
    start = 3_000_000 if candidate == marks[0].uid else 10_000_000
    assert f"lay out of view, at chr1:{start:,}-" in viewer.canvas.overlays.text.text
    assert labels.candidate_up, "it is the queue's as before"
    press(native, "A")
    assert status(candidate) is Status.ACCEPTED
    assert labels.current_uid != candidate, "the queue flies on"

    chosen = next(mark.uid for mark in marks if mark.uid != candidate)
    labels.set_current(None)
    session.review.go_to(chosen)  # as by a click in the table
    pan_away()
    press(native, "R")
    assert status(chosen) is Status.PROPOSED
    assert "Not judged" in viewer.canvas.overlays.text.text
    assert not labels.candidate_up, "nor does it become the queue's"
    press(native, "R")
    assert status(chosen) is Status.REJECTED


def test_of_several_that_are_selected_those_in_view_are_judged(
    make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    near, beside = loop(3_000_000, 300_000), loop(3_400_000, 300_000)
    session, _dock = open_with_loops(viewer, tmp_path, [near, beside])
    session.review.go_to(near.uid)
    editor, project = session.editing.editor, session.ensure_project()
    editor.flush()
    overlay = editor.overlays[Kind.LOOP]
    viewer.layers.selection.active = overlay.layer
    overlay.layer.mode = "select"
    overlay.select([near.uid, beside.uid])
    session.go_to(*(part.expand(-200_000) for part in session.visible()), rest=True)
    assert set(editor.selected_uids()) == {near.uid, beside.uid}, "else nothing is tested"
    assert [session.labels.in_view_now(mark.uid) for mark in (near, beside)] == [True, False]
    press(viewer.window._qt_viewer.canvas.native, "A")
    assert [project.get(mark.uid).status for mark in (near, beside)] == [Status.ACCEPTED, Status.PROPOSED]
    assert "Not judged: 1 out of view" in viewer.canvas.overlays.text.text
