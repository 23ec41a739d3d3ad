"""Layers of ours lie as the map lies: square or tilted, also those that come later and those of other parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.fixed_place import FixedPlace


class ProjectedLayers:
    """Follows the projection of a window."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        canvas.window.projection_changed.connect(self._turn_all)
        canvas.viewer.layers.events.inserted.connect(self._on_inserted)

    def close(self) -> None:
        """Let go of the window."""
        self._canvas.window.projection_changed.disconnect(self._turn_all)
        if self._canvas.viewer is not None:
            self._canvas.viewer.layers.events.inserted.disconnect(self._on_inserted)

    def _turn_all(self) -> None:
        viewer = self._canvas.viewer
        for layer in viewer.layers:
            self._turn(layer)
        # most structures of a tilted map lie at its lower edge
        viewer.canvas.overlays["scale_bar"].position = "top_left" if self._canvas.projection.tilted else "bottom_left"

    def _on_inserted(self, event: Any) -> None:
        if self._canvas.projection.tilted:
            self._turn(event.value)

    def _turn(self, layer: Any) -> None:
        if layer.ndim == 2 and isinstance(layer, FixedPlace):
            matrix = self._canvas.projection.matrix
            if (layer.affine.affine_matrix != matrix).any():
                layer.project(matrix)


def turn_meshes(canvas: Canvas, meshes: Iterable[Any]) -> None:
    """What is drawn beside napari's layers, with vertices in base pairs (x, y), lies as they do."""
    from vispy.visuals.transforms import MatrixTransform, NullTransform

    matrix = canvas.projection.matrix
    for mesh in meshes:
        if canvas.projection.tilted:
            turned = MatrixTransform()
            turned.matrix[:2, :2] = matrix[:2, :2][::-1, ::-1].T  # vispy: x before y, points are rows
            mesh.transform = turned
        elif not isinstance(mesh.transform, NullTransform):
            mesh.transform = NullTransform()
