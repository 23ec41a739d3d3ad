"""The tilted map in a real window: all of it in line with the genome, and every tool works as on the square one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations import Annotation, Kind, Origin, Status
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.labels.hit import mark_size
from tests.gui.person import Person
from tests.gui.view_kit import open_in, pump, write_dots

BIN, LENGTH = 5_000, 32_000_000
DOTS = [(k * 1_000_000, k * 1_000_000 + k * 150_000, k) for k in range(1, 25)]
VIEW = Interval("chr1", 10_000_000, 12_000_000)


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Person]:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1_300, 900)
    session, dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", [BIN, 4 * BIN, 20 * BIN], LENGTH, DOTS))
    made = Person(viewer, session, dock)
    yield made
    made.let_go()


def loop_at(first: int, second: int, **fields: Any) -> Annotation:
    anchors = (Interval("chr1", at, at + BIN) for at in (first, second))
    return Annotation(kind=Kind.LOOP, **dict(zip(("anchor1", "anchor2"), anchors, strict=True)), **fields)


def objects(window: Person) -> list[Annotation]:
    project = window.session.project
    return [] if project is None else sorted(project.query(), key=lambda one: one.kind.value)


def pixel_drawn(window: Person, layer: Any, places: np.ndarray) -> np.ndarray:
    """Pixels of the canvas (x, y) at which the graphics card draws places given in a layer's own data, x before y."""
    node = window.viewer.window._qt_viewer.canvas.layer_to_visual[layer].node
    mapped = node.get_transform("visual", "canvas").map(places)
    return np.asarray(mapped[:, :2] / mapped[:, 3:])


