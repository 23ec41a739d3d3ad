"""Intervals written into single cells, and pairs of midpoints: made plain columns before a reader is chosen."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from napari_hicstruct.annotations.layout import PAIR, SINGLE
from napari_hicstruct.annotations.readers.bioconductor import second_interval
from napari_hicstruct.annotations.readers.pairs import CELLS, are_pairs
from napari_hicstruct.annotations.readers.table import OWN_COLUMNS, Fields, Table, is_number, squeezed
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import format_bp

WASHU = "WashU long-range"
INTERACT = "UCSC interact"
FITHIC = "Fit-Hi-C"

_POSITION = r"(\d{1,3}(?:,\d{3})+|\d+)"
_PLACE = rf"([^\s:,;|\"']+?)\s*:\s*{_POSITION}\s*(?:[-–]|\.\.)\s*{_POSITION}"
_ONE = re.compile(rf"^{_PLACE}(?::[-+.*])?$")
_TWO = re.compile(rf"^{_PLACE}\s*(?:--|<->|->|=>|[_|;,~/&+x×=\s-])\s*{_PLACE}(?:,[\d.]+)?$")
_SCORED = re.compile(rf"^{_PLACE},\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)$")
_STRANDS = ("+", "-", ".", "")
_INTERACT_COLUMNS = (
    *("chrom", "start", "end", "name", "score", "value", "exp", "color"),
    *("chrom1", "start1", "end1", "sourceName", "strand1"),
    *("chrom2", "start2", "end2", "targetName", "strand2"),
)
MIN_BIN = 100
"""bp; a smaller common step between positions is no bin size, but fragments of different lengths."""


def unfold(table: Table) -> Table:
    """The table with chromosome, start and end in columns of their own, whichever way the file packs them.

    Raises
    ------
    LabelError
        If it gives only positions, and no common bin size fits them.
    """
    if any(table.columns[: len(own)] == own for own in OWN_COLUMNS):
        return table
    interact = _interact(table)
    if interact is not None or are_pairs(table):
        return interact or table
    for step in (_midpoints, _long_range, _pair_in_one_cell, _pair_in_two_cells, _one_interval, second_interval):
        changed = step(table)
        if changed is not None:
            return changed
    return table


def _holds(table: Table, index: int, pattern: re.Pattern[str]) -> bool:
    return table.every(lambda fields: bool(pattern.match(fields[index].strip())), index + 1)


def _interact(table: Table) -> Table | None:
    """UCSC's eighteen columns, by what stands where."""
    if table.has("chrom", "chrom1", "chrom2", "value", "color"):
        return replace(table, layout=INTERACT)
    if table.header or not table.every(_is_interact, 18):
        return None
    return replace(table, header=_INTERACT_COLUMNS, layout=INTERACT)


def _is_interact(fields: Fields) -> bool:
    if not all(is_number(fields[i]) for i in (1, 2, 4, 9, 10, 14, 15)):
        return False
    return fields[0] in (fields[8], fields[13]) and fields[12] in _STRANDS and fields[17] in _STRANDS


def _long_range(table: Table) -> Table | None:
    """``chrom start end chrom:start-end,score``; each pair may stand twice, once from either side."""
    if table.width < 4 or table.has(*PAIR) or not table.every(_is_span, 4):
        return None
    scored = _holds(table, 3, _SCORED)
    if not scored and not _holds(table, 3, _ONE):
        return None
    pattern = _SCORED if scored else _ONE
    if table.every(lambda f: _groups(pattern, f[3], 3)[:3] == f[:3], 4):
        return None  # intervals whose names say where they lie
    made = (*PAIR, "score") if scored else PAIR
    rows: list[tuple[int, Fields]] = []
    seen: set[tuple[str, ...]] = set()
    mirrored = 0
    for number, fields in table.rows:
        second = _groups(pattern, fields[3] if len(fields) > 3 else "", len(made) - 3)
        mirror = (*second[:3], *fields[:3], *second[3:])
        if mirror in seen and mirror[:3] != mirror[3:6]:
            mirrored += 1
            continue
        row = (*fields[:3], *second, *fields[4:])
        seen.add(row[: len(made)])
        rows.append((number, row))
    rest = [f"column{k}" for k in range(5, table.width + 1)]
    numbers = (1, 2, 3, *[4] * (len(made) - 3), *range(5, table.width + 1))
    notes = (f"Left out as doubles, pairs that stand twice, from either side: {mirrored:,}.",) if mirrored else ()
    header = (*made, *rest) if scored else ()
    layout = WASHU if scored else CELLS
    return replace(table, header=header, rows=tuple(rows), numbers=numbers, notes=(*table.notes, *notes), layout=layout)


