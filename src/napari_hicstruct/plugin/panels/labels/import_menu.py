"""The menu of *Import …*: what the files are taken for, where they do not say it."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QMenu, QWidget

from napari_hicstruct.annotations.records import Status
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.panels.labels.complete_menu import CompleteMenu
from napari_hicstruct.plugin.widgets.lifetime import follow

_AS = {
    None: "Import as the files say …",
    Status.ACCEPTED: "Import as accepted …",
    Status.REJECTED: "Import as rejected …",
    Status.EDITED: "Import as edited …",
}


class ImportMenu(QMenu):
    """Its last entries call ``choose`` with a status; what is ticked above them is for the next import only.

    Attributes
    ----------
    complete : CompleteMenu
    """

    def __init__(self, session: Session, parent: QWidget, choose: Callable[[Status | None], None]) -> None:
        super().__init__(parent)
        self._importing = session.importing
        self.setToolTipsVisible(True)
        one_based = self.addAction("Positions count from 1")
        assert one_based is not None
        one_based.setCheckable(True)
        one_based.setToolTip("Starts in BED or BEDPE files are 1-based, as an export of R; the standard counts from 0.")
        one_based.triggered.connect(self._tick_one_based)
        self._one_based, self.complete = one_based, CompleteMenu(session, self)
        self.complete.chosen.connect(self._open_again)
        self.addMenu(self.complete)
        self.addSeparator()
        for status, text in _AS.items():
            action = self.addAction(text)
            assert action is not None
            action.triggered.connect(lambda _=False, status=status: choose(status))
        follow(self, session.importing.ticked_changed, self._show_ticked)
        self._show_ticked()

    def _open_again(self, _checked: bool = False) -> None:
        """What was ticked is there to be seen, and what to import comes next."""
        self.popup(self.pos())

    def _tick_one_based(self, on: bool) -> None:
        self._importing.tick(one_based=on)
        self._open_again()

    def _show_ticked(self) -> None:
        self._one_based.setChecked(self._importing.ticked.one_based)
