"""Casings: a thin edge on both sides of each line, so that lines are seen on white and on dark red.

Light lines get a dark casing and dark lines a light one: on every colour of the map either the line or its casing
stands out.  napari draws one edge per shape; all casings of a kind are one mesh below all overlays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.overlays.drawing import Drawing, DrawStyle, Item, casing_of
from napari_hicstruct.plugin.layers.overlays.meshes import Meshes, bands

CASING_PX = 1.0
"""What is seen of a casing on either side of its line, canvas pixels."""

_ROUND = 20  # corners of a ring
_CORNERS = {"disc": _ROUND, "square": 4, "diamond": 4}
_ABOVE = 0.5


class Casings:
    """The casings of one window, one mesh per kind; without a window there are none."""

    def __init__(self, canvas: Canvas) -> None:
        self._meshes = Meshes(canvas, _ABOVE)

    def draw(self, layer: Any, kind: Kind, items: Sequence[Item], style: DrawStyle) -> None:
        """Draw the casings of what ``layer`` shows."""
        corners, colours, widths = outlines(kind, items, style)
        mesh = self._mesh(layer, kind)
        if mesh is None:
            return
        if not corners:
            mesh.visible = False
            return
        vertices, faces, of = bands(corners, np.array(widths))
        mesh.set_data(vertices=vertices, faces=faces, vertex_colors=np.array(colours, np.float32)[of])
        mesh.visible = layer.visible

    def remove(self, *kinds: Kind) -> None:
        """Take the casings of these kinds out of the window, with their layers."""
        self._meshes.remove(*kinds)

    def meshes(self) -> list[Any]:
        """What is in the window."""
        return self._meshes.all()

    def _mesh(self, layer: Any, kind: Kind) -> Any:
        known = self._meshes.get(kind)
        mesh = self._meshes.make(kind, layer)
        if mesh is not None and known is None:
            layer.events.visible.connect(lambda: self._show(kind, layer.visible))
        return mesh

    def _show(self, kind: Kind, on: bool) -> None:
        mesh = self._meshes.get(kind)
        if mesh is not None:
            mesh.visible = on


def outlines(
    kind: Kind, items: Sequence[Item], style: DrawStyle
) -> tuple[list[NDArray[np.float64]], list[tuple[float, float, float, float]], list[float]]:
    """Closed outlines (row, column; bp), their casings' colours, and widths with the casing on both sides (bp)."""
    drawing = style.drawing(items)
    if kind in (Kind.STRIPE, Kind.TAD):
        drawn, corners = list(range(len(items))), [vertices for vertices, _ in drawing.shapes]
    else:
        drawn, corners = _marks(drawing, turned=style.bp_per_world != 1.0)
    more = 2 * CASING_PX * style.bp_per_px
    lines, widths = drawing.lines, drawing.widths
    return corners, [casing_of(lines[i]) for i in drawn], [widths[i] + more for i in drawn]


def _marks(drawing: Drawing, *, turned: bool) -> tuple[list[int], list[NDArray[np.float64]]]:
    """Which are drawn as rings, squares and diamonds, and those outlines as napari draws them, by symbol.

    ``turned``: casings are turned with a tilted map, marks are not.
    """
    by_symbol: dict[str, list[int]] = {}
    for i, symbol in enumerate(drawing.symbols):
        by_symbol.setdefault(symbol, []).append(i)
    drawn: list[int] = []
    corners: list[NDArray[np.float64]] = []
    for symbol in _CORNERS:  # a cross is not judged by its outline
        if not (own := by_symbol.get(symbol)):
            continue
        drawn += own
        corners += list(drawing.points[own, None] + drawing.sizes[own, None, None] / 2 * unit_mark(symbol, turned))
    return drawn, corners


@cache
def unit_mark(symbol: str, turned: bool = False) -> NDArray[np.float64]:
    """Corners (row, column) of a mark of radius 1 at the origin."""
    number = _CORNERS[symbol]
    turn, radius = (np.pi / 4, 2**0.5) if symbol == "square" else (0.0, 1.0)
    angle = np.arange(number) * 2 * np.pi / number + turn + (np.pi / 4 if turned else 0.0)
    return radius * np.column_stack([np.sin(angle), np.cos(angle)])
