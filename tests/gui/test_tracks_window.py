"""Tracks below the map and on its right, in a real window: in line with the map at every zoom, moved by the mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.tracks.area import _number
from napari_hicstruct.plugin.panels.tracks.panel import TracksPanel
from tests.gui.test_dropped import drop
from tests.gui.view_kit import drawn_places, open_in, pump, write_dots

LENGTH, FINE, LEVELS = 20_000_000, 5_000, [5_000, 20_000, 80_000]
AT = (8_000_000, 9_500_000)
"""Row and column (bp) of the only contact."""


def beacon(folder: Path, *places: int, size: int) -> Path:
    """A bedGraph that is high in the bins of ``places`` and nowhere else."""
    path = folder / f"beacon{size}_{places[0]}.bedGraph"
    path.write_text("".join(f"chr1\t{p}\t{p + size}\t9\n" for p in sorted(places)))
    return path


@pytest.fixture
def opened(make_napari_viewer: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HICSTRUCT_HOME", str(tmp_path / "home"))
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1_200, 900)
    session, dock = open_in(viewer, write_dots(tmp_path / "dots.mcool", LEVELS, LENGTH, [(*AT, 40)]))
    return viewer, session, dock


def coloured(area: Any, colour: str) -> np.ndarray:
    """Pixels along the strip (its own) in which a track's colour is seen."""
    picture = area.grab().toImage()
    wanted = int(colour[1:], 16)
    seen = [[picture.pixel(x, y) & 0xFFFFFF == wanted for y in range(picture.height())] for x in range(picture.width())]
    table = np.array(seen)
    return np.flatnonzero(table.any(axis=0 if area._upright else 1)) / picture.devicePixelRatio()


def shown_everywhere(session: Any) -> bool:
    state = session.tracks
    ready = all(one.track is not None for one in state.tracks)
    return ready and all(
        (part := state.part(one.key, axis)) is not None and part.wanted.serves(getattr(session.seen, axis))
        for one in state.tracks
        for axis in ("columns", "rows")
    )


def test_numbers_of_a_scale_have_a_minus_that_is_no_dash() -> None:
    assert [_number(value) for value in (-0.2623, 0.99, -1234.0)] == ["−0.262", "0.99", "−1,234"]


