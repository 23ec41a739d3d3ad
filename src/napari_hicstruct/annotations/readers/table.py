"""A label file as rows of fields, before anybody knows what it holds."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_hicstruct.errors import LabelError

_NUMBER = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?$")
_ALIASES = {
    "chrom1": ("chr1", "chromosome1", "bin1_chr", "bin1_chrom", "bin1_chromosome", "seqnames1"),
    "start1": ("x1", "s1", "bin1_start"),
    "end1": ("x2", "e1", "bin1_end"),
    "chrom2": ("chr2", "chromosome2", "bin2_chr", "bin2_chrom", "bin2_chromosome", "seqnames2"),
    "start2": ("y1", "s2", "bin2_start"),
    "end2": ("y2", "e2", "bin2_end"),
    "chrom": ("chr", "chromosome", "seqnames", "seqname"),
    "start": ("chromstart", "from.coord"),
    "end": ("chromend", "stop", "to.coord"),
}
_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
_KNOWN = {*_ALIASES, *_CANONICAL, "pos1", "pos2", "pos3", "pos4", "score", "name"}
_PREAMBLE = ("track", "browser")


def canonical_column(name: str) -> str:
    """One spelling for the coordinate columns of all programs; other names in lower case."""
    key = name.strip().lower()
    return _CANONICAL.get(key, key)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one file with their line numbers, and its header, if it has one.

    ``header`` holds the names as written, ``columns`` in the one spelling of :func:`canonical_column`.
    """

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Canonical column names; empty without header."""
        return tuple(canonical_column(name) for name in self.header)

    @property
    def name(self) -> str:
        """File name in lower case."""
        return self.path.name.lower()

    def has(self, *columns: str) -> bool:
        """True if the header names all these canonical columns."""
        return set(columns) <= set(self.columns)

    def every(self, test: Callable[[tuple[str, ...]], bool], least: int) -> bool:
        """True if most of the first rows have ``least`` fields and pass ``test`` (a function of the fields)."""
        head = [fields for _, fields in self.rows[:50]]
        passed = sum(len(fields) >= least and test(fields) for fields in head)
        return bool(head) and passed > len(head) / 2

    def some(self, test: Callable[[tuple[str, ...]], bool], least: int) -> bool:
        """True if any row has ``least`` fields and passes ``test``."""
        return any(len(fields) >= least and test(fields) for _, fields in self.rows)


def is_number(text: str) -> bool:
    """True for an integer, a float, or a percentage."""
    return bool(_NUMBER.match(text.strip()))


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise LabelError("the compressed file is damaged or cut short.", where=path, mend="Copy it again.") from error
    except OSError as error:
        raise LabelError(f"cannot be read ({error.strerror}).", where=path, mend="Check the name.") from error
    if not data.strip():
        raise LabelError("is empty.", where=path, mend="Choose a file with labels.")
    if b"\x00" in data[:4096]:
        raise LabelError("is not a text file.", where=path, mend="Choose a BED, BEDPE or TSV file.")
    return data.decode("utf-8-sig", errors="replace")


def _split(line: str) -> tuple[str, ...]:
    return tuple(line.split("\t")) if "\t" in line else tuple(line.split())


def _is_header(fields: tuple[str, ...]) -> bool:
    names = {field.strip().lower() for field in fields}
    return len(fields) >= 3 and len(names & _KNOWN) >= 2 and not is_number(fields[1])


def read_table(path: Path) -> Table:
    """Split a file into rows: tab or white space, with or without header, ``#`` comments, gzip.

    Raises
    ------
    LabelError
        If the file cannot be read, is empty, or is not text.
    """
    header: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    # Not splitlines: it also breaks at characters that may stand inside a cell.
    for number, whole in enumerate(_decode(path).replace("\r\n", "\n").split("\n"), start=1):
        line = whole.lstrip(" ")
        if not line.strip() or line.lower().startswith(_PREAMBLE):
            continue
        fields = _split(line.lstrip("#").lstrip(" ") if line.startswith("#") else line)
        if not rows and not header and _is_header(fields):
            header = tuple(field.strip() for field in fields)
        elif not line.startswith("#"):
            rows.append((number, fields))
    return Table(path, header, tuple(rows))
