"""Sequences of a FASTA file by place, without reading the file whole: an index of offsets, as ``samtools faidx`` makes.

An index ``FILE.fai`` that is not older than the file is used; else the file is passed through once, and the index is
kept in memory only.  Nothing is written.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import SequenceError
from napari_hicstruct.genome.names import NameMatcher
from napari_hicstruct.wording import first_few

N = 4
"""Code of a base that nobody knows, and of places beyond a chromosome's ends; A C G T are 0 … 3."""

_CODES = np.full(256, N, np.uint8)
for _code, _letters in enumerate((b"Aa", b"Cc", b"Gg", b"TtUu")):
    _CODES[list(_letters)] = _code
_ALIGN = "Write lines of one length: samtools faidx would refuse the file, too."


@dataclass(frozen=True, slots=True)
class _Record:
    """Where a sequence lies: bases, first byte, bases and bytes of a line."""

    length: int
    offset: int
    bases: int
    width: int


class Fasta:
    """Sequences of a file by name and place.

    Parameters
    ----------
    path : path
        Plain text; not compressed.

    Raises
    ------
    SequenceError
        If it cannot be read, is compressed, is no FASTA file, or has lines that no index can describe.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._records = _read_index(self.path)
        self._names = NameMatcher(self._records)
        self._bytes: NDArray[np.uint8] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_bytes": None}

    @property
    def lengths(self) -> dict[str, int]:
        """Names, as the file spells them, and lengths in bp."""
        return {name: record.length for name, record in self._records.items()}

    def match(self, chrom: str) -> str | None:
        """The file's spelling of a chromosome, or None if it has no such sequence."""
        return self._names.match(chrom)

    def fetch(self, chrom: str, start: int, end: int) -> NDArray[np.uint8]:
        """Codes of the bases ``[start, end)``; N beyond the ends.

        Raises
        ------
        SequenceError
            If there is no such chromosome.
        """
        name = self.match(chrom)
        if name is None:
            have = first_few(list(self._records))
            raise SequenceError(f"has no chromosome '{chrom}'.", where=self.path, hint=f"It has {have}.")
        record = self._records[name]
        found = np.full(max(0, end - start), N, np.uint8)
        low, high = max(0, start), min(record.length, end)
        if low < high:
            first, last = (record.offset + at // record.bases * record.width + at % record.bases for at in (low, high))
            raw = self._file()[first:last]
            found[low - start : high - start] = _CODES[raw[(raw != 10) & (raw != 13)]][: high - low]
        return found

    def _file(self) -> NDArray[np.uint8]:
        if self._bytes is None:
            self._bytes = np.memmap(self.path, np.uint8, "r")
        return self._bytes


def _read_index(path: Path) -> dict[str, _Record]:
    try:
        with path.open("rb") as file:
            head = file.read(2)
            if head == b"\x1f\x8b":
                raise SequenceError("is compressed; places in it cannot be found.", where=path, hint="Unpack it first.")
            if head[:1] not in (b">", b";"):
                raise SequenceError("is no FASTA file: it does not begin with '>'.", where=path)
            index = Path(f"{path}.fai")
            if index.is_file() and index.stat().st_mtime >= path.stat().st_mtime:
                return _of_fai(index)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                found = dict(_scan(path, text))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SequenceError(f"cannot be read ({reason}).", where=path) from error
    if not found:
        raise SequenceError("holds no sequence.", where=path)
    return found


def _of_fai(path: Path) -> dict[str, _Record]:
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {row[0]: _Record(*map(int, row[1:5])) for row in rows}
    except (ValueError, TypeError, IndexError) as error:
        hint = "Remove it, or make it again: samtools faidx."
        raise SequenceError("is no index of a FASTA file.", where=path, hint=hint) from error


def _scan(path: Path, text: mmap.mmap) -> Iterator[tuple[str, _Record]]:
    """Name and place of each sequence."""
    at = 0 if text[:1] == b">" else text.find(b"\n>") + 1
    while 0 <= at < len(text) and text[at : at + 1] == b">":
        end_of_name = text.find(b"\n", at)
        if end_of_name < 0:
            return
        words = text[at + 1 : end_of_name].split()
        after = text.find(b"\n>", end_of_name)
        stop = len(text) if after < 0 else after + 1
        if words:
            yield words[0].decode("utf-8", "replace"), _measure(path, text, end_of_name + 1, stop)
        at = stop


def _measure(path: Path, text: mmap.mmap, start: int, stop: int) -> _Record:
    """Length of a sequence; refuses lines of several lengths."""
    end_of_line = text.find(b"\n", start, stop)
    width = (stop if end_of_line < 0 else end_of_line + 1) - start
    ending = 0 if end_of_line < 0 else 2 if text[end_of_line - 1 : end_of_line] == b"\r" else 1
    bases = width - ending
    if bases <= 0:
        return _Record(0, start, 1, 2)
    data = np.frombuffer(text, np.uint8)[start:stop]
    ends = np.flatnonzero(data == 10)
    regular = not ends.size or bool((ends[:-1] == np.arange(1, ends.size) * width - 1).all())
    rest = stop - start - (ends[-1] + 1 if ends.size else 0)
    lines = int(ends.size)
    last = int(np.diff(ends, prepend=-1)[-1]) - ending if lines else 0
    del data  # a map cannot be closed while an array looks into it
    length = (lines - 1) * bases + last + rest if lines else int(rest)
    if not regular or last > bases or (rest and lines and last != bases) or rest > bases:
        raise SequenceError("has lines of different lengths within a sequence.", where=path, hint=_ALIGN)
    return _Record(int(length), start, bases, width)
