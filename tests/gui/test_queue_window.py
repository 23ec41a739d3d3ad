"""The queue in a real window: keys whatever layer is active, the lasso by mouse, what is temporary goes away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Labels, Points, Shapes

from napari_hicstruct.plugin.controllers.edit.lasso import inside
from napari_hicstruct.plugin.layers.units import world_kwargs
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from tests.gui.edit_kit import CHROM, LENGTH, Kind, Status, actions, boundary, iv, loop, make_project, tad
from tests.gui.test_edit_window import Window
from tests.gui.view_kit import write_dots


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Window]:
    viewer = make_napari_viewer(show=True)
    with make_project(tmp_path) as project:
        made = Window(viewer, project)
        yield made
        made.session.editing.close()


def circle(row: float, col: float, radius: float = 60_000) -> list[tuple[float, float]]:
    return [(row + radius * np.sin(t), col + radius * np.cos(t)) for t in np.linspace(0, 6.1, 24)]


def overview(window: Window) -> None:
    window.viewer.scene.camera.center = (0, 500_000, 500_000)
    window.viewer.scene.camera.zoom = 700 / 1_000_000
    window.session.view = (iv(0, LENGTH), iv(0, LENGTH))


def ringed(window: Window, number: int) -> list[tuple[float, float]]:
    """Middles of the last rings that the lasso's layer draws."""
    starts = window.viewer.layers["Lasso"].data[:, 0]
    rings = [starts[len(starts) - 20 * k : len(starts) - 20 * (k - 1)] for k in range(1, number + 1)]
    return sorted(tuple(np.round(ring.mean(axis=0)).tolist()) for ring in rings)


def names(window: Window) -> list[str]:
    return [layer.name for layer in window.viewer.layers]


@pytest.mark.parametrize("active", ["map", "labels", "points", "shapes", "Loops", "TADs", "Reviewed"])
def test_the_queues_keys_with_every_layer_active(window: Window, active: str) -> None:
    for layer in (
        Labels(np.zeros((20, 20), dtype=int), name="labels", **world_kwargs(CHROM)),
        Points(np.array([[1.0, 1.0]]), name="points", **world_kwargs(CHROM)),
        Shapes([np.array([[0, 0], [0, 5], [5, 5], [5, 0]])], name="shapes", **world_kwargs(CHROM)),
    ):
        window.viewer.add_layer(layer)
    a, b, c = (loop(100_000 * k, 400_000 + 100_000 * k, probability=0.5 + 0.1 * k) for k in range(3))
    window.put(a, b, c)
    window.key("M")
    window.viewer.layers.selection.active = window.viewer.layers[active]
    for key in ("N", "A", "R"):
        window.key(key)
    assert [window.project.get(r.uid).status for r in (a, b, c)] == [Status.ACCEPTED, Status.REJECTED, Status.PROPOSED]
    assert window.editor.labels.current.uid == c.uid
    window.key("G")
    assert window.review.tool == "lasso_candidates"
    window.key("Escape")
    assert "Lasso" not in names(window)
    assert window.viewer.layers.selection.active.name == active
    assert len(window.project.reviewed(CHROM)) == 1


def test_lasso_catches_what_is_drawn_inside_and_judges_it_in_one_step(window: Window, qtbot: Any) -> None:
    inner, outer = loop(300_000, 700_000), loop(600_000, 900_000)
    window.put(inner, loop(320_000, 720_000), outer, tad(300_000, 700_000))
    window.key("G")
    window.drag(*circle(310_000, 710_000))
    qtbot.waitUntil(lambda: len(window.review.lasso.uids) == 2)
    assert window.project.count(statuses=[Status.PROPOSED]) == 4
    assert ringed(window, 2) == [(302_500, 702_500), (322_500, 722_500)]  # one sees what a word would touch
    assert "2 loops; A accept, R reject, Esc lets them be" in window.viewer.canvas.overlays.text.text
    window.key("R")
    assert window.project.count(statuses=[Status.REJECTED]) == 2
    assert window.project.get(outer.uid).status is Status.PROPOSED
    assert "Lasso" not in names(window)
    assert actions(window.project) == ["add", "reject"]
    window.key("U")
    assert window.project.count(statuses=[Status.PROPOSED]) == 4


def test_keys_and_menu_act_on_one_thing_while_the_lasso_holds_some(window: Window, qtbot: Any) -> None:
    """E edits one, so it edits none of several; the menu of a right click names one and judges that one."""
    first, second, apart = loop(300_000, 700_000), loop(320_000, 720_000), loop(600_000, 900_000)
    window.put(first, second, apart)
    window.review.select(apart.uid)
    window.key("G")
    window.drag(*circle(310_000, 710_000))
    qtbot.waitUntil(lambda: len(window.review.lasso.uids) == 2)
    window.key("E")
    assert window.review.edit_tool.uid is None
    assert "E edits one object" in window.viewer.canvas.overlays.text.text
    window.attachment.pointer.open_menu((602_500.0, 902_500.0))
    menu = window.attachment.pointer.menu.menu
    assert menu is not None
    next(action for action in menu.actions() if action.text().startswith("Reject")).trigger()
    statuses = [window.project.get(one.uid).status for one in (first, second, apart)]
    assert statuses == [Status.PROPOSED, Status.PROPOSED, Status.REJECTED]
    window.key("G")
    window.drag(*circle(302_500, 702_500, 15_000))
    qtbot.waitUntil(lambda: window.review.lasso.uids == [first.uid])
    window.key("E")
    assert window.review.edit_tool.uid == first.uid, "the one that was caught, not the one before"


