"""The key sheet: every command of the table with its keys, drawn as on a keyboard."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QFontMetricsF, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QShowEvent
from qtpy.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from napari_hicstruct.plugin.state.commands import Command

_COLUMNS = (("Judge", "Undo", "Mouse"), ("Go", "Draw", "Help"), ("Look",))
_FEWER_COLUMNS = (("Judge", "Undo", "Draw", "Help"), ("Go", "Look", "Mouse"))
_ONE_COLUMN = (("Judge", "Undo", "Go", "Draw", "Mouse", "Look", "Help"),)
"""On a small screen; on a very small one the wheel turns them."""

_WIDE_CAPS, _CAPS, _MARGIN, _BAR_PX = 150, 96, 24, 16
"""Width of the caps of the first column and of others, margins, and a scroll bar, px."""

_NOTE = "Keys work wherever the keyboard is, except in a text box while you type in it: Return or Esc leaves it."


class KeyCap(QWidget):
    """One key, drawn as a cap in the colours of the theme."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        height = metrics.height() + 9
        return QSize(round(max(height, metrics.horizontalAdvance(self._text) + 14)), round(height))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = palette.windowText().color()
        face, edge = (text.__class__(text) for _ in range(2))
        face.setAlphaF(0.08)
        edge.setAlphaF(0.45)
        outer = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(face)
        painter.drawRoundedRect(outer, 4, 4)
        top = outer.adjusted(0, 0, 0, -3)  # the cap stands on its base
        painter.drawRoundedRect(top, 4, 4)
        painter.setPen(text)
        painter.drawText(top, int(Qt.AlignmentFlag.AlignCenter), self._text)


class KeySheet(QDialog):
    """A dialog that lists commands by group; it closes by Esc, by ``ends``, or by its frame.

    Parameters
    ----------
    commands : iterable of Command
    parent : QWidget
    ends : str
        The key that opened it.
    """

    def __init__(self, commands: Iterable[Command], parent: QWidget, *, ends: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("HiC Structures: keys")
        self._ends = ends
        self._listed = [one for one in commands if one.group]
        self._note, self._area = QLabel(_NOTE), QScrollArea()
        self._note.setWordWrap(True)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(_MARGIN, 20, _MARGIN, 18)
        rows.setSpacing(16)
        rows.addWidget(self._area, 1)
        rows.addWidget(self._note)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Three columns of keys where the screen has room, else two, or one; only now their fonts are known."""
        room = _room(self.parentWidget() or self)
        for columns in (_COLUMNS, _FEWER_COLUMNS, _ONE_COLUMN):
            table = _table(columns, self._listed)
            self._area.setWidget(table)
            for one in (table, *table.findChildren(QWidget)):
                one.ensurePolished()
            wanted = table.sizeHint() + QSize(2 * _MARGIN + _BAR_PX, _BAR_PX)
            if wanted.width() <= room.width():
                break
        height = wanted.height() + 2 * _MARGIN + 16 + self._note.heightForWidth(wanted.width())
        self.resize(QSize(wanted.width(), height).boundedTo(room))
        super().showEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.text() == self._ends:
            self.close()
        else:
            super().keyPressEvent(event)


def _room(parent: QWidget) -> QSize:
    """What the screen has for a dialog and its frame."""
    screen = parent.screen()
    return QSize(1_280, 700) if screen is None else screen.availableGeometry().size() - QSize(20, 50)


def _table(columns: Iterable[Iterable[str]], commands: list[Command]) -> QWidget:
    """Groups of keys, from above in columns."""
    table = QWidget()
    row = QHBoxLayout(table)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(36)
    for groups in columns:
        column = QVBoxLayout()
        column.setSpacing(14)
        width = _WIDE_CAPS if "Judge" in groups else _CAPS
        for group in groups:
            column.addLayout(_group(group, [one for one in commands if one.group == group], width))
        column.addStretch(1)
        row.addLayout(column)
    return table


def _group(title: str, commands: list[Command], width: int) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(5)
    heading = QLabel(f"<b>{title}</b>")
    grid.addWidget(heading, 0, 0, 1, 2)
    for place, one in enumerate(commands, 1):
        grid.addLayout(_caps(one.keys), place, 0)
        grid.addWidget(QLabel(one.text), place, 1)
    grid.setColumnMinimumWidth(0, width)
    grid.setColumnStretch(1, 1)
    return grid


def _caps(keys: Iterable[str]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(3)
    for number, key in enumerate(keys):
        if number:
            row.addWidget(QLabel("or"))
        for part in _parts(key):
            row.addWidget(KeyCap(part))
    row.addStretch(1)
    return row


def native(key: str) -> str:
    """A key as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) or key


def _parts(key: str) -> list[str]:
    """``Ctrl``, ``Shift``, ``Z``."""
    return [native(part) for part in key.split("+")] if "+" in key else [native(key)]
