"""How well texts can be read and whether the focus is seen, measured on what is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QSlider,
    QTableView,
    QTreeView,
    QWidget,
)

MIN_CONTRAST = 4.5
_TEXTS = (QLabel, QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox)
_CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QSlider, QAbstractItemView)
_ROWS = 12
"""Of each list."""


def picture(widget: Any) -> NDArray[np.uint8]:
    """What a widget and all in it look like, ``(height, width, 3)``."""
    grabbed = widget.grab().toImage()
    image = grabbed.convertToFormat(grabbed.Format.Format_RGB32)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    flat = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return flat[:, : image.width(), 2::-1].copy()


def luminance(colours: NDArray[Any]) -> NDArray[np.float64]:
    """WCAG's, of ``(n, 3)`` colours from 0 to 255."""
    parts = colours / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def text_contrast(pixels: NDArray[np.uint8]) -> float:
    """Largest contrast of any colour with the one that most of a text's rectangle has."""
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    light = luminance(colours.astype(float))
    behind = light[np.argmax(counts)]
    return float(np.max((np.maximum(light, behind) + 0.05) / (np.minimum(light, behind) + 0.05)))


def unreadable(root: QWidget) -> tuple[list[str], int]:
    """Texts in ``root`` with less contrast than :data:`MIN_CONTRAST`, and how many were measured.

    Of lists and tables also a row that is chosen and has the keyboard.
    """
    found, seen = _unreadable(root, list(texts_of(root)))
    for view in root.findChildren(QAbstractItemView):
        if not view.isVisible() or not view.isEnabled() or view.focusPolicy() == Qt.FocusPolicy.NoFocus:
            continue
        if isinstance(view, QHeaderView) or not view.model().rowCount():
            continue
        view.setFocus()
        view.setCurrentIndex(view.model().index(0, 0))
        QApplication.processEvents()
        wrong, number = _unreadable(root, [(f"{text} (chosen)", area) for text, area in _cells(view, root)])
        found, seen = found + wrong, seen + number
    return found, seen


def _unreadable(root: QWidget, texts: list[tuple[str, QRect]]) -> tuple[list[str], int]:
    drawn, found, seen = picture(root), [], 0
    for text, area in texts:
        part = drawn[max(0, area.top()) : area.bottom() + 1, max(0, area.left()) : area.right() + 1]
        if not part.size or not re.search(r"\w", text):
            continue  # points alone are too small for a pixel of their full colour
        seen += 1
        if (figure := text_contrast(part)) < MIN_CONTRAST:
            found.append(f"{text!r} {figure:.2f}")
    return found, seen


def texts_of(root: QWidget) -> Iterator[tuple[str, QRect]]:
    """What is written in ``root`` and where; what cannot be used now need not have that contrast."""
    for widget in [root, *root.findChildren(QWidget)]:
        if not widget.isVisible() or not widget.isEnabled():
            continue
        corner = widget.mapTo(root, QPoint(0, 0))
        if isinstance(widget, QMenu):
            entries = (one for one in widget.actions() if one.isEnabled() and one.text())
            yield from ((one.text(), widget.actionGeometry(one).translated(corner)) for one in entries)
        elif isinstance(widget, QHeaderView):
            yield from _heads(widget, corner)
        elif isinstance(widget, QAbstractItemView):
            yield from _cells(widget, root)
        elif isinstance(widget, _TEXTS) and (text := _text(widget)).strip():
            yield text, widget.rect().translated(corner)


def _text(widget: Any) -> str:
    return re.sub(r"<[^>]*>", "", widget.currentText() if isinstance(widget, QComboBox) else widget.text())


def _heads(head: QHeaderView, corner: QPoint) -> Iterator[tuple[str, QRect]]:
    for place in range(head.count()):
        text = str(head.model().headerData(place, head.orientation()) or "")
        left = head.sectionViewportPosition(place)
        if text.strip() and not head.isSectionHidden(place) and left + 10 < head.width():
            yield text, QRect(left, 2, head.sectionSize(place) - 2, head.height() - 4).translated(corner)


def _cells(view: Any, root: QWidget) -> Iterator[tuple[str, QRect]]:
    model, port = view.model(), view.viewport()
    for row in range(min(model.rowCount(), _ROWS)) if model is not None else ():
        for index in (model.index(row, column) for column in range(_columns(view))):
            area = view.visualRect(index).intersected(port.rect())
            text = str(index.data() or "")
            if (
                not text.strip()
                # numbers stand at the right: of a column that is partly out of view they may be in that part
                or (area.width() < view.visualRect(index).width() and str(text).strip().replace(".", "").isdigit())
                or area.height() < 10
                or area.width() < 10
                or not index.flags() & Qt.ItemFlag.ItemIsEnabled
            ):
                continue
            marked = index.data(Qt.ItemDataRole.DecorationRole) is not None or index.data(10) is not None  # a tick
            area.setLeft(area.left() + (28 if marked else 2))
            yield text, area.adjusted(0, 2, -2, -2).translated(port.mapTo(root, QPoint(0, 0)))


def _columns(view: Any) -> int:
    """Qt keeps that of a list to itself."""
    return int(view.model().columnCount()) if isinstance(view, QTableView | QTreeView) else 1


def unseen_focus(root: QWidget) -> tuple[list[str], int]:
    """Controls in ``root`` that look the same with the keyboard as without, and how many were tried."""
    unseen, seen = [], 0
    for control in root.findChildren(_CONTROLS):
        usable = control.isVisible() and control.isEnabled() and control.focusPolicy() & Qt.FocusPolicy.TabFocus
        if not usable or isinstance(control, QHeaderView):
            continue
        if (focused := QApplication.focusWidget()) is not None:
            focused.clearFocus()
        QApplication.processEvents()
        before = picture(control)
        control.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if not control.hasFocus():
            continue  # one that passes the focus on: its part is measured by itself
        seen += 1
        if np.array_equal(before, picture(control)):
            unseen.append(f"{type(control).__name__} {getattr(control, 'text', str)()} {control.toolTip()[:30]}")
    return unseen, seen


__all__ = ["MIN_CONTRAST", "picture", "text_contrast", "texts_of", "unreadable", "unseen_focus"]
