"""Two maps in a real window: pixels, labels and coordinates of both are in line, however they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint

from napari_hicstruct.annotations import Annotation, Kind, Origin
from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.contacts.pair_levels import Joined
from napari_hicstruct.genome import Interval
from tests.gui.person import Person
from tests.gui.view_kit import open_in, pump, write_dots

BIN, LENGTH = 5_000, 32_000_000
LADDER = [BIN, 4 * BIN, 20 * BIN]
BOTH = [(k * 1_000_000, k * 1_000_000 + k * 150_000, 10 + k) for k in range(1, 25)]
SECOND = [(a, b, (60 if k == 9 else 3) * n) for k, (a, b, n) in enumerate(BOTH)]
ZOOMS = (2e-5, 1e-4, 1e-3, 2e-2)
"""The whole chromosome … 100 pixels a bin."""


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Person]:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1_300, 900)
    session, dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", LADDER, LENGTH, BOTH))
    anchors = [[Interval("chr1", at, at + BIN) for at in (a, b)] for a, b, _ in BOTH]
    project = session.ensure_project()
    for name, triangle in (("calls", Triangle.STORED), ("of the second", Triangle.LOWER)):
        loops = [Annotation(kind=Kind.LOOP, anchor1=one, anchor2=other) for one, other in anchors]
        into = project.add_set(name, Origin.IMPORTED).id
        project.add(loops, set_id=into)
        project.update_set(into, triangle=triangle.value)
    session.labels.sets_changed()
    session.second_map.open_map(write_dots(tmp_path / "second.mcool", LADDER, LENGTH, SECOND))
    made = Person(viewer, session, dock)
    yield made
    made.let_go()


def _on_canvas(node: Any, places: np.ndarray) -> np.ndarray:
    """Pixels of the canvas (x, y) at which the graphics card draws places of a node, x before y."""
    mapped = node.get_transform("visual", "canvas").map(places)
    return np.asarray(mapped[:, :2] / mapped[:, 3:])


def _offset(layer: Any, node: Any, spans: tuple[Any, Any], row_bp: int, col_bp: int) -> float:
    """Bins between where a bin pair with contacts is drawn and where the coordinates have it."""
    levels = layer.data
    size = levels[min(layer.data_level, len(levels) - 1)].resolution
    at = np.array([row_bp // size, col_bp // size]) - np.array(layer.corner_pixels[0])
    assert layer._slice.image.view[tuple(at)] > 0, "the contacts are not in this pixel"
    ((x, y),) = _on_canvas(node, np.array([[at[1] + 0.5, at[0] + 0.5]]))
    rows, columns = spans
    off = rows.position(y) - (row_bp // size + 0.5) * size, columns.position(x) - (col_bp // size + 0.5) * size
    return float(np.abs(off).max() / size)


def _look(window: Person, zoom: float, row: float, column: float) -> None:
    camera = window.viewer.scene.camera
    camera.zoom, camera.center = zoom, (0, row, column)
    pump(lambda: False, 0.05)
    window.session.editing.editor.redraw()
    window.viewer.window._qt_viewer.canvas.on_draw(None)


def test_both_maps_labels_and_axes_are_in_line_at_every_zoom(window: Person) -> None:
    session = window.session
    a, b, _ = BOTH[9]
    worst: dict[str, float] = {}
    visuals = window.viewer.window._qt_viewer.canvas.layer_to_visual
    for joined in (Joined.HALVES, Joined.SECOND, Joined.DIFFERENCE, Joined.RATIO):
        session.second_map.show(joined)
        # the second map's half lies below the diagonal
        row, column = (b, a) if joined is Joined.HALVES else (a, b)
        for zoom in ZOOMS:
            _look(window, zoom, row, column)
            spans = session.seen.rows, session.seen.columns
            second = session.second_layer.layer
            found = [_offset(one, visuals[one].node, spans, row, column) for one in (second, session.layer)]
            overlay = session.editing.editor.overlays[Kind.LOOP]
            middle = np.array([row, column]) + BIN / 2
            place = overlay.layer.data[np.abs(overlay.layer.data - middle).sum(axis=1).argmin()]
            ((x, y),) = _on_canvas(visuals[overlay.layer].node, place[None, ::-1])
            off = spans[0].position(y) - middle[0], spans[1].position(x) - middle[1]
            worst[f"{joined} {zoom:g}"] = max(*found, float(np.abs(off).max() / BIN))
    assert len(worst) == 4 * len(ZOOMS)
    assert max(worst.values()) <= 0.5, {name: round(off, 2) for name, off in worst.items() if off > 0.5}


def test_the_canvas_beside_has_labels_axes_and_title_in_line_with_the_first(window: Person) -> None:
    session = window.session
    session.second_map.show(Joined.FIRST)
    session.second_map.show_beside(True)
    view, (a, b, _) = session.second_view, BOTH[9]
    worst = 0.0
    for zoom in ZOOMS:
        _look(window, zoom, a, b)
        view._view.canvas.on_draw(None)
        spans = view.frame.rulers.rows._span, view.frame.rulers.columns._span
        layer = view.model.layers[0]
        worst = max(worst, _offset(layer, view._view.canvas.layer_to_visual[layer].node, spans, a, b))
        line = view.marks.meshes[1]
        assert line.visible
        vertices = line.mesh_data.get_vertices()[:, :2]
        ring = vertices[np.abs(vertices - [b + BIN / 2, a + BIN / 2]).sum(axis=1) < 20 / zoom + 4 * BIN]  # x before y
        places = _on_canvas(line, ring)
        x, y = (places.min(axis=0) + places.max(axis=0)) / 2
        off = spans[0].position(y) - a - BIN / 2, spans[1].position(x) - b - BIN / 2
        worst = max(worst, float(np.abs(off).max() / BIN))
        tops = [one.mapToGlobal(QPoint(0, 0)).y() for one in (session.rulers.rows, view.frame.rulers.rows)]
        high = [
            top + ruler.pixel(a) for top, ruler in zip(tops, (session.rulers.rows, view.frame.rulers.rows), strict=True)
        ]
        assert high[0] == pytest.approx(high[1], abs=1.01), "a row is as high on the screen in both"
    assert worst <= 0.5, f"{worst:.2f} bins"
    assert view._dock.windowTitle().startswith("second · chr1:")
    session.axes.show(False)
    assert view.frame.rulers.rows.isHidden()
    session.axes.show(True)
    for one in session.project.sets():
        session.project.update_set(one.id, visible=False)
    session.labels.sets_changed()
    session.editing.editor.redraw()
    assert not view.marks.meshes[1].visible
