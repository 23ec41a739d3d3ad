"""The dashed mirror image of every stripe in view: optional, never edited, never saved."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Vectors
from napari_hicstruct.plugin.layers.overlays.overlay import Overlay
from napari_hicstruct.plugin.state.labels.geometry import Box, box_of, dashes
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.labels.palette import line_rgba

_DASHES = 10  # per side
_WIDTH_PX = 1.4


class Transposes:
    """A layer of dashes that follows the stripes overlay while it is switched on: hidden where that is hidden.

    Attributes
    ----------
    layer : napari.layers.Vectors or None
        What is in the window.
    """

    def __init__(self, canvas: Canvas, labels: LabelState) -> None:
        self._canvas, self._labels = canvas, labels
        self.layer: Any = None
        self._followed: Any = None  # weakly, the layer of stripes

    @property
    def on(self) -> bool:
        """True while the mirror images are shown."""
        return self.layer in self._canvas

    def show(self, on: bool) -> None:
        """Show the layer, still empty, or take it out."""
        if on and not self.on:
            spatial = self._canvas.world_kwargs()
            self.layer = Vectors(ndim=2, name="Stripe transposes", vector_style="line", **spatial)
            self._canvas.put(self.layer)
        elif not on:
            layer, self.layer = self.layer, None  # first, so that it is seen to be taken out on purpose
            self._canvas.remove(layer)

    def draw(self, stripes: Overlay | None) -> None:
        """Draw the mirror images of the stripes that are drawn."""
        if not self.on:
            return
        self._follow(None if stripes is None else stripes.layer)
        labels = self._labels
        lines: list[Any] = []
        colours: list[Any] = []
        for record in map(labels.record, [] if stripes is None else stripes.uids):
            if record is None:
                continue
            box = box_of(record, labels.triangle_of(record.uid))
            turned = dashes(Box(box.left, box.top, box.right, box.bottom), _DASHES)
            lines += turned
            colour = labels.set_of(record.uid).colour
            colours += [line_rgba(colour, record, by_score=labels.by_score)] * len(turned)
        ends = np.array(lines, dtype=float).reshape(-1, 2, 2)
        ends[:, 1] -= ends[:, 0]  # napari wants start and direction
        self.layer.data = ends
        self.layer.edge_width = _WIDTH_PX * self._canvas.bp_per_px()
        if lines:
            self.layer.edge_color = np.array(colours)

    def _follow(self, stripes: Any) -> None:
        """Hide and show the mirror images with the layer of stripes, whichever that is by now."""
        if stripes is not None and (self._followed is None or self._followed() is not stripes):
            self._followed = weakref.ref(stripes)
            stripes.events.visible.connect(self._match)
        self._match()

    def _match(self, _event: Any = None) -> None:
        stripes = None if self._followed is None else self._followed()
        if stripes is not None and self.on:
            self.layer.visible = stripes.visible
