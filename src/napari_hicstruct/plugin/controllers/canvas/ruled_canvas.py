"""A second canvas with coordinates above it and on its left, as the map's own canvas has them."""

from __future__ import annotations

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QFrame, QGridLayout, QWidget

from napari_hicstruct.plugin.controllers.canvas.ruler import Ruler
from napari_hicstruct.plugin.state.map.seen import AxisSpan


class RuledCanvas(QWidget):
    """A canvas between two rulers.

    Parameters
    ----------
    native : QWidget
        Of the canvas; it is not shown yet.

    Attributes
    ----------
    columns, rows : Ruler
    """

    def __init__(self, native: QWidget) -> None:
        super().__init__()
        self.native = native
        self.columns, self.rows = Ruler(Qt.Orientation.Horizontal), Ruler(Qt.Orientation.Vertical)
        self._corner = QFrame()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self._corner, 0, 0)
        grid.addWidget(self.columns, 0, 1)
        grid.addWidget(self.rows, 1, 0)
        grid.addWidget(native, 1, 1)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(1, 1)

    def set_theme(self, name: str) -> None:
        """Ink and ground of napari's theme."""
        theme = get_theme(name)
        ink, paper = QColor(theme.text.as_hex()), QColor(theme.canvas.as_hex())
        for ruler in (self.columns, self.rows):
            ruler.set_colours(ink, paper)
        self._corner.setStyleSheet(f"QFrame {{ background-color: {paper.name()}; border: none; }}")

    def show_rulers(self, on: bool) -> None:
        """With coordinates, or without."""
        for widget in (self.columns, self.rows, self._corner):
            widget.setVisible(on)

    def place(self, rows: AxisSpan | None, columns: AxisSpan | None) -> None:
        """The coordinates of what is seen."""
        if rows is not None and columns is not None:
            self.rows.set_span(rows)
            self.columns.set_span(columns)
