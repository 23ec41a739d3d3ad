"""What the marks of the overlays mean: the colour is the set's, the shape says what a person judged."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_hicstruct.annotations.records import Status
from napari_hicstruct.plugin.state.labels.palette import STATUS_STYLES

_PER_ROW = 4
_MAX_PX = 345
"""What the dock has room for; with wider letters there are half as many in a row."""
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
    """One mark and one word per status; the tooltip says more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(_BETWEEN_PX)
        grid.setVerticalSpacing(2)
        words = sum(self.fontMetrics().horizontalAdvance(status.value) for status in STATUS_STYLES)
        wide = words + len(STATUS_STYLES) * (_MARK_PX + 2 * _BETWEEN_PX) > _MAX_PX
        per_row = _PER_ROW // 2 if wide else _PER_ROW
        for place, (status, style) in enumerate(STATUS_STYLES.items()):
            row, column = divmod(place, per_row)
            mark, word = StatusMark(status), QLabel(status.value)
            for label in (mark, word):
                label.setToolTip(f"{status.value}: {style.meaning}.\nThe colour is that of the set.")
            grid.addWidget(mark, row, 2 * column)
            grid.addWidget(word, row, 2 * column + 1)
        grid.setColumnStretch(2 * _PER_ROW, 1)
