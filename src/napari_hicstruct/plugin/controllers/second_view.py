"""The second map in a canvas of its own beside the first, whose camera it shares: what is seen is the same place."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget

from napari_hicstruct.contacts.pair_levels import Joined, pair_levels
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.map.image import Image
from napari_hicstruct.plugin.layers.map.levels import ViewedLevel
from napari_hicstruct.plugin.state.second_map import SecondMapState


class SecondView:
    """A second canvas while the state says *beside*; both cameras move together, whichever is moved.

    Parameters
    ----------
    canvas : Canvas
        Of the first map.
    state : SecondMapState

    Attributes
    ----------
    model : napari.components.ViewerModel or None
        Of the second canvas.
    """

    def __init__(self, canvas: Canvas, state: SecondMapState) -> None:
        self._canvas, self._state = canvas, state
        self.model: Any = None
        self._view: Any = None
        self._dock: QDockWidget | None = None
        self._layer: Any = None
        self._made: tuple[Any, ...] = ()
        self._moving = False
        window = canvas.window
        for signal in (state.changed, window.chrom_changed, window.display_changed, window.projection_changed):
            signal.connect(self._follow)

    def close(self) -> None:
        """Let go of the window."""
        window = self._canvas.window
        for signal in (self._state.changed, window.chrom_changed, window.display_changed, window.projection_changed):
            signal.disconnect(self._follow)
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
        self._moving = True  # napari aims a canvas anew with its first layer: the first map's camera stays
        try:
            self._ensure_canvas(second.name)
            self.model.layers.clear()
            self.model.layers.append(layer)
        finally:
            self._moving = False
        self._layer, self._made = layer, wanted
        self._from_first()

    def _take_colours(self) -> None:
        layer, shown = self._layer, self._canvas.map_layer
        if shown is not None:
            layer.colormap, layer.contrast_limits = shown.colormap, shown.contrast_limits

    def _ensure_canvas(self, name: str) -> None:
        if self._dock is not None and isalive(self._dock):
            self._dock.setWindowTitle(name)
            return
        from napari._qt.qt_viewer import QtViewer
        from napari.components import ViewerModel

        main = self._canvas.viewer.window._qt_window
        self.model = ViewerModel(title=name)
        self._view = QtViewer(self.model)
        self._dock = QDockWidget(name, main)
        self._dock.setObjectName("hicstructSecondMap")
        self._dock.setWidget(self._view.canvas.native)
        self._dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        main.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self._dock)
        main.resizeDocks([self._dock], [max(300, main.centralWidget().width() // 2)], Qt.Orientation.Horizontal)
        self.model.scene.camera.events.connect(self._from_second)
        self._canvas.viewer.scene.camera.events.connect(self._from_first)

    def _take_out(self) -> None:
        self._made, self._layer = (), None
        model, view, dock = self.model, self._view, self._dock
        self.model = self._view = self._dock = None
        if model is None:
            return
        viewer = self._canvas.viewer
        if viewer is not None:
            viewer.scene.camera.events.disconnect(self._from_first)
        model.scene.camera.events.disconnect(self._from_second)
        model.layers.clear()
        if dock is not None and isalive(dock):
            dock.parent().removeDockWidget(dock)
            view.close()
            dock.deleteLater()

    # ------------------------------------------------------------------ both cameras
    def _from_first(self, _event: Any = None) -> None:
        if self.model is not None and not self._moving:
            self._move(self._canvas.viewer.scene.camera, self.model.scene.camera)

    def _from_second(self, _event: Any = None) -> None:
        if self.model is not None and not self._moving:
            self._move(self.model.scene.camera, self._canvas.viewer.scene.camera)

    def _move(self, moved: Any, other: Any) -> None:
        self._moving = True
        try:
            other.center, other.zoom = moved.center, moved.zoom
        finally:
            self._moving = False
