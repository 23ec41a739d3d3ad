"""Which Labels layers are repaired: several of one kind are several samples of one function."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from napari_hicstruct.plugin.layers.repaired import image_of, labels_layers
from napari_hicstruct.plugin.state.images.repair_images import LabelImage
from napari_hicstruct.plugin.widgets.style import tick_style

_MAX_ROWS, _ROW_PX = 5, 22
_TIP = "Tick one layer, or several of one kind: they are samples of one function and help each other."


class LayerList(QListWidget):
    """The Labels layers of a viewer, each with a tick; the first one there is ticked by itself.

    Attributes
    ----------
    chosen : Signal
        Others are ticked now, or what is ticked has another name.
    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip(_TIP)
        self.setAccessibleName("Labels layers")
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._layers: list[Any] = []
        self._ticked: list[Any] = []
        self.itemChanged.connect(self._item_changed)

    def show_layers(self, viewer: Any) -> None:
        """Show the layers that there are; ticks stay with their layers."""
        known, before = self._layers, list(self._ticked)
        self._layers = labels_layers(viewer)
        self._ticked = [layer for layer in self._ticked if layer in self._layers]
        if not self._ticked and (new := [one for one in self._layers if one not in known]):
            self._ticked = [new[0]]
        self.blockSignals(True)
        self.clear()
        for layer in self._layers:
            shape = " × ".join(f"{n:,}" for n in _shape(layer))
            item = QListWidgetItem(f"{layer.name}    {shape}", self)
            item.setToolTip(f"{layer.name}: {shape}\n{_TIP}")
            item.setSizeHint(QSize(0, _ROW_PX))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            on = layer in self._ticked
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.blockSignals(False)
        rows = max(1, min(len(self._layers), _MAX_ROWS))
        self.setFixedHeight(rows * _ROW_PX + 2 * self.frameWidth() + 4)
        if self._ticked != before:
            self.chosen.emit()

    def tick(self, layer: Any, on: bool = True) -> None:
        """Tick a layer, or not."""
        item = self.item(self._layers.index(layer))
        assert item is not None
        item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    @property
    def layers(self) -> list[Any]:
        """The layers that are ticked, in the order of the list."""
        return [layer for layer in self._layers if layer in self._ticked]

    def images(self) -> list[LabelImage]:
        """The same, as a repair knows them."""
        return [image_of(layer) for layer in self.layers]

    def set_theme(self, theme: str) -> None:
        """Draw the ticks in napari's theme, as its check boxes."""
        self.setStyleSheet(tick_style("QListView", theme))

    def _item_changed(self, item: QListWidgetItem) -> None:
        layer, on = self._layers[self.row(item)], item.checkState() is Qt.CheckState.Checked
        if on is not (layer in self._ticked):
            self._ticked = [*self._ticked, layer] if on else [one for one in self._ticked if one is not layer]
            self.chosen.emit()


def _shape(layer: Any) -> tuple[int, ...]:
    data = layer.data[0] if layer.multiscale else layer.data
    return tuple(data.shape)
