"""A process kept ready for the next job, so that its imports are not waited for."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from napari_hicstruct.jobs.process import Child


class WarmProcess:
    """One process that has done its imports and waits for one job, at rest; hand it to ``in_process(warm=…)``.

    It saves what the imports take (3 to 5 s of training's on a busy machine) and costs their memory (250 MB).  It ends
    with this process at the latest.

    Parameters
    ----------
    preload : sequence of str
        Modules to import.
    threads : int
        Most threads of each numeric library, 0 for their own choice.

    Raises
    ------
    JobError
        If it cannot be started.
    """

    def __init__(self, preload: Sequence[str], *, threads: int = 0) -> None:
        self._threads, self._lock = threads, threading.Lock()
        self._child: Child | None = Child(threads=threads, preload=preload)

    @property
    def pid(self) -> int | None:
        """Number of the process that waits, None if it is used up or closed."""
        child = self._child
        return None if child is None else child.pid

    def take(self, threads: int, grace: float) -> Child | None:
        """The process, once; None if there is none, it has died, or has other limits than ``threads``."""
        if threads != self._threads:
            return None
        child = self._release()
        if child is None:
            return None
        child.grace = grace
        if child.alive:
            return child
        child.end()
        return None

    def close(self) -> None:
        """End the process if it still waits; safe to call twice."""
        child = self._release()
        if child is not None:
            child.end(at_once=True)

    def _release(self) -> Child | None:
        with self._lock:
            child, self._child = self._child, None
        return child
