"""A real window: keys with every kind of layer active, real mouse drags, panels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Labels, Points, Shapes, Vectors
from qtpy.QtTest import QTest

from napari_hicstruct.annotations.project import Project
from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.plugin.controllers.edit.editing import Editing
from napari_hicstruct.plugin.layers.overlays.overlay import NAMES
from napari_hicstruct.plugin.layers.units import world_kwargs
from tests.gui.edit_kit import (
    CHROM,
    LENGTH,
    RES,
    Kind,
    Status,
    TinySession,
    actions,
    add_map,
    iv,
    loop,
    make_project,
    only,
    press,
    stripe,
    tad,
)


class Window:
    """A viewer on screen with a project; mouse and keys go through vispy's canvas as a person's would."""

    def __init__(self, viewer: Any, project: Project) -> None:
        self.viewer, self.project = viewer, project
        self.image = add_map(viewer)
        self.session = TinySession(viewer, project)
        self.attachment: Editing = self.session.editing  # type: ignore[arg-type]
        self.editor, self.review = self.attachment.editor, self.attachment.review
        self.canvas = viewer.window._qt_viewer.canvas
        viewer.scene.camera.center = (0, LENGTH / 2, LENGTH / 2)
        viewer.scene.camera.zoom = 700 / LENGTH

    def put(self, *records: Any, name: str = "calls") -> int:
        made = self.project.add_set(name, Origin.PREDICTED)
        self.project.add(records, set_id=made.id)
        self.editor.flush()
        return made.id

    def pixel(self, point: tuple[float, float]) -> np.ndarray:
        """Canvas position of a point (row, column; bp)."""
        zoom, center = self.viewer.scene.camera.zoom, self.viewer.scene.camera.center
        height, width = self.viewer.canvas.size
        return np.array([(point[1] - center[2]) * zoom + width / 2, (point[0] - center[1]) * zoom + height / 2])

    def drag(self, *points: tuple[float, float]) -> None:
        events = self.canvas._scene_canvas.events
        start = self.pixel(points[0])
        events.mouse_press(pos=start, modifiers=(), button=1)
        for point in points[1:]:
            events.mouse_move(pos=self.pixel(point), modifiers=(), button=1, press_event=_Press(start))
            QTest.qWait(15)  # napari throttles moves to one in 5 ms
        events.mouse_release(pos=self.pixel(points[-1]), modifiers=(), button=1, press_event=_Press(start))
        self.editor.flush()

    def key(self, name: str) -> None:
        press(self.canvas.native, name)
        self.editor.flush()


class _Press:
    """The press that a vispy move or release event refers to."""

    def __init__(self, pos: np.ndarray) -> None:
        self.pos = pos


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Window]:
    viewer = make_napari_viewer(show=True)
    with make_project(tmp_path) as project:
        made = Window(viewer, project)
        yield made
        made.session.editing.close()


def foreign_layers() -> dict[str, Any]:
    units = world_kwargs(CHROM)
    return {
        "labels": Labels(np.zeros((20, 20), dtype=int), name="labels", **units),
        "points": Points(np.array([[1.0, 1.0]]), name="points", **units),
        "shapes": Shapes([np.array([[0, 0], [0, 5], [5, 5], [5, 0]])], name="shapes", **units),
        "vectors": Vectors(np.zeros((1, 2, 2)), name="vectors", **units),
    }


def press_every_key(window: Window, active: str, first: Any, second: Any) -> None:
    def take(key: str) -> None:
        window.viewer.layers.selection.active = window.viewer.layers[active]
        window.key(key)

    def status(record: Any) -> Status:
        return window.project.get(record.uid).status

    window.editor.labels.set_current(None)
    take("N")
    assert window.editor.labels.current.uid == first.uid
    take("A")
    assert status(first) is Status.ACCEPTED
    take("N")
    assert window.editor.labels.current.uid == second.uid
    take("P")
    assert window.editor.labels.current.uid == second.uid  # what was judged is passed over
    take("R")
    assert status(second) is Status.REJECTED
    take("U")
    assert status(second) is Status.PROPOSED
    take("Ctrl+Z")
    assert status(first) is Status.PROPOSED
    assert window.editor.labels.current.uid == first.uid
    take("Ctrl+Shift+Z")
    assert status(first) is Status.ACCEPTED
    take("M")
    assert len(window.project.reviewed(CHROM)) == 1
    take("U")
    assert window.project.reviewed(CHROM) == []
    for key, name, mode in (
        ("L", "Loops", "add"),
        ("S", "Stripes", "add_rectangle"),
        ("T", "TADs", "add_rectangle"),
        ("B", "Boundaries", "add"),
    ):
        take(key)
        assert window.viewer.layers.selection.active.name == name
        modes = {layer.name: layer.mode for layer in window.viewer.layers if layer.name in NAMES.values()}
        assert modes.pop(name) == mode
        assert set(modes.values()) == {"pan_zoom"}
        assert window.viewer.canvas.overlays.text.visible
    take("Escape")
    assert window.viewer.layers["Boundaries"].mode == "pan_zoom"
    assert not window.viewer.canvas.overlays.text.visible
    take("E")
    assert window.viewer.layers.selection.active.name == "Loops"
    assert window.review.edit_tool.uid == first.uid
    take("Escape")
    for key in ("Delete", "Backspace"):
        take("N") if window.editor.labels.current is None else None
        gone = window.editor.labels.current.uid
        take(key)
        assert gone not in {record.uid for record in window.project.query()}
    take("U")
    take("U")
    take("U")
    assert [status(first), status(second)] == [Status.PROPOSED, Status.PROPOSED]


def test_keys_with_every_kind_of_layer_active(window: Window) -> None:
    for layer in foreign_layers().values():
        window.viewer.add_layer(layer)
    first, second = loop(100_000, 400_000), loop(200_000, 600_000)
    window.put(first, second)
    window.review.advance = False
    for active in ("map", *NAMES.values(), "labels", "points", "shapes", "vectors"):
        press_every_key(window, active, first, second)
    assert len(window.viewer.layers["points"].data) == 1
    assert len(window.viewer.layers["shapes"].data) == 1


def test_delete_in_a_foreign_layer_takes_what_is_selected_there(window: Window) -> None:
    points = window.viewer.add_layer(foreign_layers()["points"])
    window.put(loop(100_000, 400_000))
    window.key("N")
    points.selected_data = {0}
    window.viewer.layers.selection.active = points
    window.key("Delete")
    assert len(points.data) == 0
    assert window.project.count() == 1


def test_paste_key_is_refused(window: Window) -> None:
    window.put(loop(100_000, 400_000), tad(200_000, 300_000))
    for kind in (Kind.LOOP, Kind.TAD):
        overlay = window.editor.overlay(kind)
        window.viewer.layers.selection.active = overlay.layer
        overlay.layer.mode = "select"
        overlay.select(overlay.uids)
        window.key("Ctrl+C")
        window.key("Ctrl+V")
        assert len(overlay.layer.data) == 1


def test_a_person_adds_moves_and_undoes_by_mouse_and_keys(window: Window) -> None:
    window.key("L")
    window.drag((101_000.0, 403_000.0))
    assert only(window.project, Kind.LOOP).anchor1 == iv(100_000, 105_000)
    window.key("Escape")
    window.key("T")
    window.drag((200_000.0, 200_000.0), (300_000.0, 300_000.0), (450_000.0, 450_000.0))
    assert only(window.project, Kind.TAD).anchor1 == iv(200_000, 450_000)
    window.key("E")
    window.drag((325_000.0, 325_000.0), (330_000.0, 330_000.0), (375_000.0, 375_000.0))
    assert only(window.project, Kind.TAD).anchor1 == iv(250_000, 500_000)
    window.key("S")
    window.drag((500_000.0, 505_000.0), (510_000.0, 600_000.0), (515_000.0, 900_000.0))
    assert only(window.project, Kind.STRIPE).anchor2 == iv(505_000, 900_000)
    assert actions(window.project) == ["add", "add", "move", "add"]
    for _ in range(4):
        window.key("U")
    assert window.project.count() == 0
    for _ in range(4):
        window.key("Ctrl+Shift+Z")
    assert window.project.count() == 3
    assert {len(window.editor.overlay(kind).layer.data) for kind in (Kind.LOOP, Kind.TAD, Kind.STRIPE)} == {1}


def test_accepting_goes_on_to_the_next_of_the_queue(window: Window) -> None:
    records = [loop(100_000, 400_000, score=0.2), loop(200_000, 600_000, score=0.9), loop(300_000, 500_000, score=0.5)]
    window.put(*records)
    window.review.queue.set_order("score")
    for key in ("N", "A", "A"):
        window.key(key)
    assert [window.project.get(r.uid).status for r in records] == [Status.PROPOSED, Status.ACCEPTED, Status.ACCEPTED]
    assert window.editor.labels.current.uid == records[0].uid
    assert len(window.session.visits) == 3


def test_number_counts_in_the_order_of_the_file(window: Window) -> None:
    rows = [stripe((s, s + RES), (s, s + 100_000)) for s in (500_000, 100_000, 300_000)]
    window.put(*rows)
    assert [window.review.objects.number(row.uid) for row in rows] == [1, 2, 3]
    window.project.update([rows[1].with_(anchor1=iv(110_000, 115_000))], action="move")
    window.project.delete([rows[0].uid])
    window.project.undo()
    assert [window.review.objects.number(row.uid) for row in rows] == [1, 2, 3]
    assert window.review.go_to_number(Kind.STRIPE, 3) == rows[2].uid
    assert window.review.go_to_number(Kind.STRIPE, 4) is None


def test_closing_gives_the_keys_back(window: Window) -> None:
    record = loop(100_000, 400_000)
    window.put(record)
    window.key("N")
    window.session.editing.close()
    window.key("A")
    assert window.project.get(record.uid).status is Status.PROPOSED
    assert [layer.name for layer in window.viewer.layers] == ["map"]
    assert "HiC" not in "".join(action.text() for action in window.viewer.window.help_menu.actions())


def test_clicking_a_tool_that_bends_coordinates_leaves_the_select_button_down(window: Window) -> None:
    overlay = window.editor.overlay(Kind.TAD)
    window.viewer.layers.selection.active = overlay.layer
    controls = window.viewer.window._qt_viewer.controls.widgets[overlay.layer]
    for button in (controls.direct_button, controls.transform_button, controls.polygon_button):
        button.click()
        assert overlay.layer.mode == "select"
        assert controls.select_button.isChecked()
        assert not button.isChecked()
    assert "bend" in window.viewer.canvas.overlays.text.text


def test_an_object_of_a_locked_set_gets_no_handles_and_the_reason_is_said(window: Window) -> None:
    row = stripe((100_000, 105_000), (100_000, 300_000))
    window.put(row)
    labels = window.editor.labels
    labels.set_current(row.uid)
    window.project.update_set(labels.set_of(row.uid).id, locked=True)
    labels.sets_changed()
    window.key("E")
    assert window.review.edit_tool.uid is None
    assert "is locked: unlock it in Labels" in window.viewer.canvas.overlays.text.text
    assert window.project.get(row.uid) == row
