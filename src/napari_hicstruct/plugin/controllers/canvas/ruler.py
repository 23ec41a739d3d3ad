"""A strip along one edge of the canvas with positions on the chromosome."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_hicstruct.genome import display_name
from napari_hicstruct.plugin.state.map.axes import Ticks, ticks
from napari_hicstruct.plugin.state.map.seen import AxisKind, AxisSpan

_MAJOR_PX, _MINOR_PX, _GAP_PX = 6, 3, 28


class Ruler(QWidget):
    """Numbers at round positions, the chromosome's name and the unit; one widget, painted in a fraction of a ms.

    Parameters
    ----------
    orientation : Qt.Orientation
        Horizontal above the map, vertical (read upward) on its left.
    """

    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__()
        self._upright = orientation == Qt.Orientation.Vertical
        self._span: AxisSpan | None = None
        self._ink, self._paper = QColor("black"), QColor("white")
        font = self.font()
        font.setPointSizeF(max(7.0, 0.85 * font.pointSizeF()))
        self.setFont(font)
        self._metrics = QFontMetricsF(font)
        self._thick = round(self._metrics.height()) + _MAJOR_PX + 2
        stretch, fixed = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        self.setSizePolicy(*((fixed, stretch) if self._upright else (stretch, fixed)))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        rows = "rows, the first anchor. On a tilted map: the distance between both anchors."
        self.setToolTip("Position on the chromosome: " + (rows if self._upright else "columns, the second anchor."))

    def sizeHint(self) -> QSize:
        return QSize(self._thick, self._thick)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_colours(self, ink: QColor, paper: QColor) -> None:
        """Text and ground."""
        self._ink, self._paper = ink, paper
        self.update()

    def set_span(self, span: AxisSpan) -> None:
        """Show another part of the genome; painted with the next frame."""
        if span != self._span:
            self._span = span
            self.update()

    @property
    def shown(self) -> Ticks | None:
        """The ticks as they are painted; None without a map."""
        span = self._span
        if span is None or not span.bp_per_px:
            return None
        pixels = self.height() if self._upright else self.width()
        widest = self._metrics.horizontalAdvance(f"{span.length / 1e6:,.0f}.00")
        low, high = sorted((span.start, span.position(pixels)))
        return ticks(low, high, (widest + _GAP_PX) * abs(span.bp_per_px), span.length)

    def pixel(self, bp: float) -> float:
        """Where a position lies: pixels from the ruler's first one, which is the canvas's."""
        assert self._span is not None
        return self._span.pixel(bp)

    # ------------------------------------------------------------------ painting
    def paintEvent(self, event: Any) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._paper)
        shown = self.shown
        if shown is not None and self._span is not None:
            if self._upright:  # as if it lay flat: its end is up, its lower edge is at the map
                painter.translate(0, self.height())
                painter.rotate(-90)
            self._paint(painter, shown, self._span)
        painter.end()

    def _along(self, bp: float) -> float:
        return self.height() - self.pixel(bp) if self._upright else self.pixel(bp)

    def _paint(self, painter: QPainter, shown: Ticks, span: AxisSpan) -> None:
        long, edge = (self.height() if self._upright else self.width()), self._thick
        painter.setPen(QPen(self._ink, 1))
        ends = sorted(min(max(self._along(bp), 0), long) for bp in (0, span.length))
        lines = [QLineF(ends[0], edge - 0.5, ends[1], edge - 0.5)]
        for positions, tall in ((shown.minor, _MINOR_PX), ([at for at, _ in shown.major], _MAJOR_PX)):
            lines += [QLineF(x, edge - tall, x, edge) for x in map(self._along, positions)]
        painter.drawLines(lines)
        of = "distance" if span.kind is AxisKind.DISTANCE else display_name(span.chrom)
        name = self._paint_name(painter, f"{of} ({shown.unit})", long)
        for at, number in shown.major:
            width = self._metrics.horizontalAdvance(number)
            left = self._along(at) - width / 2
            if left >= 0 and left + width <= long and not (left < name.right() + 6 and left + width > name.left() - 6):
                painter.drawText(QPointF(left, self._metrics.ascent()), number)

    def _paint_name(self, painter: QPainter, text: str, long: int) -> QRectF:
        """The chromosome and the unit at the ruler's first pixels; where that is."""
        font = self.font()
        bold = self.font()
        bold.setBold(True)
        width = QFontMetricsF(bold).horizontalAdvance(text)
        left = long - width - 4 if self._upright else 4.0
        painter.setFont(bold)
        painter.drawText(QPointF(left, self._metrics.ascent()), text)
        painter.setFont(font)
        return QRectF(left, 0, width, self._thick)
