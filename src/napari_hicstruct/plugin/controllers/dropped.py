"""Files that are dropped onto a window of ours: one answer for each, whatever the others are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QApplication, QWidget


class DropFilter(QObject):
    """Takes drops of files in napari's place, which would read all of them again after one that it cannot read.

    With Shift or Alt napari is asked for a stack or for a choice of readers: those drops, and links, are left to it.

    Parameters
    ----------
    viewer : napari.Viewer
    dock : QWidget
        Ours; it takes files, too.
    open_paths : callable
        Called with the paths.
    """

    def __init__(self, viewer: Any, dock: QWidget, open_paths: Callable[[list[str]], object]) -> None:
        super().__init__(dock)
        self._dock, self._open_paths = dock, open_paths
        dock.setAcceptDrops(True)
        shown = viewer.window._qt_viewer
        for widget in (dock, shown, *shown.findChildren(QWidget)):
            if widget.acceptDrops():
                widget.installEventFilter(self)

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:
        """Files may come onto the dock; where they fall, they are opened."""
        if not isinstance(event, QDropEvent):
            return False
        mime = event.mimeData()
        urls = [] if mime is None else mime.urls()
        if not urls or not all(url.isLocalFile() for url in urls):
            return False
        if event.type() != QEvent.Type.Drop:
            if watched is self._dock:
                event.acceptProposedAction()
            return False
        if QApplication.keyboardModifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier):
            return False
        event.acceptProposedAction()
        self._open_paths([url.toLocalFile() for url in urls])
        return True
