"""Meshes below the labels that no layer of napari holds: they cost one upload each, and no row in the layer list."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_hicstruct.plugin.layers.canvas import Canvas


class Meshes:
    """Meshes of one window by key; without a window there are none.

    Parameters
    ----------
    canvas : Canvas
    above : float
        Place between the last picture (0) and the first layer of labels (1): napari draws layers in the order of their
        places.
    """

    def __init__(self, canvas: Canvas, above: float) -> None:
        self._canvas, self._above = canvas, above
        self._meshes: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()  # the window owns them
        events = canvas.viewer.layers.events
        for emitter in (events.inserted, events.removed, events.reordered):
            emitter.connect(self._lift)

    def get(self, key: Hashable) -> Any:
        """The mesh of this key, None before it is made."""
        return self._meshes.get(key)

    def make(self, key: Hashable, beside: Any) -> Any:
        """The mesh of this key, put beside a layer's own picture if it is new; None if that layer is in no window."""
        window = getattr(self._canvas.viewer, "window", None)
        visual = None if window is None else window._qt_viewer.canvas.layer_to_visual.get(beside)
        if visual is None:
            return None
        mesh = self._meshes.get(key)
        if mesh is None:
            from vispy.scene.visuals import Mesh

            mesh = Mesh(parent=visual.node.parent)
            mesh.set_gl_state("translucent", depth_test=False, cull_face=False)
            self._meshes[key] = mesh
            self._lift()
        return mesh

    def remove(self, *keys: Hashable) -> None:
        """Take the meshes of these keys out of the window."""
        for key in keys:
            mesh = self._meshes.pop(key, None)
            if mesh is not None:
                mesh.parent = None

    def all(self) -> list[Any]:
        """What is in the window."""
        return list(self._meshes.values())

    def _lift(self, _event: Any = None) -> None:
        """Above the map and what lies on it (a second map), below all labels."""
        if not self._meshes:
            return
        pictures = [isinstance(layer, Image) for layer in self._canvas.viewer.layers]
        for mesh in self._meshes.values():
            mesh.order = [*pictures, False].index(False) - 1 + self._above


def bands(
    corners: Sequence[NDArray[np.float64]], widths: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.uint32], NDArray[np.int64]]:
    """Triangles of bands along closed outlines: vertices (x, y), faces, and the outline of each vertex."""
    numbers = np.array([len(one) for one in corners])
    of = np.repeat(np.arange(len(corners)), numbers)
    start = np.concatenate(list(corners))[:, ::-1]
    following = np.arange(1, len(start) + 1)
    last = np.cumsum(numbers)
    following[last - 1] = last - numbers  # outlines are closed
    end = start[following]
    along = end - start
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    half = widths[of, None] / 2
    across = along[:, ::-1] * (-1, 1) * half
    long = along * half * 0.9  # corners are filled, and not drawn twice by much
    quads = np.stack([start - long - across, start - long + across, end + long + across, end + long - across], axis=1)
    first = 4 * np.arange(len(start))[:, None]
    faces = np.hstack([first + (0, 1, 2), first + (0, 2, 3)]).reshape(-1, 3)  # each outline over those before it
    return quads.reshape(-1, 2).astype(np.float32), faces.astype(np.uint32), np.repeat(of, 4)
