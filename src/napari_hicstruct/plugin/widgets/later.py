"""Widgets that follow signals: once per burst, and not after they are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget


class Later:
    """Calls ``call`` a moment after the first of a burst of requests, in the GUI thread.

    Connect signals to the instance; it belongs to ``owner`` and falls silent when that is deleted.
    """

    def __init__(self, owner: QWidget, call: Callable[[], None], delay_ms: int = 30) -> None:
        self._owner = owner
        self._timer = QTimer(owner)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(call)

    def __call__(self, *_: Any) -> None:
        if isalive(self._owner) and not self._timer.isActive():
            self._timer.start()
