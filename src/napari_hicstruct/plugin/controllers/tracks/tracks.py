"""Tracks in napari's window: below the map and on its right, in line with it, with its camera."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.theme import get_theme
from qtpy.QtCore import QPoint
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QFrame
from superqt.utils import qthrottled

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.edit.hints import window_is_gone
from napari_hicstruct.plugin.controllers.tracks.area import TrackArea
from napari_hicstruct.plugin.controllers.tracks.menu import open_menu
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.state.map.seen import AxisKind
from napari_hicstruct.plugin.state.tracks.tracks import TracksState, anchors_of

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.canvas.axes import Axes
    from napari_hicstruct.plugin.state.window import WindowState

_CURSOR_MS = 30
_BELOW, _BESIDE = (2, 1), (1, 2)
"""Row and column of the grid that the rulers lie in, too."""
_CORNERS = ((2, 0), (2, 2), (0, 2))


class TrackView:
    """The tracks of one window, built with its first map.

    Attributes
    ----------
    below, beside : TrackArea or None
        None before the first map, or where there is no window.
    """

    def __init__(self, canvas: Canvas, window: WindowState, rulers: Axes) -> None:
        self._canvas, self._window, self._rulers = canvas, window, rulers
        self.below: TrackArea | None = None
        self.beside: TrackArea | None = None
        self._soon = qthrottled(self._look_from_cursor, timeout=_CURSOR_MS)
        self._at: tuple[float, float] | None = None
        self._corners: list[QFrame] = []

    @property
    def state(self) -> TracksState:
        """What is shown."""
        return self._window.tracks

    def _areas(self) -> list[tuple[TrackArea, bool]]:
        """The strips that there are, and whether each shall be seen."""
        pairs = (
            (self.below, self.state.below),
            (self.beside, self.state.beside and not self._window.projection.tilted),  # there it would be distances
        )
        return [(area, on) for area, on in pairs if area is not None]

    # ------------------------------------------------------------------ building
    def prepare(self) -> None:
        """Put the strips into the grid of the rulers; they take no room before there is a track."""
        viewer, grid = self._canvas.viewer, self._rulers.grid
        if self.below is not None or grid is None or viewer is None:
            return
        self.below, self.beside = TrackArea(self.state, "columns"), TrackArea(self.state, "rows")
        for area, place in ((self.below, _BELOW), (self.beside, _BESIDE)):
            area.hide()
            grid.addWidget(area, *place)
            area.menu_wanted.connect(self._open_menu)
        for place in _CORNERS:
            corner = QFrame()
            corner.hide()
            grid.addWidget(corner, *place)
            self._corners.append(corner)
        self.below.dragged.connect(lambda by: self._pan(1, by))
        self.beside.dragged.connect(lambda by: self._pan(0, by))
        self.below.zoomed.connect(lambda factor, at: self._zoom(1, factor, at))
        self.beside.zoomed.connect(lambda factor, at: self._zoom(0, factor, at))
        self.below.hovered.connect(lambda bp: self._show_cursor(None, bp))
        self.beside.hovered.connect(lambda bp: self._show_cursor(bp, None))
        self._connect(viewer)
        self._colour()
        self._update()

    def _connect(self, viewer: Any) -> None:
        self._window.seen.changed.connect(self._follow)
        self._window.projection_changed.connect(self._update)
        self.state.changed.connect(self._update)
        self.state.data_changed.connect(self._repaint)
        self._window.labels.current_changed.connect(self._mark)
        self._window.labels.recorded.connect(self._mark)
        viewer.mouse_move_callbacks.append(self._on_mouse)
        viewer.events.theme.connect(self._colour)

    def close(self) -> None:
        """Let go of the viewer; the window may be gone already."""
        self._soon.cancel()
        viewer = self._canvas.viewer
        if self.below is None or viewer is None:
            return
        self._window.seen.changed.disconnect(self._follow)
        self._window.projection_changed.disconnect(self._update)
        self.state.changed.disconnect(self._update)
        self.state.data_changed.disconnect(self._repaint)
        self._window.labels.current_changed.disconnect(self._mark)
        self._window.labels.recorded.disconnect(self._mark)
        viewer.events.theme.disconnect(self._colour)
        if self._on_mouse in viewer.mouse_move_callbacks:
            viewer.mouse_move_callbacks.remove(self._on_mouse)
        self.below = self.beside = None
        self._corners.clear()

    def _colour(self, *_: Any) -> None:
        theme = get_theme(self._canvas.viewer.theme)
        for area, _on in self._areas():
            area.set_colours(QColor(theme.text.as_hex()), QColor(theme.canvas.as_hex()))
        for corner in self._corners:
            corner.setStyleSheet(f"QFrame {{ background-color: {theme.canvas.as_hex()}; border: none; }}")

    # ------------------------------------------------------------------ following
    def _update(self) -> None:
        viewer = self._canvas.viewer
        if viewer is None or window_is_gone(viewer):
            return
        some = bool(self.state.shown()) and self._window.source is not None and viewer.dims.ndisplay == 2
        for area, on in self._areas():
            if area.isHidden() == (on and some):
                area.setVisible(on and some)
            area.refit()
        seen = [area is not None and not area.isHidden() for area in (self.below, self.beside)]
        for corner, (row, column) in zip(self._corners, _CORNERS, strict=False):
            corner.setVisible((row != 2 or seen[0]) and (column != 2 or seen[1]))
        self._follow()
        self._mark()

    def _repaint(self) -> None:
        for area, _on in self._areas():
            area.update()

    def _follow(self) -> None:
        seen = self._window.seen
        for area, axis, span in (
            (self.below, "columns", seen.columns),
            (self.beside, "rows", seen.rows),
        ):
            if area is not None and not area.isHidden():
                area.set_span(span if span is not None and span.kind is AxisKind.POSITION else None)
                self.state.see(axis, span)  # type: ignore[arg-type]

    def _mark(self, *_: Any) -> None:
        record = self._window.labels.current
        for area, _on in self._areas():
            area.set_anchors(() if record is None else anchors_of(record))

    # ------------------------------------------------------------------ the cursor
    def _on_mouse(self, viewer: Any, event: Any) -> None:
        if self._window.source is None or not any(not area.isHidden() for area, _ in self._areas()):
            return
        row, col = self._canvas.genome(event.position)
        self._show_cursor(row, col)

    def _show_cursor(self, row: float | None, col: float | None) -> None:
        """Lines through all tracks at both anchors of the pixel under the cursor."""
        if self.below is not None:
            self.below.set_cursor(col, row)
        if self.beside is not None:
            self.beside.set_cursor(row, col)
        self._at = (row, col) if row is not None and col is not None else None
        if self._at is not None and any(one.own == "4c" for one in self.state.shown()):
            self._soon()

    def _look_from_cursor(self) -> None:
        source, chrom = self._window.source, self._window.chrom
        if self._at is None or source is None or not 0 <= self._at[0] < source.chromsizes[chrom]:
            return
        self.state.look_from(Interval(chrom, int(self._at[0]), int(self._at[0]) + 1))

    # ------------------------------------------------------------------ moving the map
    def _pan(self, axis: int, pixels: float) -> None:
        camera = self._canvas.viewer.scene.camera
        centre = list(camera.center)
        centre[len(centre) - 2 + axis] -= pixels / max(float(camera.zoom), 1e-12)
        camera.center = tuple(centre)

    def _zoom(self, axis: int, factor: float, at: float) -> None:
        """About the position under the mouse along the axis, and the middle of the other."""
        seen, camera = self._window.seen, self._canvas.viewer.scene.camera
        span = seen.columns if axis == 1 else seen.rows
        area = self.below if axis == 1 else self.beside
        inside = None if area is None else area.aligned()
        if span is None or inside is None:
            return
        fixed = inside.position(at)
        centre = list(camera.center)
        place = len(centre) - 2 + axis
        centre[place] = fixed + (centre[place] - fixed) / factor
        camera.update({"center": tuple(centre), "zoom": camera.zoom * factor})

    def _open_menu(self, key: str, place: QPoint) -> None:
        open_menu(self.state, key, place, self.below)
