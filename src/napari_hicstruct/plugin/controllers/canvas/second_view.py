"""The second map in a canvas of its own beside the first, whose camera it shares: what is seen is the same place.

It has what the first map's has: coordinates, a scale bar, a title, and the labels as they are seen there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtWidgets import QDockWidget

from napari_hicstruct.contacts.pair_levels import Joined, pair_levels
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import display_name, format_bin_size
from napari_hicstruct.plugin.controllers.canvas.axes import spans
from napari_hicstruct.plugin.controllers.canvas.ruled_canvas import RuledCanvas
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.map.image import Image
from napari_hicstruct.plugin.layers.map.levels import ViewedLevel
from napari_hicstruct.plugin.layers.overlays.copied import CopiedMarks
from napari_hicstruct.plugin.state.map.axes import AxesState
from napari_hicstruct.plugin.state.map.second_map import SecondMapState
from napari_hicstruct.plugin.state.map.view import View

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.edit.editor import Editor


class SecondView:
    """A second canvas while the state says *beside*; both cameras move together, whichever is moved.

    Parameters
    ----------
    canvas : Canvas
        Of the first map.
    state : SecondMapState
    editor : Editor
        Draws the labels on the first map.
    axes : AxesState

    Attributes
    ----------
    model : napari.components.ViewerModel or None
        Of the second canvas.
    frame : RuledCanvas or None
        The second canvas and its coordinates.
    marks : CopiedMarks or None
        The labels on it.
    """

    def __init__(self, canvas: Canvas, state: SecondMapState, editor: Editor, axes: AxesState) -> None:
        self._canvas, self._state, self._editor, self._axes = canvas, state, editor, axes
        self.model: Any = None
        self.frame: RuledCanvas | None = None
        self.marks: CopiedMarks | None = None
        self._view: Any = None
        self._dock: QDockWidget | None = None
        self._layer: Any = None
        self._made: tuple[Any, ...] = ()
        self._moving = False
        self._soon = QTimer()
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._from_first)
        window = canvas.window
        for signal in (state.changed, window.chrom_changed, window.display_changed, window.projection_changed):
            signal.connect(self._follow)
        window.view_changed.connect(self._say_place)
        axes.changed.connect(self._show_rulers)
        editor.drawn.connect(self._draw_marks)

    def close(self) -> None:
        """Let go of the window."""
        window = self._canvas.window
        for signal in (self._state.changed, window.chrom_changed, window.display_changed, window.projection_changed):
            signal.disconnect(self._follow)
        window.view_changed.disconnect(self._say_place)
        self._axes.changed.disconnect(self._show_rulers)
        self._editor.drawn.disconnect(self._draw_marks)
        self._take_out()

    # ------------------------------------------------------------------ what is shown
    def _follow(self, *_: Any) -> None:
        wanted = self._wanted()
        if not wanted:
            self._take_out()
        elif wanted != self._made:
            try:
                self._put(wanted)
            except HicStructError as error:
                self._take_out()
                self._canvas.window.problem.emit(error)
        elif self._layer is not None:
            self._take_colours()

    def _wanted(self) -> tuple[Any, ...]:
        state, window = self._state, self._canvas.window
        if state.source is None or not state.beside or window.map is None or not state.chrom_of_second():
            return ()
        if getattr(self._canvas.viewer, "window", None) is None or window.projection.tilted:
            return ()
        drawn = window.map.drawn
        return (state.source.uri, window.chrom, drawn.norm, drawn.ratio)

    def _put(self, wanted: tuple[Any, ...]) -> None:
        window, state = self._canvas.window, self._state
        first, second = window.source, state.source
        if first is None or second is None:
            return
        pairs = pair_levels((first, second), window.chrom, state.norms(), Joined.SECOND, over_expected=bool(wanted[3]))
        levels = [ViewedLevel(pair, scale=window.map.scale) for pair in pairs]  # type: ignore[arg-type]
        np.asarray(levels[-1])
        finest = levels[0].resolution
        layer = Image(
            levels,
            multiscale=True,
            name=second.name,
            scale=(finest, finest),
            translate=(finest / 2, finest / 2),
            contrast_limits=tuple(self._canvas.map_layer.contrast_limits),
            colormap=self._canvas.map_layer.colormap,
            interpolation2d="nearest",
            **self._canvas.world_kwargs(),
        )
        layer.pixel_ratio = self._canvas.pixel_ratio
        layer.events.set_data.connect(self._say_place)
        self._moving = True  # napari aims a canvas anew with its first layer: the first map's camera stays
        try:
            self._ensure_canvas(second.name)
            self.model.layers.clear()
            self.model.layers.append(layer)
        finally:
            self._moving = False
        self._layer, self._made = layer, wanted
        self._put_marks()
        self._from_first()
        self._place()
        self._say_place()

    def _take_colours(self) -> None:
        layer, shown = self._layer, self._canvas.map_layer
        if shown is not None:
            layer.colormap, layer.contrast_limits = shown.colormap, shown.contrast_limits

    def _ensure_canvas(self, name: str) -> None:
        if self._dock is not None and isalive(self._dock):
            return
        from napari._qt.qt_viewer import QtViewer
        from napari.components import ViewerModel

        viewer = self._canvas.viewer
        main = viewer.window._qt_window
        self.model = ViewerModel(title=name)
        self._view = QtViewer(self.model)
        self._dock = QDockWidget(name, main)
        self._dock.setObjectName("hicstructSecondMap")
        self.frame = RuledCanvas(self._view.canvas.native)
        self._dock.setWidget(self.frame)
        self._dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        main.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self._dock)
        main.resizeDocks([self._dock], [max(300, main.centralWidget().width() // 2)], Qt.Orientation.Horizontal)
        self._dress()
        self.model.scene.camera.events.connect(self._from_second)
        for one in (self.model, viewer):
            one.canvas.events.size.connect(self._resized)
        viewer.scene.camera.events.connect(self._from_first)
        viewer.events.theme.connect(self._dress)

    def _take_out(self) -> None:
        self._made, self._layer = (), None
        if isalive(self._soon):
            self._soon.stop()
        model, view, dock = self.model, self._view, self._dock
        self.model = self._view = self._dock = self.frame = self.marks = None
        if model is None:
            return
        viewer = self._canvas.viewer
        if viewer is not None:
            viewer.canvas.events.size.disconnect(self._resized)
            viewer.scene.camera.events.disconnect(self._from_first)
            viewer.events.theme.disconnect(self._dress)
        model.canvas.events.size.disconnect(self._resized)
        model.scene.camera.events.disconnect(self._from_second)
        model.layers.clear()
        if dock is not None and isalive(dock):
            dock.parent().removeDockWidget(dock)
            view.close()
            dock.deleteLater()

    # ------------------------------------------------------------------ what the first map's canvas has, too
    def _dress(self, _event: Any = None) -> None:
        """The colours of napari's theme, the scale bar, coordinates or none."""
        if self.frame is None or self.model is None:
            return
        self.model.theme = self._canvas.viewer.theme
        self.frame.rulers.set_theme(self.model.theme)
        self._show_rulers(self._axes.on)
        bar = self.model.canvas.overlays["scale_bar"]
        bar.position, bar.visible = "bottom_left", True

    def _show_rulers(self, on: bool) -> None:
        if self.frame is not None:
            self.frame.rulers.show(on)

    def _place(self, _event: Any = None) -> None:
        """The coordinates follow the camera and the size of the canvas."""
        window = self._canvas.window
        if self.frame is not None and self.model is not None and window.source is not None and window.chrom:
            self.frame.rulers.place(*spans(self.model, window.chrom, window.source.chromsizes[window.chrom]))

    def _say_place(self, *_: Any) -> None:
        """The title: which map, where, in which bins."""
        source, window = self._state.source, self._canvas.window
        if self._dock is None or self._layer is None or source is None:
            return
        rows, cols = window.visible()
        place = View(rows, cols).short() if len(rows) and len(cols) else display_name(window.chrom)
        levels = self._layer.data
        size = levels[min(self._layer.data_level, len(levels) - 1)].resolution
        self._dock.setWindowTitle(f"{self._state.short_name()} · {place}, {format_bin_size(size)}")
        self._dock.setToolTip(f"{source.name}, as deep as the first map")

    def _put_marks(self) -> None:
        """The labels lie in the same scene as the layer."""
        visual = self._view.canvas.layer_to_visual.get(self._layer)
        if visual is None:
            return
        if self.marks is not None:
            self.marks.remove()
        self.marks = CopiedMarks(visual.node.parent)
        self._draw_marks()

    def _draw_marks(self, _event: Any = None) -> None:
        if self.marks is not None:
            layers = [(kind, one.layer) for kind, one in self._editor.overlays.items()]
            for _, layer in layers:
                layer.events.visible.connect(self._draw_marks)  # once: napari knows who listens
            self.marks.draw(layers, self._canvas.bp_per_px())

    # ------------------------------------------------------------------ both cameras
    def _from_first(self, _event: Any = None) -> None:
        if self.model is not None and not self._moving:
            self._move(self._canvas.viewer.scene.camera, self.model.scene.camera, self._lower())

    def _from_second(self, _event: Any = None) -> None:
        if self.model is not None and not self._moving:
            self._move(self.model.scene.camera, self._canvas.viewer.scene.camera, -self._lower())

    def _move(self, moved: Any, other: Any, lower: float) -> None:
        """The other camera sees the same columns, and each row as high on the screen."""
        self._moving = True
        try:
            depth, row, column = moved.center
            other.zoom = moved.zoom
            other.center = depth, row + lower / max(float(moved.zoom), 1e-12), column
        finally:
            self._moving = False
        self._place()

    def _lower(self) -> float:
        """Pixels by which the middle of the second canvas lies lower on the screen: it has a title above it."""
        if self.frame is None:
            return 0.0
        first, second = self._canvas.viewer.window._qt_viewer.canvas.native, self.frame.native
        middles = [one.mapToGlobal(QPoint(0, 0)).y() + one.height() / 2 for one in (first, second)]
        return float(middles[1] - middles[0])

    def _resized(self, _event: Any = None) -> None:
        """Where the canvases lie is known once Qt has laid out the window."""
        self._soon.start()
