"""The menu of *Import …*: status and first position, for one import."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QWidget

from napari_hicstruct.annotations import Status
from napari_hicstruct.plugin.panels.labels.import_menu import import_menu
from napari_hicstruct.plugin.state.importing import ImportAs


def test_an_entry_imports_as_it_says_and_the_tick_holds_once(qtbot: Any) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    chosen: list[ImportAs] = []
    menu = import_menu(parent, chosen.append)
    actions = {action.text(): action for action in menu.actions() if action.text()}
    actions["Positions count from 1"].trigger()
    actions["Import as rejected …"].trigger()
    actions["Import as the files say …"].trigger()
    actions["Import as edited …"].trigger()
    assert chosen == [ImportAs(Status.REJECTED, one_based=True), ImportAs(), ImportAs(Status.EDITED)]
