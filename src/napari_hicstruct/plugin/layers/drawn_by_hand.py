"""Layers that a person added with napari, as a figure draws them: points and shapes, where they are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Points, Shapes
from numpy.typing import NDArray

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.fixed_place import FixedPlace
from napari_hicstruct.workflows.figure.overlays import DrawnLine, DrawnMark, Overlay

_MARKERS = {
    "square": "s",
    "diamond": "D",
    "cross": "+",
    "x": "x",
    "star": "*",
    "triangle_up": "^",
    "triangle_down": "v",
    "hbar": "_",
    "vbar": "|",
}
"""napari's symbols and matplotlib's; all others are round."""

_OPEN = ("line", "path")
_ROUND = np.linspace(0, 2 * np.pi, 60, endpoint=False)

ToGenome = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def overlays_of(canvas: Canvas) -> tuple[Overlay, ...]:
    """The layers of points and shapes that are not ours and are shown, the lowest first."""
    if canvas.viewer is None:
        return ()
    makers: dict[type, Callable[[Any, ToGenome], Overlay]] = {Points: _points, Shapes: _shapes}
    found = []
    for layer in canvas.viewer.layers:
        make = next((make for kind, make in makers.items() if isinstance(layer, kind)), None)
        ours = isinstance(layer, FixedPlace) or make is None
        if not ours and make is not None and layer.visible and layer.ndim == 2 and len(layer.data):
            found.append(make(layer, _to_genome(layer, canvas)))
    return tuple(found)


def _to_genome(layer: Any, canvas: Canvas) -> ToGenome:
    """From a layer's own numbers to rows and columns, by where they are seen."""

    def convert(places: NDArray[np.float64]) -> NDArray[np.float64]:
        world = [layer.data_to_world(one) for one in places]
        return np.array([canvas.projection.to_genome(one) for one in world], np.float64).reshape(-1, 2)

    return convert


def _faded(colours: Any, layer: Any) -> NDArray[np.float64]:
    found = np.array(colours, np.float64).reshape(-1, 4)
    found[:, 3] *= float(layer.opacity)
    return found


def _points(layer: Any, to_genome: ToGenome) -> Overlay:
    shown = np.flatnonzero(layer.shown)
    symbols = np.array([str(one) for one in layer.symbol])[shown]
    faces, edges = _faded(layer.face_color, layer)[shown], _faded(layer.border_color, layer)[shown]
    sizes = np.asarray(layer.size, np.float64)[shown] * abs(float(layer.scale[-1]))
    places = to_genome(np.asarray(layer.data, np.float64)[shown])
    marks = []
    for symbol in dict.fromkeys(symbols.tolist()):
        own = symbols == symbol
        marker = _MARKERS.get(symbol, "o")
        marks.append(DrawnMark(places[own], sizes[own], edges[own], faces[own], marker))
    return Overlay(str(layer.name), marks=tuple(marks))


def _shapes(layer: Any, to_genome: ToGenome) -> Overlay:
    edges, faces = _faded(layer.edge_color, layer), _faded(layer.face_color, layer)
    lines = []
    for corners, kind, edge, face in zip(layer.data, layer.shape_type, edges, faces, strict=True):
        own = np.asarray(corners, np.float64)
        if kind == "ellipse":
            across, down = (own[1] - own[0]) / 2, (own[3] - own[0]) / 2
            own = own.mean(axis=0) + np.cos(_ROUND)[:, None] * across + np.sin(_ROUND)[:, None] * down
        lines.append(DrawnLine(to_genome(own), tuple(edge.tolist()), tuple(face.tolist()), closed=kind not in _OPEN))
    return Overlay(str(layer.name), lines=tuple(lines))
