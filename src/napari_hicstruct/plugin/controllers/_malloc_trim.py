"""Rectangles that were drawn and let go of: their memory goes back to the system.

glibc keeps freed blocks of up to 32 MB once one of that size was freed (its mmap threshold grows), so a few minutes
of panning leave about 130 MB that nobody uses in the process.  Elsewhere the allocators see to it themselves.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

from qtpy.compat import isalive
from qtpy.QtCore import QTimer

_DELAY_MS = 500


@cache
def _trim() -> Callable[[int], int] | None:
    """``malloc_trim`` of glibc, or None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


class FreedMemory:
    """Gives freed memory back, at most twice a second."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._give_back)

    def give_back_soon(self) -> None:
        """To be called when something large was let go of; not put off by further calls."""
        if not self._timer.isActive():
            self._timer.start()

    def close(self) -> None:
        """Stop; the window may be gone already, with the timer in it."""
        if isalive(self._timer):
            self._timer.stop()

    def _give_back(self) -> None:
        trim = _trim()
        if trim is not None:
            trim(0)
