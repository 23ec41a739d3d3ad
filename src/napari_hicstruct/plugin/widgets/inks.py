"""Colours of text in the docks: by what they mean, in a shade that reads on napari's dark and on its light theme.

No one colour has a contrast of 4.5 with both backgrounds, so each meaning has two.  Widgets name the meaning; the dock
gives the shade, and gives another when the theme changes.
"""

from __future__ import annotations

import re
import weakref
from dataclasses import dataclass
from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtGui import QColor, QShowEvent
from qtpy.QtWidgets import QLabel, QWidget

from napari_hicstruct.plugin.controllers.frame.wheel import mark_ours
from napari_hicstruct.plugin.widgets.lifetime import follow

SECONDARY, PROBLEM, BETTER, WORSE = "secondary", "problem", "better", "worse"
"""What a colour means; in rich text ``color:better``, shown by an :class:`InkLabel`."""


@dataclass(frozen=True, slots=True)
class Inks:
    """Shades for one kind of theme; ``focus`` is the ring round the control that has the keyboard."""

    secondary: str
    problem: str
    better: str
    worse: str
    focus: str


DARK = Inks(secondary="#B4B9C2", problem="#F5A05A", better="#3DCFA2", worse="#F5A05A", focus="#9DBBFF")
LIGHT = Inks(secondary="#53575E", problem="#963F00", better="#00614A", worse="#963F00", focus="#1B47B8")
_CHOSEN_ROW = "#005C99"
"""Behind it on the dark theme: on napari's own grey its text has a contrast of 4.1."""

_TOKEN = re.compile(r"color:\s*(secondary|problem|better|worse)\b")
_FIELDS = "QComboBox, QLineEdit, QAbstractSpinBox"
_WITHOUT_WHEEL = "QComboBox, QAbstractSpinBox, QSlider"
"""What Qt would give the keyboard to when the wheel comes by."""
_LISTS = ("QListView", "QTreeView", "QTableView")
_VIEWS = f"{', '.join(_LISTS)}, QSlider"
_THEME = "hicTheme"


def inks_of(widget: QWidget) -> Inks:
    """The shades of the dock that a widget is in; by its background where it is in none."""
    above: QWidget | None = widget
    while above is not None:
        if (kind := above.property(_THEME)) is not None:
            return DARK if kind == "dark" else LIGHT
        above = above.parentWidget()
    return DARK if widget.palette().window().color().lightness() < 128 else LIGHT


def inked(label: QLabel, ink: str) -> QLabel:
    """The same label, written in the ink of that meaning."""
    label.setProperty("ink", ink)
    label.style().polish(label)  # type: ignore[union-attr]  # a widget always has one
    return label


class InkLabel(QLabel):
    """A label whose rich text names inks (``<b style="color:better">``)."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._plain = text
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show a text in the shades of the theme."""
        self._plain = text or ""
        inks = inks_of(self)
        super().setText(_TOKEN.sub(lambda found: f"color:{getattr(inks, found[1])}", self._plain))

    def showEvent(self, event: QShowEvent | None) -> None:
        """Only now is it known in which dock the label is."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Take over the shades of another theme."""
        self.setText(self._plain)


def dress(root: QWidget, viewer: Any) -> None:
    """Give ``root`` and all in it inks and focus rings, those of the viewer's theme, now and when it changes."""
    mark_ours(root)
    dresser = _Dresser(root, viewer)
    root.__dict__["_dresser"] = dresser
    follow(root, viewer.events.theme, dresser.dress)
    dresser.dress()


def dress_once(dialog: QWidget) -> None:
    """Give a dialog that asks and goes the inks and focus rings of the window that it belongs to."""
    mark_ours(dialog)
    dialog.ensurePolished()  # only then is its background that of the theme
    inks = inks_of(dialog)
    dialog.setProperty(_THEME, "dark" if inks is DARK else "light")
    dialog.setStyleSheet(sheet(inks))


class _Dresser:
    def __init__(self, root: QWidget, viewer: Any) -> None:
        self._root, self._viewer = weakref.ref(root), weakref.ref(viewer)  # neither is kept by how it looks

    def dress(self, _event: object = None) -> None:
        root, viewer = self._root(), self._viewer()
        if root is None or viewer is None:
            return
        dark = get_theme(viewer.theme).type == "dark"
        root.setProperty(_THEME, "dark" if dark else "light")
        root.setStyleSheet(sheet(DARK if dark else LIGHT))
        for label in root.findChildren(InkLabel):
            label.refresh()


def sheet(inks: Inks) -> str:
    """Style sheet of a dock; rings take the place of padding, so that nothing moves when the focus does."""
    pieces = [
        f'QLabel[ink="{name}"] {{ color: {getattr(inks, name)}; }}' for name in (SECONDARY, PROBLEM, BETTER, WORSE)
    ]
    ring = f"border: 1px solid {inks.focus};"
    pieces += [
        "QPushButton { border: 1px solid transparent; padding: 3px; }",
        "QToolButton { border: 1px solid transparent; padding: 2px; border-radius: 2px; }",
        "QComboBox { border: 1px solid transparent; padding: 2px 9px 2px 7px; }",
        "QLineEdit { border: 1px solid transparent; padding: 1px; }",
        "QAbstractSpinBox { border: 1px solid transparent; padding: 0px 9px; }",
        "QCheckBox, QRadioButton { border: 1px solid transparent; border-radius: 2px; spacing: 4px; }",
        f"{_VIEWS} {{ border: 1px solid transparent; }}",
        f"{_WITHOUT_WHEEL} {{ qproperty-focusPolicy: StrongFocus; }}",
        'QPushButton[fold="true"], QPushButton[fold="true"]:hover, QPushButton[fold="true"]:checked'
        " { background: transparent; text-align: left; }",
        'QPushButton[section="true"] { font-weight: 600; padding: 3px; }',
        'QToolButton[quiet="true"] { background: transparent; }',
    ]
    for kind in ("QPushButton", "QToolButton", "QCheckBox", "QRadioButton", *_FIELDS.split(", "), *_VIEWS.split(", ")):
        pieces.append(f"{kind}:focus {{ {ring} }}")
    pieces.append(f'QPushButton[fold="true"]:focus {{ {ring} }}')
    if inks is DARK:
        pieces += [f"{kind} {{ selection-background-color: {_CHOSEN_ROW}; }}" for kind in _LISTS]
        pieces += [f"{kind}::item:selected {{ background-color: {_CHOSEN_ROW}; }}" for kind in _LISTS]
    pieces += [f'{kind}[refused="true"] {{ border: 1px solid {inks.problem}; }}' for kind in _FIELDS.split(", ")]
    return "\n".join(pieces)


def contrast(first: QColor, second: QColor) -> float:
    """WCAG's ratio of two colours' luminances, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
