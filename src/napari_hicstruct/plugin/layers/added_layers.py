"""Layers that a person added with napari, as a figure draws them: where they are seen, in their colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Points, Shapes
from numpy.typing import NDArray

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.fixed_place import FixedPlace
from napari_hicstruct.workflows.figure.overlays import DrawnLine, DrawnMark, DrawnPicture, Overlay

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

_MAX_PIXELS = 2_048
"""Of a side of a picture; larger ones are thinned, as napari thins them on the canvas."""

ToGenome = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def overlays_of(canvas: Canvas) -> tuple[Overlay, ...]:
    """The layers that are not ours and are shown, the lowest first: points, shapes, pictures and labels of pixels."""
    if canvas.viewer is None:
        return ()
    makers: dict[type, Callable[[Any, ToGenome], Overlay]]
    makers = {Points: _points, Shapes: _shapes, Image: _picture, Labels: _picture}
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


def _picture(layer: Any, to_genome: ToGenome) -> Overlay:
    pixels = _pixels(layer)
    step = -(-max(pixels.shape[:2]) // _MAX_PIXELS)
    colours = _faded(_colours(layer, pixels[::step, ::step]), layer).reshape(-1, 4)
    rows, columns = pixels.shape[:2]
    corners = np.array([[0, 0], [0, columns], [rows, 0]]) - 0.5  # the middle of the first pixel is 0, 0
    shape = (*pixels[::step, ::step].shape[:2], 4)
    picture = DrawnPicture(to_genome(corners), np.rint(255 * colours).astype(np.uint8).reshape(shape))
    return Overlay(str(layer.name), pictures=(picture,))


def _pixels(layer: Any) -> NDArray[Any]:
    """Of a layer of several levels the finest, which the layer's scale is of."""
    return np.asarray(layer.data[0] if layer.multiscale else layer.data)


def _colours(layer: Any, pixels: NDArray[Any]) -> NDArray[np.float64]:
    """RGBA by the layer's colours, in [0, 1]; clear where nothing is known."""
    if isinstance(layer, Image) and layer.rgb:
        own = pixels / np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else pixels.astype(np.float64)
        return own if own.shape[-1] == 4 else np.concatenate([own, np.ones((*own.shape[:2], 1))], axis=2)
    if isinstance(layer, Labels):
        return np.asarray(layer.colormap.map(pixels), np.float64)
    low, high = layer.contrast_limits
    shades = np.clip((pixels.astype(np.float64) - low) / max(high - low, 1e-12), 0, 1) ** layer.gamma
    known = np.isfinite(shades)
    found = np.asarray(layer.colormap.map(np.where(known, shades, 0).ravel()), np.float64).reshape(*shades.shape, 4)
    found[..., 3] *= known
    return found
