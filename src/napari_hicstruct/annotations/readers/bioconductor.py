"""Tables of R's GRanges and GInteractions, and second intervals somewhere behind the first: named as what they are."""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import median

from napari_hicstruct.annotations.layout import PAIR, SINGLE
from napari_hicstruct.annotations.readers.numbers import value_of
from napari_hicstruct.annotations.readers.pairs import alike, are_pairs
from napari_hicstruct.annotations.readers.table import OURS, Fields, Table, is_number, squeezed
from napari_hicstruct.errors import LabelError

MAX_SIZE_RATIO = 5
"""Anchors of loops are of about one size; an interval and what was found in it are not."""
MIN_POSITION = 1_000
"""bp; a smaller number behind a name that looks like a chromosome is rather a score."""

_CHROM_NAME = re.compile(r"^$|.*(chr|seq|contig|scaffold)|^column\d+$")
_STRANDS = ("+", "-", "*", ".")
_WIDTHS = {
    "start": ("end", ("width", "size", "length")),
    "start1": ("end1", ("width1", "firstwidth", "anchor1width", "widthx")),
    "start2": ("end2", ("width2", "secondwidth", "anchor2width", "widthy")),
}


def zero_based(table: Table, *, one_based: bool = False) -> Table:
    """The table with starts 1 bp lower where its widths prove that positions are 1-based and closed, as in R.

    ``one_based``: a person says so.

    Raises
    ------
    LabelError
        If a person says so of a file of ours, or a start is 0.
    """
    if table.layout == OURS:
        if one_based:
            raise LabelError("is written by this program, 0-based.", where=table.path, hint="Leave --one-based out.")
        return table
    named = table if table.header else _named(table)
    starts = [named.columns.index(start) for start in _WIDTHS if start in named.columns]
    if one_based:
        return _as_one_based(named, starts)
    proofs = [proof for start in _WIDTHS if (proof := _closed(named, start)) is not None]
    if not proofs or not all(proofs):
        return named
    if any(value_of(fields[i]) < 1 for _, fields in named.rows for i in starts if i < len(fields)):
        return named
    rows = tuple((number, _lowered(fields, starts)) for number, fields in named.rows)
    note = "Positions are 1-based and closed, as the widths in the file show: starts came in 1 bp lower."
    return replace(named, rows=rows, notes=(*named.notes, note))


def _as_one_based(table: Table, starts: list[int]) -> Table:
    starts = starts or ([1, 4] if are_pairs(table) else [1])
    for number, fields in table.rows:
        if any(value_of(fields[i]) < 1 for i in starts if i < len(fields)):
            raise LabelError(
                f"line {number} starts at 0, which no 1-based file has.",
                where=table.path,
                hint="Leave --one-based out.",
            )
    rows = tuple((number, _lowered(fields, starts)) for number, fields in table.rows)
    return replace(
        table, rows=rows, notes=(*table.notes, "Positions are 1-based, as given: starts came in 1 bp lower.")
    )


def _named(table: Table) -> Table:
    """The names that R gives the columns, where they were not written: widths stand behind the positions."""
    if not table.every(lambda f: _is_width(f, 0), 4):
        return table
    found = second_place(table)
    second = found[1] if found is not None else -1
    if second > 3 and table.every(lambda f: _is_width(f, second), second + 4):
        names = {**_names(table, 0, "1"), **_names(table, second, "2")}
    elif second < 0 and (4 in _names(table, 0, "") or _all_widths(table)):
        names = _names(table, 0, "")
    else:
        return table
    header = (names.get(i, f"column{table.number_of(i)}") for i in range(table.width))
    return replace(table, header=tuple(header))


def _names(table: Table, chrom: int, side: str) -> dict[int, str]:
    names = {chrom + k: f"{name}{side}" for k, name in enumerate((*SINGLE, "width"))}
    if table.every(lambda f: f[chrom + 4] in _STRANDS, chrom + 5):
        names[chrom + 4] = f"strand{side}"
    return names


def _is_width(fields: Fields, chrom: int) -> bool:
    start, end, width = (value_of(cell) for cell in fields[chrom + 1 : chrom + 4])
    return width > 0 and end - start in (width, width - 1)


def _all_widths(table: Table) -> bool:
    """True without strands, too, if no line contradicts and there are several."""
    return len(table.rows) > 1 and all(len(fields) > 3 and _is_width(fields, 0) for _, fields in table.rows)


def _with_header(table: Table, first: Fields) -> Table:
    more = tuple(f"column{table.number_of(i)}" for i in range(len(first), table.width))
    return replace(table, header=(*first, *more))


def _closed(table: Table, start: str) -> bool | None:
    """True if the width is end − start + 1 in every line; None if there is no such column."""
    end, widths = _WIDTHS[start]
    keys = [squeezed(name) for name in table.header]
    width = next((keys.index(key) for key in widths if key in keys), -1)
    if width < 0 or not table.has(start, end):
        return None
    places = (table.columns.index(start), table.columns.index(end), width)
    lines = [tuple(value_of(f[i]) for i in places) for _, f in table.rows if len(f) > max(places)]
    known = [line for line in lines if all(value == value for value in line)]
    return bool(known) and all(last - first + 1 == size for first, last, size in known)


def _lowered(fields: Fields, starts: list[int]) -> Fields:
    return tuple(
        f"{value_of(cell) - 1:.0f}" if i in starts and abs(value_of(cell)) < 2**53 else cell
        for i, cell in enumerate(fields)
    )