def _is_span(fields: Fields) -> bool:
    return is_number(fields[1]) and is_number(fields[2])


def _pair_in_one_cell(table: Table) -> Table | None:
    """``chr1:100-200_chr1:300-400``, with any of the usual signs between."""
    index = next((i for i in range(min(table.width, 30)) if _holds(table, i, _TWO)), -1)
    if index < 0 or table.has(*PAIR):
        return None
    counted = table.every(lambda fields: not _ends_in_place(_cell(fields, index)), index + 1)
    return _rebuilt(table, (index,), lambda fields: _groups(_TWO, _cell(fields, index), 6), keep=counted)


def _ends_in_place(cell: str) -> bool:
    """False if a count follows the second interval, as in lists of ChIA-PET: the cell is kept for it."""
    match = _TWO.match(cell)
    return match is None or cell.endswith(match[6])


def _pair_in_two_cells(table: Table) -> Table | None:
    """``chr1:100-200`` in two columns."""
    held = [i for i in range(min(table.width, 30)) if _holds(table, i, _ONE)]
    if len(held) < 2 or table.has(*PAIR) or table.has(*SINGLE):
        return None
    first, second = held[:2]
    return _rebuilt(
        table,
        (first, second),
        lambda fields: (*_groups(_ONE, _cell(fields, first), 3), *_groups(_ONE, _cell(fields, second), 3)),
    )


def _one_interval(table: Table) -> Table | None:
    """``chr1:100-200`` alone: a domain."""
    if not table.rows or not _holds(table, 0, _ONE) or table.has(*SINGLE) or table.has(*PAIR):
        return None
    return _rebuilt(table, (0,), lambda fields: _groups(_ONE, _cell(fields, 0), 3))


def _cell(fields: Fields, index: int) -> str:
    return fields[index].strip() if index < len(fields) else ""


def _groups(pattern: re.Pattern[str], cell: str, number: int) -> tuple[str, ...]:
    """Parts of a cell; one that is not of the pattern stands where its start should, so that it is reported."""
    match = pattern.match(cell.strip())
    if match is None:
        return (cell or ".", cell or "empty", *[cell] * (number - 2))
    return tuple(part.replace(",", "") if part[:1].isdigit() else part for part in match.groups())


def _rebuilt(
    table: Table, used: Sequence[int], places: Callable[[Fields], tuple[str, ...]], *, keep: bool = False
) -> Table:
    """Coordinates first, then all other columns in their order, also those used if ``keep``."""
    rest = [i for i in range(table.width) if keep or i not in used]
    rows = tuple((n, (*places(fields), *(fields[i] for i in rest if i < len(fields)))) for n, fields in table.rows)
    names = PAIR if len(places(table.rows[0][1])) == len(PAIR) else SINGLE
    per_cell = len(names) // len(used)
    numbers = [table.number_of(i) for i in used for _ in range(per_cell)] + [table.number_of(i) for i in rest]
    header: Fields = ()
    if table.header:
        header = (*names, *(table.header[i] if i < len(table.header) else f"column{i + 1}" for i in rest))
    return replace(table, header=header, rows=rows, numbers=tuple(numbers), layout=CELLS)


_MIDDLES = (("fragmentmid1", "fragmentmid2"), ("mid1", "mid2"))


_FITHIC_COLUMNS = ("chr1", "fragmentMid1", "chr2", "fragmentMid2", "contactCount", "p-value", "q-value")