def test_undo_of_one_that_the_lasso_caught_leaves_the_camera_there(window: Window, qtbot: Any) -> None:
    mark = loop(300_000, 700_000)
    window.put(mark, loop(600_000, 900_000))
    window.key("G")
    window.drag(*circle(302_500, 702_500))
    qtbot.waitUntil(lambda: window.review.lasso.uids == [mark.uid])
    window.key("A")
    before = tuple(window.viewer.scene.camera.center), window.viewer.scene.camera.zoom
    window.key("U")
    assert window.editor.labels.current_uid == mark.uid
    assert (tuple(window.viewer.scene.camera.center), window.viewer.scene.camera.zoom) == before
    assert not window.editor.labels.candidate_up


def test_lasso_sees_where_sets_are_drawn_and_skips_what_was_judged(window: Window, qtbot: Any) -> None:
    a, b, edge = loop(300_000, 700_000), loop(320_000, 720_000), boundary(500_000)
    set_id = window.put(a, b, edge)
    window.editor.labels.set_triangle(set_id, Triangle.LOWER)
    window.project.set_status([b.uid], Status.ACCEPTED)
    window.key("G")
    window.drag(*circle(710_000, 310_000))
    qtbot.waitUntil(lambda: window.review.lasso.uids == [a.uid])
    window.key("G")  # again, elsewhere
    window.drag(*circle(502_500, 502_500))
    qtbot.waitUntil(lambda: window.review.lasso.uids == [edge.uid])
    window.key("Escape")
    assert window.review.lasso.uids == []
    assert "Lasso" not in names(window)
    assert window.project.count(statuses=[Status.PROPOSED]) == 2


def test_what_else_is_done_with_the_catch_lets_it_go(window: Window, qtbot: Any) -> None:
    a, b = loop(300_000, 700_000), loop(600_000, 900_000)
    window.put(a, b)
    for act in (
        lambda: window.project.delete([a.uid]),
        window.project.undo,
        lambda: window.session.chrom_changed.emit(CHROM),
        window.session.map_changed.emit,
        window.editor.labels.reset.emit,
    ):
        window.key("G")
        polygon = circle(310_000, 710_000) if window.project.holds([a.uid]) else circle(610_000, 910_000)
        window.drag(*polygon)
        qtbot.waitUntil(lambda: len(window.review.lasso.uids) == 1)
        before = window.review.lasso.uids
        act()
        if window.review.lasso.uids:  # undo brought the other one back: nothing was done with this one
            assert before == [b.uid]
            window.key("Escape")
        assert "Lasso" not in names(window)


def test_nothing_unseen_is_judged(window: Window) -> None:
    window.put(loop(300_000, 700_000, probability=0.5))
    window.viewer.layers["Loops"].visible = False
    window.key("N")
    assert window.viewer.layers["Loops"].visible
    assert "Loops was hidden and is shown again" in window.viewer.canvas.overlays.text.text


def test_a_second_line_takes_the_place_of_the_first_and_between_them_the_mouse_pans(window: Window, qtbot: Any) -> None:
    a, b = loop(300_000, 700_000), loop(600_000, 900_000)
    window.put(a, b)
    window.key("G")
    window.drag(*circle(310_000, 710_000))
    qtbot.waitUntil(lambda: window.review.lasso.uids == [a.uid])
    camera = window.viewer.scene.camera
    assert camera.mouse_pan
    window.drag((500_000.0, 500_000.0), (520_000.0, 520_000.0), (540_000.0, 540_000.0))
    assert window.review.lasso.uids == [a.uid]
    window.key("G")
    assert not camera.mouse_pan
    window.drag(*circle(610_000, 910_000))
    qtbot.waitUntil(lambda: window.review.lasso.uids == [b.uid])
    assert names(window).count("Lasso") == 1
    assert ringed(window, 1) == [(602_500, 902_500)]


def test_an_empty_lasso_says_so_and_stays_a_removed_one_leaves_nothing_behind(window: Window) -> None:
    window.put(loop(300_000, 700_000))
    window.key("G")
    window.drag(*circle(100_000, 900_000, 40_000))
    assert "No candidate" in window.viewer.canvas.overlays.text.text
    window.drag(*circle(310_000, 710_000))
    assert len(window.review.lasso.uids) == 1
    window.viewer.layers.remove(window.viewer.layers["Lasso"])
    assert not window.review.lasso.drawing
    window.key("N")
    window.key("A")
    assert window.project.count(statuses=[Status.ACCEPTED]) == 1


