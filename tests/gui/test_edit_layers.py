"""Gestures in layers against the store, on the viewer model: each becomes one journal entry, snapped to bins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_hicstruct.annotations.records import Direction, Origin
from napari_hicstruct.plugin.controllers.edit.editor import Editor
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.layers.overlays.transposes import Transposes
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from tests.gui.edit_kit import (
    RES,
    Kind,
    Status,
    TinySession,
    actions,
    add_map,
    iv,
    loop,
    make_project,
    mouse,
    only,
    stripe,
    tad,
)


@pytest.fixture
def editor(tmp_path: Any, qapp: Any) -> Iterator[Editor]:
    viewer = ViewerModel()
    add_map(viewer)
    viewer.scene.camera.zoom = 1 / RES
    with make_project(tmp_path) as project:
        session = TinySession(viewer, project)
        made = Editor(session.labels, session.canvas)
        made.show_layers()
        yield made
        made.close()


def put(editor: Editor, *records: Any, origin: Origin = Origin.IMPORTED) -> None:
    project = editor.labels.project
    assert project is not None
    project.add(records, set_id=project.add_set(origin.value, origin).id)
    editor.flush()


def test_click_adds_a_loop_at_the_bins_under_it(editor: Editor) -> None:
    overlay = editor.overlay(Kind.LOOP)
    overlay.layer.mode = "add"
    mouse(editor.canvas.viewer, overlay.layer, (101_200.0, 403_900.0))
    editor.flush()
    record = only(editor.labels.project, Kind.LOOP)
    assert (record.anchor1, record.anchor2) == (iv(100_000, 105_000), iv(400_000, 405_000))
    assert record.status is Status.ACCEPTED
    assert record.source == "tester"
    np.testing.assert_array_equal(overlay.layer.data, [[102_500, 402_500]])
    assert overlay.uids == [record.uid]
    assert actions(editor.labels.project) == ["add"]


def test_dragged_loop_snaps_and_undo_brings_it_back(editor: Editor) -> None:
    put(editor, loop(100_000, 400_000))
    overlay = editor.overlay(Kind.LOOP)
    overlay.layer.mode = "select"
    mouse(editor.canvas.viewer, overlay.layer, (102_500.0, 402_500.0), (110_000.0, 440_000.0), (118_000.0, 461_000.0))
    editor.flush()
    moved = only(editor.labels.project, Kind.LOOP)
    assert (moved.anchor1.start, moved.anchor2.start) == (115_000, 460_000)
    assert moved.status is Status.EDITED
    np.testing.assert_array_equal(overlay.layer.data, [[117_500, 462_500]])
    assert actions(editor.labels.project) == ["add", "move"]
    editor.labels.project.undo()
    editor.flush()
    np.testing.assert_array_equal(overlay.layer.data, [[102_500, 402_500]])


def test_two_loops_dragged_together_are_one_step(editor: Editor) -> None:
    put(editor, loop(100_000, 400_000), loop(200_000, 600_000))
    overlay = editor.overlay(Kind.LOOP)
    overlay.layer.mode = "select"
    overlay.select(overlay.uids)
    at = tuple(overlay.layer.data[0])
    mouse(editor.canvas.viewer, overlay.layer, at, (at[0] + 5_000, at[1] + 5_000), (at[0] + 10_000, at[1] + 10_000))
    assert actions(editor.labels.project) == ["add", "move"]
    assert sorted(r.anchor1.start for r in editor.labels.project.query()) == [110_000, 210_000]


def test_dragged_rectangle_is_a_stripe_with_the_narrow_side_as_anchor(editor: Editor) -> None:
    overlay = editor.overlay(Kind.STRIPE)
    overlay.layer.mode = "add_rectangle"
    mouse(editor.canvas.viewer, overlay.layer, (201_000.0, 206_000.0), (210_000.0, 300_000.0), (214_000.0, 598_000.0))
    editor.flush()
    record = only(editor.labels.project, Kind.STRIPE)
    assert (record.anchor1, record.anchor2) == (iv(200_000, 215_000), iv(205_000, 600_000))
    assert record.direction is Direction.DOWN
    assert len(overlay.layer.data) == 1
    np.testing.assert_array_equal(overlay.layer.data[0].min(axis=0), [200_000, 205_000])


def test_drag_along_the_diagonal_is_a_tad(editor: Editor) -> None:
    overlay = editor.overlay(Kind.TAD)
    overlay.layer.mode = "add_rectangle"
    mouse(editor.canvas.viewer, overlay.layer, (101_000.0, 99_000.0), (300_000.0, 310_000.0), (401_000.0, 402_000.0))
    assert only(editor.labels.project, Kind.TAD).anchor1 == iv(100_000, 400_000)


@pytest.mark.parametrize("kind", [Kind.STRIPE, Kind.TAD])
def test_click_without_drag_leaves_nothing(editor: Editor, kind: Kind) -> None:
    overlay = editor.overlay(kind)
    overlay.layer.mode = "add_rectangle"
    mouse(editor.canvas.viewer, overlay.layer, (300_000.0, 300_000.0))
    assert len(overlay.layer.data) == 1  # napari did leave one: the pitfall is still there
    editor.flush()
    assert len(overlay.layer.data) == 0
    assert actions(editor.labels.project) == []


def test_click_adds_a_boundary_on_the_diagonal(editor: Editor) -> None:
    overlay = editor.overlay(Kind.BOUNDARY)
    overlay.layer.mode = "add"
    mouse(editor.canvas.viewer, overlay.layer, (251_000.0, 252_000.0))
    assert only(editor.labels.project, Kind.BOUNDARY).anchor1 == iv(250_000, 255_000)


def test_moved_tad_goes_back_to_the_diagonal(editor: Editor) -> None:
    put(editor, tad(200_000, 400_000))
    overlay = editor.overlay(Kind.TAD)
    overlay.layer.mode = "select"
    mouse(editor.canvas.viewer, overlay.layer, (300_000.0, 300_000.0), (310_000.0, 330_000.0), (341_000.0, 361_000.0))
    editor.flush()
    assert only(editor.labels.project, Kind.TAD).anchor1 == iv(250_000, 450_000)
    np.testing.assert_array_equal(overlay.layer.data[0].max(axis=0), [450_000, 450_000])


@pytest.mark.parametrize(
    ("triangle", "corner", "to", "result"),
    [
        (Triangle.STORED, (400_000.0, 400_000.0), (446_000.0, 453_000.0), (200_000, 455_000)),
        (Triangle.UPPER, (200_000.0, 400_000.0), (151_000.0, 499_000.0), (150_000, 500_000)),
        (Triangle.LOWER, (400_000.0, 200_000.0), (351_000.0, 239_000.0), (240_000, 350_000)),
    ],
)
def test_dragged_handle_resizes_a_tad(
    editor: Editor, triangle: Triangle, corner: Any, to: Any, result: tuple[int, int]
) -> None:
    put(editor, tad(200_000, 400_000))
    editor.labels.set_triangle(editor.labels.sets()[0].id, triangle)
    editor.flush()
    overlay = editor.overlay(Kind.TAD)
    overlay.layer.mode = "select"
    overlay.select(overlay.uids)
    mouse(editor.canvas.viewer, overlay.layer, corner, ((corner[0] + to[0]) / 2, (corner[1] + to[1]) / 2), to)
    record = only(editor.labels.project, Kind.TAD)
    assert record.anchor1 == iv(*result)
    assert record.status is Status.EDITED
    assert actions(editor.labels.project) == ["add", "resize"]


def test_one_dragged_stripe_edge_leaves_the_others_to_the_base_pair(editor: Editor) -> None:
    put(editor, stripe((200_001, 214_999), (200_001, 612_345)))
    overlay = editor.overlay(Kind.STRIPE)
    overlay.layer.mode = "select"
    overlay.select(overlay.uids)
    edge = ((200_001.0 + 214_999.0) / 2, 612_345.0)
    mouse(editor.canvas.viewer, overlay.layer, edge, (edge[0], 650_000.0), (edge[0], 701_000.0))
    record = only(editor.labels.project, Kind.STRIPE)
    assert (record.anchor1, record.anchor2) == (iv(200_001, 214_999), iv(200_001, 700_000))


def test_rotation_is_refused(editor: Editor) -> None:
    put(editor, stripe((200_000, 215_000), (200_000, 600_000)))
    overlay = editor.overlay(Kind.STRIPE)
    overlay.layer.mode = "select"
    overlay.select(overlay.uids)
    before = np.array(overlay.layer.data[0])
    overlay.layer._rotate_box(30, center=before.mean(axis=0))
    overlay.layer.selected_data = overlay.layer.selected_data
    overlay.layer.events.data(value=None, action="changed", data_indices=(0,), vertex_indices=((),))
    editor.flush()
    np.testing.assert_array_equal(overlay.layer.data[0], before)
    assert actions(editor.labels.project) == ["add"]


@pytest.mark.parametrize("mode", ["direct", "transform", "vertex_insert", "vertex_remove", "add_polygon", "add_line"])
def test_modes_that_cannot_be_journalled_are_taken_back(editor: Editor, mode: str) -> None:
    overlay = editor.overlay(Kind.TAD)
    overlay.layer.mode = mode
    assert overlay.layer.mode == "select"


def test_transform_of_a_layer_is_undone(editor: Editor) -> None:
    layer = editor.overlay(Kind.LOOP).layer
    layer.mode = "transform"
    assert layer.mode == "select"
    layer.affine = np.diag([2.0, 2.0, 1.0])
    np.testing.assert_array_equal(layer.affine.affine_matrix, np.eye(3))


@pytest.mark.parametrize("kind", [Kind.LOOP, Kind.TAD])
def test_paste_behind_our_back_is_drawn_away(editor: Editor, kind: Kind) -> None:
    put(editor, loop(100_000, 400_000), tad(100_000, 400_000))
    overlay = editor.overlay(kind)
    overlay.layer.mode = "select"
    overlay.select(overlay.uids)
    overlay.layer._copy_data()
    overlay.layer._paste_data()
    assert len(overlay.layer.data) == 2
    editor.flush()
    assert len(overlay.layer.data) == 1
    assert editor.labels.project.count() == 2


def test_in_place_write_never_reaches_the_store(editor: Editor) -> None:
    put(editor, loop(100_000, 400_000), loop(200_000, 500_000))
    overlay = editor.overlay(Kind.LOOP)
    still, moved = overlay.uids
    overlay.layer.data[0] = (1.0, 2.0)
    overlay.layer.mode = "select"
    mouse(editor.canvas.viewer, overlay.layer, (202_500.0, 502_500.0), (210_000.0, 510_000.0), (222_500.0, 522_500.0))
    editor.flush()
    assert editor.labels.project.get(still).anchor1.start == 100_000
    assert editor.labels.project.get(moved).anchor1.start == 220_000
    np.testing.assert_array_equal(overlay.layer.data[0], [102_500, 402_500])


def test_deleting_in_the_layer_deletes_in_the_store(editor: Editor) -> None:
    put(editor, tad(100_000, 400_000), tad(400_000, 500_000), tad(500_000, 900_000))
    overlay = editor.overlay(Kind.TAD)
    victim, *rest = overlay.uids
    overlay.layer.mode = "select"
    overlay.select([victim])
    overlay.layer.remove_selected()
    editor.flush()
    assert overlay.uids == rest
    assert {r.uid for r in editor.labels.project.query()} == set(rest)
    editor.labels.project.undo()
    editor.flush()
    assert set(overlay.uids) == {victim, *rest}


def test_new_items_do_not_inherit_the_last_ones_identity(editor: Editor) -> None:
    put(editor, loop(100_000, 400_000, score=0.3, source="caller"))
    overlay = editor.overlay(Kind.LOOP)
    overlay.layer.mode = "add"
    mouse(editor.canvas.viewer, overlay.layer, (202_000.0, 702_000.0))
    first, second = sorted(editor.labels.project.query(), key=lambda r: r.anchor1.start)
    assert first.uid != second.uid
    assert (first.source, second.source) == ("caller", "tester")
    assert np.isnan(second.score)


def test_no_refill_while_the_button_is_down(editor: Editor) -> None:
    put(editor, tad(200_000, 400_000))
    overlay = editor.overlay(Kind.TAD)
    overlay.layer.mode = "select"
    seen: list[int] = []

    def halfway(layer: Any, event: Any) -> Iterator[None]:
        yield
        editor.labels.project.add([tad(600_000, 700_000)], set_id=editor.labels.sets()[0].id)
        editor.flush()
        seen.append(len(layer.data))
        yield

    overlay.layer.mouse_drag_callbacks.append(halfway)
    mouse(editor.canvas.viewer, overlay.layer, (300_000.0, 300_000.0), (310_000.0, 310_000.0), (350_000.0, 350_000.0))
    overlay.layer.mouse_drag_callbacks.remove(halfway)
    assert seen == [1]
    editor.flush()
    assert len(overlay.layer.data) == 2
    assert {r.anchor1.start for r in editor.labels.project.query()} == {250_000, 600_000}


def test_locked_set_is_drawn_again_unchanged(editor: Editor, capsys: Any) -> None:
    put(editor, loop(100_000, 400_000))
    editor.labels.project.update_set(editor.labels.sets()[0].id, locked=True)
    editor.labels.sets_changed()
    overlay = editor.overlay(Kind.LOOP)
    overlay.layer.mode = "select"
    mouse(editor.canvas.viewer, overlay.layer, (102_500.0, 402_500.0), (110_000.0, 440_000.0), (118_000.0, 461_000.0))
    editor.flush()
    np.testing.assert_array_equal(overlay.layer.data, [[102_500, 402_500]])
    assert only(editor.labels.project, Kind.LOOP).anchor1.start == 100_000


def test_hidden_sets_and_layers_never_change_data(editor: Editor) -> None:
    put(editor, loop(100_000, 400_000), tad(100_000, 400_000))
    before = editor.labels.project.query()
    editor.labels.project.update_set(editor.labels.sets()[0].id, visible=False)
    editor.labels.sets_changed()
    editor.flush()
    assert [len(o.layer.data) for o in editor.overlays.values()] == [0, 0, 0, 0]
    for overlay in editor.overlays.values():
        overlay.layer.visible = False
    editor.canvas.viewer.layers.remove(editor.overlay(Kind.TAD).layer)
    editor.labels.project.update_set(editor.labels.sets()[0].id, visible=True)
    editor.labels.sets_changed()
    editor.flush()
    assert [r.uid for r in editor.labels.project.query()] == [r.uid for r in before]
    assert actions(editor.labels.project) == ["add"]
    assert len(editor.overlay(Kind.TAD).layer.data) == 1  # comes back when it is needed


def test_only_what_is_in_view_is_in_the_layers_and_never_more_than_the_limit(editor: Editor) -> None:
    put(editor, *(tad(s, s + 20_000, score=i / 1000) for i, s in enumerate(range(0, 900_000, 1_000))))
    overlay = editor.overlay(Kind.TAD)
    assert len(overlay.uids) == 200
    assert editor.labels.in_view[Kind.TAD].hidden == 700
    assert min(editor.labels.project.get(uid).score for uid in overlay.uids) == pytest.approx(0.7)
    editor.labels.window.go_to(iv(100_000, 140_000))
    editor.redraw()
    starts = sorted(editor.labels.project.get(uid).anchor1.start for uid in overlay.uids)
    assert (starts[0], starts[-1]) == (71_000, 149_000)
    assert editor.labels.in_view[Kind.TAD].hidden == 0


def test_records_added_by_a_worker_thread_are_drawn(editor: Editor, qtbot: Any) -> None:
    made = editor.labels.project.add_set("prediction", Origin.PREDICTED)
    worker = threading.Thread(
        target=editor.labels.project.add, args=([loop(100_000, 400_000)],), kwargs={"set_id": made.id}
    )
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: len(editor.overlay(Kind.LOOP).layer.data) == 1)


def test_stripe_check_on_a_real_map_and_esc_takes_it_away(editor: Editor, data_dir: Path) -> None:
    from napari_hicstruct.contacts import open_map

    editor.labels.window.source = open_map(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    x, y = (62_700_001, 62_714_000), (62_700_001, 63_100_000)
    put(editor, stripe((63_000_000, 63_010_000), (63_000_000, 63_300_000)), stripe(x, y))
    review = Review(editor)
    review.check_stripe(2, transpose=True)
    layers = {layer.name.removeprefix("Stripe check: "): layer for layer in editor.canvas.viewer.layers}
    counts, box = layers["counts"], layers["stripe"].data[0]
    assert editor.labels.window.visits[-1][0] == iv(62_450_000, 63_350_000)
    assert counts.data.shape == (180, 180)
    assert counts.contrast_limits == [0, pytest.approx(np.nanpercentile(counts.data, 98))]
    half = layers["stripe"].edge_width[0] / 2  # the line runs outside the stripe's pixels
    np.testing.assert_allclose(
        [box.min(axis=0) + half, box.max(axis=0) - half], [[62.7e6, 62.7e6], [62.715e6, 63.1e6]], atol=8
    )  # float32
    low, high = (counts.data_to_world(edge) for edge in ((-0.5, -0.5), (179.5, 179.5)))
    assert (low, high) == ((62_450_000, 62_450_000), (63_350_000, 63_350_000))
    assert len(layers["transpose"].data) > 40
    assert "stripe #2" in editor.canvas.viewer.canvas.overlays.text.text
    review.stop()
    assert not [layer for layer in editor.canvas.viewer.layers if layer.name.startswith("Stripe check")]


def test_dashed_transposes_mirror_the_stripes_in_view_and_are_no_data(editor: Editor) -> None:
    put(editor, stripe((200_000, 215_000), (200_000, 600_000)))
    transposes = Transposes(editor.canvas, editor.labels)
    transposes.show(True)
    stripes = editor.overlays[Kind.STRIPE]
    transposes.draw(stripes)
    layer = editor.canvas.viewer.layers["Stripe transposes"]
    ends = np.concatenate([layer.data[:, 0], layer.data[:, 0] + layer.data[:, 1]])
    np.testing.assert_allclose([ends.min(axis=0), ends.max(axis=0)], [[200_000, 200_000], [600_000, 215_000]])
    editor.labels.project.delete([only(editor.labels.project, Kind.STRIPE).uid])
    editor.flush()
    transposes.draw(stripes)
    assert len(layer.data) == 0
    for visible in (False, True):
        stripes.layer.visible = visible
        assert layer.visible is visible
    stripes.layer.visible = False
    transposes.show(False)
    assert layer not in editor.canvas.viewer.layers
    transposes.show(True)
    transposes.draw(stripes)
    assert not transposes.layer.visible, "also where the stripes were hidden before"
    transposes.show(False)
    assert actions(editor.labels.project) == ["add", "delete"]


def test_a_deleted_layer_comes_back_at_its_place_with_new_objects_of_its_kind(editor: Editor) -> None:
    editor.show_layers()
    stack = editor.canvas.viewer.layers
    names = [layer.name for layer in stack]
    project = editor.labels.project
    assert project is not None
    stack.remove(editor.overlays[Kind.STRIPE].layer)
    project.add_as_set("a run", Origin.PREDICTED, [loop(300_000, 600_000)], action="predict")
    assert Kind.STRIPE not in editor.overlays
    found = stripe((100_000, 110_000), (110_000, 500_000))
    (made,) = project.sets()
    project.add([found], set_id=made.id, action="predict")  # the run's next batch
    assert editor.overlays[Kind.STRIPE].uids == [found.uid]
    assert [layer.name for layer in stack] == names
