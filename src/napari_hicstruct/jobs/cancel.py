"""Cooperative cancelling, safe across threads."""

from __future__ import annotations

import threading

from napari_hicstruct.errors import Cancelled


class CancelToken:
    """Shared flag between the one who waits and the one who works."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """True once :meth:`cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise :class:`Cancelled` if somebody asked to stop; call it at least every half second of work."""
        if self._event.is_set():
            raise Cancelled("Cancelled.")
