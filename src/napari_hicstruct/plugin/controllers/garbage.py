"""Python's cyclic garbage while a window is open: collected in the window's thread, a little at a time.

Left to itself, Python collects in whichever thread makes new objects.  A thread that imports torch or makes 100,000
records then looks at every object of napari, again and again, and the window stands still meanwhile (0.3 s each); and
it frees widgets that wait to be freed, which ends the program when another thread than the window's does it.
"""

from __future__ import annotations

import gc
import time

from qtpy.compat import isalive
from qtpy.QtCore import QPoint, QTimer
from qtpy.QtGui import QCursor

_EVERY_MS = 250
_HEAP = 1_000_000  # new objects at which Python still collects by itself: no timer fires while a notebook's cell runs
_MODULES = 20_000  # so many new objects within one tick are modules or data, hardly garbage
_ALL_AFTER_S, _STILL_S = 300.0, 60.0


class Garbage:
    """Collects for all windows together; what was there before is looked at when nobody is at the mouse."""

    def __init__(self) -> None:
        self._windows = 0
        self._limits = gc.get_threshold()
        self._timer: QTimer | None = None
        self._last_all = self._moved = 0.0
        self._cursor = QPoint()

    def opened(self) -> None:
        """A window needs it."""
        self._windows += 1
        if self._windows > 1:
            return
        self._limits = gc.get_threshold()
        gc.set_threshold(_HEAP, *self._limits[1:])
        gc.freeze()
        self._last_all = self._moved = time.monotonic()
        self._timer = QTimer()
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect_some)
        self._timer.start()

    def closed(self) -> None:
        """A window has gone; with the last of them Python does as it always does."""
        self._windows -= 1
        gc.unfreeze()  # the window itself is garbage now
        if self._windows:
            return
        if self._timer is not None and isalive(self._timer):
            self._timer.stop()
        self._timer = None
        gc.set_threshold(*self._limits)

    def collect_some(self) -> None:
        """Collect what is new, as often as Python would; what is left of a whole collection is not looked at again."""
        if self._nobody_is_there():
            self.collect_all()
            return
        counts, limits = gc.get_count(), self._limits
        if counts[0] > _MODULES:
            gc.freeze()
        elif counts[0] > limits[0]:
            generation = 2 if counts[2] > limits[2] else 1 if counts[1] > limits[1] else 0
            gc.collect(generation)
            if generation == 2:
                gc.freeze()

    def collect_all(self) -> None:
        """Look at every object: 0.1 to 0.4 s."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._last_all = time.monotonic()

    def _nobody_is_there(self) -> bool:
        """True once the mouse has lain still for a while and the last whole collection is long ago."""
        now, cursor = time.monotonic(), QCursor.pos()
        if cursor != self._cursor:
            self._cursor, self._moved = cursor, now
        return now - self._last_all > _ALL_AFTER_S and now - self._moved > _STILL_S


GARBAGE = Garbage()
