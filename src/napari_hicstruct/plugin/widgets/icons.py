"""Line icons of the dock, drawn in the ink of the theme."""

from __future__ import annotations

from qtpy.QtCore import QByteArray, QRectF, QSize, Qt
from qtpy.QtGui import QIcon, QPainter, QPixmap
from qtpy.QtSvg import QSvgRenderer

_SHAPES = {
    "map": '<path d="M4 4h16v16H4zM4 4l16 16M9 4v5M4 9h5M15 15v5M15 15h5"/>',
    "labels": '<circle cx="8" cy="8" r="4"/><path d="M13 19V11h8v8zM3 16l4 5 4-5"/>',
    "tracks": '<path d="M3 10h3V6h3v4h4V4h3v6h5M3 20h18M5 15l4 2-4 2zM19 15l-4 2 4 2z"/>',
    "second": '<path d="M4 4h16v16zM4 7v13h13z"/>',
    "predict": '<circle cx="6" cy="7" r="2"/><circle cx="6" cy="17" r="2"/><circle cx="18" cy="12" r="2.5"/>'
    '<path d="M8 7.8l7.6 3.2M8 16.2l7.6-3.2"/>',
    "review": '<path d="M4 13l5 5L20 6"/>',
    "learn": '<path d="M4 19V5M4 19h16M6 8c4 7 8 9 14 9"/>',
    "why": '<circle cx="12" cy="12" r="9"/><path d="M9.3 9.3c.3-3.5 5.7-3 5.3.2-.2 1.7-2.6 2-2.6 4.2M12 16.8v.4"/>',
    "export": '<path d="M12 15V4M8 8l4-4 4 4M5 13v7h14v-7"/>',
    "fold": '<path d="M6 6l6 6-6 6M13 6l6 6-6 6"/>',
    "unfold": '<path d="M18 6l-6 6 6 6M11 6l-6 6 6 6"/>',
    "panels": '<path d="M3 5h18v14H3zM10 5v14M5.5 9h2M5.5 12h2"/>',
}
NAMES = tuple(_SHAPES)
_RATIO = 2


def icon(name: str, colour: str, size: int = 18) -> QIcon:
    """One of :data:`NAMES`, in a colour."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke-width="1.9" '
        f'stroke-linecap="round" stroke-linejoin="round" stroke="{colour}">{_SHAPES[name]}</svg>'
    )
    pixmap = QPixmap(QSize(size * _RATIO, size * _RATIO))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size * _RATIO, size * _RATIO))
    painter.end()
    pixmap.setDevicePixelRatio(_RATIO)
    return QIcon(pixmap)
