"""Rows of a foreign file made regular: no row names, no empty columns, numbers written in the one way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from napari_hicstruct.annotations.readers.numbers import is_number, plain_column, writes_decimal_commas
from napari_hicstruct.annotations.readers.pairs import is_chromosome
from napari_hicstruct.annotations.readers.table import OURS, Fields, Table

_LIST = re.compile(r"^\d+(,\d+)*,?$")
_POSITIONS = {"start", "end", "start1", "end1", "start2", "end2", "pos1", "pos2", "pos3", "pos4"}
_ROW_NAME_HEADERS = ("", "unnamed: 0", "index", "rownames", "row.names", "x")


def tidied(table: Table) -> Table:
    """The table as its program meant it; a file that we wrote is left as it stands."""
    if table.layout == OURS:
        return table
    return _plain_numbers(_without_row_names(_without_empty_columns(table)))


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
    if cells and all(len(f) > 3 and f[0].isdecimal() and _begins_with_place(f[1:]) for f in cells):
        return True  # of a table from which lines were taken out, the numbers have gaps
    first = cells[0][0] if cells and cells[0] else ""
    if first not in ("0", "1") or len(cells) < 2 or min(map(len, cells)) < 4:
        return False
    if any(fields[0] != str(k + int(first)) for k, fields in enumerate(cells)):
        return False
    if not is_number(cells[0][1]):
        return True
    # Chromosomes that are numbers: no domain starts at a position that small in every line.
    small = all(is_chromosome(fields[1]) for fields in cells)
    return small and all(_is_span(fields[2:4]) for fields in cells)


def _begins_with_place(cells: Sequence[str]) -> bool:
    """True for a chromosome that is no number, a start and an end."""
    return not is_number(cells[0]) and is_chromosome(cells[0]) and _is_span(cells[1:3])


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
