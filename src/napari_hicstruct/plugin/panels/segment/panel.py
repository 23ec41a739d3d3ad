"""*Segment images*: train on a picture's labels, segment pictures, and learn from what is painted on the result."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QWidget
from superqt.utils import qdebounced, qthrottled

from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.layers.pictures import image_layers, picture_of
from napari_hicstruct.plugin.layers.repaired import image_of
from napari_hicstruct.plugin.layers.segmented import add_empty_labels
from napari_hicstruct.plugin.panels.segment.apply import ApplyView
from napari_hicstruct.plugin.panels.segment.correct import CorrectView
from napari_hicstruct.plugin.panels.segment.train import TrainView
from napari_hicstruct.plugin.state.images.segmentation import SegmentationState
from napari_hicstruct.plugin.widgets.boxes import GAP, vbox
from napari_hicstruct.plugin.widgets.layer_choice import LayerChoice
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.section import Section
from napari_hicstruct.plugin.widgets.style import form

_RECOUNT_MS = 700
"""After the last stroke of a brush."""

_PAINTED = ("data", "paint", "labels_update")


class SegmentPanel(QWidget):
    """The picture, and the three things that can be done with it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.state: SegmentationState = session.segmentation
        self.segmented_layers = session.segmented_layers
        self._watched: list[Any] = []
        self._painted_meanwhile = False
        self.picture = LayerChoice("Picture", "The Image layer that is learnt from, and that is segmented.")
        self.train, self.apply, self.correct = TrainView(self.state), ApplyView(self.state), CorrectView(self.state)
        self.picture.chosen.connect(self._choose)
        self.train.labels.chosen.connect(self._choose)
        self.correct.paint_wanted.connect(self._paint)
        self.train.new_wanted.connect(self._new_labels)
        self._lay_out()
        self.count_soon = qdebounced(self._painted_on, timeout=_RECOUNT_MS, parent=self)
        self._list_soon = qthrottled(self._list_layers, timeout=50, leading=False, parent=self)
        self._follow()
        self._take_theme()
        self.state.models.refresh()
        self._list_layers()
        self._choose()
        self.correct.show_result()

    def _lay_out(self) -> None:
        self.sections = {
            "train": Section("Train on this image", self.train, tooltip="Learn from the labels of the picture."),
            "segment": Section("Segment", self.apply, tooltip="Let a model label the picture."),
            "correct": Section(
                "Learn from corrections", self.correct, tooltip="Paint over what is wrong, and let the model learn it."
            ),
        }
        vbox(form([("Picture", self.picture)]), *self.sections.values(), GAP, on=self, spacing=6, margins=(8, 4, 8, 4))

    def _follow(self) -> None:
        viewer = self._session.viewer
        for name in ("inserted", "removed", "reordered"):
            follow(self, getattr(viewer.layers.events, name), self._list_soon)
        follow(self, viewer.events.theme, self._take_theme)
        follow(self, self.state.changed, self._state_changed)

    # ------------------------------------------------------------------ layers
    def _list_layers(self, _event: Any = None) -> None:
        viewer = self._session.viewer
        if viewer is None:
            return
        pictures = image_layers(viewer)
        self.picture.show_layers(pictures, otherwise=pictures[-1] if pictures else None)
        self.train.show_layers(viewer)
        self.correct.show_layers(viewer)
        self._watch()

    def _watch(self) -> None:
        """Follow what is painted, renamed or replaced in the layers that are chosen."""
        wanted = [one for one in (self.picture.layer, self.train.labels.layer, self.correct.layer.layer) if one]
        for layer in wanted:
            if layer not in self._watched:
                for name in _PAINTED:
                    if name in layer.events:
                        follow(self, layer.events[name], self.count_soon)
                follow(self, layer.events.name, self._list_soon)
        self._watched = wanted

    def _painted_on(self, _event: Any = None) -> None:
        """After the last stroke: count and compare anew; while something runs, once it has ended."""
        self._painted_meanwhile = self.state.running
        if not self._painted_meanwhile:
            self._choose()
            self.correct.choose()

    def _state_changed(self) -> None:
        if self._painted_meanwhile and not self.state.running:
            self._painted_meanwhile = False
            self.count_soon()

    def _choose(self) -> None:
        self._watch()
        picture, labels = self.picture.layer, self.train.labels.layer
        self.state.choose(
            None if picture is None else picture_of(picture), None if labels is None else image_of(labels)
        )

    def _new_labels(self) -> None:
        """Add labels to the picture and paint on them."""
        viewer, picture = self._session.viewer, self.state.picture
        if viewer is None or picture is None:
            return
        made = add_empty_labels(viewer, picture)
        self._list_layers()
        self.train.labels.choose(made)
        self._paint(made)

    def _paint(self, layer: Any) -> None:
        """Take napari's brush in hand on a layer."""
        viewer = self._session.viewer
        if layer is not None and viewer is not None and layer in viewer.layers:
            viewer.layers.selection.active = layer
            layer.visible = True
            layer.mode = "paint"

    def _take_theme(self, _event: Any = None) -> None:
        theme = str(self._session.viewer.theme)
        for view in (self.train, self.correct):
            view.running.set_theme(theme)
