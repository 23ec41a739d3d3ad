"""The colour of a set, beside its name."""

from __future__ import annotations

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

_RATIO = 2


def colour_icon(colour: str, size: int = 14) -> QIcon:
    """A square of a set's colour, with an edge that is seen on white and on black."""
    pixmap = QPixmap(QSize(size * _RATIO, size * _RATIO))
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(_RATIO)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(QPen(QColor("#8A8A8A"), 1))
    painter.drawRoundedRect(QRectF(1, 1, size - 2, size - 2), 3, 3)
    painter.end()
    return QIcon(pixmap)
