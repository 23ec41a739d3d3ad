"""The *Tracks* section: which tracks lie beside the map, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)
from superqt import QElidingLabel

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.controllers.tracks.menu import menu_of
from napari_hicstruct.plugin.state.tracks.shown_track import FORWARD, OWN, OWN_PREFIX, ShownTrack
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.colour_icon import colour_icon
from napari_hicstruct.plugin.widgets.file_dialogs import TRACKS, open_files
from napari_hicstruct.plugin.widgets.inks import PROBLEM, inked
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.style import subdued, wordy_button
from napari_hicstruct.tracks.opening import describe
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.plugin.state.window import WindowState

_NONE = "No tracks yet: drop a bigWig, bedGraph, BED, narrowPeak, GTF or GFF3 file onto the window."


class TracksPanel(QWidget):
    """Opens tracks, lists them, and says what is wrong with one.

    Attributes
    ----------
    summary : Signal(str)
        For the head of the section.
    """

    summary = Signal(str)

    def __init__(self, window: WindowState) -> None:
        super().__init__()
        self._window, self._state = window, window.tracks
        self._rows: list[QWidget] = []
        self.open = wordy_button(
            "Open tracks …", "bigWig, bedGraph, BED, narrowPeak, CTCF motifs, genes (GTF, GFF3, BED12)"
        )
        self.own = wordy_button(
            "From the map", "Tracks that are computed from the map: insulation, coverage, virtual 4C …"
        )
        self.below, self.beside = QCheckBox("below the map"), QCheckBox("on its right")
        self.below.setToolTip("Tracks below the map, along its columns (second anchors)")
        self.beside.setToolTip("Tracks on the right of the map, too, along its rows (first anchors)")
        self.nothing = subdued(QLabel(_NONE))
        self.nothing.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(2)
        self._lay_out()
        self.open.clicked.connect(self._open)
        self.own.clicked.connect(self._choose_own)
        self.below.toggled.connect(lambda on: self._state.show_at(below=on))
        self.beside.toggled.connect(lambda on: self._state.show_at(beside=on))
        follow(self, self._state.changed, self._update)
        self._update()

    def _lay_out(self) -> None:
        first, places = QHBoxLayout(), QHBoxLayout()
        for widget in (self.open, self.own):
            first.addWidget(widget)
        first.addStretch(1)
        for widget in (self.below, self.beside):
            places.addWidget(widget)
        places.addStretch(1)
        vbox(self.nothing, self._grid, first, places, on=self, spacing=5)

    def _update(self) -> None:
        for box, on in ((self.below, self._state.below), (self.beside, self._state.beside)):
            with QSignalBlocker(box):
                box.setChecked(on)
        self.nothing.setVisible(not self._state.tracks)
        for widget in self._rows:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._rows.clear()
        for number, one in enumerate(self._state.tracks):
            self._add_row(number, one)
        self.summary.emit(how_many(len(self._state.tracks), "track") if self._state.tracks else "")

    def _add_row(self, number: int, one: ShownTrack) -> None:
        key = one.key
        shown, name, more = QCheckBox(), QElidingLabel(one.name), QToolButton()
        shown.setIcon(colour_icon(FORWARD if one.kind == "motifs" else one.colour))
        shown.setChecked(one.shown)
        shown.setToolTip("Draw this track")
        shown.toggled.connect(lambda on: self._state.show(key, on))
        name.setElideMode(Qt.TextElideMode.ElideMiddle)
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        name.setToolTip("\n".join([one.key if not one.own else OWN[one.own][1], *one.notes, one.problem]).strip())
        what = inked(QLabel("not shown"), PROBLEM) if one.problem else subdued(QLabel(_what(one)))
        what.setToolTip(one.problem)
        more.setText("⋯")
        more.setAutoRaise(True)
        more.setToolTip("Colour, scale, height, order, remove")
        more.clicked.connect(lambda: self._menu(key, more))
        for column, widget in enumerate((shown, name, what, more)):
            self._grid.addWidget(widget, number, column)
            self._rows.append(widget)

    def _menu(self, key: str, button: QToolButton) -> None:
        menu_of(self._state, self._state.get(key), self).popup(button.mapToGlobal(QPoint(0, button.height())))

    def _open(self) -> None:
        for path in open_files(self, self._window, "tracks", "Open tracks", TRACKS):
            try:
                self._state.add(path)
            except HicStructError as error:
                self._window.problem.emit(error)

    def _choose_own(self) -> None:
        self.own_menu().popup(self.own.mapToGlobal(QPoint(0, self.own.height())))

    def own_menu(self) -> QMenu:
        """Tracks that are computed from the map; those that are shown are ticked."""
        menu, there = QMenu(self), {one.key: one.shown for one in self._state.tracks}
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        for own, (text, meaning) in OWN.items():
            key = f"{OWN_PREFIX}{own}"
            action = menu.addAction(text)
            action.setToolTip(meaning)
            action.setCheckable(True)
            action.setChecked(there.get(key, False))
            action.toggled.connect(lambda on, own=own, key=key: self._switch(own, key, on))
        return menu

    def _switch(self, own: str, key: str, on: bool) -> None:
        if on:
            self._state.add_own(own)
        else:
            self._state.remove(key)


def _what(one: ShownTrack) -> str:
    """What a track holds, in a word or two."""
    if one.own:
        return "from the map"
    return "…" if one.track is None else describe(one.track)
