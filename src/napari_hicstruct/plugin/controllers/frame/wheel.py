"""The wheel scrolls a dock; list boxes, numbers and sliders that come by under the pointer stay as they are.

Qt turns them by the wheel wherever it meets them, and on the way through the dock a model or a percentile would
change unseen.  One that has the keyboard, because it was clicked, takes the wheel.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QAbstractSlider, QAbstractSpinBox, QApplication, QComboBox, QScrollBar, QWidget

_OURS = "hicstruct"


def mark_ours(root: QWidget) -> None:
    """Let a dock or dialog be one of those whose controls leave the wheel alone."""
    root.setProperty(_OURS, True)


def passes_on(widget: Any, event: Any) -> bool:
    """True if an event of the wheel is not for ``widget``: it then goes to what is around it."""
    control = _control_of(widget)
    if control is None or _has_keyboard(control) or not _is_ours(control):
        return False
    event.ignore()
    return True


def _control_of(widget: Any) -> QWidget | None:
    """The control that a widget is (a part of); an opened list is none."""
    while isinstance(widget, QWidget) and not widget.isWindow():
        if isinstance(widget, QComboBox | QAbstractSpinBox | QAbstractSlider) and not isinstance(widget, QScrollBar):
            return widget
        widget = widget.parentWidget()
    return None


def _has_keyboard(control: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is control or control.isAncestorOf(focused))


def _is_ours(control: QWidget) -> bool:
    above: QWidget | None = control
    while above is not None and not above.property(_OURS):
        above = above.parentWidget()
    return above is not None
