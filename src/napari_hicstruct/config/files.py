"""Files and folders written whole or not at all: beside their place first, then renamed."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from napari_hicstruct.errors import OutputError


def why(error: Exception) -> str:
    """Why a file could not be written, in a few words: HDF5 says no errno, but half a page about its buffers."""
    if "No space left on device" in str(error):
        return "the disk is full"
    return getattr(error, "strerror", None) or str(error).partition("\n")[0]


def check_room(path: Path, n_bytes: int) -> None:
    """Refuse what may not fit on the disk: HDF5 cannot close a file there, and ends the whole program.

    Parameters
    ----------
    path : Path
        File to be written.
    n_bytes : int
        The most that it may come to.

    Raises
    ------
    OutputError
        If less is free.
    """
    folder = next((parent for parent in path.absolute().parents if parent.is_dir()), None)
    free = shutil.disk_usage(folder).free if folder is not None else 0
    if free < n_bytes:
        text = f"may need {n_bytes / 1e6:,.0f} MB, but {free / 1e6:,.0f} MB are free."
        raise OutputError(text, where=path, mend="Free some disk or choose another folder.")


@contextlib.contextmanager
def in_place_of(path: Path) -> Iterator[Path]:
    """A new name beside ``path`` to write a file or folder to; it takes the place when the block ends well.

    What stood there stays whole until then, and nothing is left of a block that fails.  Unlike :mod:`tempfile`'s, what
    is written may be read by whoever may read any other new file: people of one lab share models and data sets.

    Parameters
    ----------
    path : Path
        Where it belongs; its folder is made if it is missing.  The new name ends as ``path`` does.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:12]}{path.suffix}")
    try:
        yield temporary
        if temporary.is_dir() and path.is_dir():
            shutil.rmtree(path)
        os.replace(temporary, path)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
