"""What the mouse does on the map besides panning: a click selects, a right click opens a menu, a drag edits.

napari gives presses to the active layer; here they are seen first, so that it does not matter which layer that is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.plugin.controllers.edit.edit_tool import Grip
from napari_hicstruct.plugin.controllers.edit.object_menu import ObjectMenu
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.state.labels.hit import hits

CLICK_PX = 4.0
"""A press that moves less is a click: a hand is never quite still."""

_LEFT, _RIGHT = 1, 2


class Pointer:
    """Follows presses on the canvas of one window."""

    def __init__(self, review: Review) -> None:
        self._review, self._editor = review, review.editor
        self._canvas = review.editor.canvas
        self.menu = ObjectMenu(review)
        self._last_click: NDArray[np.float64] | None = None
        viewer = self._canvas.viewer
        viewer.mouse_drag_callbacks.insert(0, self._on_press)
        self._others_double = list(viewer.mouse_double_click_callbacks)
        viewer.mouse_double_click_callbacks[:] = [self._on_double_click]

    def under(self, place: tuple[float, float]) -> list[str]:
        """Uids of the objects that are seen at ``place`` (row, column; bp), the most likely meant first."""
        labels, shown = self._editor.labels, []
        for uid in self._editor.shown_uids():
            record = labels.record(uid)
            if record is not None:
                shown.append((record, labels.triangle_of(uid)))
        return hits(shown, place, self._canvas.bp_per_px(), current=labels.current_uid)

    def click(self, place: tuple[float, float], at: NDArray[np.float64]) -> None:
        """Select what is at ``place`` (bp; ``at`` in canvas pixels): at the same place again, the next one there."""
        found, current = self.under(place), self._editor.labels.current_uid
        again = self._last_click is not None and _near(at, self._last_click)
        self._last_click = at
        if not found:
            self._review.select(None)
            return
        number = found.index(current) + 1 if again and current in found else 0
        self._review.select(found[number % len(found)], of=len(found))

    def open_menu(self, place: tuple[float, float]) -> None:
        """The menu of the object at ``place``, which is selected, or of the place itself."""
        found, current = self.under(place), self._editor.labels.current_uid
        if found:  # and nothing else: the menu names one, and acts on that one
            self._review.select(current if current in found else found[0], of=len(found))
        self.menu.open(found, place)

    def _on_press(self, viewer: Any, event: Any) -> Iterator[None]:
        if self._review.labels.window.source is None or event.modifiers or not self._is_free():
            return
        button = event.button or _LEFT
        start, place = np.array(event.pos, float), self._canvas.genome(event.position)
        grip = self._review.edit_tool.grip(place) if button == _LEFT else None
        pans = viewer.scene.camera.mouse_pan
        if grip is not None:
            viewer.scene.camera.mouse_pan = False
        yield
        try:
            moved = yield from self._follow(event, start, grip)
        finally:
            viewer.scene.camera.mouse_pan = pans
        if moved and grip is not None:
            grip.drop(self._canvas.genome(event.position))
        elif not moved and button == _LEFT:
            self.click(place, start)
        elif not moved and button == _RIGHT:
            self.open_menu(place)

    def _on_double_click(self, viewer: Any, event: Any) -> None:
        """Qt says so instead of a second press: on an object that is a second click, beside all it zooms as ever."""
        place = self._canvas.genome(event.position)
        free = self._review.labels.window.source is not None and self._is_free()
        if free and not event.modifiers and (event.button or _LEFT) == _LEFT and self.under(place):
            self.click(place, np.array(event.pos, float))
            return
        for callback in self._others_double:
            callback(viewer, event)

    def _follow(self, event: Any, start: NDArray[np.float64], grip: Grip | None) -> Generator[None, None, bool]:
        """Until the button is released; true if the mouse went further than a click goes."""
        moved = False
        while event.type == "mouse_move":
            moved = moved or not _near(np.array(event.pos, float), start)
            if moved and grip is not None:
                grip.drag(self._canvas.genome(event.position))
            yield
        return moved or not _near(np.array(event.pos, float), start)

    def _is_free(self) -> bool:
        """False while a press belongs to a tool: somebody else's layer, one of ours that adds, lasso, distance."""
        if self._review.lasso.takes_mouse or self._review.distance.in_hand:
            return False
        active = self._canvas.viewer.layers.selection.active
        mode = str(getattr(active, "mode", "pan_zoom"))
        ours = any(overlay.layer is active for overlay in self._editor.overlays.values())
        return mode == "pan_zoom" or (ours and mode in ("select", "add_rectangle"))

    def close(self) -> None:
        """Let go of the viewer."""
        self.menu.close()
        viewer = self._canvas.viewer
        if viewer is not None and self._on_press in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._on_press)
            viewer.mouse_double_click_callbacks[:] = self._others_double


def _near(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return float(np.hypot(*(one - other))) <= CLICK_PX
