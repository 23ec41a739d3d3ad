"""A label file as rows of cells, before anybody knows what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from napari_hicstruct.annotations import layout
from napari_hicstruct.annotations.readers.numbers import is_number, plain_column, writes_decimal_commas
from napari_hicstruct.annotations.readers.source import decode, read_bytes
from napari_hicstruct.annotations.readers.split import find_separator, lines_of, split_line

__all__ = ["Table", "canonical_column", "is_number", "read_table", "squeezed", "table_of_text"]

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
_LIST = re.compile(r"^\d+(,\d+)*,?$")
MAX_TITLES = 10
"""Lines above the header in which a table may say what it is."""
_BLANK = " \t\r\n\x0b\x0c\x1a"
"""What a line without cells consists of; files of old systems end with Ctrl-Z."""
_SIDE = re.compile(r"\((\d)\)$")
_PREAMBLE = ("track", "browser")
OWN_COLUMNS = (layout.LOOPS, layout.STRIPES, layout.TADS, layout.BOUNDARIES)
_POSITIONS = {"start", "end", "start1", "end1", "start2", "end2", "pos1", "pos2", "pos3", "pos4"}
_ROW_NAME_HEADERS = ("", "unnamed: 0", "index", "rownames", "row.names", "x")


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
    """

    path: Path
    header: Fields
    rows: tuple[tuple[int, Fields], ...]
    preamble: Fields = ()
    numbers: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    layout: str = ""
    columns: Fields = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(canonical_column(name) for name in self.header))

    @property
    def name(self) -> str:
        """File name in lower case."""
        return self.path.name.lower()

    @property
    def width(self) -> int:
        """Cells of the longest of the first rows."""
        return max((len(fields) for _, fields in self.rows[:200]), default=len(self.header))

    def number_of(self, column: int) -> int:
        """Number in the file (1-based) of the column at index ``column``."""
        return self.numbers[column] if column < len(self.numbers) else column + 1

    def column(self, index: int) -> list[str]:
        """All cells of one column; empty text where a row is too short."""
        return [fields[index] if index < len(fields) else "" for _, fields in self.rows]

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


def read_table(path: Path) -> Table:
    """Split a file into rows: any separator, quotes and line ends, with or without header, ``#`` comments, packed.

    Raises
    ------
    LabelError
        If the file cannot be read, is empty, or is not text.
    """
    return table_of_text(path, decode(path, read_bytes(path)))


def table_of_text(path: Path, text: str) -> Table:
    """As :func:`read_table`, of text that was read already."""
    lines = lines_of(text)
    if _is_ours(lines):
        return _rows(path, lines, _split_ours)
    separator = find_separator([line for line in lines if not _is_aside(line.lstrip(" "))])
    table = _without_empty_columns(_rows(path, lines, lambda line: split_line(line, separator)))
    return _plain_numbers(_without_row_names(table))


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
        if (line.lower().startswith(_PREAMBLE) and line.split(None, 1)[0].lower() in _PREAMBLE) or _is_excels(line):
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


def _without_empty_columns(table: Table) -> Table:
    """Without the empty columns that doubled tabs make."""
    width = table.width
    empty = {
        index
        for index in range(width)
        if (index >= len(table.header) or not table.header[index]) and not any(table.column(index))
    }
    if not empty or not table.rows or empty == {width - 1} or min(empty) >= width - len(empty):
        return table  # only at the end, where they do no harm
    kept = [index for index in range(width) if index not in empty]
    header = tuple(table.header[i] for i in kept if i < len(table.header))
    rows = tuple((number, tuple(fields[i] for i in kept if i < len(fields))) for number, fields in table.rows)
    return replace(table, header=header, rows=rows, numbers=tuple(i + 1 for i in kept))


def _without_row_names(table: Table) -> Table:
    """Without the row names of R and the index of pandas, which stand in front of the first column."""
    named = bool(table.header) and table.header[0].strip().lower() in _ROW_NAME_HEADERS
    shorter = bool(table.header) and not named and _rows_are_one_longer(table)
    counted = not table.header and _begins_with_count(table)
    if not (named or shorter or counted):
        return table
    header = table.header[1:] if named else table.header
    rows = tuple((number, fields[1:]) for number, fields in table.rows)
    return replace(table, header=header, rows=rows, numbers=tuple(table.number_of(i) for i in range(1, table.width)))


def _rows_are_one_longer(table: Table) -> bool:
    """True if the header lacks a name for the first cells: positions are where it says only without these."""
    place = next((i for i, name in enumerate(table.columns) if name in _POSITIONS), -1)
    if place < 0:
        place = next((i for i, name in enumerate(table.columns) if name.startswith("fragmentmid")), -1)
    width = len(table.header)
    if place < 0:
        return table.every(lambda fields: len(fields) == width + 1, width + 1)
    return table.every(lambda f: not is_number(f[place]) and len(f) == width + 1, width + 1) or (
        table.every(lambda f: len(f) == width + 1 and is_number(f[place + 1]), width + 1) and _begins_with_count(table)
    )


def _begins_with_count(table: Table) -> bool:
    """True if the first cells count the rows, and what follows begins as a line of labels does."""
    cells = [fields for _, fields in table.rows]
    first = cells[0][0] if cells and cells[0] else ""
    if first not in ("0", "1") or len(cells) < 2 or min(map(len, cells)) < 4:
        return False
    if any(fields[0] != str(k + int(first)) for k, fields in enumerate(cells)):
        return False
    if not is_number(cells[0][1]):
        return True
    # Chromosomes that are numbers: no domain starts at a position that small in every line.
    small = all(fields[1].isdecimal() and len(fields[1]) < 3 for fields in cells)
    return small and all(_is_span(fields[2:4]) for fields in cells)


def _is_span(cells: Sequence[str]) -> bool:
    return all(map(is_number, cells)) and float(cells[0].rstrip("%")) < float(cells[1].rstrip("%"))


def _plain_numbers(table: Table) -> Table:
    """Decimal commas and grouped thousands as plain numbers, decided for each column as a whole."""
    if not table.header and table.every(_has_blocks, 12):
        return table  # BED12: its lists of blocks are no numbers with commas
    columns = [table.column(index) for index in range(table.width)]
    positions = _position_columns(table)
    commas = any(writes_decimal_commas(cells) for cells in columns)
    changed: dict[int, list[str]] = {}
    for index, cells in enumerate(columns):
        plain = plain_column(cells, position=index in positions, decimal_comma=commas)
        if plain is not None:
            changed[index] = plain
    if not changed:
        return table
    rows = tuple(
        (number, tuple(changed[i][k] if i in changed else cell for i, cell in enumerate(fields)))
        for k, (number, fields) in enumerate(table.rows)
    )
    return replace(table, rows=rows)


def _has_blocks(fields: Fields) -> bool:
    return is_number(fields[9]) and all(_LIST.match(cell) for cell in fields[10:12])


def _position_columns(table: Table) -> set[int]:
    if table.header:
        return {
            index
            for index, name in enumerate(table.columns)
            if name in _POSITIONS or name.startswith(("fragmentmid", "mid"))
        }
    return {1, 2, 4, 5}
