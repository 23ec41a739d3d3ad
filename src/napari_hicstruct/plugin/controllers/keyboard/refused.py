"""Boxes whose text was refused: they keep the keyboard, for what is typed next corrects the text.

On the canvas the same letters would be commands: the r of a chromosome's name would reject the current object.
"""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QWidget

_REFUSED = "refused"


def set_refused(box: QWidget, on: bool) -> None:
    """Say whether what stands in a box is refused; the style sheet of the docks draws it so."""
    if bool(box.property(_REFUSED)) is on:
        return
    box.setProperty(_REFUSED, on)
    if (style := box.style()) is not None:
        style.polish(box)


def is_refused(box: QWidget) -> bool:
    """True if what stands in a box was refused, or is not a number that a spin box takes."""
    if isinstance(box, QAbstractSpinBox):
        line = box.lineEdit()
        typed = "" if line is None else line.text().removeprefix(_of(box, "prefix")).removesuffix(_of(box, "suffix"))
        return bool(typed.strip()) and not box.hasAcceptableInput()
    return bool(box.property(_REFUSED))


def select_text(box: QWidget) -> None:
    """Select all that stands in a box: what is typed takes its place."""
    line = box.lineEdit() if isinstance(box, QComboBox | QAbstractSpinBox) else box
    if isinstance(line, QLineEdit):
        line.selectAll()


def _of(box: QAbstractSpinBox, name: str) -> str:
    """Prefix or suffix of a spin box that has one."""
    get = getattr(box, name, None)
    return str(get()) if callable(get) else ""