def test_map_labels_and_axes_are_in_line_at_every_zoom(window: Person) -> None:
    session, camera = window.session, window.viewer.scene.camera
    project = session.ensure_project()
    loops = [loop_at(a, b) for a, b, _ in DOTS]
    project.add(loops, set_id=project.add_set("calls", Origin.IMPORTED).id)
    window.key("V")
    assert session.projection.tilted
    a, b, _ = DOTS[9]
    worst = 0.0
    for zoom in (2e-5, 1e-4, 7e-4, 3e-3, 2e-2):  # the whole chromosome … 100 pixels a bin
        camera.zoom = zoom
        camera.center = (0, -(b - a) / 2, (a + b) / 2)
        pump(lambda: False, 0.25)
        session.editing.editor.redraw()
        window.viewer.window._qt_viewer.canvas.on_draw(None)
        columns, rows = session.seen.columns, session.seen.rows
        assert columns is not None
        assert rows is not None
        res = session.resolution
        corner = np.array(session.layer.corner_pixels[0])
        first = np.array([a // res, b // res]) - corner
        ((x, y),) = pixel_drawn(window, session.layer, np.array([[first[1] + 0.5, first[0] + 0.5]]))
        middle = np.array([a // res * res + res / 2, b // res * res + res / 2])
        worst = max(worst, abs(columns.position(x) - middle.mean()) / res)
        worst = max(worst, abs(rows.position(y) - np.ptp(middle)) / res)
        overlay = session.editing.editor.overlays[Kind.LOOP]
        number = overlay.uids.index(loops[9].uid)
        width = mark_size(loops[9], session.canvas.bp_per_px(), current=False)
        ring = pixel_drawn(window, overlay.layer, np.array([[b, a], [b, a + width]]))
        drawn = overlay.layer.size[number] * camera.zoom
        assert drawn == pytest.approx(np.hypot(*np.ptp(ring, axis=0)), rel=0.01), "as wide as its casing"
        place = overlay.vertices(number)
        ((x, y),) = pixel_drawn(window, overlay.layer, place[None, ::-1])
        worst = max(worst, abs(columns.position(x) - (a + b + BIN) / 2) / BIN)
        worst = max(worst, abs(rows.position(y) - (b - a)) / BIN)
    assert worst <= 0.5, f"{worst:.2f} bins"


def test_every_tool_works_on_a_tilted_map(window: Person) -> None:
    session = window.session
    session.go_to(VIEW)
    window.key("V")
    window.rest(300)
    middle = BIN / 2
    loop = (10_600_000 + middle, 11_200_000 + middle)
    window.key("L")
    window.click_map(loop)
    window.key("Escape", "S")
    window.drag_map((10_300_000, 10_700_000), (10_305_000, 10_900_000), (10_320_000, 11_100_000))
    window.key("Escape", "T")
    window.drag_map((11_100_000, 11_100_000), (11_300_000, 11_300_000), (11_500_000, 11_500_000))
    window.key("Escape", "B")
    window.click_map((10_800_000 + middle, 10_800_000 + middle))
    window.key("Escape")
    boundary, first, stripe, tad = objects(window)
    assert [one.kind.value for one in objects(window)] == ["boundary", "loop", "stripe", "tad"]
    assert (first.anchor1.start, first.anchor2.start) == (10_600_000, 11_200_000)
    assert (stripe.anchor1.start, stripe.anchor1.end) == (10_300_000, 10_320_000)
    assert (stripe.anchor2.start, stripe.anchor2.end) == (10_700_000, 11_100_000)
    assert (tad.anchor1.start, tad.anchor1.end) == (11_100_000, 11_500_000)
    assert boundary.anchor1.start == 10_800_000
    window.click_map(loop)
    assert session.labels.current_uid == first.uid, "a click selects"
    window.key("E")
    window.drag_map(loop, (loop[0] + 3 * BIN, loop[1] + 2 * BIN), (loop[0] + 6 * BIN, loop[1] + 4 * BIN))
    window.key("Escape")
    moved = next(one for one in objects(window) if one.kind is Kind.LOOP)
    assert (moved.anchor1.start, moved.anchor2.start) == (10_630_000, 11_220_000)
    window.click_map((11_100_000, 11_300_000))
    assert session.labels.current_uid == tad.uid
    window.key("E")
    window.drag_map((11_300_000, 11_500_000), (11_300_000, 11_550_000), (11_300_000, 11_600_000))
    window.key("Escape")
    resized = next(one for one in objects(window) if one.kind is Kind.TAD)
    assert resized.anchor1.start == 11_100_000
    assert resized.anchor1.end % BIN == 0
    assert abs(resized.anchor1.end - 11_600_000) <= BIN, "its edge was pulled; a pixel is half a bin here"
    window.key("U", "R")
    assert next(one for one in objects(window) if one.kind is Kind.TAD).status is Status.REJECTED


def test_lasso_marks_and_views_mean_the_same_places_tilted(window: Person) -> None:
    session = window.session
    project = session.ensure_project()
    calls = [loop_at(a, a + 400_000, score=0.5) for a in range(10_200_000, 11_600_000, 200_000)]
    project.add(calls, set_id=project.add_set("calls", Origin.PREDICTED).id)
    session.go_to(VIEW)
    window.key("V")
    window.rest(300)
    assert session.visible() == (VIEW, VIEW), "the region box says the same"
    window.key("G")
    window.lasso(10_600_000, 11_000_000, 90_000)
    assert session.review.caught == [calls[2].uid]
    window.key("A")
    assert [one.uid for one in objects(window) if one.status is Status.ACCEPTED] == [calls[2].uid]
    window.key("Escape")
    session.go_to(VIEW)
    window.rest(300)
    window.key("M")
    (block,) = session.project.reviewed("chr1")
    top = session.seen.rows.start
    assert block.rows == block.cols
    assert len(block.rows) == pytest.approx(min(len(VIEW), top), abs=2), "what the upper edge cuts off was not seen"
    row, col = 10_700_000, 11_100_000
    status = session.layer.get_status((*session.projection.to_world((row + 1, col + 1)),))
    assert status["coords"].startswith(f"chr1:{row:,} × chr1:{col:,}")
    window.key("V")
    window.rest(200)
    assert session.visible()[1] == VIEW or set(session.visible()) & {VIEW}, "back on the square, the same view"
