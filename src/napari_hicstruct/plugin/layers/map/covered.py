"""A layer that lies wholly under another one is not drawn: a large picture costs as much unseen as seen.

It is still read and has its colours, which the one above may share.
"""

from __future__ import annotations

from typing import Any

from napari_hicstruct.plugin.layers.canvas import Canvas

_BLENDED = ("opaque", "translucent", "translucent_no_depth")
"""Ways of blending in which a layer without transparency hides what is below."""


class Covered:
    """Keeps one layer from being drawn while another covers it.

    Parameters
    ----------
    canvas : Canvas
    below, above : napari.layers.Image
        Of one extent.
    """

    def __init__(self, canvas: Canvas, below: Any, above: Any) -> None:
        self._canvas, self._below, self._above = canvas, below, above
        for emitter in self._emitters():
            emitter.connect(self._update, position="last")  # napari shows what it has read anew
        self._update()

    def end(self) -> None:
        """Both are drawn again."""
        for emitter in self._emitters():
            emitter.disconnect(self._update)
        self._show(bool(self._below.visible))

    def _emitters(self) -> tuple[Any, ...]:
        below, above = self._below.events, self._above.events
        return below.set_data, below.visible, above.visible, above.opacity, above.blending

    def _update(self, _event: Any = None) -> None:
        above = self._above
        covered = above.visible and above.opacity >= 1 and str(above.blending) in _BLENDED and above in self._canvas
        self._show(bool(self._below.visible) and not covered)

    def _show(self, on: bool) -> None:
        viewer = self._canvas.viewer
        window = None if viewer is None else getattr(viewer, "window", None)
        visual = None if window is None else window._qt_viewer.canvas.layer_to_visual.get(self._below)
        if visual is not None and visual.node.visible != on:
            visual.node.visible = on
