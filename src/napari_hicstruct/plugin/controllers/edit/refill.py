"""When the layers are refilled: soon after a change, once per burst, never while a mouse button is down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer

from napari_hicstruct.annotations.records import Kind

_BUSY_MS = 25


class Refiller:
    """Collects which kinds are stale and calls ``refill`` with them when the hand is off the mouse.

    Refilling during a drag would lose the edit (napari holds indices into the old data), so a gesture in progress
    puts it off.
    """

    def __init__(self, viewer: Any, refill: Callable[[frozenset[Kind]], None]) -> None:
        self._viewer = viewer
        self._refill = refill
        self._stale: set[Kind] = set()
        self._pressed = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.flush)
        viewer.mouse_drag_callbacks.append(self._watch_button)

    def ask(self, kinds: Iterable[Kind] = tuple(Kind), delay_ms: int = 0) -> None:
        """Refill these kinds soon."""
        self._stale.update(kinds)
        if not isalive(self._timer):
            return
        if not self._timer.isActive() or delay_ms == 0:
            self._timer.start(delay_ms)

    def flush(self) -> None:
        """Refill now what is stale, unless a gesture is in progress: then right after it."""
        if self._pressed:
            self._timer.start(_BUSY_MS)
            return
        self._timer.stop()
        if self._stale:
            stale, self._stale = frozenset(self._stale), set()
            self._refill(stale)

    def close(self) -> None:
        """Stop; nothing is refilled any more."""
        if isalive(self._timer):  # Qt may go before us when the application quits
            self._timer.stop()
        self._stale.clear()
        if self._watch_button in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._watch_button)

    def _watch_button(self, _viewer: Any, event: Any) -> Iterator[None]:
        self._pressed = True
        try:
            yield
            while event.type == "mouse_move":
                yield
        finally:
            self._pressed = False
