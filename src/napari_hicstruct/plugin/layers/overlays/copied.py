"""Labels of the map drawn once more, in another canvas that shows the same place: only looked at there.

What is copied is what napari's layers hold, not the store: whatever is seen on the map, hidden sets and faded objects
included, is seen in the copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.layers.overlays.casing import CASING_PX, unit_mark
from napari_hicstruct.plugin.layers.overlays.drawing import casing_of
from napari_hicstruct.plugin.layers.overlays.meshes import bands

F64 = NDArray[np.float64]

_CASINGS, _LINES = 10.0, 11.0
"""Order of drawing in the other canvas: the map is below."""

_SHAPES = (Kind.STRIPE, Kind.TAD)
_CROSS, _ARMS = "x", ((0.71, 0.71), (0.71, -0.71))
"""Of what was rejected: each arm's end, the other one is opposite."""

_ALIKE = 1e-6


class CopiedMarks:
    """Meshes of lines and their casings below a node of vispy.

    Parameters
    ----------
    parent : vispy.scene.Node
        Of the other canvas; vertices are base pairs (x, y).
    """

    def __init__(self, parent: Any) -> None:
        from vispy.scene.visuals import Mesh

        self.meshes: list[Any] = []
        for order in (_CASINGS, _LINES):
            mesh = Mesh(parent=parent)
            mesh.set_gl_state("translucent", depth_test=False, cull_face=False)
            mesh.order, mesh.visible = order, False
            self.meshes.append(mesh)

    def draw(self, layers: Iterable[tuple[Kind, Any]], bp_per_px: float) -> None:
        """Show what these layers show now."""
        corners: list[F64] = []
        widths: list[float] = []
        colours: list[tuple[float, float, float, float]] = []
        for kind, layer in layers:
            if layer.visible and len(layer.data):
                for outline, width, colour in (_outlines if kind in _SHAPES else _marks)(layer):
                    corners.append(outline)
                    widths.append(width)
                    colours.append(colour)
        casing, line = self.meshes
        casing.visible = line.visible = bool(corners)
        if not corners:
            return
        thick, more = np.array(widths), 2 * CASING_PX * bp_per_px
        for mesh, wide, inks in (
            (casing, thick + more, [casing_of(one) for one in colours]),
            (line, thick, colours),
        ):
            vertices, faces, of = bands(corners, wide)
            mesh.set_data(vertices=vertices, faces=faces, vertex_colors=np.array(inks, np.float32)[of])

    def remove(self) -> None:
        """Take them out of the canvas."""
        for mesh in self.meshes:
            mesh.parent = None


def _outlines(layer: Any) -> Iterable[tuple[F64, float, tuple[float, float, float, float]]]:
    """Corners (row, column; bp), width (bp) and colour of each stripe or TAD."""
    for corners, width, colour in zip(layer.data, layer.edge_width, layer.edge_color, strict=True):
        yield np.asarray(corners, np.float64), float(width), _rgba(colour)


def _marks(layer: Any) -> Iterable[tuple[F64, float, tuple[float, float, float, float]]]:
    """The same of loops and boundaries; a cross is two lines.

    Marks of a tilted map are as large as they are seen, and not turned with it: here both are turned back.
    """
    world = 1 / float(np.sqrt(abs(np.linalg.det(np.asarray(layer.affine.affine_matrix)[-3:-1, -3:-1]))))
    turned = abs(world - 1) > _ALIKE
    rows = zip(layer.data, layer.size, layer.symbol, layer.border_width, layer.border_color, strict=True)
    for place, size, symbol, width, colour in rows:
        name, centre, radius = (
            str(getattr(symbol, "value", symbol)),
            np.asarray(place, np.float64),
            float(size) / 2 * world,
        )
        if name == _CROSS:
            for end in _ARMS:
                yield centre + radius * np.array([end, (-end[0], -end[1])]), float(width) * world, _rgba(colour)
        else:
            yield centre + radius * unit_mark(name, turned), float(width) * world, _rgba(colour)


def _rgba(colour: Any) -> tuple[float, float, float, float]:
    red, green, blue, alpha = map(float, colour)
    return red, green, blue, alpha
