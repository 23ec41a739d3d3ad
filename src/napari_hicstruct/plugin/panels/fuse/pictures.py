"""Which two Image layers are fused."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QWidget

from napari_hicstruct.plugin.layers.pictures import image_layers, picture_of
from napari_hicstruct.plugin.state.images.fusion import FusionState
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.layer_choice import LayerChoice
from napari_hicstruct.plugin.widgets.style import compact_button, form

_TIP = "Two pictures of the same thing and of one size; where they lie is taken from A."


class PicturesForm(QWidget):
    """Pictures A and B, and a button that changes their places."""

    def __init__(self, state: FusionState) -> None:
        super().__init__()
        self._state = state
        self.first = LayerChoice("Picture A", f"Picture A. {_TIP}")
        self.second = LayerChoice("Picture B", f"Picture B. {_TIP}")
        self.swap = compact_button("⇅", "Change places: A becomes B.", self._swap)
        for box in (self.first, self.second):
            box.chosen.connect(self._choose)
        vbox(form([("Picture A", self.first), ("Picture B", [self.second, self.swap])]), on=self)

    def show_layers(self, viewer: Any) -> None:
        """Offer the layers that there are; the first two are chosen by themselves."""
        layers = image_layers(viewer)
        free = [one for one in layers[::-1] if one not in (self.first.layer, self.second.layer)]
        for box in (self.first, self.second):
            new = free[0] if box.layer not in layers and free else None
            free = [one for one in free if one is not new]
            box.show_layers(layers, otherwise=new)

    def choose(self) -> None:
        """Take over what the layers hold and are called now."""
        self._choose()

    def _choose(self) -> None:
        layers = (self.first.layer, self.second.layer)
        first, second = (None if one is None else picture_of(one) for one in layers)
        self._state.choose_pictures(first, second)

    def _swap(self) -> None:
        first, second = self.first.layer, self.second.layer
        for box, layer in ((self.first, second), (self.second, first)):
            box.blockSignals(True)
            box.choose(layer)
            box.blockSignals(False)
        self._choose()
