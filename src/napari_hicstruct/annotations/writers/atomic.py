"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from napari_hicstruct.errors import OutputError

_MEND = {
    errno.ENOSPC: ("the disk is full", "Free some space and repeat."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space and repeat."),
    errno.EACCES: ("the folder may not be written", "Choose another folder."),
    errno.EPERM: ("the folder may not be written", "Choose another folder."),
    errno.EROFS: ("the folder is read-only", "Choose another folder."),
    errno.EISDIR: ("a folder of this name exists", "Choose another name."),
}


def output_error(path: Path, error: OSError) -> OutputError:
    """An :class:`OutputError` in plain words; says that what stood there is untouched."""
    reason, mend = _MEND.get(error.errno or 0, (error.strerror or str(error), "Choose another folder."))
    kept = " The old file is untouched." if path.is_file() else ""
    return OutputError(f"cannot be written: {reason}.{kept}", where=path, mend=mend)


def make_folder(path: Path) -> Path:
    """The folder, made with its parents if they are missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
    return path


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Replace ``path`` by ``data`` through a temporary file beside it.

    Raises
    ------
    OutputError
        On a full disk, a read-only folder …; a file that stood there is untouched and no remains are left.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise output_error(target, error) from error
    return target


def write_text(path: str | Path, text: str) -> Path:
    """As :func:`write_bytes`, for text (UTF-8)."""
    return write_bytes(path, text.encode())
