"""A second canvas with coordinates above it and on its left, as the map's own canvas has them."""

from __future__ import annotations

from qtpy.QtWidgets import QGridLayout, QWidget

from napari_hicstruct.plugin.controllers.canvas.rulers import Rulers


class RuledCanvas(QWidget):
    """A canvas between two rulers.

    Parameters
    ----------
    native : QWidget
        Of the canvas; it is not shown yet.

    Attributes
    ----------
    rulers : Rulers
    """

    def __init__(self, native: QWidget) -> None:
        super().__init__()
        self.native = native
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        self.rulers = Rulers(grid, native)