def _is_fithic(fields: Fields) -> bool:
    """Its seven columns without the header: two chromosomes with a position each, a count, two probabilities."""
    if is_number(fields[0]) != is_number(fields[2]) or not all(is_number(fields[i]) for i in (1, 3, 4, 5, 6)):
        return False
    probable = all(0 <= float(fields[i].rstrip("%")) <= 1 for i in (5, 6))
    return probable and not (is_number(fields[2]) and _is_span(fields) and float(fields[2].rstrip("%")) > 99)


def _midpoints(table: Table) -> Table | None:
    """Fit-Hi-C's midpoints, or starts without ends: anchors of the bin size that all positions share."""
    if not table.header and table.every(_is_fithic, 7):
        more = [f"column{k}" for k in range(8, table.width + 1)]
        table = replace(table, header=(*_FITHIC_COLUMNS, *more))
    keys = [squeezed(name) for name in table.columns]
    names = list(table.columns)
    for first, second in _MIDDLES:
        if first in keys and second in keys and "chrom1" in names:
            places = (names.index("chrom1"), keys.index(first), _second_chrom(names), keys.index(second))
            return _spread(table, places, middle=True)
    starts_only = "start1" in names and "start2" in names and not {"end1", "end2"} & set(names)
    if starts_only and ("chrom1" in names or "chrom" in names):
        chrom = names.index("chrom1" if "chrom1" in names else "chrom")
        other = names.index("chrom2") if "chrom2" in names else chrom
        return _spread(table, (chrom, names.index("start1"), other, names.index("start2")), middle=False)
    return None


def _second_chrom(names: list[str]) -> int:
    return names.index("chrom2") if "chrom2" in names else names.index("chrom1")


def _spread(table: Table, places: tuple[int, int, int, int], *, middle: bool) -> Table:
    size = _common_step([value for i in (places[1], places[3]) for value in _whole_numbers(table, i)], middle=middle)
    if size < MIN_BIN:
        message = "gives one position for each anchor, and no common bin size fits them."
        raise LabelError(message, where=table.path, hint="Add the starts and ends of the anchors (BEDPE).")
    shift = size // 2 if middle else 0

    def anchor(fields: Fields, chrom: int, position: int) -> tuple[str, str, str]:
        cell = _cell(fields, position)
        if not is_number(cell) or abs(float(cell.rstrip("%"))) > _FAR:
            return (_cell(fields, chrom), cell, cell)  # the reader says what is wrong with it
        start = float(cell.rstrip("%")) - shift
        return (_cell(fields, chrom), f"{start:.0f}", f"{start + size:.0f}")

    rest = [i for i in range(table.width) if i not in places]
    rows = tuple(
        (n, (*anchor(f, *places[:2]), *anchor(f, *places[2:]), *(f[i] for i in rest if i < len(f))))
        for n, f in table.rows
    )
    numbers = [table.number_of(i) for i in (places[0], *[places[1]] * 2, places[2], *[places[3]] * 2, *rest)]
    header = (*PAIR, *(table.header[i] if i < len(table.header) else f"column{i + 1}" for i in rest))
    what = "midpoints" if middle else "starts"
    note = f"The anchors are bins of {format_bp(size)}, as the spacing of the {what} in the file shows."
    layout = FITHIC if middle else ""
    return replace(table, header=header, rows=rows, numbers=tuple(numbers), notes=(*table.notes, note), layout=layout)


_FAR = 2.0**40


def _whole_numbers(table: Table, column: int) -> list[int]:
    values = (float(cell.rstrip("%")) for cell in table.column(column) if is_number(cell))
    return [int(value) for value in values if 0 <= value < _FAR and value == int(value)]


def _common_step(positions: Sequence[int], *, middle: bool) -> int:
    """The largest bin size of which next to all positions are starts (or middles); 0 if there is none."""
    distinct = sorted(set(positions))
    steps = [after - before for before, after in itertools.pairwise(distinct)]
    if not steps:
        return 0
    usual = [step for step, _ in Counter(steps).most_common(5)]
    for step in (math.gcd(*steps), *usual):
        for parts in range(1, 1001):
            size, rest = divmod(step, parts)
            if rest or size < MIN_BIN:
                continue
            fits = sum(place % size == (size // 2 if middle else 0) for place in distinct)
            if fits * 20 >= len(distinct) * 19:
                return size
    return 0
