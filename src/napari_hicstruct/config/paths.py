"""Where we keep what is not the user's own: cache, logs, automatic projects.

Each folder can be moved by an environment variable (clusters, tests); none is created before it is asked for.  Where a
home cannot be written, what can be made again goes into a folder of the temporary ones; projects never do.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

_APP = "napari-hicstruct"
_MIN_ROOM = 16_000_000
"""Bytes that napari, Qt and the graphics driver need for what they keep."""


def cache_dir(*, create: bool = True) -> Path:
    """Folder for what can be computed again (``$HICSTRUCT_CACHE``); a temporary one where none can be written."""
    return _folder_or_temporary("HICSTRUCT_CACHE", platformdirs.user_cache_dir(_APP, appauthor=False), "cache", create)


def user_data_dir(*, create: bool = True) -> Path:
    """Folder for automatic projects and installed models (``$HICSTRUCT_HOME``).

    Raises
    ------
    OSError
        With ``create``, if it cannot be made.
    """
    folder = _chosen("HICSTRUCT_HOME", platformdirs.user_data_dir(_APP, appauthor=False))
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def log_dir() -> Path:
    """Folder for logs of unexpected failures (``$HICSTRUCT_LOGS``); a temporary one where none can be written."""
    return _folder_or_temporary("HICSTRUCT_LOGS", platformdirs.user_log_dir(_APP, appauthor=False), "logs", True)


def training_maps_dir(run: Path) -> Path:
    """Folder of the simulated maps that the training run in ``run`` learns from (``$HICSTRUCT_POOL``).

    Where it is not set, each run has its own; nothing is created here.
    """
    return _chosen("HICSTRUCT_POOL", str(run / "maps"))


def prepare_folders() -> None:
    """Let numba, matplotlib, napari and Qt keep their caches and settings elsewhere if the home cannot be written.

    They would otherwise refuse to work (numba), or fill the screen with warnings; on a full disk napari does not start,
    and the cache of what the graphics driver has compiled ends the program.  What the user has set stays.
    """
    if sys.platform == "win32":
        return
    caches = _chosen("XDG_CACHE_HOME", "~/.cache")
    full = not _has_room(caches)
    if full:
        os.environ.setdefault("MESA_SHADER_CACHE_DISABLE", "true")  # another folder may lie on the same disk
    if not can_write(caches) or (full and "napari" not in sys.modules):  # whose icons lie there by then
        _set_to_temporary("XDG_CACHE_HOME", "cache")
        _set_to_temporary("NUMBA_CACHE_DIR", "numba", only_if_unset=True)
    if not can_write(_chosen("XDG_CONFIG_HOME", "~/.config")):
        _set_to_temporary("XDG_CONFIG_HOME", "config")
        _set_to_temporary("MPLCONFIGDIR", "matplotlib", only_if_unset=True)


def _has_room(folder: Path) -> bool:
    """True if ``folder`` can be written and there is room for caches."""
    if not can_write(folder):
        return False
    try:
        nearest = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
        disk = os.statvfs(nearest)
    except (OSError, StopIteration):
        return True
    return disk.f_bavail * disk.f_frsize >= _MIN_ROOM


def can_write(folder: Path) -> bool:
    """True if ``folder`` can be written, or made where it is missing."""
    try:
        nearest = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
        return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    except (OSError, StopIteration):
        return False


@cache
def temporary_dir() -> Path | None:
    """A folder of this user among the temporary ones, the same in each process; None where none can be made."""
    try:
        base = Path(tempfile.gettempdir())
        if not hasattr(os, "getuid"):
            return Path(tempfile.mkdtemp(prefix=f"{_APP}-"))
        folder = base / f"{_APP}-{os.getuid()}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        # The name can be guessed: what somebody else put there is not used.
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
            return folder
        return Path(tempfile.mkdtemp(prefix=f"{_APP}-"))
    except OSError:
        return None


def _set_to_temporary(variable: str, name: str, *, only_if_unset: bool = False) -> None:
    base = temporary_dir()
    if base is None or (only_if_unset and os.environ.get(variable)):
        return
    with contextlib.suppress(OSError):
        (base / name).mkdir(exist_ok=True)
        os.environ[variable] = str(base / name)


def _chosen(variable: str, default: str) -> Path:
    """What a variable says, else ``default``; a home that nobody knows is none (not a folder named ``~``)."""
    text = os.environ.get(variable) or default
    if text.startswith("~"):
        text = os.path.expanduser(text)
    return Path(os.devnull, "no-home") if text.startswith("~") else Path(text)


def _folder_or_temporary(variable: str, default: str, name: str, create: bool) -> Path:
    folder = _chosen(variable, default)
    if not os.environ.get(variable) and not can_write(folder):
        base = temporary_dir()
        folder = folder if base is None else base / name
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return folder
