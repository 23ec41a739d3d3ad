"""The menu *HiC Structures* of a window: maps, the project file, the consensus of callers, and the other docks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.compat import isalive
from qtpy.QtCore import QUrl, Signal
from qtpy.QtGui import QAction, QDesktopServices
from qtpy.QtWidgets import QMenu, QMenuBar

from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.errors import HicStructError, readable
from napari_hicstruct.plugin.controllers.clipboard import copy_text
from napari_hicstruct.plugin.controllers.notify import last_messages, show_again
from napari_hicstruct.plugin.state.window import WindowState
from napari_hicstruct.plugin.widgets.file_dialogs import MAPS, PLACES, PROJECTS, open_file, save_file

_NAME = "hicstructMenu"
_MESSAGE_LETTERS = 70


class MapMenu(QMenu):
    """Open, recent, save a copy, show; what cannot be done now is grey and says why.

    Parameters
    ----------
    window : WindowState
    bar : QMenuBar
        Of the window; a menu of an earlier dock there is replaced.

    Attributes
    ----------
    consensus_wanted : Signal
        The consensus of callers shall be opened.
    dialog_wanted : Signal(str)
        A dialog of the dock shall be shown: a figure of the view, the gallery of objects, pile-ups.
    repair_wanted, fuse_wanted, segment_wanted : Signal
        The dock that repairs labels, fuses maps or segments images shall be opened.
    """

    consensus_wanted = Signal()
    repair_wanted = Signal()
    fuse_wanted = Signal()
    segment_wanted = Signal()
    dialog_wanted = Signal(str)

    def __init__(self, window: WindowState, bar: QMenuBar) -> None:
        super().__init__("&HiC Structures", bar)
        self._window = window
        self.setObjectName(_NAME)
        self.setToolTipsVisible(True)
        self._add("Open contact map …", self.open_map)
        self.recent = self.addMenu("Recent maps")
        assert self.recent is not None
        self.recent.setToolTipsVisible(True)
        self.addSeparator()
        self._add("Open project …", self.open_project)
        self.copy = self._add("Save a copy …", self.save_copy)
        self.show_file = self._add("Show project file", self.show_project)
        self.addSeparator()
        self.link = self._add("Copy view as link", self.copy_link)
        self.bookmark = self._add("Bookmark this view", self._keep_place)
        self.list_of_places = self._add("Open list of places …", self.open_places)
        self.genome = self._add("Whole genome …", self._window.navigation.genome_wanted.emit)
        self.tilted = self._add("Tilted map", self._tilt)
        self.tilted.setCheckable(True)
        self.figure = self._add("Figure …", lambda: self.dialog_wanted.emit("figure"))
        self.gallery = self._add("Gallery of objects …", lambda: self.dialog_wanted.emit("gallery"))
        self.pileups = self._add("Pile-ups …", lambda: self.dialog_wanted.emit("pileup"))
        self.addSeparator()
        self.consensus = self._add("Consensus of callers …", self.consensus_wanted.emit)
        self._add("Fuse maps …", self.fuse_wanted.emit)
        self._add("Segment images …", self.segment_wanted.emit)
        self._add("Repair labels …", self.repair_wanted.emit)
        self.addSeparator()
        self.messages = self.addMenu("Last messages")
        assert self.messages is not None
        self.messages.setToolTipsVisible(True)
        self.aboutToShow.connect(self.update_entries)
        for old in bar.findChildren(QMenu, _NAME):
            if old is not self:
                old.deleteLater()
        before = next((one for one in bar.actions() if one.text().replace("&", "") in ("Window", "Help")), None)
        bar.insertMenu(before, self)
        self.update_entries()

    def call(self, entry: str) -> None:
        """Do what an entry does: ``open_map`` or ``open_project``."""
        self._try({"open_map": self.open_map, "open_project": self.open_project}[entry])

    def _add(self, text: str, call: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(lambda: self._try(call))
        self.addAction(action)
        return action

    def update_entries(self) -> None:
        """List the maps that were open last, and say what can be done with the project."""
        self.recent.clear()
        for uri in self._window.recent_maps():
            file = Path(split_uri(uri)[0])
            entry = self.recent.addAction(readable(file.name))
            entry.setToolTip(readable(uri))
            entry.setEnabled(file.exists())
            entry.triggered.connect(lambda _=False, uri=uri: self._try(lambda: self._window.open_map(uri)))
        self.recent.setEnabled(not self.recent.isEmpty())
        self._list_messages()
        is_open = self._window.source is not None
        looking = (self.link, self.bookmark, self.list_of_places, self.genome, self.tilted)
        for action in (*looking, self.figure, self.gallery, self.pileups):
            action.setEnabled(is_open)
        self.tilted.setChecked(self._window.projection.tilted)
        self.consensus.setEnabled(is_open)
        self.consensus.setToolTip("What several callers agree on" if is_open else "Open a contact map first")
        path, project = self._window.project_path, self._window.project
        self.copy.setEnabled(project is not None)
        self.show_file.setEnabled(project is not None)
        none = "There is no project yet: it is made with the first thing to keep"
        where = none if path is None or project is not None else f"{none}, at\n{readable(str(path))}"
        for action in (self.copy, self.show_file):
            action.setToolTip(where if project is None else readable(str(path)))

    def _list_messages(self) -> None:
        """What was said last: a message that was replaced or has faded can be read again."""
        self.messages.clear()
        for text in last_messages():
            line = " ".join(text.split())
            short = line if len(line) <= _MESSAGE_LETTERS else f"{line[: _MESSAGE_LETTERS - 1]}…"
            entry = self.messages.addAction(short.replace("&", "&&"))
            entry.setToolTip(text)
            entry.triggered.connect(lambda _=False, text=text: show_again(text))
        self.messages.setEnabled(not self.messages.isEmpty())

    def open_map(self) -> None:
        """Ask for a map and open it in this window."""
        path = open_file(self._parent(), self._window, "map", "Open contact map", MAPS)
        if path:
            self._window.open_map(path)

    def open_project(self) -> None:
        """Ask for a project and open it, with its map if none is open."""
        path = open_file(self._parent(), self._window, "project", "Open project", PROJECTS)
        if path:
            self._window.open_project(path)

    def save_copy(self) -> None:
        """Ask for a file and copy the project there; where it cannot be edited, work goes on in the copy."""
        project = self._window.project
        if project is None:
            return
        name = f"{project.path.stem}-copy.hicproj"
        text = save_file(self._parent(), self._window, "project", "Save a copy", name=name, filters=PROJECTS)
        if text:
            self._window.save_copy(Path(text if text.endswith(".hicproj") else f"{text}.hicproj"))

    def copy_link(self) -> None:
        """Copy the view as a region string."""
        link = self._window.navigation.link()
        copy_text(link)
        self._window.done.emit(f"Copied: {link}")

    def _keep_place(self) -> None:
        self._window.done.emit(f"Kept as a bookmark: {self._window.navigation.places.keep().text}")

    def open_places(self) -> None:
        """Ask for a BED or BEDPE and step through it."""
        path = open_file(self._parent(), self._window, "places", "Open list of places", PLACES)
        if path:
            self._window.navigation.places.open(path)

    def _tilt(self) -> None:
        self._window.show_tilted(not self._window.projection.tilted)

    def show_project(self) -> None:
        """Show the folder of the project in the computer's file browser; its path is said, too."""
        project = self._window.project
        if project is not None:
            self._window.done.emit(f"The project is {readable(str(project.path))}")
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(project.path.parent)))

    def _parent(self) -> QMenuBar | None:
        bar = self.parentWidget()
        return bar if isinstance(bar, QMenuBar) and isalive(bar) else None

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except HicStructError as error:
            self._window.problem.emit(error)
