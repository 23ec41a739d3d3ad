"""The bytes of a track file: on this machine, unpacked, text; or a sentence that says why not."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from pathlib import Path

from napari_hicstruct.annotations.readers.source import local_path
from napari_hicstruct.errors import LabelError, TrackError

MAX_BYTES = 4 * 2**30
MAX_BP = 2**31 - 1
"""No chromosome is longer, and no position is kept in more bits."""
_OPENERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
_HEAD = 1 << 16
_NO_DATA = re.compile(rb"(?m)^(?:#|track\b|browser\b)[^\n]*\n?|^[ \t\r]*\n")


def track_path(path: str | Path) -> Path:
    """``path`` on this machine.

    Raises
    ------
    TrackError
        If it is an address on the web, no file, or cannot be read.
    """
    try:
        found = local_path(path)
    except LabelError as error:
        raise TrackError(error.message, where=error.where, hint=error.hint) from error
    if found.is_dir():
        raise TrackError("is a folder.", where=found, hint="Name the track files in it.")
    return found


def read_head(path: Path) -> bytes:
    """The first 64 kB, unpacked.

    Raises
    ------
    TrackError
        If there is nothing to read.
    """
    return _read(path, _HEAD)


def read_text(path: Path) -> bytes:
    """All of a text file, unpacked.

    Raises
    ------
    TrackError
        If it cannot be read, is damaged or empty, or no text.
    """
    data = _read(path, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TrackError("holds more than 4 GB of text.", where=path, hint="Convert it: bedGraphToBigWig.")
    if b"\x00" in data[:_HEAD]:
        raise TrackError("is not a text file.", where=path, hint="Choose a bigWig, bedGraph, BED, GTF or GFF3 file.")
    return data


def without_comments(data: bytes) -> bytes:
    """The lines that carry data: no comments, no lines for a browser, no empty ones."""
    data = data.replace(b"\r\n", b"\n") if b"\r\n" in data[:_HEAD] else data
    commented = any(mark in data for mark in (b"\n#", b"\ntrack", b"\nbrowser", b"\n\n", b"\n \n"))
    first = data[:8].lstrip()
    return _NO_DATA.sub(b"", data) if commented or first.startswith((b"#", b"track", b"browser")) else data


def _read(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(8)
        opener = next((made for magic, made in _OPENERS if start.startswith(magic)), None)
        with path.open("rb") if opener is None else opener(path, "rb") as unpacked:
            data = bytes(unpacked.read(size))
    except (zlib.error, EOFError, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise _damaged(path) from error
    except OSError as error:
        if error.strerror is None:  # of bz2
            raise _damaged(path) from error
        hint = "Check its permissions." if isinstance(error, PermissionError) else "Check the name."
        raise TrackError(f"cannot be read ({error.strerror}).", where=path, hint=hint) from error
    if not data.strip():
        raise TrackError("is empty.", where=path, hint="Choose a file with a track.")
    return data


def _damaged(path: Path) -> TrackError:
    return TrackError("the compressed file is damaged or cut short.", where=path, hint="Copy it again.")
