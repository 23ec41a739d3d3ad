"""How the map lies in napari's window: rows downwards, columns rightwards, all layers over each other.

napari transposes and rolls the axes (Ctrl+T, Ctrl+E) and lays layers out in a grid (Ctrl+G), by keys and by buttons.
Coordinates beside the map, and all that is drawn or measured on it, would then be of another place.
"""

from __future__ import annotations

from typing import Any

from napari_hicstruct.plugin.layers.canvas import Canvas

_NO_TURN = "The map stays as it lies: rows run downwards, columns rightwards."
_NO_GRID = "The layers of a map lie over each other: a grid would take them from their coordinates."


class MapFrame:
    """Puts the axes of a viewer back while a map is open."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        viewer = canvas.viewer
        viewer.dims.events.order.connect(self._on_order)
        viewer.canvas.grid.events.enabled.connect(self._on_grid)

    def close(self) -> None:
        """Leave the axes to napari."""
        viewer = self._canvas.viewer
        if viewer is not None:
            viewer.dims.events.order.disconnect(self._on_order)
            viewer.canvas.grid.events.enabled.disconnect(self._on_grid)

    def _on_order(self, _event: Any = None) -> None:
        dims, window = self._canvas.viewer.dims, self._canvas.window
        lies = tuple(dims.order[-2:]) == (dims.ndim - 2, dims.ndim - 1)
        if window.source is not None and not lies:
            dims.order = tuple(range(dims.ndim))
            window.note.emit(_NO_TURN)

    def _on_grid(self, _event: Any = None) -> None:
        grid, window = self._canvas.viewer.canvas.grid, self._canvas.window
        if window.source is not None and grid.enabled:
            grid.enabled = False
            window.note.emit(_NO_GRID)
