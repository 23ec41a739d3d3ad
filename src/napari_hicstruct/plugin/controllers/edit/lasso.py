"""The lasso: draw round candidates, then judge all of them in one step.  What is drawn is never kept.

The line is drawn here, as vectors: napari's own lasso builds a polygon with every move of the mouse, whose code is
compiled at its first use (4 to 5 s), and what is drawn meanwhile is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.canvas.paint_later import paint_later
from napari_hicstruct.plugin.controllers.edit.hints import window_is_gone
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Vectors
from napari_hicstruct.plugin.state.labels.geometry import Triangle, box_of, point_of
from napari_hicstruct.plugin.state.labels.labels import LabelState

COLOUR = "#D55E00"
"""Okabe–Ito's vermilion."""

_LINE_PX, _RING_PX, _STEP_PX = 2.4, 20.0, 3.0
"""Width of lines; of the ring round what was caught; a new point of the line after so many pixels."""
_RING = np.linspace(0, 2 * np.pi, 21)
_DRAW = "Lasso: draw round candidates with the mouse button down · Esc ends"


class Lasso:
    """One line at a time, in a layer that is gone when it was used.

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
        self._line = np.zeros((0, 2))
        self._before: Any = None
        self.uids: list[str] = []
        canvas.viewer.layers.events.removed.connect(self._on_removed)
        labels.window.chrom_changed.connect(self._gone)
        labels.window.view_changed.connect(self._on_view)
        labels.reset.connect(self._gone)
        labels.recorded.connect(self._on_recorded)

    @property
    def drawing(self) -> bool:
        """True from the start until it is put away."""
        return self._layer is not None

    @property
    def takes_mouse(self) -> bool:
        """True while a press draws: until something is caught."""
        return self.drawing and not self.uids

    def start(self) -> None:
        """Take the lasso; a second start begins anew."""
        self.put_away()
        labels, canvas = self._labels, self._canvas
        if labels.window.source is None:
            labels.hint("Open a contact map first.")
            return
        layer = Vectors(ndim=2, name="Lasso", vector_style="line", edge_color=COLOUR, **canvas.world_kwargs())
        with paint_later(canvas.viewer):
            canvas.put(layer)
        self._layer, stack = layer, canvas.viewer.layers
        if not _pans(stack.selection.active):  # else it stays: showing another layer's controls takes napari 0.1 s
            self._before, stack.selection.active = stack.selection.active, layer
        stack.selection.events.active.connect(self._on_active)
        canvas.viewer.mouse_drag_callbacks.append(self._draw)
        self._take_mouse(True)
        labels.hint(_DRAW)
        self.changed.emit()

    def put_away(self) -> None:
        """Take the line out of the window; nothing is judged."""
        self.uids, self._line = [], np.zeros((0, 2))
        layer, before = self._layer, self._before
        if layer is None:
            return
        self._give_mouse_back()
        self._layer = self._before = None
        self._canvas.remove(layer)
        if before in self._canvas:
            self._canvas.viewer.layers.selection.active = before
        self._labels.hint("")
        self.changed.emit()

    def _give_mouse_back(self) -> None:
        viewer = self._canvas.viewer
        if viewer is None or window_is_gone(viewer):
            return
        self._take_mouse(False)
        viewer.mouse_drag_callbacks.remove(self._draw)
        viewer.layers.selection.events.active.disconnect(self._on_active)

    def close(self) -> None:
        """Put it away for good."""
        self.put_away()
        self._labels.window.chrom_changed.disconnect(self._gone)
        self._labels.window.view_changed.disconnect(self._on_view)
        self._labels.reset.disconnect(self._gone)
        self._labels.recorded.disconnect(self._on_recorded)
        if self._canvas.viewer is not None:
            self._canvas.viewer.layers.events.removed.disconnect(self._on_removed)

    def catch(self, polygon: NDArray[np.float64]) -> list[str]:
        """Candidates whose mark or middle lies in a polygon (row, column; bp), in the order of the queue."""
        catalogue, labels = self._labels.catalogue, self._labels
        if catalogue is None:
            return []
        (top, left), (bottom, right) = polygon.min(axis=0), polygon.max(axis=0)
        rows, cols = (_interval(labels.window.chrom, *ends) for ends in ((top, bottom), (left, right)))
        shown, most = labels.shown(), len(catalogue.records)
        found = [r for kind in Kind for r in catalogue.in_view(kind, rows, cols, triangles=shown, limit=most)[0]]
        if not found:
            return []
        hit = inside(polygon, np.array([middle_of(r, labels.triangle_of(r.uid)) for r in found]))
        caught = {record.uid for record, one in zip(found, hit, strict=True) if one}
        return [uid for uid in self._choices() if uid in caught]

    # ------------------------------------------------------------------ drawing
    def _draw(self, _viewer: Any, event: Any) -> Iterator[None]:
        """From the press to the release of the mouse button."""
        if not self.takes_mouse:
            return  # until it is taken again, the mouse pans
        points = [self._place(event)]
        yield
        while event.type == "mouse_move":
            points.append(self._place(event))
            if np.abs(points[-1] - points[-2]).max() < _STEP_PX * self._canvas.bp_per_px():
                points.pop()
            elif self.drawing:
                self._line = np.array(points)
                self._show()
            yield
        if self.drawing and len(points) > 2:
            self._line = np.array(points)
            self._catch()

    def _place(self, event: Any) -> NDArray[np.float64]:
        return np.array(self._canvas.genome(event.position))

    def _catch(self) -> None:
        self.uids = self.catch(self._line)
        self._show()
        if self.uids:
            self._take_mouse(False)
            self._labels.hint(f"{self.in_words()}; A accept, R reject, Esc lets {_them(len(self.uids))} be")
        else:
            self._labels.hint("No candidate of the queue lies in there: draw again · Esc ends")
        self.changed.emit()

    def in_words(self) -> str:
        """What was caught: ``12 objects: 8 loops, 4 TADs``."""
        kinds = Counter(record.kind for record in map(self._labels.record, self.uids) if record is not None)
        parts = [f"{n:,} {KINDS[kind].named(n)}" for kind in Kind if (n := kinds[kind])]
        n = len(self.uids)
        return parts[0] if len(parts) == 1 else f"{n:,} objects: {', '.join(parts)}"

    def _take_mouse(self, draws: bool) -> None:
        """Whether the mouse draws or, as else, does what the active layer says."""
        viewer = self._canvas.viewer
        active = viewer.layers.selection.active
        viewer.scene.camera.mouse_pan = not draws and (active is None or active.mouse_pan)
        viewer.cursor.style = "cross" if draws else "standard" if active is None else active.cursor

    def _show(self) -> None:
        """Draw the line, closed, and a ring round each caught candidate: lines of equal width at every zoom."""
        per_px = self._canvas.bp_per_px()
        paths = [np.vstack([self._line, self._line[:1]])] if len(self._line) else []
        ring = _RING_PX / 2 * per_px * np.column_stack([np.sin(_RING), np.cos(_RING)])
        caught = [record for record in map(self._labels.record, self.uids) if record is not None]
        paths += [ring + middle_of(record, self._labels.triangle_of(record.uid)) for record in caught]
        segments = [np.stack([path[:-1], np.diff(path, axis=0)], axis=1) for path in paths]
        found = np.concatenate(segments) if segments else np.zeros((0, 2, 2))
        self._layer.data = found
        self._layer.edge_width = _LINE_PX * per_px
        if len(found):  # one of the two is seen wherever the line lies
            self._layer.edge_color = np.resize(np.array([COLOUR, "white"]), len(found))

    # ------------------------------------------------------------------ what happened elsewhere
    def _on_active(self, _event: Any) -> None:
        """Another layer was chosen: the lasso stays in hand, unless that layer has a tool of its own in hand."""
        if not _pans(self._canvas.viewer.layers.selection.active):
            self.put_away()
        elif self.takes_mouse:
            self._take_mouse(True)

    def _on_view(self, *_: Any) -> None:
        if self._layer in self._canvas and len(self._line):
            self._show()

    def _gone(self, *_: Any) -> None:
        """Another chromosome or project: what was caught is not in view any more."""
        self.put_away()

    def _on_recorded(self, change: Any) -> None:
        """Something else was done with what was caught."""
        if self.uids and set(self.uids) & {record.uid for record in (*change.before, *change.after)}:
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


def _pans(layer: Any) -> bool:
    """True if a drag pans while this layer is active."""
    return str(getattr(layer, "mode", "pan_zoom")) == "pan_zoom"


def _interval(chrom: str, start: float, end: float) -> Interval:
    """Whole base pairs around two places that may lie beyond the chromosome's ends."""
    first = max(0, int(start))
    return Interval(chrom, first, max(first, int(end) + 1))


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
