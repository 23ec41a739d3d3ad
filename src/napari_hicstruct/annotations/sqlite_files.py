"""Opening the SQLite file of a project where that is not plain: read-only folders, full disks, no locks, odd names."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.exc import DBAPIError

from napari_hicstruct.annotations.lockfile import NO_LOCKS, locks_work
from napari_hicstruct.config.files import why_and_hint
from napari_hicstruct.errors import ProjectError

COPY_HINT = "Close it there, or work in a copy: in the window HiC Structures → Save a copy …"
"""What helps where a project can only be read."""
DISK_FULL = "the disk is full"
_HINT = {
    "database or disk is full": ("the disk is full; nothing of this step was saved.", "Free some space and repeat it."),
    "disk I/O error": ("the disk reports an error; nothing of this step was saved.", "Check the disk and repeat it."),
    "attempt to write a readonly database": (
        "the file cannot be written.",
        "Work in a copy elsewhere: in the window HiC Structures → Save a copy …",
    ),
    "database is locked": ("another program holds the file.", "Close it there and repeat."),
    "file is not a database": ("is not a project file.", "Choose a .hicproj file."),
    "database disk image is malformed": ("the file is damaged.", "Restore it from a copy."),
    "unable to open database file": ("the file cannot be opened.", "Check that it exists and may be read."),
}
_LOCK_ERRORS = {
    f"SQLITE_{name}"
    for name in ("PROTOCOL", "IOERR_LOCK", "IOERR_RDLOCK", "IOERR_UNLOCK", "IOERR_CHECKRESERVEDLOCK")
    + ("IOERR_SHMLOCK", "IOERR_SHMMAP", "IOERR_SHMOPEN")
}
_MIN_FREE_BYTES = 64 * 1024
"""Less free than this, SQLite cannot make the shared-memory file that it needs to write."""


def project_error(path: Path, error: Exception) -> ProjectError:
    """A :class:`ProjectError` in plain words for an error of SQLite or of the file system."""
    if isinstance(error, OSError):
        reason, hint = why_and_hint(error)
        said = f" ({error.strerror})" if error.strerror and error.strerror != reason else ""
        return ProjectError(f"cannot be written: {reason}{said}.", where=path, hint=hint)
    if (cause := place_of_fault(path, error)) == NO_LOCKS:
        return ProjectError(f"cannot be written: {cause}.", where=path)
    if cause == DISK_FULL:
        message, hint = _HINT["database or disk is full"]
        return ProjectError(message, where=path, hint=hint)
    text = str(_original(error))
    for sign, (message, hint) in _HINT.items():
        if sign in text:
            return ProjectError(message, where=path, hint=hint)
    return ProjectError(f"the project file cannot be used: {text}.", where=path, hint="Restore it from a copy.")


def place_of_fault(path: Path, error: BaseException | None) -> str:
    """What is wrong with the place where a project lies, if that is the cause of ``error``; else empty."""
    original = _original(error)
    name = getattr(original, "sqlite_errorname", None) or ""
    if name in _LOCK_ERRORS or (name.startswith(("SQLITE_BUSY", "SQLITE_IOERR")) and not locks_work(path.parent)):
        return NO_LOCKS
    if name == "SQLITE_FULL" or (name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and _is_full(path.parent)):
        return DISK_FULL
    return ""


def _original(error: BaseException | None) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _MIN_FREE_BYTES
    except OSError:
        return False


def address(path: Path, query: str) -> str:
    """The file as SQLite's URI; names may hold any bytes."""
    return f"file:{quote(os.fsencode(path.resolve()))}?{query}"


def has_log(path: Path) -> bool:
    """True if steps stand in the write-ahead log that are not in the file yet."""
    log = path.with_name(path.name + "-wal")
    try:
        return log.stat().st_size > 0
    except OSError:
        return False


@contextlib.contextmanager
def leaving_nothing(path: Path) -> Iterator[None]:
    """Take away what SQLite began beside a project and could not finish, if the block fails."""
    new = [one for rest in ("-wal", "-shm") if not (one := path.with_name(path.name + rest)).exists()]
    try:
        yield
    except BaseException:
        if not has_log(path) or path.with_name(path.name + "-wal") not in new:
            for one in new:
                with contextlib.suppress(OSError):
                    one.unlink(missing_ok=True)
        raise


def connect_to_read(path: Path, hold: contextlib.ExitStack) -> sqlite3.Connection:
    """A connection to read with, wherever the file lies; what it needs for that goes with ``hold``.

    The caller sets ``PRAGMA query_only``.

    SQLite's own way needs locks and a shared-memory file beside the project.  Where those cannot be, the file is read
    as it stands (``immutable``); with steps in its log a copy of both is read.
    """
    # In a folder that cannot be written immutable is tried at once: it leaves nothing behind.
    # So it is for a file that nobody may write: nobody changes it meanwhile.
    is_protected = not path.stat().st_mode & 0o222
    plain = has_log(path) or (os.access(path.parent, os.W_OK) and not is_protected)
    if plain:
        # Whoever may write takes the two files beside it away again when the last one closes; readers leave them.
        leaves_nothing = os.access(path, os.W_OK) and not has_log(path)
        try:
            with leaving_nothing(path):
                return _checked(path, "mode=rw" if leaves_nothing else "mode=ro")
        except sqlite3.OperationalError:
            if not has_log(path):
                return _checked(path, "immutable=1")
            return _checked(_copy(path, hold), "mode=ro")
    return _checked(path, "immutable=1")


def _checked(path: Path, query: str) -> sqlite3.Connection:
    raw = sqlite3.connect(address(path, query), uri=True, check_same_thread=False, isolation_level=None)
    try:
        raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        raw.close()
        raise
    return raw


def _copy(path: Path, hold: contextlib.ExitStack) -> Path:
    """A copy of a project and its log, in a folder of its own that goes with ``hold``."""
    try:
        folder = hold.enter_context(tempfile.TemporaryDirectory(prefix="hicstruct-"))
        for rest in ("", "-wal"):
            shutil.copyfile(path.with_name(path.name + rest), Path(folder) / f"copy.hicproj{rest}")
    except OSError as error:
        raise ProjectError(
            f"holds steps in its log ({path.name}-wal) that cannot be read where it lies.",
            where=path,
            hint="Copy both files into a folder that you may write, and open the copy.",
        ) from error
    return Path(folder) / "copy.hicproj"


@contextlib.contextmanager
def peek(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, and leaves nothing beside the file."""
    with contextlib.ExitStack() as hold:
        # Without a log the file alone says it all, and immutable leaves no shared-memory file behind.
        raw = connect_to_read(path, hold) if has_log(path) else _checked(path, "immutable=1")
        hold.callback(raw.close)
        yield raw
