"""What is left of a folded dock: one icon for each section, always at the same place."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QToolButton, QWidget

from napari_hicstruct.plugin.widgets.boxes import GAP, vbox
from napari_hicstruct.plugin.widgets.icons import icon

WIDTH = 34
_ICON = 18
_HIGH = 600
"""Pixels of height from which on there is room for more than icons."""


def icon_button(tooltip: str) -> QToolButton:
    """A square button for an icon; the keyboard reaches it."""
    button = QToolButton()
    button.setToolTip(tooltip)
    button.setAccessibleName(tooltip.split(".")[0])
    button.setIconSize(QSize(_ICON, _ICON))
    button.setFixedSize(WIDTH - 6, WIDTH - 6)
    button.setProperty("quiet", True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


class Strip(QWidget):
    """Icons below each other; ``chosen`` says which section a person wants, empty for the dock as it was."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.buttons: dict[str, QToolButton] = {}
        self._last: QWidget | None = None
        self._column = vbox(GAP, on=self, spacing=4, margins=(3, 4, 3, 4))
        self.add("", "Unfold the dock.", "unfold")

    def add(self, key: str, tooltip: str, picture: str = "") -> None:
        """One more icon, at the end."""
        button = self.buttons[key] = icon_button(tooltip)
        button.setProperty("picture", picture or key)
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._column.insertWidget(self._column.count() - 1, button)

    def add_last(self, widget: QWidget) -> None:
        """Something else below the icons; it goes where the strip is too low for all of it."""
        self._column.insertWidget(self._column.count() - 1, widget)
        self._last = widget

    def resizeEvent(self, event: Any) -> None:
        """Qt calls this with each new height."""
        super().resizeEvent(event)
        if self._last is not None:
            self._last.setHidden(self.height() < _HIGH)

    def minimumSizeHint(self) -> QSize:
        """The window may be as low as the icons alone are high."""
        return QSize(WIDTH, len(self.buttons) * WIDTH)

    def set_ink(self, colour: str) -> None:
        """Draw the icons in a colour."""
        for button in self.buttons.values():
            button.setIcon(icon(str(button.property("picture")), colour, _ICON))
