"""Closing the window while a model learns: ask once, then stop cleanly."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_hicstruct.plugin.widgets.inks import dress_once

KEEP, WAIT, DISCARD = "keep", "wait", "discard"


def ask_before_closing(window: QWidget) -> str:
    """``keep``, ``wait`` or ``discard``, as the person chooses."""
    box = QMessageBox(window)
    box.setWindowTitle("HiC Structures")
    box.setText("A fine-tune is running.")
    box.setInformativeText("Nothing that you have judged is lost either way: it is in the project.")
    buttons = {
        box.addButton("Stop it and keep the best so far", QMessageBox.ButtonRole.AcceptRole): KEEP,
        box.addButton("Go on waiting", QMessageBox.ButtonRole.RejectRole): WAIT,
        box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole): DISCARD,
    }
    for button, answer in buttons.items():
        if answer == WAIT:
            box.setDefaultButton(button)
            box.setEscapeButton(button)
    dress_once(box)
    box.exec()
    return buttons.get(box.clickedButton(), WAIT)


class CloseGuard(QObject):
    """Stands between a person's *close* and the window while ``running()``.

    Parameters
    ----------
    owner : QWidget
        The panel; it may be moved into a window later: call :meth:`watch` when it is shown.
    running : callable
        Whether there is anything to ask about.
    keep, discard : callable
        What to do for these answers; after ``keep``, :meth:`go_on` closes the window once the model is kept.
    """

    def __init__(
        self, owner: QWidget, *, running: Callable[[], bool], keep: Callable[[], None], discard: Callable[[], object]
    ) -> None:
        super().__init__(owner)
        self._owner, self._running, self._keep, self._discard = owner, running, keep, discard
        self._kept: weakref.ref[QMainWindow] | None = None  # a window that was closed is not kept by its guard
        self._closing = False
        self.ask: Callable[[QWidget], str] = ask_before_closing

    @property
    def closing(self) -> bool:
        """True from the person's wish to close until the window goes."""
        return self._closing

    @property
    def _window(self) -> QMainWindow | None:
        return None if self._kept is None else self._kept()

    def watch(self) -> None:
        """Watch the window that the panel is in now."""
        parent = self._owner.parent()
        while parent is not None and (not isinstance(parent, QMainWindow) or not _is_napari(parent)):
            parent = parent.parent()
        if parent is not None and parent is not self._window:
            self._kept = weakref.ref(parent)
            parent.installEventFilter(self)

    def go_on(self) -> None:
        """Close the window, if that is what the person waits for."""
        if self._closing and self._window is not None:
            self._closing = False
            window, quit_app = self._window, bool(getattr(self._window, "_quit_app", False))
            QTimer.singleShot(0, lambda: _close(window, quit_app))

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Ask before the window goes; a window that a script closes is not held up."""
        if event.type() != QEvent.Type.Close or watched is not self._window or not self._running():
            return False
        if not _is_whole(watched):
            self._discard()
            return False
        event.ignore()
        if self._closing:
            return True  # the best so far is being kept: the window goes as soon as it is
        answer = self.ask(watched)
        if answer == KEEP and self._running():
            self._closing = True
            self._keep()
        elif answer != WAIT:  # discarded, or it has ended while we asked
            self._closing = True
            self._discard()
            self.go_on()
        return True


def _is_napari(window: QMainWindow) -> bool:
    return hasattr(window, "_qt_viewer")


def _is_whole(window: Any) -> bool:
    """False when ``viewer.close()`` has begun to take the window apart."""
    return not window._qt_viewer.isHidden()


def _close(window: Any, quit_app: bool) -> None:
    if isalive(window):
        window.close(quit_app=quit_app)
