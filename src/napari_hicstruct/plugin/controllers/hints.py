"""One line on the canvas: what the mouse does now."""

from __future__ import annotations

import textwrap
from typing import Any

from qtpy.compat import isalive

from napari_hicstruct.annotations.records import Kind

_ADD = {
    Kind.LOOP: "Add loops: click a dot · Esc ends",
    Kind.STRIPE: "Add stripes: drag a rectangle, its narrow side is the anchor · Esc ends",
    Kind.TAD: "Add TADs: drag along the diagonal from start to end · Esc ends",
    Kind.BOUNDARY: "Add TAD boundaries: click on the diagonal · Esc ends",
}
_EDIT = {
    Kind.LOOP: "Edit loops: drag a ring, it snaps to bin centres · Del deletes · Esc ends",
    Kind.STRIPE: "Edit stripes: drag it or its handles, edges snap to bins · Del deletes · Esc ends",
    Kind.TAD: "Edit TADs: drag it or its handles, edges snap to bins · Del deletes · Esc ends",
    Kind.BOUNDARY: "Edit boundaries: drag along the diagonal · Del deletes · Esc ends",
}

_LETTER_PX, _MIN_LETTERS = 8, 30


def hint_for(kind: Kind, mode: str, add_mode: str) -> str:
    """What the mouse does in the layer of ``kind`` in napari's ``mode``; empty while it pans."""
    if mode == add_mode:
        return _ADD[kind]
    return _EDIT[kind] if mode == "select" else ""


class CanvasHint:
    """napari's text overlay, used only while there is a hint."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._overlay = viewer.canvas.overlays.text

    def show(self, text: str) -> None:
        """Show one line at the top of the canvas; an empty one takes it away."""
        if window_is_gone(self._viewer):  # napari would ask the deleted canvas for its size
            return
        self._overlay.position = "top_center"
        self._overlay.font_size = 7
        self._overlay.box = True
        width = max(_MIN_LETTERS, self._viewer.canvas.size[1] // _LETTER_PX)
        lines = [part for line in text.splitlines() for part in textwrap.wrap(line, width)]
        self._overlay.text = "\n".join(f"  {line}  " for line in lines)  # its box is a little narrow
        self._overlay.visible = bool(text)


class StatusHelp:
    """What napari's status bar says of keys, for all layers: its own hints name keys that mean something else here.

    napari writes a layer's help anew whenever its mode changes; it is put right each time.
    """

    def __init__(self, viewer: Any, text: str) -> None:
        self._layers, self._text = viewer.layers, text
        self._layers.events.inserted.connect(self._on_inserted)
        for layer in self._layers:
            self._follow(layer)

    def close(self) -> None:
        """Leave the layers to napari."""
        self._layers.events.inserted.disconnect(self._on_inserted)
        for layer in self._layers:
            layer.events.help.disconnect(self._on_help)
            layer.help = ""

    def _on_inserted(self, event: Any) -> None:
        self._follow(event.value)

    def _follow(self, layer: Any) -> None:
        layer.events.help.connect(self._on_help)
        layer.help = self._text

    def _on_help(self, event: Any) -> None:
        event.source.help = self._text


def window_is_gone(viewer: Any) -> bool:
    """True if the viewer's window was closed and deleted; a viewer that never had one still stands."""
    window = getattr(viewer, "window", None)
    if window is None:
        return False
    shown = getattr(window, "_qt_viewer", None)
    return shown is None or not isalive(shown) or not isalive(shown.canvas.native)
