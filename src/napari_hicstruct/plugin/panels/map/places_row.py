"""The row *Places*: a list of bookmarks or of a file, one of its places, and steps to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QAbstractListModel, QSignalBlocker, Qt
from qtpy.QtWidgets import QComboBox, QListView, QMenu, QSizePolicy, QToolButton, QWidget

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.state.map.places import BOOKMARKS, Place
from napari_hicstruct.plugin.state.window import WindowState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox
from napari_hicstruct.plugin.widgets.file_dialogs import PLACES, open_file
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import compact_button

_MIN_PX = 60
_LIST_PX = 320
_HOW = "Places of the list in hand: bookmarks (K), or a BED or BEDPE (dropped here, or by ⋯)."


class _PlacesModel(QAbstractListModel):
    """Lines of the list; each is written when it is looked at."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._places: Sequence[Place] = ()

    def show(self, places: Sequence[Place]) -> None:
        """Another list, or one more or less."""
        self.beginResetModel()
        self._places = places
        self.endResetModel()

    def rowCount(self, _parent: Any = None) -> int:
        return len(self._places)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = role == Qt.ItemDataRole.DisplayRole and 0 <= index.row() < len(self._places)
        return self._places[index.row()].text if shown else None


class PlacesRow(QWidget):
    """Bookmarks and lists of places; files of places may be dropped here."""

    def __init__(self, window: WindowState) -> None:
        super().__init__()
        self._window, self._places = window, window.navigation.places
        self._model = _PlacesModel(self)
        self._shown: tuple[int, int] | None = None
        self.box = self._make_box()
        self.previous = compact_button("‹", "Previous place of the list (,).")
        self.next = compact_button("›", "Next place of the list (.).")
        self.keep = compact_button("★", "Keep the view as a bookmark of this map (K).")
        self.more = compact_button("⋯", "Lists of places: open, choose, forget; copy the view as a link.")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.menu = QMenu(self.more)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.more.setMenu(self.menu)
        self.previous.clicked.connect(lambda: self._try(lambda: self._places.step(-1)))
        self.next.clicked.connect(lambda: self._try(lambda: self._places.step(1)))
        self.keep.clicked.connect(lambda: self._try(self._places.keep))
        hbox(Wide(self.box), self.previous, self.next, self.keep, self.more, on=self, spacing=4)
        self.setAcceptDrops(True)
        self.setFocusProxy(self.box)
        follow(self, self._places.changed, self._update)
        self._update()

    def _make_box(self) -> QComboBox:
        box, view = QComboBox(), QListView()
        view.setUniformItemSizes(True)  # else each of 200,000 is measured
        view.setMinimumWidth(_LIST_PX)  # the box has no room for a whole place, its list has
        box.setView(view)
        box.setModel(self._model)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.setMinimumWidth(_MIN_PX)
        box.setToolTip(_HOW)
        box.activated.connect(lambda number: self._try(lambda: self._places.go(number)))
        return box

    def _update(self) -> None:
        places, here = self._places, self._places.here
        shown = (id(here), len(here))
        with QSignalBlocker(self.box):
            if shown != self._shown:  # a step through 200,000 does not write them anew
                self._shown = shown
                self._model.show(here)
            self.box.setCurrentIndex(-1 if places.at is None else places.at)
        many = f"{len(here):,} · {places.chosen}" if here else "none yet"
        self.box.setPlaceholderText(many)
        at = "" if places.at is None else f"{places.at + 1:,} of {many}\n{here[places.at].text}\n"
        self.box.setToolTip(at + _HOW)
        self.box.setEnabled(bool(here))
        for button in (self.previous, self.next):
            button.setEnabled(bool(here))

    def _fill_menu(self) -> None:
        menu, places = self.menu, self._places
        menu.clear()
        menu.addAction("Open list of places …").triggered.connect(lambda: self._open())
        menu.addSeparator()
        for name in places.names:
            entry = menu.addAction(name)
            entry.setCheckable(True)
            entry.setChecked(name == places.chosen)
            entry.triggered.connect(lambda _=False, name=name: places.choose(name))
        menu.addSeparator()
        if places.chosen == BOOKMARKS:
            forget = menu.addAction("Forget this bookmark")
            forget.setEnabled(places.at is not None)
            forget.triggered.connect(self._forget)
        else:
            close = menu.addAction(f"Close {places.chosen}")
            close.triggered.connect(lambda: places.close_list(places.chosen))

    def _forget(self) -> None:
        if self._places.at is not None:
            self._places.drop(self._places.at)

    def _open(self) -> None:
        path = open_file(self, self._window, "places", "Open list of places", PLACES)
        if path:
            self._try(lambda: self._places.open(path))

    def _try(self, work: Any) -> None:
        try:
            work()
        except HicStructError as error:
            self._window.problem.emit(error)

    # ------------------------------------------------------------------ drops
    def dragEnterEvent(self, event: Any) -> None:
        """Files are taken."""
        if event.mimeData().hasUrls():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: Any) -> None:
        """Step through the file that was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        for path in paths:
            self._try(lambda path=path: self._places.open(path))
