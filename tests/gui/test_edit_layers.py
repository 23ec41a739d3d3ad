"""Gestures in layers against the store, on the viewer model: each becomes one journal entry, snapped to bins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.gui.edit_kit import (
    RES,
    Kind,
    Status,
    TinySession,
    actions,
    add_map,
    boundary,
    iv,
    loop,
    make_project,
    mouse,
    only,
    stripe,
    tad,
)
from napari.components import ViewerModel

from napari_hicstruct.annotations.records import Direction, Origin
from napari_hicstruct.plugin.editing.editor import Editor
from napari_hicstruct.plugin.editing.geometry import Triangle


@pytest.fixture
def editor(tmp_path: Any, qapp: Any) -> Iterator[Editor]:
    viewer = ViewerModel()
    add_map(viewer)
    viewer.scene.camera.zoom = 1 / RES
    with make_project(tmp_path) as project:
        made = Editor(TinySession(viewer, project))  # type: ignore[arg-type]
        made.show_layers()
        yield made
        made.close()


def put(editor: Editor, *records: Any, origin: Origin = Origin.IMPORTED) -> None:
    project = editor.project
    assert project is not None
    project.add(records, set_id=project.add_set(origin.value, origin).id)
    editor.flush()


def test_click_adds_a_loop_at_the_bins_under_it(editor: Editor) -> None:
    overlay = editor.overlay(Kind.LOOP)
    overlay.layer.mode = "add"
    mouse(editor.viewer, overlay.layer, (101_200.0, 403_900.0))
    editor.flush()
    record = only(editor.project, Kind.LOOP)
    assert (record.anchor1, record.anchor2) == (iv(100_000, 105_000), iv(400_000, 405_000))
    assert record.status is Status.ACCEPTED
    assert record.source == "tester"
    np.testing.assert_array_equal(overlay.layer.data, [[102_500, 402_500]])
    assert overlay.uids == [record.uid]
    assert actions(editor.project) == ["add"]


def test_dragged_loop_snaps_and_undo_brings_it_back(editor: Editor) -> None:
    put(editor, loop(100_000, 400_000))
    overlay = editor.overlay(Kind.LOOP)
    overlay.layer.mode = "select"
    mouse(editor.viewer, overlay.layer, (102_500.0, 402_500.0), (110_000.0, 440_000.0), (118_000.0, 461_000.0))
    editor.flush()
    moved = only(editor.project, Kind.LOOP)
    assert (moved.anchor1.start, moved.anchor2.start) == (115_000, 460_000)
    assert moved.status is Status.EDITED
    np.testing.assert_array_equal(overlay.layer.data, [[117_500, 462_500]])
    assert actions(editor.project) == ["add", "move"]
    editor.project.undo()
    editor.flush()
    np.testing.assert_array_equal(overlay.layer.data, [[102_500, 402_500]])
