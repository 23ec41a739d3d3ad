"""One line on the canvas: what the mouse does now."""

from __future__ import annotations

import string
import textwrap
import weakref
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer

from napari_hicstruct.annotations.records import Kind

_ADD = {
    Kind.LOOP: "Add loops: click a dot · Esc ends",
    Kind.STRIPE: "Add stripes: drag a rectangle, its narrow side is the anchor · Esc ends",
    Kind.TAD: "Add TADs: drag along the diagonal from start to end · Esc ends",
    Kind.BOUNDARY: "Add TAD boundaries: click on the diagonal · Esc ends",
}
_EDIT = {
    Kind.LOOP: "Edit this loop: drag it, it snaps to bins\ndrag beside it to pan · Esc ends",
    Kind.STRIPE: "Edit this stripe: drag it or its handles, edges snap to bins\ndrag beside it to pan · Esc ends",
    Kind.TAD: "Edit this TAD: drag it or its handles, edges snap to bins\ndrag beside it to pan · Esc ends",
    Kind.BOUNDARY: "Edit this boundary: drag it along the diagonal\ndrag beside it to pan · Esc ends",
}
_ARROW = "Arrow: drag over several objects to select them, drag one to move it · Esc ends"

_LETTERS = string.ascii_letters + string.digits + " ·.,:;()#/-–×…"
_LETTERS_AT_ONCE, _LETTER_MS, _LETTERS_AFTER_MS = 3, 120, 1_500
_LETTER_PX, _MIN_LETTERS = 8, 30


def hint_for(kind: Kind, mode: str, add_mode: str) -> str:
    """What the mouse does in the layer of ``kind`` in napari's ``mode``; empty while it pans."""
    if mode == add_mode:
        return _ADD[kind]
    return _ARROW if mode == "select" else ""


def edit_hint(kind: Kind) -> str:
    """What the mouse does while an object of ``kind`` is edited."""
    return _EDIT[kind]


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


class LetterLoader:
    """Draws letters into the texture of napari's texts before they are needed, a few at a time.

    A letter takes 5 ms when a text has it for the first time; the first hint of a tool would stop the window for 0.2 s.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer, self._left = weakref.ref(viewer), list(_LETTERS)
        self._asked = False
        self._timer = QTimer()
        self._timer.timeout.connect(self._load)
        self._timer.start(_LETTERS_AFTER_MS)

    def close(self) -> None:
        """Stop."""
        if isalive(self._timer):
            self._timer.stop()
            self._timer.deleteLater()

    def _load(self) -> None:
        self._timer.setInterval(_LETTER_MS)
        viewer = self._viewer()
        if viewer is None or window_is_gone(viewer) or not self._left:
            self._timer.stop()
            return
        overlay = viewer.canvas.overlays.text
        font = _font_of(viewer)
        if font is None and not overlay.visible and not self._asked:
            self._asked = overlay.visible = True  # napari makes what draws a text when there is one to draw
            overlay.box, overlay.text = False, " "
        elif font is None:
            self._timer.stop()
        else:
            for letter in self._left[:_LETTERS_AT_ONCE]:
                font[letter]
            del self._left[:_LETTERS_AT_ONCE]
            viewer.window._qt_viewer.canvas.native.update()  # each goes to the graphics card with the next picture
        if font is not None and overlay.text == " ":
            overlay.visible, overlay.text = False, ""


def _font_of(viewer: Any) -> Any:
    """What the text overlay is drawn with; None where napari keeps it elsewhere."""
    canvas = getattr(getattr(getattr(viewer, "window", None), "_qt_viewer", None), "canvas", None)
    visuals = getattr(canvas, "_viewer_overlay_to_visual", {}).get(viewer.canvas.overlays.text)
    node = getattr(visuals[0], "node", None) if isinstance(visuals, list) and visuals else None
    return getattr(node, "_font", None)


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
