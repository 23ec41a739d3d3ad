"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from napari_hicstruct.config.files import output_error


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
    """As :func:`write_bytes`, for text (UTF-8; bytes of file names that are none come out as they were)."""
    return write_bytes(path, text.encode(errors="surrogateescape"))
