"""The distance tool: drag a line on the map, read how far it goes along rows, columns and from the diagonal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hicstruct.plugin.controllers.canvas.paint_later import paint_later
from napari_hicstruct.plugin.controllers.edit.hints import window_is_gone
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Vectors
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.map.distance import Span

COLOUR = "#0072B2"
"""Okabe–Ito's blue: seen on white and on dark red."""

_WIDTH_PX, _TICK_PX = 2.6, 7.0
_DRAG = "Distance: drag from one place to another · Esc ends"


class DistanceTool:
    """One line at a time, in a layer that goes when the tool is put down; nothing of it is kept.

    Attributes
    ----------
    changed : Signal
        The tool was taken or put down.
    span : Span or None
        What was measured last.
    """

    changed = Signal()

    def __init__(self, labels: LabelState, canvas: Canvas) -> None:
        self._labels, self._canvas = labels, canvas
        self._layer: Any = None
        self.span: Span | None = None
        canvas.viewer.layers.events.removed.connect(self._on_removed)
        labels.window.chrom_changed.connect(self._gone)
        labels.window.map_changed.connect(self._gone)
        labels.window.view_changed.connect(self._on_view)

    @property
    def in_hand(self) -> bool:
        """True from the start until it is put down: a press measures."""
        return self._layer is not None

    def start(self) -> None:
        """Take the tool."""
        labels, canvas = self._labels, self._canvas
        if labels.window.source is None:
            labels.hint("Open a contact map first.")
            return
        if self.in_hand:
            return
        layer = Vectors(ndim=2, name="Distance", vector_style="line", edge_color=COLOUR, **canvas.world_kwargs())
        with paint_later(canvas.viewer):
            canvas.put(layer)
        self._layer = layer
        stack = canvas.viewer.layers
        if str(getattr(stack.selection.active, "mode", "pan_zoom")) != "pan_zoom":
            stack.selection.active = layer
        canvas.viewer.mouse_drag_callbacks.append(self._draw)
        self._take_mouse(True)
        labels.hint(_DRAG)
        self.changed.emit()

    def put_away(self) -> None:
        """Put the tool down and take the line out."""
        layer, self._layer, self.span = self._layer, None, None
        if layer is None:
            return
        viewer = self._canvas.viewer
        if viewer is not None and not window_is_gone(viewer):
            self._take_mouse(False)
            viewer.mouse_drag_callbacks.remove(self._draw)
        self._canvas.remove(layer)
        self._labels.hint("")
        self.changed.emit()

    def close(self) -> None:
        """Put it down for good."""
        self.put_away()
        self._labels.window.chrom_changed.disconnect(self._gone)
        self._labels.window.map_changed.disconnect(self._gone)
        self._labels.window.view_changed.disconnect(self._on_view)
        if self._canvas.viewer is not None:
            self._canvas.viewer.layers.events.removed.disconnect(self._on_removed)

    def _draw(self, _viewer: Any, event: Any) -> Iterator[None]:
        """From the press to the release of the mouse button."""
        if not self.in_hand:
            return
        begun = self._canvas.genome(event.position)
        yield
        while event.type == "mouse_move":
            if self.in_hand:
                self._measure(begun, self._canvas.genome(event.position))
            yield

    def _measure(self, begun: tuple[float, float], ended: tuple[float, float]) -> None:
        window = self._labels.window
        length = window.grid().length
        inside = [tuple(min(max(at, 0.0), float(length)) for at in place) for place in (begun, ended)]
        self.span = Span(window.chrom, (inside[0][0], inside[0][1]), (inside[1][0], inside[1][1]), window.resolution)
        self._show()
        self._labels.hint(self.span.in_words(tilted=self._canvas.projection.tilted))

    def _show(self) -> None:
        """The line with a tick at each end, of equal width at every zoom."""
        if self.span is None:
            return
        per_px = self._canvas.bp_per_px()
        found = lines_of(np.array([self.span.begun, self.span.ended]), _TICK_PX * per_px)
        self._layer.data = found
        self._layer.edge_width = _WIDTH_PX * per_px
        self._layer.edge_color = COLOUR

    def _take_mouse(self, measures: bool) -> None:
        viewer = self._canvas.viewer
        active = viewer.layers.selection.active
        viewer.scene.camera.mouse_pan = not measures and (active is None or active.mouse_pan)
        viewer.cursor.style = "cross" if measures else "standard" if active is None else active.cursor

    def _on_view(self, *_: Any) -> None:
        if self._layer in self._canvas:
            self._show()

    def _gone(self, *_: Any) -> None:
        self.put_away()

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value is self._layer:
            self.put_away()


def lines_of(ends: NDArray[np.float64], tick: float) -> NDArray[np.float64]:
    """A line and a tick across each of its ends, as starts and directions (row, column; bp).

    Parameters
    ----------
    ends : float64, shape (2, 2)
    tick : float
        Half the length of a tick, bp.

    Returns
    -------
    float64, shape (3, 2, 2)
    """
    along = ends[1] - ends[0]
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9) * tick
    return np.array([[ends[0], along], [ends[0] - across, 2 * across], [ends[1] - across, 2 * across]])
