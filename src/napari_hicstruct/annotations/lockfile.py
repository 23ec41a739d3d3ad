"""Who may write a project: an operating-system lock on a file beside it.

SQLite itself lets several processes write in turn; two windows that edit one project would then undo each other's
work.  An OS lock is released by the kernel when its holder dies, so a killed process leaves no stale lock.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # a byte behind the text, which stays readable for others
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Busy(Exception):
    """Another process (or project object) holds the lock; the text says who."""


def _owner() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user} on {socket.gethostname()} (process {os.getpid()})"


class WriteLock:
    """The right to write one project.

    Parameters
    ----------
    project : Path
        The project file; the lock is ``<project>.lock`` beside it.

    Raises
    ------
    Busy
        If somebody else holds it.
    OSError
        If the folder cannot be written.
    """

    def __init__(self, project: Path) -> None:
        self.path = project.with_name(project.name + ".lock")
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _try_lock(descriptor)
            except OSError as error:
                owner = os.pread(descriptor, 200, 0).decode(errors="replace") if hasattr(os, "pread") else ""
                os.close(descriptor)
                raise Busy(owner.strip() or "another window") from error
            # The former holder may have removed the file between our open and our lock: then it guards nothing.
            if self._is_current(descriptor):
                break
            os.close(descriptor)
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, _owner().encode())
        self._descriptor: int | None = descriptor

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the right back; safe to call twice."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):  # on Windows an open file cannot be removed; an unlocked one harms nobody
            self.path.unlink()
        os.close(self._descriptor)
        self._descriptor = None