def second_interval(table: Table) -> Table | None:
    """The table with both anchors named, where the second stands apart from the first; None if there is none.

    A second interval that is no anchor (a gene in its domain) is left for :func:`second_place`.
    """
    one_chromosome = _one_chromosome(table)
    if one_chromosome is not None:
        return one_chromosome
    found = second_place(table)
    if found is None or not _are_anchors(table, *found):
        return None
    first, second = found
    names = list(table.header or (f"column{table.number_of(i)}" for i in range(table.width)))
    places = dict(zip((*first, second, second + 1, second + 2), PAIR, strict=True))
    header = tuple(places.get(i, f"{name}_" if name.lower() in PAIR else name) for i, name in enumerate(names))
    return replace(table, header=header)


def _one_chromosome(table: Table) -> Table | None:
    """Two spans behind one chromosome, as a header says or as both are of one size in every line."""
    if not table.header and len(table.rows) > 1 and all(_are_two_spans(fields) for _, fields in table.rows):
        table = _with_header(table, ("chrom", "start1", "end1", "start2", "end2"))
    if not table.has("start1", "end1", "start2", "end2") or table.has("chrom2"):
        return None
    chrom = next((i for i, name in enumerate(table.columns) if name in ("chrom", "chrom1")), -1)
    if chrom < 0:
        return None
    width = max(table.width, len(table.header))
    header = tuple("chrom1" if i == chrom else name for i, name in enumerate(table.header))
    header = (*header, *(f"column{table.number_of(i)}" for i in range(len(header), width)), "chrom2")
    rows = tuple(
        (number, (*fields, *[""] * (width - len(fields)), fields[chrom])) if len(fields) > chrom else (number, fields)
        for number, fields in table.rows
    )
    numbers = (*(table.number_of(i) for i in range(width)), table.number_of(chrom))
    return replace(table, header=header, rows=rows, numbers=numbers)


def _are_two_spans(fields: Fields) -> bool:
    """``chrom start end start end``: whole numbers, the second span as long as the first and behind it."""
    if len(fields) < 5 or not all(cell.isdecimal() for cell in fields[1:5]):
        return False
    a, b, c, d = map(int, fields[1:5])
    return a < b <= c < d and b - a == d - c


def span_columns(table: Table) -> tuple[int, int, int] | None:
    """Where chromosome, start and end stand; None if the header does not name them."""
    if not table.header:
        return (0, 1, 2)
    if not table.has(*SINGLE):
        return None
    chrom, start, end = (table.columns.index(name) for name in SINGLE)
    return (chrom, start, end)


def second_place(table: Table) -> tuple[tuple[int, int, int], int] | None:
    """Columns of a line's interval, and that of a second chromosome with two positions behind it."""
    first = span_columns(table)
    if first is None or table.has(*PAIR):
        return None
    for column in range(max(first) + 1, table.width - 2):
        if table.header and not _CHROM_NAME.match(table.columns[column] if column < len(table.columns) else ""):
            continue
        if table.every(lambda f, c=column: _is_second(f, first, c), column + 3):  # type: ignore[misc]
            return first, column
    return None


def _is_second(fields: Fields, first: tuple[int, int, int], column: int) -> bool:
    places = (*first[1:], column + 1, column + 2)
    if not all(_is_whole(fields[i]) for i in places):
        return False
    mine, other = fields[first[0]], fields[column]
    start, end = value_of(fields[column + 1]), value_of(fields[column + 2])
    if is_number(other):  # any number can be a chromosome, and any two numbers positions
        return mine == other and MIN_POSITION <= start < end
    return start <= end and alike(mine, other)


def _is_whole(cell: str) -> bool:
    """True also for ``1.2e6`` and ``860000.0``, as R and pandas write positions."""
    return is_number(cell) and value_of(cell).is_integer()


def half_second(table: Table) -> int | None:
    """Column of a second chromosome with only one position behind it; None if there is none."""
    first = span_columns(table)
    if first is None or table.has(*PAIR):
        return None

    def test(fields: Fields, column: int) -> bool:
        cell, place = fields[column], fields[column + 1]
        far = _is_whole(place) and value_of(place) >= MIN_POSITION
        return far and not is_number(cell) and alike(fields[first[0]], cell)

    columns = range(max(first) + 1, table.width - 1)
    return next((c for c in columns if table.every(lambda f, c=c: test(f, c), c + 2)), None)  # type: ignore[misc]


def _are_anchors(table: Table, first: tuple[int, int, int], second: int) -> bool:
    """True for two anchors of about one size that lie apart, or for one interval given twice."""
    rows = [
        tuple(value_of(f[i]) for i in (first[1], first[2], second + 1, second + 2)) + (f[first[0]] == f[second],)
        for _, f in table.rows
        if len(f) > second + 2
    ]
    known = [row for row in rows if all(value == value for value in row[:4])]
    if all(one and (a, b) == (c, d) for a, b, c, d, one in known):
        return True
    inside = sum(one and a < d and c < b for a, b, c, d, one in known)
    sizes = sorted((median(b - a for a, b, *_ in known), median(row[3] - row[2] for row in known)))
    return inside * 2 < len(known) and sizes[1] <= MAX_SIZE_RATIO * max(sizes[0], 1)
