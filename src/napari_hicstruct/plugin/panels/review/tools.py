"""The tools of the mouse as buttons, each with its key: a row at the top of the dock, a column where it is folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF
from qtpy.QtWidgets import QBoxLayout, QSizePolicy, QToolButton, QWidget

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.canvas.distance import COLOUR as DISTANCE
from napari_hicstruct.plugin.controllers.edit.lasso import COLOUR as LASSO
from napari_hicstruct.plugin.layers.overlays.reviewed import COLOUR as REVIEWED
from napari_hicstruct.plugin.state.commands import command
from napari_hicstruct.plugin.widgets.lifetime import follow

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.session import Session

_SIZE, _LEAST_PX = 16, 26
_INK = "#8C929C"
"""A grey that is seen on dark and on light; colours belong to the sets."""
_COLOURS = {
    **{f"add {kind.value}": _INK for kind in Kind},
    "lasso_candidates": LASSO,
    "mark_region_reviewed": REVIEWED,
    "measure": DISTANCE,
}
_ORDER = (*(f"add {kind.value}" for kind in Kind), "lasso_candidates", "mark_region_reviewed", "measure")


class ToolRow(QWidget):
    """Add a loop, a stripe, a TAD or a boundary; the lasso; region is reviewed; distances; the key sheet.

    The button of the tool in hand is down; a second click puts the tool down.

    Parameters
    ----------
    session : Session
    upright : bool
        A column, keys below the pictures.
    """

    def __init__(self, session: Session, *, upright: bool = False) -> None:
        super().__init__()
        self._upright = upright
        self._review, self._keys, self._labels = session.review, session.editing.keys, session.labels
        self.buttons: dict[str, QToolButton] = {}
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        row = QBoxLayout(down if upright else across, self)
        row.setContentsMargins(*((0, 6, 0, 0) if upright else (6, 0, 4, 2)))
        row.setSpacing(2)
        for name in _ORDER:
            button = self._button(name)
            button.setIcon(QIcon(tool_picture(name)))
            button.setIconSize(QSize(_SIZE, _SIZE))
            button.setCheckable(name != "mark_region_reviewed")
            row.addWidget(button, 1)
        row.addWidget(self._button("show_keys"))
        follow(self, self._review.tool_changed, self.refresh)
        follow(self, self._labels.changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show which tool the mouse has, and whether there may be edits."""
        tool, refusal = self._review.tool, self._labels.refusal
        for name, button in self.buttons.items():
            button.setChecked(name == tool)
            looks = name in ("show_keys", "measure")
            button.setEnabled(looks or not refusal)
            button.setToolTip(refusal if refusal and not looks else _meaning(name))

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(command(name).keys[0])
        under, beside = Qt.ToolButtonStyle.ToolButtonTextUnderIcon, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        button.setToolButtonStyle(under if self._upright else beside)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumWidth(_LEAST_PX)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it is
        button.setAccessibleName(command(name).text)
        button.clicked.connect(lambda: self._run(name))
        self.buttons[name] = button
        return button

    def _run(self, name: str) -> None:
        self._keys.run("stop" if name == self._review.tool else name)
        self.refresh()


def _meaning(name: str) -> str:
    one = command(name)
    return f"{one.text[0].upper()}{one.text[1:]} ({' or '.join(one.keys)})"


def tool_picture(name: str) -> QPixmap:
    """What the tool draws."""
    ratio = 2
    pixmap = QPixmap(QSize(_SIZE * ratio, _SIZE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(_COLOURS[name]), 2)
    if name in ("lasso_candidates", "mark_region_reviewed"):
        pen.setDashPattern([2.2, 1.4])
    painter.setPen(pen)
    painter.drawPath(_outline(name))
    painter.end()
    return pixmap


def _outline(name: str) -> QPainterPath:
    path = QPainterPath()
    if name == "add loop":
        path.addEllipse(QRectF(3, 3, 10, 10))
    elif name == "add stripe":
        path.addRect(QRectF(6, 2, 4, 12))
    elif name == "add tad":
        path.moveTo(2, 2)
        for x, y in ((14, 2), (14, 14), (2, 2)):
            path.lineTo(x, y)
    elif name == "add boundary":
        path.addPolygon(QPolygonF([QPointF(8, 2), QPointF(14, 8), QPointF(8, 14), QPointF(2, 8), QPointF(8, 2)]))
    elif name == "measure":
        path.moveTo(2, 14)
        for x, y in ((14, 2), (11, 2), (14, 2), (14, 5)):
            path.lineTo(x, y)
        path.moveTo(5, 14)
        path.lineTo(2, 14)
        path.lineTo(2, 11)
    elif name == "lasso_candidates":
        path.addEllipse(QRectF(1.5, 2, 13, 8))
        path.moveTo(5, 10)
        path.quadTo(4, 13, 8, 14.5)
    else:
        path.addRect(QRectF(2, 2, 12, 12))
    return path
