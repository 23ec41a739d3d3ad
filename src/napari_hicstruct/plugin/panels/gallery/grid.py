"""Thumbnails in a grid that paints only what is in view: thousands of them scroll at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from qtpy.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from qtpy.QtWidgets import QAbstractScrollArea, QWidget

from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.genome import format_bp
from napari_hicstruct.plugin.layers.map.colormaps import CONTACTS, contact_colormap
from napari_hicstruct.plugin.state.labels.palette import STATUS_STYLES, has_score, strength_of
from napari_hicstruct.plugin.state.review.gallery import SHADES, GalleryState, Thumb
from napari_hicstruct.plugin.widgets.inks import inks_of

GAP, CAPTION, BUTTON = 8, 17, 22
MIN_SIDE, MAX_SIDE, USUAL_SIDE = 64, 240, 112
_FRAMES = {Status.ACCEPTED: "#009E73", Status.EDITED: "#CC79A7", Status.REJECTED: "#8A8A8A"}
_CURSOR, _CHOSEN = "#3B8EF3", "#E69F00"
_NEAR_PX = 4


@dataclass(frozen=True, slots=True)
class Hit:
    """What lies under the mouse: the number of a thumbnail, and the button on it, if any."""

    index: int
    button: Status | None


def colour_table() -> list[int]:
    """The window's colours of contacts, and of bins without data, as ``0xAARRGGBB``."""
    import numpy as np

    colours = contact_colormap(CONTACTS)
    shades = [*colours.map(np.linspace(0, 1, SHADES)), colours.nan_color]
    return [QColor.fromRgbF(*(float(part) for part in one)).rgb() for one in shades]


