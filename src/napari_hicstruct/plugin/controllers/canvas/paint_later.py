"""Putting a layer in and painting it are two pieces of work: keys and mouse come in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QWidget

_BETWEEN_MS = 8


class _Held(QObject):
    """Keeps the last picture of a canvas until :meth:`end`.

    Not by ``setUpdatesEnabled(False)``: Qt then leaves a canvas out when it paints the window around it, and the
    background that it paints there stays over the canvas, whatever that draws, until the window is painted again.
    """

    def __init__(self, native: QWidget) -> None:
        super().__init__(native)
        self._native = native
        native.installEventFilter(self)

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """No picture is drawn; the one before stays."""
        return bool(event.type() == QEvent.Type.Paint)

    def end(self) -> None:
        """Draw what there is now."""
        if isalive(self) and isalive(self._native):
            self._native.removeEventFilter(self)
            self._native.update()
            self.deleteLater()


@contextmanager
def paint_later(viewer: Any) -> Iterator[None]:
    """What is done within is painted in the canvas some turns of the event loop later, not right after it.

    napari takes 30 to 70 ms for a layer, and as long for the first picture of it.
    """
    window = getattr(viewer, "window", None)
    if window is None:
        yield
        return
    held = _Held(window._qt_viewer.canvas.native)
    try:
        yield
    finally:
        QTimer.singleShot(_BETWEEN_MS, held.end)
