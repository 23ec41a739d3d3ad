"""The colours of the map with numbers, and what the numbers are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QPointF, QRectF, QSize
from qtpy.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_hicstruct.plugin.layers.map.colour_scale import ColourScale

_BAR_PX, _SWATCH_PX, _GAP_PX = 10, 14, 6
_NO_DATA = "masked"


class ColourBar(QWidget):
    """Follows the layer of a picture; painted when its colours or limits change."""

    def __init__(self, on_change: Callable[[], object]) -> None:
        super().__init__()
        self._on_change = on_change
        self._layer: Any = None
        self._scale: Callable[[], ColourScale] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")

    def sizeHint(self) -> QSize:
        return QSize(120, round(self._metrics.height()) + _BAR_PX + 3)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @property
    def scale(self) -> ColourScale | None:
        """What is shown; None without a picture."""
        return None if self._scale is None else self._scale()

    def follow(self, layer: Any = None, scale: Callable[[], ColourScale] | None = None) -> None:
        """Show the colours of another layer (None: of none), which ``scale`` gives as they are now."""
        if layer is self._layer:
            return
        if self._layer is not None:
            for emitter in self._emitters(self._layer):
                emitter.disconnect(self._changed)
        self._layer, self._scale = layer, scale
        if layer is not None:
            for emitter in self._emitters(layer):
                emitter.connect(self._changed)
        self.update()

    @staticmethod
    def _emitters(layer: Any) -> tuple[Any, ...]:
        return layer.events.contrast_limits, layer.events.colormap, layer.events.gamma

    def _changed(self, *_: Any) -> None:
        if isalive(self):  # the dock may be closed while the map stays
            self.update()
            self._on_change()

    @property
    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.font())

    def paintEvent(self, event: Any) -> None:
        scale = self.scale
        if scale is None:
            return
        painter, metrics = QPainter(self), self._metrics
        ink = self.palette().color(self.foregroundRole())
        aside = metrics.horizontalAdvance(_NO_DATA) + _GAP_PX
        bar = QRectF(0.5, 0.5, self.width() - aside - _GAP_PX - 1, _BAR_PX)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for place, rgba in enumerate(scale.colours):
            gradient.setColorAt(place / (len(scale.colours) - 1), QColor.fromRgbF(*map(float, rgba)))
        painter.setPen(QPen(QColor(128, 128, 128), 1))
        painter.fillRect(bar, gradient)
        painter.drawRect(bar)
        swatch = QRectF(self.width() - aside / 2 - _SWATCH_PX / 2, 0.5, _SWATCH_PX, _BAR_PX)
        painter.fillRect(swatch, QColor.fromRgbF(*map(float, scale.no_data)))
        painter.drawRect(swatch)
        painter.setPen(ink)
        base = _BAR_PX + 2 + metrics.ascent()
        for part, number in zip((0.0, 0.5, 1.0), scale.numbers, strict=True):
            width = metrics.horizontalAdvance(number)
            left = min(max(0.0, part * bar.width() - width / 2), bar.width() - width)
            painter.drawText(QPointF(left, base), number)
        painter.drawText(QPointF(self.width() - metrics.horizontalAdvance(_NO_DATA), base), _NO_DATA)
        painter.end()

    def event(self, event: Any) -> bool:
        """Numbers are read out where one hovers or listens."""
        if event.type() == event.Type.ToolTip and self.scale is not None:
            self.setToolTip(describe(self.scale))
        return super().event(event)


def describe(scale: ColourScale) -> str:
    """The scale in words."""
    first, middle, last = scale.numbers
    return (
        f"From {first} over {middle} to {last}: {scale.meaning}. Bins without data (masked) have a colour of their own."
    )
