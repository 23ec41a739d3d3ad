"""Editing in a window: layers ⇄ store, keys, tools, undo."""

from __future__ import annotations

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.editor import Editor
from napari_hicstruct.plugin.controllers.keys import Keys
from napari_hicstruct.plugin.controllers.pointer import Pointer
from napari_hicstruct.plugin.controllers.review import Review
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.overlays.reviewed import ReviewedLayer
from napari_hicstruct.plugin.layers.overlays.transposes import Transposes
from napari_hicstruct.plugin.state.labels import LabelState
from napari_hicstruct.plugin.state.reviewer import give_name


class Editing:
    """The overlays, commands and keys of one window.

    Attributes
    ----------
    editor : Editor
    review : Review
    keys : Keys
    pointer : Pointer
    transposes : Transposes
    """

    def __init__(self, labels: LabelState, canvas: Canvas) -> None:
        self._window = labels.window
        self.editor = Editor(labels, canvas)
        self.review = Review(self.editor)
        self.keys = Keys(self.review)
        self.pointer = Pointer(self.review)
        self.transposes = Transposes(canvas, labels)
        self._with_transposes = False
        self._reviewed = ReviewedLayer(canvas, self.review.regions)
        self.editor.drawn.connect(self._drawn)
        self._window.map_changed.connect(self._on_map)
        self._window.project_changed.connect(give_name)
        give_name(self._window.project)
        self._on_map()

    def show_transposes(self, on: bool) -> None:
        """Outline the transpose of every stripe in view, or not."""
        self._with_transposes = on
        self.transposes.show(on and self._window.source is not None)
        self._drawn()

    def _drawn(self) -> None:
        stripes = self.editor.overlays.get(Kind.STRIPE)
        self.transposes.draw([] if stripes is None else stripes.uids)
        self._reviewed.draw()

    def _on_map(self) -> None:
        if self._window.source is None:
            self.keys.unbind()
            self.transposes.show(False)
            self.editor.hide_layers()
        else:
            self.editor.show_layers()
            self.transposes.show(self._with_transposes)
            self.keys.bind()

    def close(self) -> None:
        """Take layers and keys out of the window."""
        self.keys.unbind()
        self.pointer.close()
        with self.editor.canvas.as_one():
            self.transposes.show(False)
            self.review.close()
            self._window.map_changed.disconnect(self._on_map)
            self._window.project_changed.disconnect(give_name)
            self.editor.close()
