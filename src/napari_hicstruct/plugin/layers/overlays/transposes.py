"""The dashed mirror image of every stripe in view: optional, never edited, never saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.coarse_steps import Vectors
from napari_hicstruct.plugin.state.geometry import Box, box_of, dashes
from napari_hicstruct.plugin.state.labels import LabelState
from napari_hicstruct.plugin.state.palette import line_rgba

_DASHES = 10  # per side
_WIDTH_PX = 1.4


class Transposes:
    """A layer of dashes that follows the stripes overlay while it is switched on."""

    def __init__(self, canvas: Canvas, labels: LabelState) -> None:
        self._canvas, self._labels = canvas, labels
        self._layer: Any = None

    @property
    def on(self) -> bool:
        """True while the mirror images are shown."""
        return self._layer in self._canvas

    def show(self, on: bool) -> None:
        """Show the layer, still empty, or take it out."""
        if on and not self.on:
            spatial = self._canvas.world_kwargs()
            self._layer = Vectors(ndim=2, name="Stripe transposes", vector_style="line", **spatial)
            self._canvas.put(self._layer)
        elif not on:
            self._canvas.remove(self._layer)
            self._layer = None

    def draw(self, uids: Iterable[str]) -> None:
        """Draw the mirror images of these stripes."""
        if not self.on:
            return
        labels = self._labels
        lines: list[Any] = []
        colours: list[Any] = []
        for record in map(labels.record, uids):
            if record is None:
                continue
            box = box_of(record, labels.triangle_of(record.uid))
            turned = dashes(Box(box.left, box.top, box.right, box.bottom), _DASHES)
            lines += turned
            colour = labels.set_of(record.uid).colour
            colours += [line_rgba(colour, record, by_score=labels.by_score)] * len(turned)
        ends = np.array(lines, dtype=float).reshape(-1, 2, 2)
        ends[:, 1] -= ends[:, 0]  # napari wants start and direction
        self._layer.data = ends
        self._layer.edge_width = _WIDTH_PX * self._canvas.bp_per_px()
        if lines:
            self._layer.edge_color = np.array(colours)
