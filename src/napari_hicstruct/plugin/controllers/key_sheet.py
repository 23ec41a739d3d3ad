"""The key sheet: every command of the table with its keys, drawn as on a keyboard."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QFontMetricsF, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_hicstruct.plugin.state.commands import Command
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox

_COLUMNS = (("Judge", "Undo", "Mouse"), ("Go", "Draw", "Help"), ("Look",))
_CAPS_WIDTH = (150, 96, 96)
"""Of the column of caps, px."""

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
        listed = [one for one in commands if one.group]
        row = hbox(spacing=36)
        for groups, width in zip(_COLUMNS, _CAPS_WIDTH, strict=True):
            column = vbox(spacing=14)
            for group in groups:
                column.addLayout(_group(group, [one for one in listed if one.group == group], width))
            column.addStretch(1)
            row.addLayout(column)
        note = QLabel(_NOTE)
        note.setWordWrap(True)
        vbox(row, note, on=self, spacing=16, margins=(24, 20, 24, 18))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.text() == self._ends:
            self.close()
        else:
            super().keyPressEvent(event)


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
    row = hbox(spacing=3)
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
