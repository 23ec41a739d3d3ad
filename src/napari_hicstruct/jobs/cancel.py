"""Cooperative cancelling, safe across threads and passed on to processes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from napari_hicstruct.errors import Cancelled


class CancelToken:
    """Shared flag between the one who waits and the one who works."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._at_once = False

    def cancel(self, *, at_once: bool = False) -> None:
        """Ask the work to stop at its next check.

        Parameters
        ----------
        at_once : bool
            Work in a process of its own is not waited for: the process is killed.  May follow a milder call.
        """
        with self._lock:
            if self._event.is_set() and (self._at_once or not at_once):
                return
            self._at_once = at_once
            self._event.set()
            callbacks = list(self._callbacks)
        for call in callbacks:
            call()

    @property
    def cancelled(self) -> bool:
        """True once :meth:`cancel` was called."""
        return self._event.is_set()

    @property
    def at_once(self) -> bool:
        """True if nobody waits for the work to tidy up."""
        return self._at_once

    def wait(self, seconds: float) -> None:
        """Let so much time pass; no longer than until somebody asks to stop."""
        self._event.wait(seconds)

    def check(self) -> None:
        """Raise :class:`Cancelled` if somebody asked to stop; call it at least every half second of work."""
        if self._event.is_set():
            raise Cancelled("Cancelled.")

    def on_cancel(self, call: Callable[[], None]) -> Callable[[], None]:
        """Have ``call`` run, quickly and in the canceller's thread, at each :meth:`cancel` that says something new.

        It runs at once if the token is cancelled already.  Gives a function that ends this.
        """
        with self._lock:
            self._callbacks.append(call)
            late = self._event.is_set()
        if late:
            call()

        def forget() -> None:
            with self._lock:
                if call in self._callbacks:
                    self._callbacks.remove(call)

        return forget
