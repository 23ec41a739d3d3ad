"""The window's title: which map, where one looks, at which bin size."""

from __future__ import annotations

from typing import Any

from superqt.utils import qthrottled

from napari_hicstruct.genome import display_name, format_bin_size
from napari_hicstruct.plugin.controllers.edit.hints import window_is_gone
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.state.map.map import MapState
from napari_hicstruct.plugin.state.map.view import View

_EVERY_MS = 150


class WindowTitle:
    """Keeps the title of one window; without a map it is what it was before."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._own = canvas.viewer.title
        self._soon = qthrottled(self._update, timeout=_EVERY_MS)
        for signal in (canvas.window.map_changed, canvas.window.view_changed, canvas.window.display_changed):
            signal.connect(self._changed)  # the last: napari has chosen another level
        canvas.viewer.scene.camera.events.connect(self._changed)

    def _changed(self, *_: Any) -> None:
        self._soon()

    def _update(self) -> None:
        viewer = self._canvas.viewer
        if viewer is not None and not window_is_gone(viewer):
            viewer.title = title_of(self._canvas.window) or self._own

    def close(self) -> None:
        """Let go of the viewer; the window may be gone already."""
        self._soon.cancel()
        if self._canvas.viewer is not None:
            self._canvas.viewer.scene.camera.events.disconnect(self._changed)


def title_of(window: MapState) -> str:
    """``GM12878 · chr21:29.7–35.3 Mb, 10 kb — napari``; empty without a map."""
    if window.source is None:
        return ""
    rows, cols = window.visible()
    place = View(rows, cols).short() if len(rows) and len(cols) else display_name(window.chrom)
    return f"{window.source.name} · {place}, {format_bin_size(window.resolution)} — napari"
