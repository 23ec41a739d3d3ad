"""The halo round the object that the keys act on, and the outline of one while it is dragged: shown, never edited."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Shapes
from napari_hicstruct.plugin.state.labels.geometry import Triangle, outline_of, point_of
from napari_hicstruct.plugin.state.labels.hit import mark_size

CASING, CORE = "#000000", "#F0E442"
"""Black round Okabe–Ito's yellow: one of them is seen on any background."""

_OUTLINE_PX = (9.0, 7.0)
"""Widths of both under the line of a stripe or TAD, which is drawn over them."""

_RING_PX, _GAP_PX = (4.5, 2.5), 3.0
"""Widths of both round a mark, and from the mark to them."""


class SelectionLayer:
    """One layer below the overlays, put into the window with the first object that is chosen."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._layer: Any = None
        self._drawn: object = None

    def draw(self, record: Annotation | None, triangle: Triangle) -> None:
        """Mark this object, or none."""
        per_px = self._canvas.bp_per_px()
        wanted = None if record is None else (record.kind, record.anchor1, record.anchor2, triangle, per_px)
        if wanted == self._drawn and (record is None or self._layer in self._canvas):
            return
        self._drawn = wanted
        if record is None:
            if self._layer in self._canvas:
                self._layer.data = []
            return
        if self._layer not in self._canvas:
            self._layer = Shapes(ndim=2, name="Selection", opacity=1.0, **self._canvas.world_kwargs())
            self._layer.editable = False
            self._canvas.put(self._layer, above_map=True)
        self._fill(*halo_of(record, triangle, per_px), per_px)

    def _fill(self, vertices: NDArray[np.float64], shape_type: str, per_px: float) -> None:
        widths = _RING_PX if shape_type == "ellipse" else _OUTLINE_PX
        with self._layer.events.blocker_all(), self._layer._block_refresh():  # napari redraws at each change
            self._layer.data = []
            self._layer.add(
                [vertices, vertices],
                shape_type=[shape_type, shape_type],
                edge_width=[width * per_px for width in widths],
                edge_color=[CASING, CORE],
                face_color=np.zeros((2, 4)),
                z_index=[0, 1],
            )
        self._layer.refresh(thumbnail=False, extent=False)  # it lies round what another layer shows

    def close(self) -> None:
        """Take the layer out."""
        self._canvas.remove(self._layer)
        self._layer = self._drawn = None


def halo_of(record: Annotation, triangle: Triangle, bp_per_px: float) -> tuple[NDArray[np.float64], str]:
    """Vertices ``(n, 2)`` and napari's shape type of what marks an object."""
    if record.kind not in (Kind.LOOP, Kind.BOUNDARY):
        return outline_of(record, triangle)
    half = mark_size(record, bp_per_px, current=True) / 2 + (_GAP_PX + _RING_PX[0] / 2) * bp_per_px
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]], float) * half
    return np.array(point_of(record, triangle)) + corners, "ellipse"
