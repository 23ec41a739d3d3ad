"""The menu of *Import …*: what the files are taken for, where they do not say it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtWidgets import QMenu, QWidget

from napari_hicstruct.annotations.records import Status
from napari_hicstruct.plugin.state.importing import ImportAs

_AS = {
    None: "Import as the files say …",
    Status.ACCEPTED: "Import as accepted …",
    Status.REJECTED: "Import as rejected …",
    Status.EDITED: "Import as edited …",
}


def import_menu(parent: QWidget, choose: Callable[[ImportAs], None]) -> QMenu:
    """A menu whose entries call ``choose``; positions that count from 1 are ticked in it, for the next import only."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    one_based = menu.addAction("Positions count from 1")
    assert one_based is not None
    one_based.setCheckable(True)
    one_based.setToolTip("Starts in BED or BEDPE files are 1-based, as an export of R; the standard counts from 0.")
    menu.addSeparator()

    def chosen(status: Status | None) -> None:
        what = ImportAs(status, one_based.isChecked())
        one_based.setChecked(False)
        choose(what)

    for status, text in _AS.items():
        action = menu.addAction(text)
        assert action is not None
        action.triggered.connect(partial(_call, chosen, status))
    return menu


def _call(chosen: Callable[[Status | None], None], status: Status | None, _checked: bool = False) -> None:
    chosen(status)
