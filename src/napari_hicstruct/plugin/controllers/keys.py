"""Key bindings: on the viewer and on every layer, because napari asks the active layer first.

napari binds several of these letters on its own layers (A selects all points, P paints labels …) and ignores key
bindings in manifests, so ours are bound in code to each layer instance, over its class's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.review import Review

KEYS: dict[str, str] = {
    "A": "accept",
    "R": "reject",
    "E": "edit",
    "N": "next",
    "P": "previous",
    "U": "undo",
    "Control-Z": "undo",
    "Control-Shift-Z": "redo",
    "L": "add loop",
    "S": "add stripe",
    "T": "add tad",
    "B": "add boundary",
    "M": "mark_region_reviewed",
    "G": "lasso_candidates",
    "Escape": "stop",
    "Delete": "delete",
    "Backspace": "delete",
}
"""Key → command."""

_OWN_LAYERS_ONLY = {"Control-V": "refuse_paste"}
_DELETE = ("Delete", "Backspace")


class Keys:
    """Binds and, when the map is closed, unbinds."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._viewer = review.editor.canvas.viewer
        self._bound: list[tuple[Any, str]] = []

    def bind(self) -> None:
        """Bind on the viewer, on all layers and on those to come; safe to call twice."""
        if self._bound:
            return
        for key, command in KEYS.items():
            self._put(self._viewer, key, self._calling(command))
        for layer in self._viewer.layers:
            self._bind_layer(layer)
        self._viewer.layers.events.inserted.connect(self._on_inserted)

    def unbind(self) -> None:
        """Give the keys back to napari."""
        if not self._bound:
            return
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for owner, key in self._bound:
            owner.bind_key(key, None)
        self._bound.clear()

    def run(self, command: str) -> None:
        """Carry out a command by its name in :data:`KEYS`."""
        name, _, kind = command.partition(" ")
        if kind:
            self._review.add(Kind(kind))
        else:
            getattr(self._review, name)()

    def _on_inserted(self, event: Any) -> None:
        self._bind_layer(event.value)

    def _bind_layer(self, layer: Any) -> None:
        ours = any(overlay.layer is layer for overlay in self._review.editor.overlays.values())
        for key, command in KEYS.items():
            call = self._calling(command)
            self._put(layer, key, call if ours or key not in _DELETE else _delete_own_first(call))
        if ours:
            for key, command in _OWN_LAYERS_ONLY.items():
                self._put(layer, key, self._calling(command))

    def _calling(self, command: str) -> Callable[[Any], None]:
        def call(_owner: Any) -> None:
            self.run(command)

        return call

    def _put(self, owner: Any, key: str, call: Callable[[Any], None]) -> None:
        owner.bind_key(key, call, overwrite=True)
        self._bound.append((owner, key))


def _delete_own_first(ours: Callable[[Any], None]) -> Callable[[Any], None]:
    """In somebody else's layer Delete first means what is selected there."""

    def call(layer: Any) -> None:
        if getattr(layer, "selected_data", None):
            layer.remove_selected()
        else:
            ours(layer)

    return call
