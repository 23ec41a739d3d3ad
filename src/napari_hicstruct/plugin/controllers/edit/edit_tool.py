"""Editing one object with the mouse: its handles, and what a drag makes of it.  Nothing else moves."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.plugin.controllers.edit.gestures import action_of
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Points
from napari_hicstruct.plugin.layers.overlays.halo import Halo
from napari_hicstruct.plugin.layers.temporary import PX, TemporaryLayers
from napari_hicstruct.plugin.state.labels.geometry import Triangle
from napari_hicstruct.plugin.state.labels.handles import Handle, handle_at, handles_of, pulled, whole
from napari_hicstruct.plugin.state.labels.hit import hits
from napari_hicstruct.plugin.state.labels.labels import LabelState

_HANDLE_PX = 9.0


class EditTool:
    """The handles of the object that is edited, drawn from the store: an undo leaves them where the object is.

    Attributes
    ----------
    uid : str or None
        The object that is edited.
    """

    def __init__(self, labels: LabelState, canvas: Canvas, halo: Halo) -> None:
        self._labels, self._canvas, self._halo = labels, canvas, halo
        self._handles = TemporaryLayers(canvas)
        self.uid: str | None = None

    @property
    def record(self) -> Annotation | None:
        """The record that is edited."""
        return None if self.uid is None else self._labels.record(self.uid)

    def start(self, uid: str) -> None:
        """Edit this object."""
        self.uid = uid
        self.draw()

    def stop(self) -> None:
        """Edit nothing any more."""
        self.uid = None
        self._handles.clear()

    def draw(self) -> None:
        """Put the handles where the object is now."""
        record = self.record
        if record is None:
            self.stop()
        else:
            self._draw(record, self._labels.triangle_of(record.uid))

    def grip(self, place: tuple[float, float]) -> Grip | None:
        """What a drag that begins at ``place`` (row, column; bp) takes hold of; None beside the object."""
        record = self.record
        if record is None or self._labels.refusal:
            return None
        triangle, per_px = self._labels.triangle_of(record.uid), self._canvas.bp_per_px()
        handle = handle_at(record, triangle, place, per_px)
        if handle is None and hits([(record, triangle)], place, per_px, current=record.uid):
            handle = whole(place)
        return None if handle is None else Grip(self, record, triangle, handle, place)

    def show(self, record: Annotation, triangle: Triangle) -> None:
        """Draw the object as it would become."""
        self._halo.draw(record, triangle)
        self._draw(record, triangle)

    def keep(self, before: Annotation, after: Annotation) -> None:
        """Write what a drag made of the object."""
        if after is before:
            self.draw()
            self._halo.draw(before, self._labels.triangle_of(before.uid))
        else:
            self._labels.attempt(lambda project: project.update([after], action=action_of([before], [after])))

    @property
    def grid(self) -> Any:
        """Bins that edges snap to."""
        return self._labels.window.grid()

    def _draw(self, record: Annotation, triangle: Triangle) -> None:
        places = np.array([handle.place for handle in handles_of(record, triangle)], float).reshape(-1, 2)
        (layer,) = self._handles.layers or [None]
        if layer is None or layer not in self._canvas:
            if not len(places):
                return
            look = {"symbol": "square", "face_color": "white", "border_color": "black", "border_width": 0.2}
            made = Points(places, name="Handles", metadata={PX: _HANDLE_PX}, **look, **self._canvas.world_kwargs())
            self._handles.clear()
            self._handles.put([made])
        elif not np.array_equal(layer.data, places):
            layer.data = places
            layer.size = _HANDLE_PX * self._canvas.world_per_px()

    def close(self) -> None:
        """Take the handles out for good."""
        self.uid = None
        self._handles.close()


class Grip:
    """A drag that has taken hold of the object."""

    def __init__(
        self, tool: EditTool, record: Annotation, triangle: Triangle, handle: Handle, begun: tuple[float, float]
    ) -> None:
        self._tool, self._record, self._triangle = tool, record, triangle
        self._handle, self._begun = handle, np.asarray(begun, float)

    def drag(self, place: tuple[float, float]) -> None:
        """The mouse is here now: show what becomes of the object."""
        self._tool.show(self._at(place), self._triangle)

    def drop(self, place: tuple[float, float]) -> None:
        """The button was released: keep it."""
        self._tool.keep(self._record, self._at(place))

    def _at(self, place: tuple[float, float]) -> Annotation:
        shift = np.asarray(place, float) - self._begun
        return pulled(self._record, self._triangle, self._handle, (shift[0], shift[1]), self._tool.grid)
