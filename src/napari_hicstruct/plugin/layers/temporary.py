"""Layers that are only shown: nothing of them is in the project, and none of them is left behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Vectors

PX = "hicstruct_px"
"""Key of a layer's metadata: how wide its points or arrows are on the screen, at every zoom."""


class TemporaryLayers:
    """Layers of one picture; a second picture takes the place of the first.

    Attributes
    ----------
    layers : list of napari.layers.Layer
        What is shown now.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.layers: list[Any] = []
        canvas.window.view_changed.connect(self._on_view)

    def put(self, layers: Iterable[Any], *, above_map: bool = False) -> None:
        """Add layers on top, or right above the map."""
        made = list(layers)
        for layer in made:
            layer.editable = False
        self._canvas.put(*made, above_map=above_map)
        self.layers = [*self.layers, *made]
        self._on_view()

    def clear(self) -> None:
        """Take the layers out again."""
        layers, self.layers = self.layers, []
        self._canvas.remove(*layers)

    def close(self) -> None:
        """Take the layers out and let go of the session."""
        self.clear()
        self._canvas.window.view_changed.disconnect(self._on_view)

    def _on_view(self, *_: Any) -> None:
        """Sizes of layers are in bp; napari's own limits on the canvas draw borders of another width than asked for."""
        for layer in self.layers:
            if PX in layer.metadata and layer in self._canvas:
                if isinstance(layer, Vectors):
                    layer.edge_width = layer.metadata[PX] * self._canvas.bp_per_px()
                else:
                    layer.size = layer.metadata[PX] * self._canvas.world_per_px()
