"""Putting a layer in and painting it are two pieces of work: keys and mouse come in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer

_BETWEEN_MS = 8


@contextmanager
def paint_later(viewer: Any) -> Iterator[None]:
    """What is done within is painted in the canvas some turns of the event loop later, not right after it.

    napari takes 30 to 70 ms for a layer, and as long for the first picture of it.
    """
    window = getattr(viewer, "window", None)
    if window is None:
        yield
        return
    native = window._qt_viewer.canvas.native
    native.setUpdatesEnabled(False)
    try:
        yield
    finally:
        QTimer.singleShot(_BETWEEN_MS, lambda: isalive(native) and native.setUpdatesEnabled(True))
