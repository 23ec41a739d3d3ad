"""Coordinates on both sides of the map: rulers above and on the left of napari's canvas that follow its camera.

They lie beside the canvas, not on it: nothing of the map is hidden, no click is caught, and a frame costs napari
nothing.  They run along the canvas's edges also where the map is smaller than the canvas, so that numbers stand still
while one zooms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qtpy.QtCore import QEvent, QObject, QPoint
from qtpy.QtWidgets import QGridLayout

from napari_hicstruct.plugin.controllers.canvas.ruler import Ruler
from napari_hicstruct.plugin.controllers.canvas.rulers import Rulers
from napari_hicstruct.plugin.controllers.edit.hints import window_is_gone
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.state.map.axes import AxesState
from napari_hicstruct.plugin.state.map.seen import AxisKind, AxisSpan, Seen


class Axes:
    """The rulers of one window, built with its first map.

    Attributes
    ----------
    columns, rows : Ruler or None
        Above the map and on its left; None before the first map, or where there is no window.
    grid : QGridLayout
        They and the canvas lie in it, and the tracks below and beside the map.
    """

    def __init__(self, canvas: Canvas, state: AxesState, seen: Seen) -> None:
        self._canvas, self._state, self._seen = canvas, state, seen
        self._native: Any = None
        self._rulers: Rulers | None = None
        self.grid: QGridLayout | None = None
        viewer = canvas.viewer
        viewer.scene.camera.events.connect(self._place)
        viewer.canvas.events.size.connect(self._place)
        viewer.dims.events.ndisplay.connect(self._update)
        canvas.window.map_changed.connect(self._update)
        canvas.window.chrom_changed.connect(self._update)
        canvas.window.projection_changed.connect(self._update)
        state.changed.connect(self._update)

    @property
    def columns(self) -> Ruler | None:
        """Above the map."""
        return None if self._rulers is None else self._rulers.columns

    @property
    def rows(self) -> Ruler | None:
        """On the left of the map."""
        return None if self._rulers is None else self._rulers.rows

    def prepare(self) -> None:
        """Make room before the first picture, so that it is not drawn twice."""
        viewer = self._canvas.viewer
        window = getattr(viewer, "window", None)
        if self._rulers is None and window is not None:
            self._build(viewer, window._qt_viewer.canvas.native)
        if self._rulers is not None:
            self._rulers.show(self._state.on)

    def close(self) -> None:
        """Let go of the viewer; the window may be gone already."""
        viewer = self._canvas.viewer
        if viewer is None:
            return
        viewer.scene.camera.events.disconnect(self._place)
        viewer.canvas.events.size.disconnect(self._place)
        viewer.dims.events.ndisplay.disconnect(self._update)
        if self._rulers is not None:
            viewer.events.theme.disconnect(self._colour)

    def _build(self, viewer: Any, native: Any) -> None:
        """The canvas stays a child of the widget that it is in: moved elsewhere, it would lose its graphics context.

        Adding it to the grid takes it out of the box; ``removeWidget`` would make Python its owner, which keeps the
        closed window alive.
        """
        box = native.parentWidget().layout()
        grid = self.grid = QGridLayout()
        box.insertLayout(box.indexOf(native), grid, 1)
        self._rulers = Rulers(grid, native)
        viewer.events.theme.connect(self._colour)
        self._native = native
        _Moves(native, self._place)
        self._colour()

    def _colour(self, *_: Any) -> None:
        if self._rulers is not None:
            self._rulers.set_theme(self._canvas.viewer.theme)

    def _update(self, *_: Any) -> None:
        viewer, window = self._canvas.viewer, self._canvas.window
        if viewer is None or window_is_gone(viewer):
            return
        if self._rulers is not None:
            shown = self._state.on and window.source is not None and viewer.dims.ndisplay == 2
            if shown != (not self._rulers.columns.isHidden()):
                self._rulers.show(shown)
        self._place()

    def _place(self, *_: Any) -> None:
        """Follow the camera; nothing is shown or hidden here, for that would resize a canvas that is being resized."""
        viewer = self._canvas.viewer
        if viewer is None or window_is_gone(viewer):
            return
        rows, columns = self._spans(viewer)
        self._seen.update(rows, columns)
        if self._rulers is not None and not self._rulers.columns.isHidden():
            self._rulers.place(rows, columns)

    def _spans(self, viewer: Any) -> tuple[AxisSpan | None, AxisSpan | None]:
        """What is seen along rows and columns; None where there is no map, or one in three dimensions."""
        window = self._canvas.window
        source = window.source
        if source is None or not window.chrom or viewer.dims.ndisplay != 2:
            return None, None
        corner = (0, 0) if self._native is None else _corner(self._native)
        rows, columns = spans(viewer, window.chrom, source.chromsizes[window.chrom], corner)
        if window.projection.tilted:  # half the distance runs upward
            rows = replace(rows, start=-2 * rows.start, end=-2 * rows.end, kind=AxisKind.DISTANCE)
        return rows, columns


def spans(viewer: Any, chrom: str, length: int, corner: tuple[int, int] = (0, 0)) -> tuple[AxisSpan, AxisSpan]:
    """What a viewer's camera sees along rows and columns of a square map; ``corner``: its first pixel on the screen."""
    camera = viewer.scene.camera
    half = 0.5 / max(float(camera.zoom), 1e-12)
    rows, columns = (
        AxisSpan(chrom, length, middle - pixels * half, middle + pixels * half, first, pixels)
        for middle, pixels, first in zip(camera.center[-2:], viewer.canvas.size, corner, strict=True)
    )
    return rows, columns


def _corner(native: Any) -> tuple[int, int]:
    """Where a widget begins on the screen: down, right."""
    place = native.mapToGlobal(QPoint(0, 0))
    return place.y(), place.x()


class _Moves(QObject):
    """Calls ``moved`` when the canvas, or the window that it is in, moves: it lies at other pixels of the screen."""

    def __init__(self, native: Any, moved: Any) -> None:
        super().__init__(native)
        self._moved = moved
        native.installEventFilter(self)
        native.window().installEventFilter(self)

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Move:
            self._moved()
        return super().eventFilter(watched, event)
