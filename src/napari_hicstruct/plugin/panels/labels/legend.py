"""What the marks of the overlays mean: the colour is the set's, the shape says what a person judged."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, QSize
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_hicstruct.annotations.records import Status
from napari_hicstruct.plugin.state.labels.palette import STATUS_STYLES

_PER_ROW = 4
_MARK_PX, _BETWEEN_PX = 14, 4


class StatusMark(QWidget):
    """The mark of a loop of a status, as it is drawn over the map, in the theme's ink."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self._status = status
        self.setFixedSize(_MARK_PX, _MARK_PX)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        _draw_mark(painter, self._status, self.palette().color(QPalette.ColorRole.WindowText))
        painter.end()


def _draw_mark(painter: QPainter, status: Status, ink: QColor) -> None:
    style = STATUS_STYLES[status]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(style.opacity)
    painter.setPen(QPen(ink, 0.8 * style.width))
    inside = QColor(ink)
    inside.setAlphaF(style.inside)
    painter.setBrush(inside)
    area = QRectF(2.5, 2.5, _MARK_PX - 5, _MARK_PX - 5)
    if style.loop == "x":
        for ends in ((area.topLeft(), area.bottomRight()), (area.topRight(), area.bottomLeft())):
            painter.drawLine(*(QPointF(end) for end in ends))
    elif style.loop == "square":
        painter.drawRect(area)
    else:
        painter.drawEllipse(area)


class Legend(QWidget):
    """One mark and one word per status, in one row where there is room for it; the tooltip says more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 2, 0, 2)
        self._grid.setHorizontalSpacing(_BETWEEN_PX)
        self._grid.setVerticalSpacing(2)
        self._pairs = [(StatusMark(status), QLabel(status.value)) for status in STATUS_STYLES]
        for pair, (status, style) in zip(self._pairs, STATUS_STYLES.items(), strict=True):
            for label in pair:
                label.setToolTip(f"{status.value}: {style.meaning}.\nThe colour is that of the set.")
        self._per_row = 0
        self._grid.setColumnStretch(2 * _PER_ROW, 1)
        self._arrange(_PER_ROW)

    def _arrange(self, per_row: int) -> None:
        if per_row == self._per_row:
            return
        self._per_row = per_row
        for place, pair in enumerate(self._pairs):
            row, column = divmod(place, per_row)
            for k, label in enumerate(pair):
                self._grid.addWidget(label, row, 2 * column + k)
        self.updateGeometry()

    def _wide(self, per_row: int) -> int:
        """Width of so many in a row, px."""
        words = [word.sizeHint().width() for _, word in self._pairs]
        columns = [max(words[column::per_row]) for column in range(per_row)]
        return sum(columns) + per_row * (_MARK_PX + 2 * _BETWEEN_PX)

    def minimumSizeHint(self) -> QSize:
        """Half of them below the others where the dock is narrow."""
        return QSize(self._wide(_PER_ROW // 2), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Break the row, or join it again."""
        super().resizeEvent(event)
        self._arrange(_PER_ROW if self.width() >= self._wide(_PER_ROW) else _PER_ROW // 2)
