"""The table of all objects as a dock of its own."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_hicstruct.plugin.controllers.session import ensure_session
from napari_hicstruct.plugin.panels.table.panel import ObjectTable


class TableDock(QWidget):
    """All loops, stripes, TADs and boundaries of the project, sortable; a click goes there."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(ObjectTable(ensure_session(napari_viewer)))
