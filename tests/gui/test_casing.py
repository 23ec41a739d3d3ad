"""Lines are seen on every colour of the map: each has a casing that differs from what the line itself does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status
from napari_hicstruct.annotations.sets import SET_COLOURS
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.layers.map.colormaps import CHOICES, NO_DATA, contact_colormap
from napari_hicstruct.plugin.layers.overlays import drawing
from napari_hicstruct.plugin.layers.overlays.casing import CASING_PX, bands, outlines
from napari_hicstruct.plugin.layers.overlays.drawing import DrawStyle, Item, casing_of, luminance
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.labels.hit import mark_size
from napari_hicstruct.plugin.state.map.projection import TILTED
from tests.gui.view_kit import open_in, pump, write_dots
from tests.window_kit import boundary, loop, tad

GRAPHICS = 3.0
"""Contrast that WCAG 2.1 asks of graphics."""


def contrast(first: Sequence[float], second: Sequence[float]) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", SET_COLOURS)
def test_line_or_casing_stands_out_on_every_colour_of_every_map(colour: str) -> None:
    line = (*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
    casing = np.array(casing_of(line))  # type: ignore[arg-type]
    grounds = [contact_colormap(name).map(np.linspace(0, 1, 40)) for name in CHOICES]
    for ground in [*np.concatenate(grounds), np.array(NO_DATA)]:
        blended = casing[3] * casing[:3] + (1 - casing[3]) * ground[:3]
        apart = max(contrast(line, ground), contrast(blended, ground), contrast(line, blended))
        assert apart >= GRAPHICS, (colour, ground)
        assert max(contrast(line, ground), contrast(blended, ground)) >= 2.1, (colour, ground)


@pytest.mark.parametrize("colour", SET_COLOURS)
def test_the_casing_of_a_faint_line_is_fainter_than_the_line(colour: str) -> None:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    last = casing_of((red, green, blue, 1.0))[3]
    for alpha in (0.7, 0.5, 0.3, 0.2):
        casing = np.array(casing_of((red, green, blue, alpha)))
        assert casing[3] < alpha * last / 1.5, "it fades faster"
        on_white = contrast(casing[3] * casing[:3] + 1 - casing[3], (1.0, 1.0, 1.0))
        line = contrast(tuple(alpha * part + 1 - alpha for part in (red, green, blue)), (1.0, 1.0, 1.0))
        assert alpha > 0.35 or on_white < max(line, 1.15), "a faint ring does not stand out as a dark one"


def test_the_current_loop_shows_the_bins_about_it() -> None:
    mark = loop(200_000, 400_000)
    style = DrawStyle(bp_per_px=100, current=mark.uid)
    (corners,), _, _ = outlines(Kind.LOOP, [item(mark)], style)
    inner = np.linalg.norm(corners - (202_500, 402_500), axis=1).min() - style.width(mark) / 2
    assert inner > 1.5 * 5_000 * 2**0.5, "the corners of the 3 × 3 bins"
    (corners,), _, _ = outlines(Kind.LOOP, [item(mark)], DrawStyle(bp_per_px=100))
    assert np.linalg.norm(corners - (202_500, 402_500), axis=1).max() < 1.5 * 5_000


def item(record: Annotation, **fields: Any) -> Item:
    return Item(record, SET_COLOURS[0], Triangle.STORED, **fields)


def test_a_casing_is_seen_on_both_sides_of_its_line() -> None:
    style = DrawStyle(bp_per_px=1_000)
    record = tad(100_000, 300_000)
    corners, colours, widths = outlines(Kind.TAD, [item(record, opacity=0.5)], style)
    assert widths == [style.width(record) + 2 * CASING_PX * 1_000]
    assert colours[0][3] == pytest.approx(casing_of((1, 1, 1, 0.5))[3])
    vertices, faces, of = bands(corners, np.array(widths))
    assert (len(vertices), len(faces), set(of.tolist())) == (12, 6, {0})
    top = vertices[:4]  # along the upper side: x from start to end, y about the start
    assert np.ptp(top[:, 1]) == pytest.approx(widths[0])
    assert top[:, 1].mean() == pytest.approx(100_000)
    assert top[:, 0].min() < 100_000
    assert top[:, 0].max() > 300_000


def test_rings_and_diamonds_have_casings_and_crosses_have_none() -> None:
    style = DrawStyle(bp_per_px=1_000)
    ring, rejected = loop(200_000, 400_000), loop(200_000, 600_000, status=Status.REJECTED)
    (corners,), _, _ = outlines(Kind.LOOP, [item(ring), item(rejected)], style)
    radius = np.linalg.norm(corners - (202_500, 402_500), axis=1)
    np.testing.assert_allclose(radius, mark_size(ring, 1_000) / 2)
    (diamond,), _, _ = outlines(Kind.BOUNDARY, [item(boundary(300_000))], style)
    assert len(diamond) == 4
    assert np.ptp(diamond[:, 0]) == pytest.approx(mark_size(boundary(300_000), 1_000))
    tilted = DrawStyle(bp_per_px=1_000, bp_per_world=TILTED.bp_per_world)
    (turned,), _, _ = outlines(Kind.BOUNDARY, [item(boundary(300_000))], tilted)
    on_canvas = (turned - turned.mean(axis=0)) @ TILTED.matrix[:2, :2].T
    upright = (diamond - diamond.mean(axis=0)) / TILTED.bp_per_world
    found = {tuple(corner) for corner in on_canvas.round().tolist()}
    np.testing.assert_allclose(sorted(found), sorted(map(tuple, upright.round().tolist())), atol=1)


def test_casings_are_drawn_and_leave_with_their_layer(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, write_dots(tmp_path / "m.mcool", (5_000,), 1_000_000, [(500_000, 900_000, 1)]))
    project = session.ensure_project()
    project.add([_tad(200_000, 600_000)], set_id=project.add_set("mine", Origin.HUMAN).id, action="draw")
    session.go_to(Interval("chr1", 100_000, 700_000))
    dark = 90  # nothing else on this white map is

    def edges() -> int:
        picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
        row = picture[picture.shape[0] // 3, picture.shape[1] // 3 + 20 :]  # crosses the right side of the triangle
        return int((row.max(axis=1) < dark).sum())

    assert pump(lambda: edges() >= 2), "on both sides of the line"
    session.editing.editor.overlays[Kind.TAD].layer.visible = False
    assert pump(lambda: edges() == 0)
    session.editing.editor.overlays[Kind.TAD].layer.visible = True
    assert pump(lambda: edges() >= 2)
    session.editing.editor.overlays[Kind.TAD].layer.mode = "select"
    assert pump(lambda: edges() == 0), "nothing stays where an object was while it is moved"
    session.close_map()


def _tad(start: int, end: int) -> Annotation:
    place = Interval("chr1", start, end)
    return Annotation(kind=Kind.TAD, anchor1=place, anchor2=place, resolution=5_000)


@pytest.mark.parametrize("kind", [Kind.LOOP, Kind.TAD])
def test_a_line_and_its_casing_are_worked_out_once(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line, inside and casing once asked for the same colour three times, of 500 objects at each edit."""
    asked: list[str] = []
    real = drawing.line_rgba

    def counted(colour: str, record: Any, *, by_score: bool) -> Any:
        asked.append(record.uid)
        return real(colour, record, by_score=by_score)

    monkeypatch.setattr(drawing, "line_rgba", counted)
    one, other = (loop(k, 400_000) if kind is Kind.LOOP else tad(k, 400_000) for k in (0, 100_000))
    items, style = [item(one), item(other)], DrawStyle(bp_per_px=1_000)
    drawn = style.drawing(items)
    assert len(drawn.lines) == len(drawn.insides) == 2
    outlines(kind, items, style)
    if kind is Kind.TAD:
        assert list(drawn.outlines) == [one.uid, other.uid]
    assert asked == [one.uid, other.uid]
    assert style.drawing(list(items)) is not drawn  # another list may hold others
