"""A label file as rows of cells, before anybody knows what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from napari_hicstruct.annotations import layout
from napari_hicstruct.annotations.readers.numbers import is_number
from napari_hicstruct.annotations.readers.split import find_separator, lines_of, splitter

__all__ = ["Table", "canonical_column", "is_number", "squeezed", "table_of_text"]

Fields = tuple[str, ...]

_ALIASES = {
    "chrom1": (
        *("chr1", "chromosome1", "bin1_chr", "bin1_chrom", "bin1_chromosome", "seqnames1", "x.chr1", "x.chrom1"),
        *("chrom_1", "chr_1", "chroma", "chr_a", "chr_x", "chri", "first.seqnames", "anchor1_chr", "anchor1.chr"),
        *("bait_chr", "baitchr", "chrom_a", "chra", "anchor1_chrom", "sourcechrom"),
    ),
    "start1": (
        *("x1", "s1", "bin1_start", "start_1", "starta", "start_a", "start_x", "starti", "first.start"),
        *("anchor1_start", "anchor1.start", "bait_start", "baitstart", "sourcestart"),
    ),
    "end1": (
        *("x2", "e1", "bin1_end", "end_1", "enda", "end_a", "end_x", "endi", "first.end"),
        *("anchor1_end", "anchor1.end", "bait_end", "baitend", "sourceend"),
    ),
    "chrom2": (
        *("chr2", "chromosome2", "bin2_chr", "bin2_chrom", "bin2_chromosome", "seqnames2"),
        *("chrom_2", "chr_2", "chromb", "chr_b", "chr_y", "chrj", "second.seqnames", "anchor2_chr", "anchor2.chr"),
        *("oe_chr", "oechr", "chrom_b", "chrb", "anchor2_chrom", "targetchrom"),
    ),
    "start2": (
        *("y1", "s2", "bin2_start", "start_2", "startb", "start_b", "start_y", "startj", "second.start"),
        *("anchor2_start", "anchor2.start", "oe_start", "oestart", "targetstart"),
    ),
    "end2": (
        *("y2", "e2", "bin2_end", "end_2", "endb", "end_b", "end_y", "endj", "second.end"),
        *("anchor2_end", "anchor2.end", "oe_end", "oeend", "targetend"),
    ),
    "chrom": ("chr", "chromosome", "seqnames", "seqname", "x.chr", "x.chrom", "contig", "seqid"),
    "start": ("chromstart", "from.coord", "chr_start", "startpos", "start_pos", "domain_start", "tad_start"),
    "end": ("chromend", "stop", "to.coord", "chr_end", "endpos", "end_pos", "domain_end", "tad_end"),
    "level": ("dom_order", "tadlevel", "tad_level"),
}
_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
_KNOWN = {
    *_ALIASES,
    *_CANONICAL,
    *("pos1", "pos2", "pos3", "pos4", "score", "name", "iva", "ivb", "fragmentmid1", "fragmentmid2", "anchor1"),
    *("anchor2", "region1", "region2", "interval1", "interval2", "bin1", "bin2", "locus1", "locus2", "mid1", "mid2"),
}
MAX_TITLES = 10
"""Lines above the header in which a table may say what it is."""
_BLANK = " \t\r\n\x0b\x0c\x1a"
"""What a line without cells consists of; files of old systems end with Ctrl-Z."""
_SIDE = re.compile(r"\((\d)\)$")
_PREAMBLE = ("track", "browser")
_MAY_BE_ASIDE = 'tTbBsS"'
"""First letters of the preamble and of Excel's line."""
OURS = "ours"
OWN_COLUMNS = (layout.LOOPS, layout.STRIPES, layout.TADS, layout.BOUNDARIES)


def canonical_column(name: str) -> str:
    """One spelling for the coordinate columns of all programs; other names in lower case."""
    key = _SIDE.sub(r"\1", name.strip().lower())
    return _CANONICAL.get(key, key)


