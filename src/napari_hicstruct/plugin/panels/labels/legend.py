"""What the colours of the overlays mean."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_hicstruct.plugin.state.palette import LEGEND

_PER_ROW = 3


def swatch(colour: str, size: int = 12) -> QPixmap:
    """A ring of ``colour``, as loops are drawn."""
    ratio = 2
    pixmap = QPixmap(QSize(size * ratio, size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(ratio)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), 2.2))
    painter.drawEllipse(2, 2, size - 4, size - 4)
    painter.end()
    return pixmap


class Legend(QWidget):
    """One ring and one word per colour; the tooltip says more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for place, (name, colour, meaning) in enumerate(LEGEND):
            row, column = divmod(place, _PER_ROW)
            ring, word = QLabel(), QLabel(name)
            ring.setPixmap(swatch(colour))
            for label in (ring, word):
                label.setToolTip(f"{name}: {meaning}")
            grid.addWidget(ring, row, 2 * column)
            grid.addWidget(word, row, 2 * column + 1)
        grid.setColumnStretch(2 * _PER_ROW, 1)
