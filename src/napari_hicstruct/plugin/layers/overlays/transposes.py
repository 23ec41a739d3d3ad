"""The dashed mirror image of every stripe in view: optional, never edited, never saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.stripe_check import dashes
from napari_hicstruct.plugin.state.geometry import Box, box_of
from napari_hicstruct.plugin.state.palette import rgba

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.editor import Editor

_DASHES = 10  # per side


class Transposes:
    """A layer of dashes that follows the stripes overlay while it is switched on."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._layer: Any = None
        editor.drawn.connect(self._update)

    @property
    def on(self) -> bool:
        """True while the mirror images are shown."""
        return self._layer is not None and self._layer in self._editor.viewer.layers

    def show(self, on: bool) -> None:
        """Show the mirror images, or not."""
        from napari_hicstruct.plugin.layers.coarse_steps import Vectors

        if on and not self.on:
            active = self._editor.viewer.layers.selection.active
            self._layer = Vectors(
                ndim=2, name="Stripe transposes", vector_style="line", **self._editor.session.world_kwargs()
            )
            self._editor.viewer.layers.append(self._layer)
            self._editor.viewer.layers.selection.active = active
            self._update()
        elif not on and self.on:
            self._editor.viewer.layers.remove(self._layer)
            self._layer = None

    def _update(self) -> None:
        editor, catalogue = self._editor, self._editor.catalogue
        overlay = editor.overlays.get(Kind.STRIPE)
        if not self.on or overlay is None:
            return
        lines: list[Any] = []
        colours: list[Any] = []
        origins = {s.id: s.origin for s in editor.sets()}
        for uid in overlay.uids if catalogue is not None else []:
            assert catalogue is not None
            record = catalogue.records.get(uid)
            if record is None:
                continue
            box = box_of(record, editor.triangle(catalogue.set_ids[uid]))
            turned = dashes(Box(box.left, box.top, box.right, box.bottom), n=_DASHES)
            lines += turned
            colours += [rgba(origins[catalogue.set_ids[uid]], record, by_score=editor.by_score)] * len(turned)
        ends = np.array(lines, dtype=float).reshape(-1, 2, 2)
        ends[:, 1] -= ends[:, 0]  # napari wants start and direction
        self._layer.data = ends
        self._layer.edge_width = 1.4 * editor.view.bp_per_px()
        if lines:
            self._layer.edge_color = np.array(colours)