def squeezed(name: str) -> str:
    """Letters and digits only, lower case: ``Q-Value_Bias`` and ``q.value.bias`` are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one file with their line numbers, and its header, if it has one.

    Attributes
    ----------
    path : Path
    header : tuple of str
        Names as written; ``columns`` has them in the one spelling of :func:`canonical_column`.
    rows : tuple of (int, tuple of str)
        Line number (1-based) and cells.
    preamble : tuple of str
        Lines that are comments or set up a genome browser.
    numbers : tuple of int
        Column of the file (1-based) that each column here comes from; empty where they are the same.
    notes : tuple of str
        What people should know about how the rows were made, in sentences.
    layout : str
        Name of the format that the rows were made plain from.
    program : str
        The program that a person says wrote the file; empty: nobody said.
    """

    path: Path
    header: Fields
    rows: tuple[tuple[int, Fields], ...]
    preamble: Fields = ()
    numbers: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    layout: str = ""
    program: str = ""
    columns: Fields = field(init=False)
    _columns: tuple[Fields, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(canonical_column(name) for name in self.header))

    @property
    def name(self) -> str:
        """File name in lower case; what a person says of the file stands for it."""
        return self.program.lower() or self.path.name.lower()

    @property
    def width(self) -> int:
        """Cells of the longest of the first rows."""
        return max((len(fields) for _, fields in self.rows[:200]), default=len(self.header))

    def number_of(self, column: int) -> int:
        """Number in the file (1-based) of the column at index ``column``."""
        return self.numbers[column] if column < len(self.numbers) else column + 1

    def column(self, index: int) -> list[str]:
        """All cells of one column; empty text where a row is too short."""
        if not self._columns:
            columns = zip_longest(*(fields for _, fields in self.rows), fillvalue="")
            object.__setattr__(self, "_columns", tuple(columns))
        return list(self._columns[index]) if index < len(self._columns) else [""] * len(self.rows)

    def has(self, *columns: str) -> bool:
        """True if the header names all these canonical columns."""
        return set(columns) <= set(self.columns)

    def keys(self) -> set[str]:
        """Names of the header, squeezed."""
        return {squeezed(name) for name in self.header}

    def every(self, test: Callable[[Fields], bool], least: int) -> bool:
        """True if most of the first rows have ``least`` fields and pass ``test`` (a function of the fields)."""
        head = [fields for _, fields in self.rows[:50]]
        passed = sum(len(fields) >= least and test(fields) for fields in head)
        return bool(head) and passed > len(head) / 2

    def some(self, test: Callable[[Fields], bool], least: int) -> bool:
        """True if any row has ``least`` fields and passes ``test``."""
        return any(len(fields) >= least and test(fields) for _, fields in self.rows)


def table_of_text(path: Path, text: str) -> Table:
    """Split a text into rows: any separator, quotes and line ends, with or without header, ``#`` comments.

    A file that we wrote ourselves has :data:`OURS` as layout; its cells stand as they are.
    """
    lines = lines_of(text)
    if _is_ours(lines):
        return replace(_rows(path, lines, _split_ours), layout=OURS)
    separator = find_separator([line for line in lines if not _is_aside(line.lstrip(" "))])
    return _rows(path, lines, splitter(text, separator))


def _is_ours(lines: Sequence[str]) -> bool:
    """True for the header that we write: cells of such a file are taken as they stand."""
    first = next((line for line in lines if line.strip()), "")
    columns = tuple(canonical_column(name) for name in first.lstrip(" ").removeprefix("#").split("\t"))
    return any(columns[: len(own)] == own for own in OWN_COLUMNS)


def _split_ours(line: str) -> Fields:
    return tuple(line.split("\t")) if "\t" in line else tuple(line.split())


def _is_aside(line: str) -> bool:
    return line.startswith("#") or line.lower().startswith(_PREAMBLE)


def _is_header(fields: Fields) -> bool:
    names = {_SIDE.sub(r"\1", name.strip().lower()) for name in fields}
    return len(fields) >= 2 and len(names & _KNOWN) >= 2 and not is_number(fields[1])


def _is_preamble(line: str) -> bool:
    return line.lower().startswith(_PREAMBLE) and line.split(None, 1)[0].lower() in _PREAMBLE


def _is_excels(line: str) -> bool:
    """The line by which Excel names the separator."""
    return re.fullmatch(r'"?sep=.?"?', line.strip(), re.IGNORECASE) is not None


def _only_titles(rows: Sequence[tuple[int, Fields]]) -> bool:
    """True if what came before a header can only be the title of a table."""
    return len(rows) <= MAX_TITLES and not any(is_number(cell) for _, fields in rows for cell in fields[1:4])


def _rows(path: Path, lines: Iterable[str], split: Callable[[str], Fields]) -> Table:
    header: Fields = ()
    rows: list[tuple[int, Fields]] = []
    preamble: list[str] = []
    for number, whole in enumerate(lines, start=1):
        line = whole.lstrip(" \ufeff")
        if not line.strip(_BLANK):
            continue
        if line[0] in _MAY_BE_ASIDE and (_is_preamble(line) or _is_excels(line)):
            preamble.append(line)
            continue
        fields = split(line.lstrip("#").lstrip(" ") if line.startswith("#") else line)
        if not header and _only_titles(rows) and _is_header(fields):
            preamble += ["\t".join(title) for _, title in rows]
            rows.clear()
            header = tuple(name.strip().lstrip("#") for name in fields)
        elif line.startswith("#"):
            preamble.append(line)
        elif fields != header:  # which stands again where files were joined
            rows.append((number, fields))
    return Table(path, header, tuple(rows), tuple(preamble))
