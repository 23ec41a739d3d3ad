"""Files that are dropped onto a window of ours: one answer for each, whatever the others are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QWidget

from napari_hicstruct.plugin.controllers.session import Session

_ON_MAP = (".read_labels", ".read_track")


class DropFilter(QObject):
    """Takes drops of files in napari's place, which would read all of them again after one that it cannot read.

    With Shift or Alt napari is asked for a stack or for a choice of readers: those drops, and links, are left to it.

    Parameters
    ----------
    session : Session
    dock : QWidget
        Ours; it takes files, too.
    plugin : str
        Our name in npe2.
    """

    def __init__(self, session: Session, dock: QWidget, plugin: str) -> None:
        super().__init__(dock)
        self._session, self._dock, self._plugin = session, dock, plugin
        dock.setAcceptDrops(True)
        shown = session.viewer.window._qt_viewer
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
        if event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier):
            return False
        event.acceptProposedAction()
        paths = [url.toLocalFile().rstrip("/") for url in urls]
        for path in sorted(paths, key=self._lies_on_map):  # on the map that comes with them
            self._open(path)
        return True

    def _lies_on_map(self, path: str) -> bool:
        return _readers_of(path).get(self._plugin, "").endswith(_ON_MAP)

    def _open(self, path: str) -> None:
        """By our reader, else napari's own way; what nobody reads gets one sentence."""
        from napari_hicstruct.tracks.opening import is_track
        from napari_hicstruct.workflows.other_files import refusal

        viewer, readers = self._session.viewer, _readers_of(path)
        if self._plugin in readers:
            viewer.open(path, plugin=self._plugin)
        elif readers:
            viewer.window._qt_viewer._qt_open([path], stack=False)
        elif self._session.source is not None and Path(path).is_file() and is_track(path):
            self._session.tracks.add(path)
        else:
            self._session.problem.emit(refusal(path))


def _readers_of(path: str) -> dict[str, str]:
    """Plugins that read a file, and by which command; that napari takes any folder for one of images does not count."""
    from npe2 import PluginManager

    found = {one.plugin_name: one.command for one in PluginManager.instance().iter_compatible_readers(path)}
    if Path(path).is_dir() and not path.endswith(".zarr"):
        found.pop("napari", None)
    return found
