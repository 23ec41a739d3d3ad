"""One lock and one set of open handles per file and process.

HDF5 is not thread-safe, and a hictkpy handle shared by threads crashes, ``.hic`` included.  A fresh handle costs
2–13 times a read, so handles are kept; they are never pickled and never used after a fork.  Each one holds some
megabytes of what was read last, so of the levels that were zoomed through only the last ones stay open, and of
the files that were read only the last ones.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from napari_hicstruct.contacts.sources.hdf5 import open_h5

MAX_OPEN_FILES = 8
"""Files with open handles at a time; those used longest ago are closed, and open again when they are read."""

MAX_HANDLES = 3
"""Handles kept open per file; a read uses two at most (the file and a level's pixels)."""


class FileLock:
    """Serialises all access to one file and keeps its handles.

    Use as a context manager around every read; :meth:`handle` only while holding it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._handles: dict[object, Any] = {}
        self._stamp: tuple[int, int, int] | None = None

    def __enter__(self) -> FileLock:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def handle(self, key: object, opener: Callable[[], Any]) -> Any:
        """The handle kept under ``key``, opened on first use and anew if the file was replaced meanwhile."""
        status = os.stat(self.path)
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self.close()
            self._stamp = stamp
        if not self._handles:
            _close_oldest(self)
        found = self._handles.pop(key) if key in self._handles else opener()
        self._handles[key] = found  # the youngest stands last
        while len(self._handles) > MAX_HANDLES:
            _close(self._handles.pop(next(iter(self._handles))))
        return found

    def h5(self) -> Any:
        """The open :class:`h5py.File`."""
        return self.handle("h5", lambda: open_h5(self.path))

    def close(self) -> None:
        """Close every handle; the next read opens them again."""
        with self._lock:
            for handle in self._handles.values():
                _close(handle)
            self._handles.clear()

    def close_if_idle(self) -> bool:
        """Close every handle unless somebody is reading; True if that was possible."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self.close()
        finally:
            self._lock.release()
        return True


def _close(handle: Any) -> None:
    close = getattr(handle, "close", None)
    if close is not None:
        close()


_LOCKS: dict[tuple[int, str], FileLock] = {}
_OPEN: dict[FileLock, None] = {}  # the one opened last stands last
_REGISTRY = threading.Lock()


def _close_oldest(opening: FileLock) -> None:
    """Make room for the handles of a file that is being opened."""
    with _REGISTRY:
        _OPEN.pop(opening, None)
        _OPEN[opening] = None
        surplus = list(_OPEN)[: max(0, len(_OPEN) - MAX_OPEN_FILES)]
    for other in surplus:  # outside the lock: closing waits for the file system
        if other.close_if_idle():
            with _REGISTRY:
                _OPEN.pop(other, None)


def file_lock(path: str) -> FileLock:
    """The one lock of ``path`` in this process (a forked child gets its own, with no inherited handle)."""
    key = (os.getpid(), os.path.realpath(path))
    with _REGISTRY:
        return _LOCKS.setdefault(key, FileLock(key[1]))
