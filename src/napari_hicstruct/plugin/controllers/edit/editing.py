"""Editing in a window: layers ⇄ store, keys, tools, undo."""

from __future__ import annotations

from typing import Any

from psygnal import Signal

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.canvas.navigation import Navigation
from napari_hicstruct.plugin.controllers.edit.editor import Editor
from napari_hicstruct.plugin.controllers.edit.pointer import Pointer
from napari_hicstruct.plugin.controllers.edit.review import Review
from napari_hicstruct.plugin.controllers.keyboard.keys import Keys
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.overlays.reviewed import ReviewedLayer
from napari_hicstruct.plugin.layers.overlays.transposes import Transposes
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.map.navigation import NavigationState
from napari_hicstruct.plugin.state.review.reviewer import give_name


class Editing:
    """The overlays, commands and keys of one window.

    Attributes
    ----------
    editor : Editor
    review : Review
    navigation : Navigation
    keys : Keys
    pointer : Pointer
    transposes : Transposes
    with_transposes : bool
        The mirror images of stripes are wanted, with this map and the next.
    transposes_switched : Signal(bool)
        They are wanted, or no longer: also when a person took their layer, or that of the stripes, out of the window.
    """

    transposes_switched = Signal(bool)

    def __init__(self, labels: LabelState, canvas: Canvas) -> None:
        self._window = labels.window
        self.editor = Editor(labels, canvas)
        self.review = Review(self.editor)
        self.navigation = Navigation(self.review, NavigationState.of(labels.window))
        self.keys = Keys(self.review, self.navigation)
        self.pointer = Pointer(self.review)
        self.transposes = Transposes(canvas, labels)
        self.with_transposes = False
        self._reviewed = ReviewedLayer(canvas, self.review.regions)
        self.editor.drawn.connect(self._drawn)
        self.editor.layer_removed.connect(self._on_overlay_removed)
        canvas.viewer.layers.events.removed.connect(self._on_layer_removed)
        self._window.map_changed.connect(self._on_map)
        self._window.project_changed.connect(give_name)
        give_name(self._window.project)
        self._on_map()

    def show_transposes(self, on: bool) -> None:
        """Outline the transpose of every stripe in view, or not."""
        changed, self.with_transposes = on is not self.with_transposes, on
        self.transposes.show(on and self._window.source is not None)
        self._drawn()
        if changed:
            self.transposes_switched.emit(on)

    def _drawn(self) -> None:
        self.editor.turn_casings()
        self.transposes.draw(self.editor.overlays.get(Kind.STRIPE))
        self._reviewed.draw()

    def _on_overlay_removed(self, kind: Kind) -> None:
        if kind is Kind.STRIPE:
            self.show_transposes(False)

    def _on_layer_removed(self, event: Any) -> None:
        if event.value is self.transposes.layer:
            self.show_transposes(False)

    def _on_map(self) -> None:
        if self._window.source is None:
            self.keys.unbind()
            self.transposes.show(False)
            self.editor.hide_layers()
        else:
            self.editor.show_layers()
            self.transposes.show(self.with_transposes)
            self.keys.bind()

    def close(self) -> None:
        """Take layers and keys out of the window."""
        self.keys.unbind()
        self.pointer.close()
        if self.editor.canvas.viewer is not None:
            self.editor.canvas.viewer.layers.events.removed.disconnect(self._on_layer_removed)
        with self.editor.canvas.as_one():
            self.transposes.show(False)
            self.review.close()
            self._window.map_changed.disconnect(self._on_map)
            self._window.project_changed.disconnect(give_name)
            self.editor.close()
