"""Small shared pieces of look: subdued text, rows of exclusive buttons, compact buttons; follows napari's theme."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qtpy.compat import isalive
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from napari_hicstruct.plugin.state.commands import last_key
from napari_hicstruct.plugin.state.sentences import breakable
from napari_hicstruct.plugin.widgets.boxes import hbox
from napari_hicstruct.plugin.widgets.inks import SECONDARY, inked

LABEL_WIDTH = 84
"""Width of the column of labels, so that all sections align (px at 100 %)."""


def subdued(label: QLabel) -> QLabel:
    """The same label in quieter text."""
    return inked(label, SECONDARY)


def show_text(label: QLabel, text: str) -> None:
    """Show a label with a text; without one it takes no room."""
    label.setText(text)
    label.setVisible(bool(text))


def selectable(*labels: QLabel, rich: bool = False) -> None:
    """Let long texts (``rich``: HTML) run over several lines, and the mouse take words from them."""
    for label in labels:
        if rich:
            label.setTextFormat(Qt.TextFormat.RichText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)


def tick_style(view: str, theme: str) -> str:
    """Style sheet of a view (``QListView``, ``QTreeView``) whose ticks are as napari's check boxes: views have none."""
    from napari.utils.theme import get_theme

    known = get_theme(theme)
    return (
        f"{view}::indicator {{ width: 14px; height: 14px; border-radius: 2px; }}"
        f"{view}::indicator:enabled {{ background-color: {known.foreground.as_hex()}; }}"
        f"{view}::indicator:checked {{ background-color: {known.current.as_hex()};"
        f' image: url("theme_{known.id}:/check.svg"); }}'
    )


class Said(QLabel):
    """A message over several lines; it takes no room while there is nothing to say."""

    def __init__(self, *, quiet: bool = True) -> None:
        super().__init__()
        selectable(self)
        if quiet:
            subdued(self)
        self.hide()

    def say(self, text: str) -> None:
        """Show the text; an empty one hides the label.

        Long names are broken at the end of a line, but no path: it may be copied from here, and stays one.
        """
        show_text(self, " ".join(word if "/" in word or "\\" in word else breakable(word) for word in text.split(" ")))


def allow(button: QWidget, tip: str, why_not: str, busy: str = "") -> None:
    """Enable a button unless something is against it; its tooltip says what, else what the button does.

    Parameters
    ----------
    tip : str
        What it does.
    why_not : str
        Why it cannot be done; empty if it can.
    busy : str
        What is being done that must end first.
    """
    button.setEnabled(not why_not and not busy)
    button.setToolTip(why_not or busy or tip)


def bare(group: QWidget) -> QWidget:
    """The same group of buttons without frame and margins."""
    group.setStyleSheet("QGroupBox { border: none; margin: 0px; padding: 0px; }")
    if (layout := group.layout()) is not None:
        layout.setContentsMargins(0, 0, 0, 0)
    return group


class Segmented(QWidget):
    """A row of buttons of which exactly one is down: few choices, all visible, arrow keys move between them.

    Parameters
    ----------
    choices : mapping of str to (str, str)
        Key → (text, tooltip).
    """

    chosen = Signal(str)

    def __init__(self, choices: Mapping[str, tuple[str, str]], *, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        layout = hbox(on=self, spacing=1)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for key, (text, tooltip) in choices.items():
            button = QPushButton(text)
            button.setCheckable(True)
            button.setToolTip(tooltip)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._buttons[key] = button
            layout.addWidget(button, 1)

    @property
    def value(self) -> str:
        """Key of the button that is down."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def set_value(self, key: str) -> None:
        """Put a button down without a signal."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def set_enabled(self, key: str, enabled: bool, tooltip: str) -> None:
        """Enable or disable one choice; the tooltip says why."""
        self._buttons[key].setEnabled(enabled)
        self._buttons[key].setToolTip(tooltip)

    def button(self, key: str) -> QPushButton:
        """One of the buttons."""
        return self._buttons[key]


def compact_button(text: str, tooltip: str, call: Callable[..., object] | None = None) -> QToolButton:
    """A small button with a glyph, and what a click on it calls."""
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setAccessibleName(tooltip.split(".")[0])
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFixedWidth(26)
    if call is not None:
        button.clicked.connect(call)
    return button


def wordy_button(text: str, tooltip: str, call: Callable[..., object] | None = None) -> QPushButton:
    """A button with a word or two, and what a click on it calls."""
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if call is not None:
        button.clicked.connect(call)
    return button


def form(rows: list[tuple[str, QWidget | list[QWidget]]]) -> QGridLayout:
    """Labels in one aligned column, controls in the other; the first control of a row takes the room."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(0, LABEL_WIDTH)
    grid.setColumnStretch(1, 1)
    for number, (text, content) in enumerate(rows):
        label = subdued(QLabel(text))
        first = content[0] if isinstance(content, list) else content
        label.setBuddy(first)
        grid.addWidget(label, number, 0)
        if isinstance(content, list):
            line = hbox(spacing=4)
            for place, widget in enumerate(content):
                line.addWidget(widget, 1 if place == 0 else 0)
            grid.addLayout(line, number, 1)
        else:
            grid.addWidget(content, number, 1)
    return grid


def reveal(widget: QWidget, *, beside: int = 24) -> None:
    """Scroll to a widget, and ``beside`` px above and below it, once the layout around it is done.

    Not while the mouse is over what would move, unless a key asked for it: who presses one wants to see what it did.
    """
    by_key = last_key.was_just_now()

    def scroll() -> None:
        area: QWidget | None = widget if isalive(widget) else None
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None and (by_key or not area.underMouse()):
            area.ensureWidgetVisible(widget, 0, beside)

    QTimer.singleShot(50, scroll)
