"""An UpSet plot: bars of how many structures each combination of callers has, dots below say which callers."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_hicstruct.plugin.state.consensus.upset import UpSet, short_number

_ROW, _DOT = 22, 4.5
"""Height of a caller's row and radius of a dot, px."""
_MIN_COLUMN, _MAX_COLUMN = 30, 56
_MAX_NAME, _SIZES, _GAP, _TOP = 170, 96, 10, 20
_MIN_BARS = 90
_BAR_DARK, _BAR_LIGHT = "#56B4E9", "#0072B2"


class UpSetPlot(QWidget):
    """Who agrees with whom; a tooltip gives the numbers of what is under the mouse, a click chooses a column.

    Combinations that do not fit are counted at the right end.

    Attributes
    ----------
    upset : UpSet or None
    chosen : frozenset of str
        Callers of the column that is marked; empty: none.
    clicked : Signal(frozenset of str)
        Callers of the column that was clicked, or that the arrow keys went to; empty: beside the columns.
    """

    clicked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.upset: UpSet | None = None
        self._min_callers = 2
        self._theme: dict[str, QColor] = {}
        self._hovered: tuple[str, int] | None = None
        self.chosen: frozenset[str] = frozenset()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Who agrees with whom")

    def show_upset(self, upset: UpSet | None, min_callers: int = 2) -> None:
        """Show another plot; combinations of fewer than ``min_callers`` are paler, for they are not listed."""
        if (upset, min_callers) == (self.upset, self._min_callers):
            return  # what is under the mouse stays so
        self.upset, self._min_callers, self._hovered = upset, min_callers, None
        rows, columns = ((), ()) if upset is None else (upset.rows, upset.columns)
        self.setAccessibleDescription(". ".join([*(one.text for one in rows), *(one.text for one in columns)]))
        self.setMinimumHeight(0 if upset is None else _TOP + _MIN_BARS + _ROW * len(upset.rows) + 8)
        self.update()

    def choose(self, callers: frozenset[str]) -> None:
        """Mark a column."""
        if callers != self.chosen:
            self.chosen = callers
            self.update()

    def set_theme(self, theme: str) -> None:
        """Take the colours of napari's theme."""
        from napari.utils.theme import get_theme

        known = get_theme(theme)
        self._theme = {
            name: QColor(getattr(known, name).as_hex()) for name in ("text", "secondary", "foreground", "background")
        }
        self._theme["bar"] = QColor(_BAR_DARK if known.type == "dark" else _BAR_LIGHT)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, 260)

    # ------------------------------------------------------------------ geometry
    def _name_width(self) -> float:
        metrics = QFontMetricsF(self.font())
        names = [] if self.upset is None else [metrics.horizontalAdvance(one.name) for one in self.upset.rows]
        return min(max(names, default=0.0) + 4, _MAX_NAME)

    def _matrix_left(self) -> float:
        return _SIZES + _GAP + self._name_width() + _GAP

    def _column_width(self) -> float:
        n = len(self.upset.columns) if self.upset is not None else 1
        return min(max((self.width() - self._matrix_left() - 8) / max(n, 1), _MIN_COLUMN), _MAX_COLUMN)

    def n_drawn(self) -> int:
        """How many columns fit."""
        if self.upset is None:
            return 0
        room = self.width() - self._matrix_left() - 8
        fitting, n = int(room // self._column_width()), len(self.upset.columns)
        return n if fitting >= n else max(fitting - 1, 1)  # one is left for the number of the others

    def _matrix_top(self) -> float:
        return self.height() - _ROW * len(self.upset.rows if self.upset is not None else ()) - 4

    def column_rect(self, place: int) -> QRectF:
        """Where a column stands, bar and dots."""
        width = self._column_width()
        return QRectF(self._matrix_left() + place * width, 0, width, self.height())

    def row_rect(self, place: int) -> QRectF:
        """Where a row stands, bar, name and dots."""
        return QRectF(0, self._matrix_top() + place * _ROW, self.width(), _ROW)

    # ------------------------------------------------------------------ mouse
    def under(self, at: QPointF) -> tuple[str, int] | None:
        """``("column", place)`` or ``("row", place)`` at a point."""
        if self.upset is None:
            return None
        for place in range(self.n_drawn()):
            if self.column_rect(place).contains(at):
                return "column", place
        for place in range(len(self.upset.rows)):
            if self.row_rect(place).contains(at) and at.x() < self._matrix_left():
                return "row", place
        return None

    def text_at(self, at: QPointF) -> str:
        """The numbers at a point, in a sentence."""
        found = self.under(at)
        if found is None or self.upset is None:
            return ""
        if found[0] == "row":
            return self.upset.rows[found[1]].text
        column = self.upset.columns[found[1]]
        return column.text + ("" if len(column.callers) >= self._min_callers else " (not in the list)")

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        found = self.under(event.position())
        if found != self._hovered:
            self._hovered = found
            is_column = found is not None and found[0] == "column"
            self.setCursor(Qt.CursorShape.PointingHandCursor if is_column else Qt.CursorShape.ArrowCursor)
            QToolTip.showText(event.globalPosition().toPoint(), self.text_at(event.position()), self)
            self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or self.upset is None:
            return
        found = self.under(event.position())
        is_column = found is not None and found[0] == "column"
        self.clicked.emit(self.upset.columns[found[1]].callers if found is not None and is_column else frozenset())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key())) if event is not None else None
        if step is None or self.upset is None:
            super().keyPressEvent(event)
            return
        drawn = [one.callers for one in self.upset.columns[: self.n_drawn()]]
        place = drawn.index(self.chosen) + step if self.chosen in drawn else 0
        if 0 <= place < len(drawn):
            self.clicked.emit(drawn[place])

    def leaveEvent(self, event: QEvent | None) -> None:
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    # ------------------------------------------------------------------ drawing
    def paintEvent(self, _event: QPaintEvent | None) -> None:
        if self.upset is None or not self._theme:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_rows(painter, self.upset)
        self._draw_columns(painter, self.upset)
        painter.end()

    def _ink(self, name: str, alpha: float = 1.0) -> QColor:
        colour = QColor(self._theme[name])
        colour.setAlphaF(alpha)
        return colour

    def _draw_rows(self, painter: QPainter, upset: UpSet) -> None:
        largest = max(one.n for one in upset.rows)
        metrics, names = QFontMetricsF(self.font()), self._name_width()
        for place, row in enumerate(upset.rows):
            rect = self.row_rect(place)
            if place % 2 == 0:
                painter.fillRect(rect, self._ink("foreground", 0.35))
            if self._hovered == ("row", place):
                painter.fillRect(rect, self._ink("secondary", 0.35))
            number = short_number(row.n)
            room = _SIZES - metrics.horizontalAdvance("88.8k") - 8
            length = max(room * row.n / largest, 1)
            bar = QRectF(_SIZES - length, rect.top() + 5, length, _ROW - 10)
            painter.fillRect(bar, self._ink("text", 0.6))
            painter.setPen(self._ink("text"))
            where = QRectF(0, rect.top(), bar.left() - 5, _ROW)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
            text = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, names)
            where = QRectF(_SIZES + _GAP, rect.top(), names, _ROW)
            painter.drawText(where, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_columns(self, painter: QPainter, upset: UpSet) -> None:
        drawn, largest, bottom = self.n_drawn(), max(one.n for one in upset.columns), self._matrix_top() - 6
        for place, column in enumerate(upset.columns[:drawn]):
            rect = self.column_rect(place)
            if self._hovered == ("column", place):
                painter.fillRect(rect, self._ink("secondary", 0.35))
            if column.callers == self.chosen:
                painter.fillRect(rect, self._ink("secondary", 0.35))
                painter.setPen(QPen(self._ink("text"), 1))
                painter.drawRect(rect.adjusted(1, 1, -1, -1))
            ink = self._ink("bar") if len(column.callers) >= self._min_callers else self._ink("text", 0.4)
            height = max((bottom - _TOP) * column.n / largest, 1)
            painter.fillRect(QRectF(rect.left() + 5, bottom - height, rect.width() - 10, height), ink)
            painter.setPen(self._ink("text"))
            where = QRectF(rect.left() - 6, bottom - height - _TOP, rect.width() + 12, _TOP - 2)
            painter.drawText(
                where, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, short_number(column.n)
            )
            self._draw_dots(painter, upset, place, ink)
        rest = len(upset.columns) - drawn
        if rest:
            where = self.column_rect(drawn)
            where.setHeight(bottom)
            painter.setPen(self._ink("text"))
            more = sum(one.n for one in upset.columns[drawn:])
            flags: Any = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            painter.drawText(where, flags, f"+{rest}\n({short_number(more)})")

    def _draw_dots(self, painter: QPainter, upset: UpSet, place: int, ink: QColor) -> None:
        middle = self.column_rect(place).center().x()
        inside = [k for k, row in enumerate(upset.rows) if row.name in upset.columns[place].callers]
        painter.setPen(QPen(ink, 2))
        ends = [QPointF(middle, self.row_rect(k).center().y()) for k in (inside[0], inside[-1])]
        painter.drawLine(*ends)
        painter.setPen(Qt.PenStyle.NoPen)
        for k in range(len(upset.rows)):
            painter.setBrush(ink if k in inside else self._ink("text", 0.16))
            painter.drawEllipse(QPointF(middle, self.row_rect(k).center().y()), _DOT, _DOT)
