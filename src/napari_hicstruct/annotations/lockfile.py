"""Who may write a project: an operating-system lock on a file beside it.

SQLite itself lets several processes write in turn; two windows that edit one project would then undo each other's
work.  An OS lock is released by the kernel when its holder dies, so a killed process leaves no stale lock.
Why this is not filelock: ``docs/adr/0032-why-an-own-lock.md``.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import os
import socket
import sys
import tempfile
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # a byte behind the text, which stays readable for others
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _try_range_lock(descriptor: int) -> None:
        """Windows has one kind of lock."""
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _try_range_lock(descriptor: int) -> None:
        """The other kind of lock, which SQLite takes."""
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK, getattr(errno, "EDEADLOCK", errno.EDEADLK)}
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}

NO_LOCKS = "this file system cannot lock files; keep the project on a local disk"
"""Why a project cannot be edited where locks do not work."""


class Busy(Exception):
    """Another process (or project object) holds the lock; the text says who."""


class CannotLock(OSError):
    """The file system knows no locks: nobody holds this one, and nobody could."""


def locks_work(folder: Path) -> bool:
    """False if the file system of ``folder`` refuses SQLite's locks; True also where that cannot be tried."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            _try_range_lock(file.fileno())
    except OSError as error:
        return error.errno not in _NO_LOCKS
    return True


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
    CannotLock
        If the file system knows no locks.
    OSError
        If the folder cannot be written or the disk is full.  Nothing is left behind.
    """

    def __init__(self, project: Path) -> None:
        self.path = project.with_name(project.name + ".lock")
        self._descriptor: int | None = None
        while True:
            descriptor, is_new = self._open()
            try:
                _lock_or_raise(descriptor)
                # The former holder may have removed the file between our open and our lock: then it guards nothing.
                if not self._is_current(descriptor):
                    os.close(descriptor)
                    continue
                is_new = True  # it is ours now, whoever made it
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, _owner().encode(errors="replace"))
            except BaseException as error:
                if is_new and not isinstance(error, Busy):
                    with contextlib.suppress(OSError):
                        self.path.unlink()
                os.close(descriptor)
                raise
            self._descriptor = descriptor
            return

    def _open(self) -> tuple[int, bool]:
        """The lock file, and whether it was made just now."""
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
        except FileExistsError:
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), False

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


def _lock_or_raise(descriptor: int) -> None:
    """Take both kinds of lock that a project needs: ours, and SQLite's (which some file systems refuse alone)."""
    try:
        _try_lock(descriptor)
    except OSError as error:
        if error.errno in _HELD:
            owner = os.pread(descriptor, 200, 0).decode(errors="replace") if hasattr(os, "pread") else ""
            ours = owner.strip() == _owner()
            raise Busy("another window of this program" if ours else owner.strip() or "another window") from error
        if error.errno in _NO_LOCKS:
            raise CannotLock(error.errno, NO_LOCKS) from error
        raise
    try:
        _try_range_lock(descriptor)
    except OSError as error:  # held: where the kernel makes one kind of the other, it stands in our own way
        if error.errno in _NO_LOCKS:
            raise CannotLock(error.errno, NO_LOCKS) from error
        if error.errno not in _HELD:
            raise
