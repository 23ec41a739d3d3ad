"""A dialog beside the map: of one window, in its theme, and the map stays in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QDialog, QWidget

from napari_hicstruct.plugin.widgets.inks import dress

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.session import Session


_FRAME = QSize(20, 50)
"""What a window manager puts around a dialog, px."""


class MapDialog(QDialog):
    """What all of them begin with: title, size, their widgets, inks.

    Parameters
    ----------
    session : Session
    parent : QWidget
        The main window.
    title : str
    size : (int, int)
        Width and height, px, less on a small screen; a person may change it.
    """

    def __init__(self, session: Session, parent: QWidget, *, title: str, size: tuple[int, int]) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(title)
        self.resize(_on_screen(QSize(*size), parent))
        self._build()
        dress(self, session.viewer)

    def _build(self) -> None:
        """Make the widgets and lay them out."""
        raise TypeError("MapDialog is abstract.")


def _on_screen(wanted: QSize, parent: QWidget) -> QSize:
    screen = parent.screen()
    return wanted if screen is None else wanted.boundedTo(screen.availableGeometry().size() - _FRAME)
