"""Which key presses in a window are commands, wherever the focus is: all but those in a text box that is typed in.

Qt asks the focused widget first, and lists and combo boxes take letters (they search by them), so a binding on the
canvas never learns of them.  An event filter of the application does; it takes what is pressed in one napari window
or in a dock of it, not what is pressed in a dialog, a menu, an opened list or another window.  It also keeps the wheel
from controls that are only passed by (:mod:`~napari_hicstruct.plugin.controllers.frame.wheel`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from napari_hicstruct.plugin.controllers.frame.wheel import passes_on
from napari_hicstruct.plugin.controllers.keyboard.refused import is_refused, select_text
from napari_hicstruct.plugin.state.commands import Command, last_key

if TYPE_CHECKING:
    from qtpy.QtWidgets import QMainWindow

_ENDS_TYPING = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_LEAVES = (*_ENDS_TYPING, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_STILL_TYPING_S = 1.5
"""After a letter in a text box that was disabled, hidden or made anew meanwhile, the next letters are no commands."""
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_CHORD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


_CHOSEN = {QEvent.Type.Hide: QComboBox, QEvent.Type.MouseButtonRelease: QListWidget}
"""What happens to a part of a list when something was chosen: an opened one closes, a click ends."""
_PRESSES = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
_WATCHED = (*_PRESSES, *_CHOSEN, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel)


class KeyFilter(QObject):
    """Takes the keys of commands from one window.

    Parameters
    ----------
    window : QMainWindow
        napari's; the filter ends with it.
    canvas : QWidget
        Who has the keyboard by default.
    commands : iterable of Command
    run : callable
        Carries out a command by its name; False if the key is not for us now.
    """

    def __init__(
        self, window: QMainWindow, canvas: QWidget, commands: Iterable[Command], run: Callable[[str], bool]
    ) -> None:
        super().__init__(window)
        self._canvas, self._run = canvas, run
        self._commands = {key: one.name for one in commands for key in one.keys}
        self._typed: tuple[float, ref[QWidget]] | None = None

    @property
    def _window(self) -> QObject | None:
        """Not an attribute: that would keep a closed window."""
        return self.parent()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Qt calls this for each event of the application."""
        kind = event.type()
        if kind not in _WATCHED:  # a tuple: hundreds of events a second come by
            return False
        if kind == QEvent.Type.Wheel:
            return passes_on(watched, event)
        if kind == QEvent.Type.MouseButtonPress:
            self._typed = None
            return False
        if kind in _PRESSES:
            if not isinstance(watched, QWidget):
                return False
            return self._is_opened_list(watched, event) or (self._is_here(watched) and self._on_key(watched, event))
        if isinstance(watched, QAbstractButton) and kind == QEvent.Type.MouseButtonRelease:
            self._chosen_in(watched)
        elif isinstance(watched, QWidget) and isinstance(watched.parent(), _CHOSEN[kind]):
            self._chosen_in(watched.parent())  # type: ignore[arg-type]
        return False

    def _is_here(self, widget: QWidget) -> bool:
        """True in the window and in its docks, floating ones included; not in its dialogs and menus."""
        top = widget.window()
        floating = isinstance(top, QDockWidget) and top.parent() is self._window
        return (top is self._window or floating) and QApplication.activeModalWidget() is None

    def _is_opened_list(self, widget: QWidget, event: QKeyEvent) -> bool:
        """True for a letter in an opened list of this window: it does not search by letters either."""
        box = widget.window().parent()
        if not isinstance(box, QComboBox) or box.isEditable() or not self._is_here(box):
            return False
        return bool(event.text().strip()) and event.text().isprintable() and not event.modifiers() & _CHORD

    def _on_key(self, widget: QWidget, event: QKeyEvent) -> bool:
        focused = QApplication.focusWidget()
        if focused is not None and focused is not widget and widget.isAncestorOf(focused) and is_typed_in(focused):
            return False  # what a text box does not want goes on to its parents
        if is_typed_in(widget):
            self._on_typed(widget, event)
            return False
        return (bool(event.text().strip()) and self._is_typing()) or self._on_command(widget, event)

    def _on_typed(self, widget: QWidget, event: QKeyEvent) -> None:
        """A text box takes a key."""
        if event.type() == QEvent.Type.KeyPress:
            self._typed = None if event.key() in _LEAVES else (time.monotonic(), ref(widget))
            if event.key() in _ENDS_TYPING:
                self._typed_in(widget, keeps=event.key() != Qt.Key.Key_Escape)

    def _on_command(self, widget: QWidget, event: QKeyEvent) -> bool:
        chooses = _is_list(widget)
        # a list that does not want a key hands it on to its parents
        kept = event.key() in _DELETES and (chooses or _is_list(QApplication.focusWidget()))
        name = "" if kept else self._commands.get(_sequence(event), "")
        if event.type() == QEvent.Type.ShortcutOverride:
            if name:
                event.accept()  # it is no menu's shortcut: the press follows
            return bool(name)
        if name and event.isAutoRepeat():
            return True
        if name:
            last_key.note()
            if self._run(name):
                return True
        if chooses and not kept and event.text().strip() and not event.modifiers() & _CHORD:
            QApplication.sendEvent(self._canvas, event)  # a list does not search by letters
            return True
        return False

    def _is_typing(self) -> bool:
        """True if the text box that took the last letter has gone without a person's doing: no click, Tab or Return."""
        if self._typed is None or time.monotonic() - self._typed[0] > _STILL_TYPING_S:
            return False
        box = self._typed[1]()
        return box is None or not isalive(box) or not box.isEnabled() or not box.isVisible()

    def _chosen_in(self, widget: QWidget) -> None:
        """Something was chosen from a list, or a button was clicked: the next key is a judgment."""
        if self._is_here(widget):
            self._give_back_soon(widget)

    def _typed_in(self, widget: QWidget, *, keeps: bool) -> None:
        """Return and Escape end typing, after the text box has seen them; Return does not where it was refused."""
        if isinstance(widget, QTextEdit | QPlainTextEdit):
            return
        if keeps and isinstance(widget, QAbstractSpinBox) and is_refused(widget):
            return  # it puts the number before back, and selects it
        self._give_back_soon(widget, keeps=keeps)

    def _give_back_soon(self, widget: QWidget, *, keeps: bool = False) -> None:
        """In the next turn of the event loop, which may be after the window: nothing of it is held until then."""
        ours, theirs = ref(self), ref(widget)

        def give_back() -> None:
            us, widget = ours(), theirs()
            if us is not None and widget is not None:
                us._give_back(widget, keeps=keeps)

        QTimer.singleShot(0, give_back)

    def _give_back(self, widget: QWidget, *, keeps: bool) -> None:
        """Give the keyboard back to the canvas, unless somebody else has it by now, or the text was refused."""
        if not isalive(widget) or not isalive(self._canvas) or not (widget.hasFocus() or _lost_it(widget)):
            return
        if keeps and is_refused(widget):
            select_text(widget)
        else:
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)