def test_keys_act_on_what_the_lasso_caught_and_on_nothing_else(window: Window) -> None:
    candidate, inner = loop(100_000, 900_000, probability=0.5), loop(300_000, 700_000, probability=0.9)
    window.put(candidate, inner, tad(280_000, 720_000, probability=0.9))
    window.key("N")
    assert window.editor.labels.current.uid == candidate.uid
    overview(window)
    window.key("G")
    window.drag((102_500.0, 902_500.0))  # a click does not select while the lasso is in hand
    for key in ("Delete", "R", "A"):
        window.key(key)
    assert "caught nothing" in window.viewer.canvas.overlays.text.text
    assert window.project.count(statuses=[Status.PROPOSED]) == 3
    window.drag(*circle(400_000, 600_000, 220_000))
    assert window.review.lasso.in_words() == "2 objects: 1 loop, 1 TAD"
    window.key("R")
    assert window.project.count(statuses=[Status.REJECTED]) == 2
    assert window.project.get(candidate.uid).status is Status.PROPOSED


def test_the_camera_stays_where_a_person_chooses(window: Window) -> None:
    calls = [loop(100_000 * k, 400_000 + 100_000 * k, probability=0.5 + 0.1 * k) for k in range(4)]
    window.put(*calls)
    window.key("N")
    overview(window)
    flights = len(window.session.visits)
    window.key("G")
    window.drag(*circle(102_500, 502_500))
    window.key("A")
    assert window.project.get(calls[1].uid).status is Status.ACCEPTED
    window.viewer.layers.selection.active = window.editor.overlay(Kind.LOOP).layer
    window.editor.labels.set_current(calls[2].uid)  # as a click does
    assert window.editor.labels.current.uid == calls[2].uid
    window.key("R")
    assert window.project.get(calls[2].uid).status is Status.REJECTED
    window.key("U")
    assert window.project.get(calls[2].uid).status is Status.PROPOSED
    assert len(window.session.visits) == flights
    window.key("N")
    window.key("A")  # the queue's own candidate: on to the next
    assert len(window.session.visits) == flights + 2


def test_dragging_the_candidate_counts_as_judged(window: Window) -> None:
    a, b = loop(300_000, 700_000, probability=0.5), loop(100_000, 400_000, probability=0.6)
    window.put(a, b)
    window.key("N")
    overview(window)
    window.key("E")
    window.drag((302_500.0, 702_500.0), (320_000.0, 720_000.0), (342_000.0, 742_000.0))
    assert window.project.get(a.uid).status is Status.EDITED
    assert (window.review.queue.left, window.review.queue.done) == (1, 1)
    window.key("N")
    assert window.editor.labels.current.uid == b.uid


def test_closing_takes_the_queues_layers_out(window: Window) -> None:
    window.put(loop(300_000, 700_000))
    window.key("M")
    window.key("G")
    assert {"Reviewed", "Lasso"} <= set(names(window))
    window.session.editing.close()
    assert names(window) == ["map"]


CLOSING = """
import sys
import napari
from qtpy.QtTest import QTest
from napari_hicstruct.plugin._docks import open_dock
from napari_hicstruct.plugin.controllers.session import ensure_session

viewer = napari.Viewer(show=True)
session = ensure_session(viewer)
session.open_map(sys.argv[1])
open_dock(viewer)
QTest.qWait(800)
for command in ("mark_region_reviewed", "lasso_candidates"):
    session.editing.keys.run(command)
project = session.project
viewer.close()
for _ in range(100):  # Qt takes the window apart, and threads give the project back, in their own time
    QTest.qWait(100)
    beside = (path.name for path in project.path.parent.iterdir())  # other tests' projects lie there, too
    left = sorted(name for name in beside if project.path.stem in name)
    if session.source is None and len(left) == 1:
        break
print("left:", left, session.source)
"""


def test_closing_the_window_with_a_hint_a_lasso_and_a_region_in_it_closes_the_project(tmp_path: Path) -> None:
    """In a process of its own: what is raised while Qt takes the window apart ends the process."""
    path = write_dots(tmp_path / "dots.mcool", (5_000,), 1_000_000, [(100_000, 400_000, 5), (500_000, 600_000, 2)])
    done = subprocess.run([sys.executable, "-c", CLOSING, path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert "left: ['dots-" in done.stdout
    assert done.stdout.rstrip().endswith(".hicproj'] None")  # neither lock nor log beside it


def test_points_inside_a_polygon() -> None:
    bent = np.array([[0, 0], [0, 10], [10, 10], [10, 6], [4, 5], [10, 4], [10, 0]], float)
    points = np.array([[1, 1], [9, 5], [3, 5], [9, 9], [-1, 5], [5, 11]], float)
    assert inside(bent, points).tolist() == [True, False, True, True, False, False]
    assert inside(bent, np.zeros((0, 2))).tolist() == []


def test_reviewed_outline_keeps_to_the_view(window: Window) -> None:
    window.session.go_to(iv(0, 1_000_000))
    window.key("M")
    whole = len(window.viewer.layers["Reviewed"].data)
    window.session.view = (iv(400_000, 500_000), iv(400_000, 500_000))
    window.session.view_changed.emit(*window.session.view)
    window.editor.flush()
    assert whole > 0
    assert len(window.viewer.layers["Reviewed"].data) == 0  # its edges are far away