class ThumbGrid(QAbstractScrollArea):
    """The grid; arrows move its cursor, A, R and U judge, a click on ✓ or ✗ of a thumbnail does, too.

    Parameters
    ----------
    state : GalleryState

    Attributes
    ----------
    opened : Signal(str)
        An object shall be shown on the map.
    moved : Signal
        The cursor or what is chosen changed.
    cursor : int
        Number of the thumbnail that the keys act on.
    """

    opened = Signal(str)
    moved = Signal()

    def __init__(self, state: GalleryState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self.side, self.cursor = state, USUAL_SIDE, 0
        self.outlined = True
        self._chosen: set[str] = set()
        self._images: dict[str, QImage] = {}
        self._table = colour_table()
        self._hover: Hit | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setObjectName("hicGallery")
        self.setAccessibleName("Gallery of objects")
        self.viewport().setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._moved_view())

    # ------------------------------------------------------------------ geometry
    @property
    def columns(self) -> int:
        """Thumbnails beside each other."""
        return max(1, (self.viewport().width() - GAP) // (self.side + GAP))

    @property
    def row_height(self) -> int:
        """From one line of thumbnails to the next, px."""
        return self.side + CAPTION + GAP

    def cell(self, index: int) -> QRect:
        """Where the picture of a thumbnail is on the viewport."""
        row, column = divmod(index, self.columns)
        room = self.viewport().width() - GAP - self.columns * (self.side + GAP)
        left = GAP + max(0, room) // 2 + column * (self.side + GAP)
        return QRect(left, GAP + row * self.row_height - self.verticalScrollBar().value(), self.side, self.side)

    def hit(self, place: QPoint) -> Hit | None:
        """What lies at a place of the viewport."""
        row = (place.y() + self.verticalScrollBar().value() - GAP) // self.row_height
        for column in range(self.columns):
            index = row * self.columns + column
            if 0 <= index < len(self.state.uids) and self.cell(index).adjusted(0, 0, 0, CAPTION).contains(place):
                found = [one for one, area in self._buttons(index) if area.contains(place)]
                return Hit(index, found[0] if found else None)
        return None

    def visible_range(self) -> range:
        """Numbers of the thumbnails in view."""
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        first = max(0, (top - GAP) // self.row_height)
        last = (top + height) // self.row_height + 1
        return range(first * self.columns, min(len(self.state.uids), last * self.columns))

    def _buttons(self, index: int) -> list[tuple[Status, QRect]]:
        cell = self.cell(index)
        top = cell.bottom() - BUTTON
        accept = QRect(cell.left() + 3, top, cell.width() // 2 - 4, BUTTON - 2)
        reject = QRect(cell.left() + cell.width() // 2 + 1, top, cell.width() // 2 - 4, BUTTON - 2)
        return [(Status.ACCEPTED, accept), (Status.REJECTED, reject)]

    # ------------------------------------------------------------------ what is shown
    def set_side(self, side: int) -> None:
        """Make thumbnails larger or smaller; the cursor's stays in view."""
        self.side = min(max(side, MIN_SIDE), MAX_SIDE)
        self._fit()
        self.show_cursor()

    def relist(self) -> None:
        """Other objects, or another order: begin at the top unless the cursor's object is still there."""
        self._chosen &= set(self.state.uids)
        self.cursor = min(self.cursor, max(0, len(self.state.uids) - 1))
        self._fit()
        self._moved_view()

    def take(self, uids: list[str]) -> None:
        """Thumbnails came: paint them if they are in view."""
        for uid in uids:
            self._images.pop(uid, None)
        self.viewport().update()

    def chosen(self) -> list[str]:
        """What the keys act on, in the gallery's order."""
        if self._chosen:
            return [uid for uid in self.state.uids if uid in self._chosen]
        return self.state.uids[self.cursor : self.cursor + 1]

    def choose(self, index: int, *, add: bool = False, through: bool = False) -> None:
        """Put the cursor on a thumbnail; ``add`` chooses it, too, ``through`` all from the cursor to it."""
        if not 0 <= index < len(self.state.uids):
            return
        if through:
            low, high = sorted((self.cursor, index))
            self._chosen |= set(self.state.uids[low : high + 1])
        elif add:
            self._chosen ^= {self.state.uids[index]}
        else:
            self._chosen = set()
        self.cursor = index
        self.show_cursor()
        self.viewport().update()
        self.moved.emit()

    def show_cursor(self) -> None:
        """Scroll as little as shows the cursor's thumbnail whole."""
        bar, cell = self.verticalScrollBar(), self.cell(self.cursor)
        if cell.top() < GAP:
            bar.setValue(bar.value() + cell.top() - GAP)
        elif cell.bottom() + CAPTION + GAP > self.viewport().height():
            bar.setValue(bar.value() + cell.bottom() + CAPTION + GAP - self.viewport().height())

    def judge(self, status: Status) -> None:
        """Judge what is chosen; from a single one the cursor goes on to the next."""
        uids, single = self.chosen(), not self._chosen
        if not self.state.judge(uids, status):
            return
        self._chosen = set()
        if single and self.cursor < len(self.state.uids) and self.state.uids[self.cursor] in uids:
            self.choose(self.cursor + 1)

    def _fit(self) -> None:
        rows = -(-len(self.state.uids) // self.columns)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self.row_height // 3)
        bar.setRange(0, max(0, rows * self.row_height + GAP - self.viewport().height()))
        self.viewport().update()

    def _moved_view(self) -> None:
        """Ask for what is in view now, then for the page behind it."""
        seen = self.visible_range()
        ahead = range(seen.stop, min(len(self.state.uids), seen.stop + len(seen)))
        self.state.want([self.state.uids[k] for k in (*seen, *ahead)])
        self.viewport().update()

    # ------------------------------------------------------------------ painting
    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paint what is in view."""
        painter = QPainter(self.viewport())
        inks = inks_of(self)
        painter.fillRect(self.viewport().rect(), self.palette().base())
        for index in self.visible_range():
            self._paint_one(painter, index, QColor(inks.secondary))
        painter.end()

    def _paint_one(self, painter: QPainter, index: int, ink: QColor) -> None:
        uid, cell = self.state.uids[index], self.cell(index)
        record, thumb = self.state.record(uid), self.state.thumb(uid)
        if record is None:
            return
        painter.fillRect(cell, QColor(128, 128, 128, 40))
        faded = record.status is Status.REJECTED
        painter.setOpacity(0.4 if faded else 1.0)
        if thumb is not None:
            area = _fitted(thumb, cell)
            painter.drawImage(area, self._image(uid, thumb))
            if self.outlined:
                _outline(painter, thumb, area, record.kind, QColor(self.state.labels.set_of(uid).colour))
        painter.setOpacity(1.0)
        self._paint_frame(painter, index, record.status)
        text = f"{strength_of(record):.2f} · " if has_score(record) else ""
        caption = QRect(cell.left(), cell.bottom() + 2, cell.width(), CAPTION - 2)
        painter.setPen(ink)
        flags = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(caption, flags | Qt.AlignmentFlag.AlignLeft, f"{text}{format_bp(record.distance)}")
        if record.status is not Status.PROPOSED:
            painter.setPen(QColor(_FRAMES[record.status]))
            painter.drawText(caption, flags | Qt.AlignmentFlag.AlignRight, STATUS_STYLES[record.status].mark)

    def _paint_frame(self, painter: QPainter, index: int, status: Status) -> None:
        cell = self.cell(index)
        if status in _FRAMES:
            painter.setPen(QPen(QColor(_FRAMES[status]), 3))
            painter.drawRect(cell.adjusted(1, 1, -2, -2))
        is_cursor = index == self.cursor
        if is_cursor or self.state.uids[index] in self._chosen:
            pen = QPen(QColor(_CURSOR if is_cursor else _CHOSEN), 3 if is_cursor else 2)
            painter.setPen(pen)
            painter.drawRect(cell.adjusted(-3, -3, 2, 2))
        if self._hover is not None and self._hover.index == index:
            for judged, area in self._buttons(index):
                lit = self._hover.button is judged
                painter.fillRect(area, QColor(_FRAMES[judged]) if lit else QColor(30, 30, 34, 190))
                painter.setPen(QColor("white"))
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, STATUS_STYLES[judged].mark)

    def _image(self, uid: str, thumb: Thumb) -> QImage:
        image = self._images.get(uid)
        if image is None:
            rows, cols = thumb.shades.shape
            image = QImage(thumb.shades.tobytes(), cols, rows, cols, QImage.Format.Format_Indexed8).copy()
            image.setColorTable(self._table)
            if len(self._images) > 4_000:
                self._images.clear()
            self._images[uid] = image
        return image

    # ------------------------------------------------------------------ mouse and keys
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the columns; the cursor's thumbnail stays in view."""
        super().resizeEvent(event)
        self._fit()
        self._moved_view()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show the buttons of the thumbnail under the mouse."""
        assert event is not None
        found = self.hit(event.pos())
        if found != self._hover:
            self._hover = found
            self.viewport().update()

    def leaveEvent(self, event: object) -> None:
        """No buttons while the mouse is elsewhere."""
        self._hover = None
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Judge by a button, else choose."""
        assert event is not None
        found = self.hit(event.pos())
        if found is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if found.button is not None:
            self.choose(found.index)
            self.state.judge([self.state.uids[found.index]], found.button)
            return
        keys = event.modifiers()
        self.choose(
            found.index,
            add=bool(keys & Qt.KeyboardModifier.ControlModifier),
            through=bool(keys & Qt.KeyboardModifier.ShiftModifier),
        )

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Show it on the map; a second click on a button is a click."""
        assert event is not None
        found = self.hit(event.pos())
        if found is not None and found.button is not None:
            self.mousePressEvent(event)
        elif found is not None:
            self.opened.emit(self.state.uids[found.index])

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """The cursor is seen."""
        super().focusInEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """A, R, U, Enter, arrows, Home, End, page keys."""
        assert event is not None
        call = self._calls().get(event.key())
        if call is None:
            super().keyPressEvent(event)
        else:
            call()
            event.accept()

    def _calls(self) -> dict[int, Callable[[], object]]:
        page = max(1, self.viewport().height() // self.row_height) * self.columns
        keys, last = Qt.Key, len(self.state.uids) - 1
        steps = {
            keys.Key_Left: -1,
            keys.Key_Right: 1,
            keys.Key_Up: -self.columns,
            keys.Key_Down: self.columns,
            keys.Key_PageUp: -page,
            keys.Key_PageDown: page,
            keys.Key_Home: -self.cursor,
            keys.Key_End: last - self.cursor,
        }
        moves = {key: partial(self._step, by) for key, by in steps.items()}
        enter = self._open_cursor
        return {
            **moves,
            keys.Key_A: lambda: self.judge(Status.ACCEPTED),
            keys.Key_R: lambda: self.judge(Status.REJECTED),
            keys.Key_U: self.state.undo,
            keys.Key_Return: enter,
            keys.Key_Enter: enter,
        }

    def _step(self, by: int) -> None:
        self.choose(min(max(0, self.cursor + by), len(self.state.uids) - 1))

    def _open_cursor(self) -> None:
        if self.cursor < len(self.state.uids):
            self.opened.emit(self.state.uids[self.cursor])

    def sizeHint(self) -> QSize:
        """Room for five columns."""
        return QSize(5 * (USUAL_SIDE + GAP) + 3 * GAP, 4 * (USUAL_SIDE + CAPTION + GAP))


def _fitted(thumb: Thumb, cell: QRect) -> QRectF:
    """The middle of a cell in the picture's own shape."""
    rows, cols = thumb.shades.shape
    scale = min(cell.width() / cols, cell.height() / rows)
    width, height = cols * scale, rows * scale
    return QRectF(cell.left() + (cell.width() - width) / 2, cell.top() + (cell.height() - height) / 2, width, height)


def _outline(painter: QPainter, thumb: Thumb, area: QRectF, kind: Kind, colour: QColor) -> None:
    """Where the object lies; of loops and boundaries a frame that leaves the bins about it free."""
    top, left, bottom, right = thumb.place
    box = QRectF(
        area.left() + left * area.width(),
        area.top() + top * area.height(),
        (right - left) * area.width(),
        (bottom - top) * area.height(),
    )
    if kind in (Kind.LOOP, Kind.BOUNDARY):
        margin = max(2.0 * area.width() / thumb.shades.shape[1], _NEAR_PX)
        box = box.adjusted(-margin, -margin, margin, margin)
    for ink, width in ((QColor(0, 0, 0, 120), 2.6), (colour, 1.3)):
        painter.setPen(QPen(ink, width))
        painter.drawRect(box)
