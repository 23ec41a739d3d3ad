"""The halo round the object that the keys act on, also while it is dragged: shown, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.overlays.meshes import Meshes, bands
from napari_hicstruct.plugin.layers.overlays.overlay import Overlay
from napari_hicstruct.plugin.layers.projected import turn_meshes
from napari_hicstruct.plugin.state.labels.geometry import Triangle, outline_of, point_of
from napari_hicstruct.plugin.state.labels.hit import mark_size

_COLOURS = np.array([(0.0, 0.0, 0.0, 1.0), (0.941, 0.894, 0.259, 1.0)], np.float32)
"""Black round Okabe–Ito's yellow: one of them is seen on any background."""

_OUTLINE_PX = (9.0, 7.0)
"""Widths of both under the line of a stripe or TAD, which is drawn over them."""

_RING_PX, _GAP_PX = (4.5, 2.5), 3.0
"""Widths of both round a mark, and from the mark to them."""

_ROUND = 48  # corners of a ring
_ABOVE = 0.75  # over casings, which would leave little of its colour, and below all lines
_ONLY = "halo"


class Halo:
    """One mesh below the overlays and above their casings, put into the window with the first object that is chosen.

    Parameters
    ----------
    canvas : Canvas
    overlays : mapping of Kind to Overlay
        Those in the window: the halo is put beside the one that shows the object.

    Attributes
    ----------
    outline : numpy.ndarray or None
        Corners ``(n, 2)`` (row, column; bp) of what is shown.
    """

    def __init__(self, canvas: Canvas, overlays: Mapping[Kind, Overlay]) -> None:
        self._canvas, self._overlays = canvas, overlays
        self._meshes = Meshes(canvas, _ABOVE)
        self._drawn: object = None
        self.outline: NDArray[np.float64] | None = None

    def draw(self, record: Annotation | None, triangle: Triangle) -> None:
        """Mark this object, or none."""
        per_px = self._canvas.bp_per_px()
        if record is None:
            self._hide()
            return
        known, overlay = self._meshes.get(_ONLY), self._overlays.get(record.kind)
        mesh = None if overlay is None else self._meshes.make(_ONLY, overlay.layer)
        wanted = record.kind, record.anchor1, record.anchor2, triangle, per_px
        if wanted != self._drawn or mesh is not known:
            self._drawn, self.outline = wanted, halo_of(record, triangle, per_px)
            if mesh is not None:
                widths = _RING_PX if _is_mark(record) else _OUTLINE_PX
                vertices, faces, of = bands([self.outline] * 2, np.array(widths) * per_px)
                mesh.set_data(vertices=vertices, faces=faces, vertex_colors=_COLOURS[of])
        if mesh is not None:
            mesh.visible = True
            self.turn()

    def turn(self) -> None:
        """Lie as the map lies: square or tilted."""
        turn_meshes(self._canvas, self._meshes.all())

    def _hide(self) -> None:
        self._drawn = self.outline = None
        mesh: Any = self._meshes.get(_ONLY)
        if mesh is not None:
            mesh.visible = False

    def close(self) -> None:
        """Take it out."""
        self._hide()
        self._meshes.remove(_ONLY)


def _is_mark(record: Annotation) -> bool:
    return record.kind in (Kind.LOOP, Kind.BOUNDARY)


def halo_of(record: Annotation, triangle: Triangle, bp_per_px: float) -> NDArray[np.float64]:
    """Corners ``(n, 2)`` of what marks an object: its own, or a ring round its mark."""
    if not _is_mark(record):
        return outline_of(record, triangle)[0]
    radius = mark_size(record, bp_per_px, current=True) / 2 + (_GAP_PX + _RING_PX[0] / 2) * bp_per_px
    angle = np.arange(_ROUND) * 2 * np.pi / _ROUND
    return np.array(point_of(record, triangle)) + radius * np.column_stack([np.sin(angle), np.cos(angle)])