def is_typed_in(widget: QWidget) -> bool:
    """True for a widget that takes text."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    if isinstance(widget, QLineEdit | QAbstractSpinBox | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly()
    return False


def _lost_it(widget: QWidget) -> bool:
    """True for a button that went grey with its click: Qt gave its keyboard to the next button, whichever that is."""
    gone = isinstance(widget, QAbstractButton) and not (widget.isEnabled() and widget.isVisible())
    return gone and isinstance(QApplication.focusWidget(), QAbstractButton)


def _is_list(widget: QWidget | None) -> bool:
    return isinstance(widget, QComboBox | QAbstractItemView)


def _sequence(event: QKeyEvent) -> str:
    """A key as :class:`Command` writes it: ``A``, ``Ctrl+Shift+Z``, ``?`` on whatever key it lies."""
    if event.text() == "?":
        return "?"
    if event.key() in (0, Qt.Key.Key_unknown):
        return ""
    both = event.keyCombination()
    plain = Qt.KeyboardModifier(both.keyboardModifiers() & ~Qt.KeyboardModifier.KeypadModifier)
    sequence = QKeySequence(plain.value | both.key().value)
    text = sequence.toString(QKeySequence.SequenceFormat.PortableText)
    return {"Del": "Delete", "Esc": "Escape"}.get(text, text)
