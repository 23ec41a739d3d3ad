"""A square over several chromosomes, with their borders and names: zoomed by the wheel, panned by a drag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_hicstruct.genome import display_name
from napari_hicstruct.plugin.layers.map.colormaps import CONTACTS, contact_colormap

if TYPE_CHECKING:
    from napari_hicstruct.contacts.genome_wide import GenomeGrid

_STEP, _MAX_ZOOM, _CLICK_PX = 1.25, 60.0, 4.0
_MIN_BETWEEN_PX = 6.0
"""Between the borders that are drawn: those of hundreds of scaffolds would hide all contacts."""
_BORDER = QColor(90, 96, 110, 150)


class GenomePicture(QWidget):
    """Rows downward, columns rightward, as in the map.

    Attributes
    ----------
    hovered, clicked : Signal(float, float)
        Row and column, in bins.
    """

    hovered = Signal(float, float)
    clicked = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 220)
        self._grid: GenomeGrid | None = None
        self._image: QImage | None = None
        self._zoom, self._middle = 1.0, QPointF(0.5, 0.5)
        self._pressed: tuple[QPointF, QPointF] | None = None
        self._dragged = False
        self._margin = QFontMetricsF(self.font()).height() + 4

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    def show_square(self, grid: GenomeGrid | None, shades: NDArray[np.float32] | None) -> None:
        """Show values from 0 to 1; another grid is shown whole."""
        if grid != self._grid:
            self._grid, self._zoom, self._middle = grid, 1.0, QPointF(0.5, 0.5)
        self._image = None if shades is None else _coloured(shades)
        self.update()

    # ------------------------------------------------------------------ where things lie
    def _square(self) -> QRectF:
        """Where the whole square lies, pixels; beyond the widget while it is zoomed."""
        room = self._room()
        side = min(room.width(), room.height()) * self._zoom
        left = room.center().x() - self._middle.x() * side
        top = room.center().y() - self._middle.y() * side
        return QRectF(left, top, side, side)

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(self._margin, self._margin, -2, -2)

    def pixel(self, row: float, col: float) -> QPointF:
        """Where a place (bins) lies, pixels of the widget."""
        square, n = self._square(), max(self._grid.n_bins if self._grid is not None else 1, 1)
        return QPointF(square.left() + col / n * square.width(), square.top() + row / n * square.height())

    def _bins(self, at: QPointF) -> tuple[float, float]:
        square, n = self._square(), self._grid.n_bins if self._grid is not None else 1
        return (at.y() - square.top()) / square.height() * n, (at.x() - square.left()) / square.width() * n

    # ------------------------------------------------------------------ mouse
    def wheelEvent(self, event: Any) -> None:
        """Zoom about the mouse."""
        at, before = event.position(), self._square()
        factor = _STEP if event.angleDelta().y() > 0 else 1 / _STEP
        zoom = min(max(1.0, self._zoom * factor), _MAX_ZOOM)
        x, y = (at.x() - before.left()) / before.width(), (at.y() - before.top()) / before.height()
        scale = before.width() * zoom / self._zoom
        room = self._room().center()
        self._zoom = zoom
        self._middle = QPointF(x - (at.x() - room.x()) / scale, y - (at.y() - room.y()) / scale)
        self._keep_inside()
        event.accept()

    def mousePressEvent(self, event: Any) -> None:
        self._pressed, self._dragged = (event.position(), QPointF(self._middle)), False

    def mouseMoveEvent(self, event: Any) -> None:
        at = event.position()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = at - self._pressed[0]
            self._dragged = self._dragged or moved.manhattanLength() > _CLICK_PX
            if self._dragged:
                side = self._square().width()
                self._middle = self._pressed[1] - QPointF(moved.x() / side, moved.y() / side)
                self._keep_inside()
        self.hovered.emit(*self._bins(at))

    def mouseReleaseEvent(self, event: Any) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is not None and not self._dragged and self._grid is not None:
            self.clicked.emit(*self._bins(event.position()))

    def _keep_inside(self) -> None:
        half = 0.5 / self._zoom
        self._middle = QPointF(*(min(max(at, half), 1 - half) for at in (self._middle.x(), self._middle.y())))
        self.update()

    # ------------------------------------------------------------------ painting
    def paintEvent(self, _event: Any) -> None:
        painter = QPainter(self)
        ink = self.palette().windowText().color()
        if self._grid is not None:
            square, room = self._square(), self._room()
            painter.save()
            painter.setClipRect(room)
            painter.fillRect(square, QColor("white"))
            if self._image is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, square.width() < self._image.width())
                painter.drawImage(square, self._image)
            self._paint_borders(painter, square)
            painter.restore()
            self._paint_names(painter, ink, square, room)
        painter.end()

    def _paint_borders(self, painter: QPainter, square: QRectF) -> None:
        assert self._grid is not None
        painter.setPen(QPen(_BORDER, 1))
        for start in self.borders():
            at = self.pixel(start, start)
            painter.drawLine(QPointF(at.x(), square.top()), QPointF(at.x(), square.bottom()))
            painter.drawLine(QPointF(square.left(), at.y()), QPointF(square.right(), at.y()))

    def borders(self) -> list[int]:
        """Where borders are drawn, in bins: those of chromosomes that have some pixels as they are zoomed."""
        if self._grid is None:
            return []
        starts = self._grid.starts
        per_bin = self._square().width() / max(self._grid.n_bins, 1)
        wide = np.diff(starts) * per_bin >= _MIN_BETWEEN_PX
        drawn = np.concatenate([[True], wide]) | np.concatenate([wide, [True]])
        return [int(start) for start in starts[drawn]]

    def _paint_names(self, painter: QPainter, ink: QColor, square: QRectF, room: QRectF) -> None:
        """Above and on the left, those that have room in what is seen of their chromosome."""
        assert self._grid is not None
        painter.setPen(ink)
        metrics = QFontMetricsF(painter.font())
        first = max(room.left(), square.left()), max(room.top(), square.top())
        ends = min(room.right(), square.right()), min(room.bottom(), square.bottom())
        for name, start, end in zip(self._grid.chroms, self._grid.starts[:-1], self._grid.starts[1:], strict=True):
            for across in (False, True):
                low, high = (
                    (one.y() if across else one.x()) for one in (self.pixel(start, start), self.pixel(end, end))
                )
                low, high = max(low, first[across]), min(high, ends[across])
                text = _fitting(metrics, name, high - low)
                if not text:
                    continue
                painter.save()
                if across:
                    painter.translate(first[0] - 4, (low + high) / 2)
                    painter.rotate(-90)
                else:
                    painter.translate((low + high) / 2, first[1] - 4)
                painter.drawText(QPointF(-metrics.horizontalAdvance(text) / 2, -metrics.descent() + 2), text)
                painter.restore()


def _fitting(metrics: QFontMetricsF, name: str, room: float) -> str:
    """``chr7``, or ``7`` where there is less room; empty where there is none."""
    long = display_name(name)
    return next((text for text in (long, long.removeprefix("chr")) if metrics.horizontalAdvance(text) + 3 <= room), "")


def _coloured(shades: NDArray[np.float32]) -> QImage:
    """The picture in the colours of contacts."""
    table = np.asarray(contact_colormap(CONTACTS).map(np.linspace(0, 1, 256)) * 255, np.uint8)
    pixels = np.ascontiguousarray(table[(shades * 255).astype(np.uint8)])
    height, width = shades.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
