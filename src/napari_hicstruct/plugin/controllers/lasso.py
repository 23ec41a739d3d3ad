"""The lasso: draw round candidates, then judge all of them in one step.  What is drawn is never kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Points, Shapes
from napari_hicstruct.plugin.layers.temporary import PX, TemporaryLayers
from napari_hicstruct.plugin.state.geometry import Triangle, box_of, point_of
from napari_hicstruct.plugin.state.labels import LabelState

COLOUR = "#D55E00"
"""Okabe–Ito's vermilion."""

RING_PX = 20.0
"""Width of the ring round a caught candidate."""


class Lasso:
    """One polygon at a time, in a layer that is gone when it was used.

    Parameters
    ----------
    labels : LabelState
    canvas : Canvas
    choices : callable
        Uids that can be caught: what is left of the filtered queue.

    Attributes
    ----------
    changed : Signal
        Drawing began, candidates were caught, or the lasso was put away.
    uids : list of str
        Caught candidates that wait for a judgment.
    """

    changed = Signal()

    def __init__(self, labels: LabelState, canvas: Canvas, choices: Callable[[], list[str]]) -> None:
        self._labels, self._canvas, self._choices = labels, canvas, choices
        self._layer: Any = None
        self._rings = TemporaryLayers(canvas)
        self._before: Any = None
        self.uids: list[str] = []
        canvas.viewer.layers.events.removed.connect(self._on_removed)
        labels.window.chrom_changed.connect(self._gone)
        labels.reset.connect(self._gone)
        labels.recorded.connect(self._on_recorded)

    @property
    def drawing(self) -> bool:
        """True from the start until it is put away."""
        return self._layer is not None

    def start(self) -> None:
        """Take the lasso; a second start begins anew."""
        self.put_away()
        labels, canvas = self._labels, self._canvas
        if labels.window.source is None:
            labels.hint("Open a contact map first.")
            return
        self._before = canvas.viewer.layers.selection.active
        layer = Shapes(ndim=2, name="Lasso", **canvas.world_kwargs())
        layer.current_edge_color, layer.current_face_color = COLOUR, [0.84, 0.37, 0.0, 0.12]
        self._layer = layer
        canvas.viewer.layers.append(layer)
        canvas.viewer.layers.selection.active = layer
        layer.current_edge_width = 2.4 * canvas.bp_per_px()
        layer.mode = "add_polygon_lasso"
        layer.events.data.connect(self._on_data)
        labels.hint("Draw round candidates with the mouse button down · Esc ends")
        self.changed.emit()

    def put_away(self) -> None:
        """Take the polygon out of the window; nothing is judged."""
        self.uids = []
        layer, self._layer = self._layer, None
        if layer is None:
            return
        self._rings.clear()
        self._canvas.remove(layer)
        if self._before in self._canvas:
            self._canvas.viewer.layers.selection.active = self._before
        self._before = None
        self._labels.hint("")
        self.changed.emit()

    def close(self) -> None:
        """Put it away for good."""
        self.put_away()
        self._rings.close()
        self._labels.window.chrom_changed.disconnect(self._gone)
        self._labels.reset.disconnect(self._gone)
        self._labels.recorded.disconnect(self._on_recorded)
        if self._canvas.viewer is not None:
            self._canvas.viewer.layers.events.removed.disconnect(self._on_removed)

    def catch(self, polygon: NDArray[np.float64]) -> list[str]:
        """Candidates on the shown chromosome whose mark or middle lies in a polygon (row, column; bp)."""
        chrom, records = self._labels.window.chrom, map(self._labels.record, self._choices())
        here = [r for r in records if r is not None and r.chrom == chrom]
        if not here:
            return []
        points = np.array([middle_of(r, self._labels.triangle_of(r.uid)) for r in here])
        return [r.uid for r, hit in zip(here, inside(polygon, points), strict=True) if hit]

    def _on_data(self, _event: Any) -> None:
        if self._is_drawn():
            QTimer.singleShot(0, self._catch)  # not within napari's own gesture

    def _is_drawn(self) -> bool:
        """napari says "added" when a path begins, too; it is a polygon only once the button was released."""
        layer = self._layer
        return layer is not None and bool(len(layer.data)) and layer.shape_type[-1] == "polygon"

    def _catch(self) -> None:
        if not self._is_drawn():
            return
        self._layer.mode = "pan_zoom"
        self._layer.selected_data = set()
        self._layer.edge_width = 2.4 * self._canvas.bp_per_px()
        self.uids = self.catch(np.asarray(self._layer.data[-1], float)[:, -2:])
        if not self.uids:
            self.put_away()
            self._labels.hint("No candidate of the queue lies in there.")
            return
        self._ring()
        self._labels.hint(f"{_many(self.uids)} inside: A accepts, R rejects them all · Esc lets them go")
        self.changed.emit()

    def _ring(self) -> None:
        """A ring round each caught candidate."""
        records = [record for record in map(self._labels.record, self.uids) if record is not None]
        places = [middle_of(record, self._labels.triangle_of(record.uid)) for record in records]
        look = {"border_color": COLOUR, "face_color": [0, 0, 0, 0], "border_width": 0.14, "metadata": {PX: RING_PX}}
        self._rings.clear()
        self._rings.put([Points(np.array(places), name="Caught", **look, **self._canvas.world_kwargs())])

    def _gone(self, *_: Any) -> None:
        """Another chromosome or project: what was caught is not in view any more."""
        self.put_away()

    def _on_recorded(self, change: Any) -> None:
        """Something else was done with what was caught."""
        if set(self.uids) & {record.uid for record in (*change.before, *change.after)}:
            self.put_away()

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value is self._layer:
            self.put_away()


def middle_of(record: Annotation, triangle: Triangle) -> tuple[float, float]:
    """Row and column (bp) that stand for an object: its mark, or the middle of what is drawn of it."""
    if record.kind in (Kind.LOOP, Kind.BOUNDARY):
        return point_of(record, triangle)
    box = box_of(record, triangle)
    return (box.top + box.bottom) / 2, (box.left + box.right) / 2


def inside(polygon: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie in a polygon: an odd number of its edges to one side of them.

    Parameters
    ----------
    polygon : float64, shape (m, 2)
    points : float64, shape (n, 2)

    Returns
    -------
    bool, shape (n,)
    """
    found = np.zeros(len(points), bool)
    rows, cols = points.T
    for (row1, col1), (row2, col2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if row1 == row2:
            continue
        between = (row1 > rows) != (row2 > rows)
        found ^= between & (cols < (col2 - col1) * (rows - row1) / (row2 - row1) + col1)
    return found


def _many(uids: Iterable[str]) -> str:
    n = len(list(uids))
    return f"{n:,} candidate{'' if n == 1 else 's'}"
