"""*Whole genome*: all chromosomes beside the map, in coarse bins; a click goes to a chromosome or a pair of them."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from napari_hicstruct.errors import HicStructError
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.genome.picture import GenomePicture
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.map_dialog import MapDialog
from napari_hicstruct.plugin.widgets.style import subdued, wordy_button

_HINT = "Wheel zooms, a drag pans. A click on the diagonal goes there in the map, beside it to that pair."


class GenomeDialog(MapDialog):
    """The picture with what it is, where the mouse is, and the way back from a pair; the map stays in use beside it.

    Parameters
    ----------
    session : Session
    parent : QWidget
        The main window.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(session, parent, title="Whole genome", size=(720, 780))
        follow(self, self.view.changed, self._update)
        follow(self, session.map_changed, self._show)
        self._update()

    def _build(self) -> None:
        self.view = self._session.genome_view
        self.title, self.text = QLabel(), subdued(QLabel(_HINT))
        self.text.setWordWrap(True)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.back = wordy_button("Whole genome", "Back from a pair of chromosomes to all of them.")
        self.back.clicked.connect(lambda: self._show())
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setMaximumHeight(6)
        self.bar.setTextVisible(False)
        self.picture = GenomePicture()
        self.picture.hovered.connect(self._hovered)
        self.picture.clicked.connect(self._clicked)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.back)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.picture, 1)
        column.addWidget(self.text)

    def showEvent(self, event: Any) -> None:
        """Read only while somebody looks."""
        super().showEvent(event)
        if self.view.grid is None:
            self._show()

    def hideEvent(self, event: Any) -> None:
        """Nobody looks any more."""
        super().hideEvent(event)
        self.view.close()

    def keyPressEvent(self, event: Any) -> None:
        """Esc goes back from a pair; from the whole genome it closes."""
        if event.key() == Qt.Key.Key_Escape and self.view.is_pair:
            self._show()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        if self._session.source is None or not self.isVisible():
            return
        try:
            self.view.show()
        except HicStructError as error:
            self._session.problem.emit(error)

    def _update(self) -> None:
        view = self.view
        self.title.setText(view.title() or "Open a contact map first.")
        self.back.setVisible(view.is_pair)
        self.bar.setVisible(view.running)
        self.bar.setValue(round(100 * view.progress))
        if view.problem:
            self.text.setText(view.problem)
        self.picture.show_square(view.grid, None if view.values is None else view.shades())

    def _hovered(self, row: float, col: float) -> None:
        self.text.setText(self.view.text_at(row, col) or _HINT)

    def _clicked(self, row: float, col: float) -> None:
        try:
            self.text.setText(self.view.click(row, col) or _HINT)
        except HicStructError as error:
            self._session.problem.emit(error)