def test_tracks_lie_in_line_with_the_map_at_every_zoom(opened: Any, tmp_path: Path) -> None:
    viewer, session, _ = opened
    session.tracks.show_at(beside=True)
    colours = ("#0000ff", "#00ff00")
    for place, colour in zip(AT, colours, strict=True):
        session.tracks.add(beacon(tmp_path, place, size=FINE))
        session.tracks.set_colour(session.tracks.tracks[-1].key, colour)
    below, beside = session.track_view.below, session.track_view.beside
    native = viewer.window._qt_viewer.canvas.native
    assert pump(lambda: below.isVisible() and beside.isVisible())
    for width in (60_000, 400_000, 2_000_000, 6_000_000, 18_000_000):
        rows, cols = (Interval("chr1", max(0, p - width // 3), min(LENGTH, p + width // 2)) for p in AT)
        session.go_to(rows, cols, rest=True)
        assert pump(lambda: shown_everywhere(session))
        assert pump(lambda: drawn_places(viewer, session.layer))
        pump(lambda: False, 0.2)
        row, col = min(drawn_places(viewer, session.layer), key=lambda one: abs(one[0] - AT[0]) + abs(one[1] - AT[1]))
        bin_px, camera = session.resolution * viewer.scene.camera.zoom, viewer.scene.camera
        for area, place, centre, axis in ((below, col, camera.center[-1], 1), (beside, row, camera.center[-2], 0)):
            pixels = viewer.canvas.size[axis]
            in_canvas = (place - centre) * camera.zoom + pixels / 2  # what the graphics card draws, from its transform
            origin, corner = native.mapToGlobal(QPoint(0, 0)), area.mapToGlobal(QPoint(0, 0))
            shift = origin.x() - corner.x() if axis else origin.y() - corner.y()
            own = coloured(area, colours[axis])
            assert len(own)
            at, size = AT[axis], session.resolution
            off = at + FINE / 2 - (at // size * size + size / 2)  # the track's bin is finer than the map's
            assert abs((own[0] + own[-1] + 1) / 2 - (in_canvas + shift) - off * camera.zoom) <= max(bin_px / 2, 1.0)
            assert len(own) == pytest.approx(max(FINE * camera.zoom, 1), abs=1.5)


def test_tracks_follow_the_camera_and_stand_still_without_reading(opened: Any, tmp_path: Path) -> None:
    viewer, session, _ = opened
    session.tracks.add(beacon(tmp_path, *AT, size=FINE))
    session.go_to(Interval("chr1", 8_000_000, 11_000_000))
    below = session.track_view.below
    assert pump(lambda: session.tracks.part(session.tracks.tracks[0].key, "columns") is not None)
    pump(lambda: False, 0.3)
    part = session.tracks.part(session.tracks.tracks[0].key, "columns")
    before = below.aligned().pixel(AT[1])
    viewer.scene.camera.center = (0, viewer.scene.camera.center[-2], viewer.scene.camera.center[-1] + 300_000)
    assert below.aligned().pixel(AT[1]) == pytest.approx(before - 300_000 * viewer.scene.camera.zoom)
    pump(lambda: False, 0.2)
    assert session.tracks.part(session.tracks.tracks[0].key, "columns") is part


def mouse(area: Any, kind: QEvent.Type, x: float, y: float) -> None:
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place = QPointF(x, y)
    everywhere = QPointF(area.mapToGlobal(QPoint(0, 0))) + place
    QApplication.sendEvent(area, QMouseEvent(kind, place, everywhere, button, button, none))


def drag(area: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse(area, QEvent.Type.MouseButtonPress, *start)
    mouse(area, QEvent.Type.MouseMove, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    mouse(area, QEvent.Type.MouseMove, *end)
    mouse(area, QEvent.Type.MouseButtonRelease, *end)
    pump(lambda: False, 0.05)


def test_the_mouse_sizes_orders_pans_and_zooms(opened: Any, tmp_path: Path) -> None:
    viewer, session, _ = opened
    state = session.tracks
    state.add(beacon(tmp_path, *AT, size=FINE))
    state.add(beacon(tmp_path, *AT, size=3 * FINE))
    session.go_to(Interval("chr1", 8_000_000, 11_000_000))
    below = session.track_view.below
    assert pump(lambda: len(state.tracks) == 2 and all(one.track is not None for one in state.tracks))
    pump(lambda: False, 0.2)
    first = state.tracks[0]
    edges = [(one.key, top, height) for one, top, height in below.strips()]
    drag(below, (400, edges[0][2] + 1), (400, edges[0][2] + 31))
    assert first.height_px == 54 + 30
    drag(below, (20, 4), (20, 4 + first.height_px + 10))
    assert [one.key for one in state.tracks] == [edges[1][0], edges[0][0]]
    centre = viewer.scene.camera.center
    drag(below, (300, 30), (350, 30))
    assert viewer.scene.camera.center[-1] == pytest.approx(centre[-1] - 50 / viewer.scene.camera.zoom)
    assert viewer.scene.camera.center[-2] == centre[-2]
    fixed, zoom = below.aligned().position(200), viewer.scene.camera.zoom
    at, none = QPointF(200, 20), Qt.KeyboardModifier.NoModifier
    turn = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(below, turn)
    assert viewer.scene.camera.zoom == pytest.approx(zoom * 1.1)
    assert below.aligned().position(200) == pytest.approx(fixed, abs=1)
    mouse(below, QEvent.Type.MouseMove, 250, 20)
    assert below._cursor == (pytest.approx(below.aligned().position(250)), None)
    assert "chr1:" in below.text_at(QPointF(below.aligned().pixel(AT[1]), 20))


def test_track_files_dropped_with_and_without_a_map(
    opened: Any, make_napari_viewer: Callable[..., Any], tmp_path: Path
) -> None:
    viewer, session, _ = opened
    motifs, text = tmp_path / "ctcf.bed", tmp_path / "genes.txt"
    motifs.write_text("chr1\t100\t119\tCTCF\t9\t+\nchr1\t900\t919\tCTCF\t9\t-\n")
    text.write_text('chr1\tx\tgene\t1001\t5000\t.\t+\t.\tgene_id "E1"; gene_name "SOX2";\n')
    broken = tmp_path / "broken.bw"
    broken.write_bytes(b"nothing")
    said: list[str] = []
    session.problem.connect(lambda error: said.append(str(error)))
    drop(viewer.window._qt_viewer, beacon(tmp_path, *AT, size=FINE), motifs, text, broken)
    assert pump(lambda: len(said) == 1 and len(session.tracks.tracks) == 3)
    assert pump(lambda: {one.kind for one in session.tracks.tracks} == {"signal", "motifs", "genes"})
    assert "is not a bigWig file. Copy it again." in said[0]
    assert session.labels.sets() == []
    assert [gene.name for gene in session.tracks.find("so")] == ["SOX2"]
    session.close_map()
    drop(viewer.window._qt_viewer, motifs)
    assert pump(lambda: len(said) == 2)
    assert "open one first" in said[1]
    assert pump(lambda: not session.track_view.below.isVisible())


def test_own_tracks_and_the_section(opened: Any, tmp_path: Path) -> None:
    _, session, dock = opened
    dock.unfold("tracks")
    panel = dock.findChild(TracksPanel)
    menu = panel.own_menu()
    next(one for one in menu.actions() if one.text() == "Coverage").setChecked(True)
    assert [one.key for one in session.tracks.tracks] == ["own:coverage"]
    session.go_to(Interval("chr1", 7_000_000, 11_000_000))
    key = "own:coverage"
    assert pump(lambda: (part := session.tracks.part(key, "columns")) is not None and np.isfinite(part.values).any())
    part = session.tracks.part(key, "columns")
    first = part.wanted.start
    high = first + np.flatnonzero(np.nan_to_num(part.values) > 0) * part.wanted.size
    assert {int(p) // 20_000 * 20_000 for p in high} == {p // 20_000 * 20_000 for p in AT}
    session.tracks.add_own("4c")
    session.tracks.look_from(Interval("chr1", AT[0], AT[0] + 1))
    own = session.tracks.own.track
    said: list[str] = []
    session.problem.connect(lambda error: said.append(str(error)))
    assert pump(lambda: np.isfinite(own("4c").values(Interval("chr1", AT[1], AT[1] + 1), 1)).any()), [
        said,
        session.tracks.own._anchor,
        session.tracks.own._next_4c,
        session.tracks.own._job_4c.running,
        [one.problem for one in session.tracks.tracks],
    ]
    assert own("4c").values(Interval("chr1", AT[1], AT[1] + 1), 1)[0] == 1, "all that there is at this distance"


def test_a_tilted_map_has_its_tracks_below_in_line(opened: Any, tmp_path: Path) -> None:
    viewer, session, _ = opened
    session.tracks.show_at(beside=True)
    session.tracks.add(beacon(tmp_path, AT[0], size=FINE))
    session.tracks.set_colour(session.tracks.tracks[0].key, "#00ff00")
    below, beside = session.track_view.below, session.track_view.beside
    assert pump(lambda: beside.isVisible())
    session.show_tilted(True)
    session.go_to(Interval("chr1", 7_000_000, 10_000_000), rest=True)
    assert pump(lambda: not beside.isVisible())
    assert below.isVisible()
    key = session.tracks.tracks[0].key
    assert pump(
        lambda: (p := session.tracks.part(key, "columns")) is not None and p.wanted.serves(session.seen.columns)
    )
    pump(lambda: False, 0.2)
    canvas, native = viewer.window._qt_viewer.canvas, viewer.window._qt_viewer.canvas.native
    own = coloured(below, "#00ff00")
    shift = below.mapToGlobal(QPoint(0, 0)).x() - native.mapToGlobal(QPoint(0, 0)).x()
    world = canvas._map_canvas2world(((own[0] + own[-1] + 1) / 2 + shift, 100), canvas.view)
    assert abs(world[-1] - (AT[0] + FINE / 2)) <= max(session.resolution / 2, session.seen.columns.bp_per_px)
