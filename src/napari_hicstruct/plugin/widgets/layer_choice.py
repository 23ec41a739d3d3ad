"""A list of layers to choose one from; a choice stays with its layer, whatever it is called and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy

_MIN_PX = 70


class LayerChoice(QComboBox):
    """Layers by name; their size is in the tooltip.

    Parameters
    ----------
    name : str
        What is chosen, for screen readers.
    tooltip : str
    none : str
        Shown while nothing is chosen.

    Attributes
    ----------
    chosen : Signal
        Another layer is chosen, or it has another name.
    """

    chosen = Signal()

    def __init__(self, name: str, tooltip: str, *, none: str = "choose a layer") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(tooltip)
        self.setPlaceholderText(none)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_MIN_PX)
        self._tip = tooltip
        self._layers: list[Any] = []
        self._texts: list[str] = []
        self._layer: Any = None
        self.activated.connect(self._activated)

    @property
    def layer(self) -> Any:
        """The layer that is chosen, or None."""
        return self._layer

    def show_layers(self, layers: Sequence[Any], *, otherwise: Any = None) -> None:
        """Offer these; if the one that was chosen is gone, ``otherwise`` is chosen."""
        before, texts = self._layer, [str(one.name) for one in layers]
        if self._layer not in layers:
            self._layer = otherwise
        changed = self._layer is not before or (texts, list(layers)) != (self._texts, self._layers)
        self._layers, self._texts = list(layers), texts
        if not changed:
            return
        self.blockSignals(True)
        self.clear()
        for place, one in enumerate(layers):
            self.addItem(texts[place])
            self.setItemData(place, f"{one.name}: {_size(one)}", Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(self._layers.index(self._layer) if self._layer in self._layers else -1)
        self.blockSignals(False)
        self._say()
        self.chosen.emit()

    def choose(self, layer: Any) -> None:
        """Choose a layer of the list."""
        self._layer = layer
        self.setCurrentIndex(self._layers.index(layer) if layer in self._layers else -1)
        self._say()
        self.chosen.emit()

    def _activated(self, place: int) -> None:
        self.choose(self._layers[place])

    def _say(self) -> None:
        self.setToolTip(self._tip if self._layer is None else f"{self._layer.name}: {_size(self._layer)}\n{self._tip}")


def _size(layer: Any) -> str:
    data = layer.data[0] if layer.multiscale else layer.data
    rgb = bool(getattr(layer, "rgb", False))
    shape = tuple(data.shape)[:-1] if rgb else tuple(data.shape)
    return " × ".join(f"{n:,}" for n in shape) + (" RGB" if rgb else "")
