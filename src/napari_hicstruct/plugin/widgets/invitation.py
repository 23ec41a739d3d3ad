"""What a dock without a map offers: to open one, one of the last again, or the simulated sample."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget

from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.errors import readable
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.style import subdued
from napari_hicstruct.wording import middle_elided

MAX_RECENT = 6
_LETTERS = 42


class Invitation(QWidget):
    """Buttons of what can be opened.

    Attributes
    ----------
    open_wanted : Signal
        A map shall be chosen in a dialog.
    map_wanted : Signal(str)
        One of the last maps shall be opened again.
    sample_wanted : Signal
        The simulated map shall be opened.
    """

    open_wanted = Signal()
    map_wanted = Signal(str)
    sample_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        text = QLabel("Drop a contact map (.mcool, .cool, .hic) here or onto the canvas.")
        text.setWordWrap(True)
        self.open = QPushButton("Open contact map …")
        self.open.setToolTip("Choose a .mcool, .cool or .hic file.")
        self.open.clicked.connect(lambda: self.open_wanted.emit())
        self._last = subdued(QLabel("Open again"))
        self._recent = vbox(spacing=6)
        self.sample = _line("Simulated map with its truth", "No map at hand? One with known loops, stripes and TADs.")
        self.sample.clicked.connect(lambda: self.sample_wanted.emit())
        first, again = vbox(text, self.open, spacing=6), vbox(self._last, self._recent, spacing=6)
        trial = vbox(subdued(QLabel("To try things out")), self.sample, spacing=6)
        vbox(first, again, trial, on=self, spacing=18, margins=None)
        self.show_recent([])

    @property
    def recent(self) -> list[QPushButton]:
        """The buttons of the last maps, the newest first."""
        found = [self._recent.itemAt(number).widget() for number in range(self._recent.count())]  # type: ignore[union-attr]
        return [one for one in found if isinstance(one, QPushButton)]

    def show_recent(self, uris: list[str]) -> None:
        """Offer the maps that were open last, those that are still there."""
        for button in self.recent:
            self._recent.removeWidget(button)
            button.hide()  # it goes with a later turn of the event loop
            button.deleteLater()
        for uri in [one for one in uris if Path(split_uri(one)[0]).exists()][:MAX_RECENT]:
            button = _line(middle_elided(readable(Path(split_uri(uri)[0]).name), _LETTERS), readable(uri))
            button.clicked.connect(lambda _=False, uri=uri: self.map_wanted.emit(uri))
            self._recent.addWidget(button)
        self._last.setVisible(self._recent.count() > 0)


def _line(text: str, tip: str) -> QPushButton:
    button = QPushButton(text.replace("&", "&&"))
    button.setToolTip(tip)
    button.setFlat(True)
    button.setStyleSheet("QPushButton { text-align: left; padding: 4px 8px; }")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    button.setMinimumSize(QSize(0, button.sizeHint().height()))
    return button
