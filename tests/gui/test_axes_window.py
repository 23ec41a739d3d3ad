"""Coordinates beside the map and numbers beside its colours, in a real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint
from qtpy.QtGui import QColor

from napari_hicstruct.genome import Interval
from tests.gui.view_kit import open_in, pump

CHR21 = "maps/GM12878_MboI_chr21_10kb_hg19.cool"


def contrast(first: QColor, second: QColor) -> float:
    """Ratio of luminances as WCAG defines it."""

    def luminance(colour: QColor) -> float:
        parts = [colour.redF(), colour.greenF(), colour.blueF()]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_axes_follow_the_map_on_both_sides(make_napari_viewer: Callable[..., Any], data_dir: Path) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1_300, 900)
    session, dock = open_in(viewer, data_dir / CHR21)
    native = viewer.window._qt_viewer.canvas.native
    columns, rows = session.rulers.columns, session.rulers.rows
    session.go_to(Interval("21", 24_300_000, 24_600_000), Interval("21", 24_700_000, 25_000_000))
    pump(lambda: False, 0.2)
    origin = native.mapToGlobal(QPoint(0, 0))
    assert columns.mapToGlobal(QPoint(0, columns.height())) == origin, "the first pixel is the canvas's first pixel"
    assert rows.mapToGlobal(QPoint(rows.width(), 0)) == origin
    assert (columns.width(), rows.height()) == (native.width(), native.height())
    for zoom in (1.0, 0.37, 12.0):
        viewer.scene.camera.zoom *= zoom
        viewer.scene.camera.center = (0, 24_512_345, 24_851_234)
        for ruler, axis in ((rows, 1), (columns, 0)):
            assert ruler.shown is not None
            for bp, _ in ruler.shown.major:
                world = [24_512_345.0, 24_851_234.0][1 - axis]
                pixels = viewer.canvas.size[1 - axis]
                assert ruler.pixel(bp) == pytest.approx((bp - world) * viewer.scene.camera.zoom + pixels / 2, abs=0.01)
    for theme in ("light", "dark"):
        viewer.theme = theme
        assert contrast(rows._ink, rows._paper) >= 4.5
    wide = native.width()
    dock.map.axes.setChecked(False)
    assert pump(lambda: not columns.isVisible() and native.width() > wide)
    dock.map.axes.setChecked(True)
    assert pump(lambda: columns.isVisible() and native.width() == wide)
    session.close_map()
    assert pump(lambda: not columns.isVisible())


def test_the_colour_bar_says_numbers_and_of_what(make_napari_viewer: Callable[..., Any], data_dir: Path) -> None:
    session, dock = open_in(make_napari_viewer(show=True), data_dir / CHR21)
    session.go_to(Interval("21", 30_000_000, 31_000_000))
    bar = dock.map.colours
    assert pump(lambda: bar.scale.meaning == "contacts balanced by weight, per bin pair of 10 kb")
    assert dock.map.meaning.text() == bar.scale.meaning
    assert dock.map.percentile.suffix() == " % of bins"
    session.layer.contrast_limits = (0, 40)
    assert bar.scale.numbers == ("0", "20", "≥ 40")
    session.set_norm("raw")
    assert pump(lambda: dock.map.meaning.text().startswith("contacts as counted"))
    session.map.set_ratio(True)
    assert pump(lambda: dock.map.meaning.text().startswith("observed / expected"))
    session.layer.contrast_limits = (-2, 2)
    assert bar.scale.numbers == ("0.25", "1", "≥ 4")
    assert np.allclose(bar.scale.colours[0], session.layer.colormap.map(np.zeros(1))[0])
    picture = bar.grab().toImage()
    first, last = picture.pixelColor(3, 5), picture.pixelColor(int(0.7 * bar.width()), 5)
    assert first.blue() > first.red()
    assert last.red() > last.blue()


def test_what_is_seen_says_positions_and_pixels_of_the_screen(
    make_napari_viewer: Callable[..., Any], data_dir: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    session, _ = open_in(viewer, data_dir / CHR21)
    native = viewer.window._qt_viewer.canvas.native
    spans = []
    session.seen.changed.connect(lambda: spans.append(session.seen.columns))
    session.go_to(Interval("21", 24_300_000, 24_600_000), Interval("21", 24_700_000, 25_000_000))
    pump(lambda: False, 0.2)
    columns, rows = session.seen.columns, session.seen.rows
    assert spans[-1] == columns
    assert (columns.chrom, columns.length) == ("21", 48_129_895)
    assert (columns.start + columns.end) / 2 == pytest.approx(24_850_000)
    assert (rows.start + rows.end) / 2 == pytest.approx(24_450_000)
    origin = native.mapToGlobal(QPoint(0, 0))
    assert (columns.first_px, rows.first_px) == (origin.x(), origin.y())
    assert (rows.pixels, columns.pixels) == tuple(viewer.canvas.size)
    canvas = viewer.window._qt_viewer.canvas
    at = canvas._map_canvas2world((100, 40), canvas.view)
    assert (columns.position(100), rows.position(40)) == (pytest.approx(at[-1]), pytest.approx(at[-2]))
    assert columns.pixel(columns.position(123)) == pytest.approx(123)
    viewer.window._qt_window.move(60, 40)
    assert pump(lambda: session.seen.columns.first_px == native.mapToGlobal(QPoint(0, 0)).x() != origin.x())
    session.close_map()
    assert (session.seen.rows, session.seen.columns) == (None, None)
