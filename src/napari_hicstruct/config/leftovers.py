"""What a process that was killed left beside the files that it wrote: the names say which process it was."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
import sys
import time
import uuid
from functools import cache
from pathlib import Path

_SECONDS = 24 * 3600
"""Age from which what nobody is known to write is left over: of other computers and of former versions."""

_OURS = re.compile(r"\.(?P<host>[0-9a-f]{4})-(?P<pid>[0-9a-f]+)-[0-9a-z_]{6,8}(\.[^.]*)?$")
_FORMER = re.compile(r"^\..+\.[0-9a-f]{12}(\.[^.]*)?$")


def unique_mark() -> str:
    """A part of a temporary name that no other has, and that says which process of which computer made it."""
    return f"{process_mark()}-{uuid.uuid4().hex[:6]}"


def process_mark() -> str:
    """The part of :func:`unique_mark` that all names of this process share."""
    return f"{_host()}-{os.getpid():x}"


def remove_leftovers(folder: Path, beginning: str = ".") -> None:
    """Remove temporary files and folders of processes that are dead; what a live one writes stays.

    Of processes of other computers, which nobody can ask, what was not touched for a day goes.

    Parameters
    ----------
    folder : Path
        May be missing.
    beginning : str
        Of the names that are looked at.
    """
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.name.startswith(beginning) and _is_left_over(Path(entry.path)):
                _remove(Path(entry.path))


def _is_left_over(path: Path) -> bool:
    ours = _OURS.search(path.name)
    if ours is None and not _FORMER.match(path.name):
        return False
    if ours is not None and ours["host"] == _host() and sys.platform != "win32":  # where to ask would be to end it
        return not _is_alive(int(ours["pid"], 16))
    return time.time() - _last_touched(path) > _SECONDS


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True


def _last_touched(path: Path) -> float:
    """Seconds since 1970 of the newest change of a file, or of anything in a folder; now, if that cannot be known."""
    try:
        return max(one.lstat().st_mtime for one in (path, *path.rglob("*")))
    except OSError:
        return time.time()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


@cache
def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:4]
