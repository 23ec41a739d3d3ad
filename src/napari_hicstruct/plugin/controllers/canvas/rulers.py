"""Both rulers of a canvas and the corner between them: laid round it, coloured and filled together."""

from __future__ import annotations

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QFrame, QGridLayout, QWidget

from napari_hicstruct.plugin.controllers.canvas.ruler import Ruler
from napari_hicstruct.plugin.state.map.seen import AxisSpan


class Rulers:
    """A ruler above a canvas, one on its left.

    Parameters
    ----------
    grid : QGridLayout
        Empty; takes them and the canvas.
    native : QWidget
        Of the canvas.

    Attributes
    ----------
    columns, rows : Ruler
    """

    def __init__(self, grid: QGridLayout, native: QWidget) -> None:
        self.columns, self.rows = Ruler(Qt.Orientation.Horizontal), Ruler(Qt.Orientation.Vertical)
        self._corner = QFrame()
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

    def show(self, on: bool) -> None:
        """With coordinates, or without."""
        for widget in (self.columns, self.rows, self._corner):
            widget.setVisible(on)

    def place(self, rows: AxisSpan | None, columns: AxisSpan | None) -> None:
        """The coordinates of what is seen; nothing changes where there is no map."""
        if rows is not None and columns is not None:
            self.rows.set_span(rows)
            self.columns.set_span(columns)
