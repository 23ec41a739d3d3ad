"""Calls that come in bursts, answered once: before the window is painted next."""

from __future__ import annotations

import time
from collections.abc import Callable

from qtpy.QtCore import QObject, Qt, QTimer, Signal


class Soon(QObject):
    """Calls ``work`` once for all calls within one event (a key, a click), and at most every ``least_ms``.

    A timer would come after the paint that the event itself brings about, and then the window, which a canvas makes
    slow to paint, is painted once more.  What is queued comes before it.

    Parameters
    ----------
    owner : QObject
        Its end is the end of this.
    work : callable
    least_ms : int
        Milliseconds between two calls of ``work``, in a burst of many events.
    """

    _asked = Signal()

    def __init__(self, owner: QObject, work: Callable[[], object], *, least_ms: int = 30) -> None:
        super().__init__(owner)
        self._work, self._least_s, self._waits, self._last = work, least_ms / 1e3, False, 0.0
        self._asked.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def __call__(self) -> None:
        """Ask for a call soon."""
        if self._waits:
            return
        self._waits = True
        left = self._last + self._least_s - time.monotonic()
        if left > 0:
            QTimer.singleShot(int(left * 1e3) + 1, self._run)
        else:
            self._asked.emit()

    def _run(self) -> None:
        self._waits = False
        try:
            self._work()
        finally:
            self._last = time.monotonic()
