"""The text of a label file: what stands under a path is opened, unpacked and decoded, or refused in a sentence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import zlib
from pathlib import Path
from typing import Protocol
from urllib.request import url2pathname

from napari_hicstruct.annotations.readers.signatures import refuse_other_files
from napari_hicstruct.errors import LabelError

MAX_TEXT_BYTES = 512 * 2**20
"""Unpacked size beyond which a file is no list of structures; contact matrices as text are of this kind."""

_WEB_ADDRESS = re.compile(r"^(https?|ftp|s3|gs):/+(.+)$", re.IGNORECASE)
_OPEN_PIPE = re.compile(r"^(/dev/fd/\d+|/proc/(self|\d+)/fd/\d+|/dev/stdin)$")
_DOWNLOADS = {"s3": "aws s3 cp {} .", "gs": "gsutil cp {} ."}
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")

_pipes: dict[tuple[str, int, int], bytes] = {}
"""What a shell's pipes held: they can be read only once, but a file may be looked at twice."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def local_path(path: str | Path) -> Path:
    """``path`` on this machine; ``~`` is the home folder.

    Raises
    ------
    LabelError
        If it is an address on the web.
    """
    if str(path).lower().startswith("file:/"):
        return Path(url2pathname("/" + str(path)[len("file:") :].lstrip("/")))
    if address := _WEB_ADDRESS.match(str(path)):
        scheme = address[1].lower()
        url = f"{scheme}://{address[2]}"  # a Path has only one of the slashes
        command = _DOWNLOADS.get(scheme, "curl -LO {}").format(url)
        raise LabelError("is an address on the web, not a file.", where=url, hint=f"Download it first: {command}")
    path = Path(path)
    try:
        return path.expanduser()
    except RuntimeError:  # no such user
        return path


def read_bytes(path: Path) -> bytes:
    """All bytes of a label file, unpacked.

    Raises
    ------
    LabelError
        If it cannot be read, is empty, is no ordinary file, or is plainly a file of another kind.
    """
    data = _raw(path)
    if data.startswith(_PACKED):
        data = _unpack(path, data)
    if not data.strip():
        raise LabelError("is empty.", where=path, hint="Choose a file with labels.")
    refuse_other_files(path, data)
    return data


def _raw(path: Path) -> bytes:
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise LabelError("is a folder.", where=path, hint="Name the label files in it.")
        if stat.S_ISREG(status.st_mode):
            with path.open("rb") as file:
                return _all_of(path, file)
        if not _OPEN_PIPE.match(str(path)):
            raise LabelError("is a pipe or a device, not a file.", where=path, hint="Write it into a file first.")
        key = (str(path), status.st_dev, status.st_ino)
        if key not in _pipes:
            with path.open("rb") as file:
                _pipes[key] = _all_of(path, file)
        return _pipes[key]
    except OSError as error:
        hint = "Check its permissions." if isinstance(error, PermissionError) else "Check the name."
        raise LabelError(f"cannot be read ({error.strerror}).", where=path, hint=hint) from error
    except ValueError as error:  # a NUL byte in the name
        raise LabelError("is no file name.", where=repr(str(path)), hint="Check the name.") from error


def _unpack(path: Path, data: bytes) -> bytes:
    packed = io.BytesIO(data)
    try:
        if data.startswith(b"BZh"):
            with bz2.open(packed) as file:
                return _all_of(path, file)
        if data.startswith(b"\xfd"):
            with lzma.open(packed) as file:
                return _all_of(path, file)
        with gzip.open(packed) as file:
            return _all_of(path, file)
    except (zlib.error, EOFError, lzma.LZMAError, OSError) as error:
        raise LabelError("the compressed file is damaged or cut short.", where=path, hint="Copy it again.") from error


def _all_of(path: Path, file: _Readable) -> bytes:
    data = file.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        size = f"{MAX_TEXT_BYTES // 2**20} MB"
        hint = "Is it a contact matrix? Choose the list of loops, stripes or TADs."
        raise LabelError(f"holds more than {size} of text, too much for a list of structures.", where=path, hint=hint)
    return data


def decode(path: Path, data: bytes) -> str:
    """The text: UTF-8, UTF-16 or UTF-32 by their marks or their NULs, else Latin (Windows-1252).

    Raises
    ------
    LabelError
        If it is not text.
    """
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "") or _wide(data)
    try:
        if encoding:
            text = data.decode(encoding)
        elif b"\x00" in data[:4096]:
            raise LabelError("is not a text file.", where=path, hint="Choose a BED, BEDPE or TSV file.")
        else:
            text = _narrow(data)
    except UnicodeError as error:
        hint = "Save it again as UTF-8 text."
        raise LabelError(f"is not the {encoding.upper()} text that it begins as.", where=path, hint=hint) from error
    return text.removeprefix("\ufeff")


def _narrow(data: bytes) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without its mark, by where the NULs of plain letters stand; empty if it is neither."""
    head = data[:4000]
    shares = [head[place::4].count(0) / max(len(head[place::4]), 1) for place in range(4)]
    for encoding, nulls in (
        ("utf-32-le", (False, True, True, True)),
        ("utf-32-be", (True, True, True, False)),
        ("utf-16-le", (False, True, False, True)),
        ("utf-16-be", (True, False, True, False)),
    ):
        if all(share > 0.8 if null else share < 0.05 for share, null in zip(shares, nulls, strict=True)):
            return encoding
    return ""
