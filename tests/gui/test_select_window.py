"""A real window: clicks select what they touch, keys act on what is selected and seen, edits move nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMenu

from napari_hicstruct.annotations.project import Project
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from tests.gui.edit_kit import LENGTH, Kind, Status, boundary, iv, loop, make_project, only, stripe, tad
from tests.gui.test_edit_window import Window, foreign_layers

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Window]:
    viewer = make_napari_viewer(show=True)
    with make_project(tmp_path) as project:
        made = Window(viewer, project)
        yield made
        made.session.editing.close()


def press(window: Window, button: Qt.MouseButton, *points: tuple[float, float]) -> None:
    """Press a mouse button at the first point (row, column; bp), go over the others, release at the last."""
    native = window.canvas.native
    pixels = {point: QPointF(*window.pixel(point)) for point in points}  # before the map is panned away under them

    def send(kind: QEvent.Type, point: tuple[float, float], held: Qt.MouseButton) -> None:
        place = pixels[point]
        own = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else button
        there = QPointF(native.mapToGlobal(place.toPoint()))
        event = QMouseEvent(kind, place, there, own, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(native, event)

    send(QEvent.Type.MouseButtonPress, points[0], button)
    for point in points[1:]:
        send(QEvent.Type.MouseMove, point, button)
        QTest.qWait(15)  # napari throttles moves to one in 5 ms
    send(QEvent.Type.MouseButtonRelease, points[-1], Qt.MouseButton.NoButton)
    window.editor.flush()


def click(window: Window, point: tuple[float, float]) -> str | None:
    """Click somewhere; the uid of the object that is selected then."""
    press(window, LEFT, point)
    return window.editor.labels.current_uid


def center(window: Window) -> np.ndarray:
    return np.array(window.viewer.scene.camera.center[-2:])


def halo(window: Window) -> Any:
    """Middle of the halo (row, column; bp), None without one."""
    outline = window.session.editing.review.halo.outline
    return None if outline is None else (np.min(outline, axis=0) + np.max(outline, axis=0)) / 2


def test_a_click_selects_whatever_layer_is_active_and_whatever_its_tool(window: Window) -> None:
    first, second = loop(200_000, 600_000), tad(700_000, 800_000)
    window.put(first, second, stripe((400_000, 405_000), (405_000, 600_000)))
    for layer in foreign_layers().values():
        window.viewer.add_layer(layer)
    states = [(layer.name, "pan_zoom") for layer in window.viewer.layers]
    states += [("Loops", "select"), ("TADs", "select"), ("Stripes", "add_rectangle"), ("TADs", "add_rectangle")]
    for name, mode in states:
        layer = window.viewer.layers[name]
        window.viewer.layers.selection.active = layer
        layer.mode = mode
        assert click(window, (202_500.0, 602_500.0)) == first.uid, (name, mode)
        assert halo(window) == pytest.approx((202_500, 602_500))
        assert click(window, (705_000.0, 760_000.0)) == second.uid, (name, mode)
        assert halo(window) == pytest.approx((750_000, 750_000))
        assert click(window, (850_000.0, 100_000.0)) is None, (name, mode)
        assert halo(window) is None
        layer.mode = "pan_zoom"
    window.viewer.layers.selection.clear()
    assert click(window, (202_500.0, 602_500.0)) == first.uid
    assert window.project.count() == 3, "no click drew or moved anything"
    assert len(window.project.journal()) == 1


def test_clicks_at_one_place_go_through_what_lies_there_the_smallest_first(window: Window) -> None:
    inner, outer = tad(300_000, 500_000), tad(200_000, 700_000)
    corner = loop(300_000, 495_000)
    window.put(outer, inner, corner)
    place = (302_500.0, 497_500.0)
    assert [click(window, place) for _ in range(4)] == [corner.uid, inner.uid, outer.uid, corner.uid]
    assert click(window, (420_000.0, 430_000.0)) == inner.uid, "inside counts, the smaller first"
    assert click(window, (200_500.0, 420_000.0)) == outer.uid
    window.editor.labels.set_triangle(window.project.sets()[0].id, Triangle.UPPER)
    window.editor.flush()
    assert click(window, (480_000.0, 320_000.0)) is None, "nothing is drawn below the diagonal"


def test_a_drag_pans_and_selects_nothing_a_shaking_hand_clicks(window: Window) -> None:
    mark = loop(200_000, 600_000)
    window.put(mark)
    before = center(window)
    press(window, LEFT, (202_500.0, 602_500.0), (230_000.0, 640_000.0), (262_500.0, 662_500.0))
    assert window.editor.labels.current is None
    assert np.abs(center(window) - before).max() > 30_000
    window.viewer.scene.camera.center = (0, LENGTH / 2, LENGTH / 2)
    press(window, LEFT, (202_500.0, 602_500.0), (204_000.0, 603_500.0))
    assert window.editor.labels.current_uid == mark.uid


def test_delete_takes_what_is_selected_and_seen_and_nothing_else(window: Window) -> None:
    old, other = loop(200_000, 600_000), boundary(500_000)
    set_id = window.put(old, other)
    window.key("Delete")
    assert "click an object first" in window.viewer.canvas.overlays.text.text
    window.key("L")
    press(window, LEFT, (402_500.0, 802_500.0))
    window.key("Escape")
    assert click(window, (202_500.0, 602_500.0)) == old.uid
    window.key("Delete")
    assert {r.uid for r in window.project.query()} & {old.uid, other.uid} == {other.uid}
    assert len(window.project.query(kind=Kind.LOOP)) == 1, "the loop that was added last stays"
    window.key("U")
    assert click(window, (202_500.0, 602_500.0)) == old.uid
    window.project.update_set(set_id, visible=False)
    window.editor.labels.sets_changed()
    window.editor.flush()
    window.key("Delete")
    assert window.project.get(old.uid) == old
    assert "nothing was deleted" in window.viewer.canvas.overlays.text.text
    window.project.update_set(set_id, visible=True)
    window.editor.labels.sets_changed()
    window.viewer.layers["Loops"].visible = False
    window.key("Delete")
    assert window.project.get(old.uid) == old


def test_delete_leaves_what_is_drawn_beside_the_view(window: Window) -> None:
    """Objects are drawn in a margin around the view, too: what nobody sees is not deleted."""
    mark = loop(200_000, 600_000)
    window.put(mark)
    assert click(window, (202_500.0, 602_500.0)) == mark.uid
    window.session.go_to(iv(230_000, 430_000), iv(630_000, 830_000))
    window.editor.flush()
    assert mark.uid in window.editor.shown_uids()
    window.key("Delete")
    assert window.project.get(mark.uid) == mark
    assert "nothing was deleted" in window.viewer.canvas.overlays.text.text
    window.session.go_to(iv(150_000, 350_000), iv(550_000, 750_000))
    window.editor.flush()
    window.key("Delete")
    assert window.project.count() == 0


def entries(menu: QMenu) -> dict[str, Any]:
    return {action.text().partition("\t")[0]: action for action in menu.actions() if action.text()}


def test_a_right_click_opens_the_menu_of_the_object_a_right_drag_does_not(window: Window) -> None:
    inner, outer = tad(300_000, 500_000, score=0.7), tad(200_000, 700_000)
    window.put(outer, inner)
    press(window, RIGHT, (420_000.0, 430_000.0), (470_000.0, 480_000.0), (500_000.0, 520_000.0))
    menu = window.attachment.pointer.menu
    assert menu.menu is None
    window.viewer.scene.camera.center, window.viewer.scene.camera.zoom = (0, LENGTH / 2, LENGTH / 2), 700 / LENGTH
    press(window, RIGHT, (420_000.0, 430_000.0))
    assert menu.menu is not None
    assert menu.menu.isVisible()
    assert window.editor.labels.current_uid == inner.uid
    found = entries(menu.menu)
    assert {"Accept", "Reject", "Edit", "Change kind", "Go to", "Copy coordinates", "Delete"} <= set(found)
    found["Reject"].trigger()
    assert window.project.get(inner.uid).status is Status.REJECTED
    found["Copy coordinates"].trigger()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "chr17:300,000-500,000"
    entries(found["Change kind"].menu())["loop"].trigger()
    changed = window.project.get(inner.uid)
    assert (changed.kind, changed.anchor1, changed.anchor2) == (Kind.LOOP, iv(300_000, 305_000), iv(495_000, 500_000))
    window.editor.flush()
    window.key("U")
    press(window, RIGHT, (420_000.0, 430_000.0))
    entries(menu.menu)["Delete"].trigger()
    assert [record.uid for record in window.project.query()] == [outer.uid]
    press(window, RIGHT, (820_000.0, 50_000.0))
    entries(menu.menu)["Add a loop here"].trigger()
    assert only(window.project, Kind.LOOP).anchor2 == iv(820_000, 825_000)


def test_undo_brings_a_removed_layer_back_and_touches_no_record(window: Window) -> None:
    window.put(loop(200_000, 600_000), tad(700_000, 800_000))
    steps = len(window.project.journal())
    window.viewer.layers.remove(window.viewer.layers["TADs"])
    assert window.project.count() == 2
    window.key("U")
    assert len(window.viewer.layers["TADs"].data) == 1
    assert len(window.project.journal()) == steps
    window.viewer.layers.remove(window.viewer.layers["Loops"])
    window.key("M")
    window.key("U")
    assert window.project.reviewed("chr17") == [], "the last thing that was done comes first"
    window.key("L")
    assert len(window.viewer.layers["Loops"].data) == 1, "a tool brings it back, too"


def test_undo_keeps_the_handles_and_a_drag_beside_pans(window: Window) -> None:
    small, beside = tad(500_000, 560_000), tad(600_000, 900_000)
    window.put(small, beside)
    assert click(window, (505_000.0, 530_000.0)) == small.uid
    window.key("E")

    def handles() -> set[tuple[float, float]]:
        return {(float(row), float(col)) for row, col in window.viewer.layers["Handles"].data}

    assert {(500_000, 500_000), (560_000, 560_000), (500_000, 560_000)} <= handles()
    for _ in range(2):
        press(window, LEFT, (560_000.0, 560_000.0), (570_000.0, 570_000.0), (600_000.0, 600_000.0))
        assert window.project.get(small.uid).anchor1 == iv(500_000, 600_000), "resized, not moved"
        assert (600_000, 600_000) in handles()
        window.key("Ctrl+Z")
        assert window.project.get(small.uid) == small
        assert (560_000, 560_000) in handles()
        assert window.review.edit_tool.uid == small.uid
    before = center(window)
    press(window, LEFT, (700_000.0, 760_000.0), (710_000.0, 790_000.0), (720_000.0, 800_000.0))
    assert window.project.get(beside.uid) == beside
    assert np.abs(center(window) - before).max() > 20_000
    assert window.review.edit_tool.uid == small.uid, "panning does not end it"
    window.viewer.scene.camera.center = (0, LENGTH / 2, LENGTH / 2)
    press(window, LEFT, (530_000.0, 530_000.0), (540_000.0, 540_000.0), (550_000.0, 550_000.0))
    assert window.project.get(small.uid).anchor1 == iv(520_000, 580_000)
    assert window.project.get(beside.uid) == beside
    window.key("Escape")
    assert "Handles" not in window.viewer.layers
    assert window.editor.labels.current_uid == small.uid


def test_a_loop_is_drawn_on_the_side_of_the_diagonal_where_it_was_put(window: Window) -> None:
    window.key("L")
    press(window, LEFT, (602_500.0, 202_500.0))
    window.key("Escape")
    made = only(window.project, Kind.LOOP)
    assert (made.anchor1, made.anchor2) == (iv(200_000, 205_000), iv(600_000, 605_000)), "stored as ever"
    np.testing.assert_allclose(window.viewer.layers["Loops"].data, [[602_500, 202_500]])
    window.session.go_to(iv(550_000, 650_000), iv(150_000, 250_000))
    window.editor.redraw()
    np.testing.assert_allclose(window.viewer.layers["Loops"].data, [[602_500, 202_500]])
    window.session.go_to(iv(150_000, 250_000), iv(550_000, 650_000))
    window.editor.redraw()
    assert len(window.viewer.layers["Loops"].data) == 0
    window.session.go_to(iv(0, LENGTH))
    window.editor.redraw()
    assert click(window, (602_500.0, 202_500.0)) == made.uid
    window.key("E")
    press(window, LEFT, (602_500.0, 202_500.0), (500_000.0, 402_500.0), (302_500.0, 702_500.0))
    np.testing.assert_allclose(window.viewer.layers["Loops"].data, [[302_500, 702_500]])
    window.key("U")
    path = window.project.path
    with Project.open(path, read_only=True) as again:
        assert only(again, Kind.LOOP) == made


def test_the_halo_is_seen_round_the_chosen_object_and_gone_with_the_choice(window: Window) -> None:
    """It is no layer: nobody can hide, save or draw in it by mistake."""
    mark, domain = loop(200_000, 600_000), tad(700_000, 800_000)
    window.put(mark, domain)

    def yellow() -> int:
        picture = window.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
        return int(((picture[..., 0] > 200) & (picture[..., 1] > 190) & (picture[..., 2] < 110)).sum())

    before = yellow()
    click(window, (202_500.0, 602_500.0))
    assert yellow() > before + 50
    click(window, (850_000.0, 100_000.0))
    assert yellow() <= before + 5
    click(window, (705_000.0, 760_000.0))
    assert yellow() > before + 200, "along a TAD's line it lies over the casing and in the order of its two colours"
