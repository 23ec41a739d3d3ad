"""Places to look at: any BED or BEDPE, whatever it lists.  No records are made of them and nothing is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_hicstruct.annotations.readers.source import decode, local_path, read_bytes
from napari_hicstruct.annotations.readers.table import Table, table_of_text
from napari_hicstruct.errors import LabelError
from napari_hicstruct.genome import Interval, NameMatcher
from napari_hicstruct.genome.intervals import MAX_POSITION

_PAIR = ("chrom1", "start1", "end1", "chrom2", "start2", "end2")
_ONE = ("chrom", "start", "end")
_NO_NAME = ("", ".")


@dataclass(frozen=True, slots=True)
class ListedPlace:
    """A line of a list: its two intervals (the same twice in a BED), and its name where it has one."""

    first: Interval
    second: Interval
    name: str


@dataclass(frozen=True, slots=True)
class PlaceList:
    """What a file lists.

    Attributes
    ----------
    places : tuple of ListedPlace
        On chromosomes of the map, in the order of the file.
    elsewhere : int
        Lines on chromosomes that the map does not have, or beyond their ends.
    between : int
        Lines that join two chromosomes.
    """

    places: tuple[ListedPlace, ...]
    elsewhere: int
    between: int


def read_places(path: str | Path, chromsizes: Mapping[str, int]) -> PlaceList:
    """Read a BED or BEDPE as places on a map.

    Parameters
    ----------
    path : path
        Text of any separator, with or without header, plain or packed.
    chromsizes : mapping of str to int
        The map's chromosome lengths (bp); ``21`` and ``chr21`` are one.

    Raises
    ------
    LabelError
        If it cannot be read, has lines that are no places, or none on this map.
    """
    path = local_path(path)
    table = table_of_text(path, decode(path, read_bytes(path)))
    columns, name_column = _columns(table)
    matcher = NameMatcher(chromsizes)
    places: list[ListedPlace] = []
    elsewhere = between = 0
    for number, fields in table.rows:
        spans = [_span(path, number, fields, columns[i : i + 3]) for i in range(0, len(columns), 3)]
        known = [_on_map(span, matcher, chromsizes) for span in spans]
        chroms = [one.chrom if on_map is None else on_map.chrom for one, on_map in zip(spans, known, strict=True)]
        if chroms[0] != chroms[-1]:  # ``21`` and ``chr21`` are one
            between += 1
        elif known[0] is None or known[-1] is None:
            elsewhere += 1
        else:
            name = fields[name_column].strip() if name_column < len(fields) else ""
            places.append(ListedPlace(known[0], known[-1], "" if name in _NO_NAME else name))
    if not places:
        raise LabelError(
            "lists no place on this map.", where=path, hint="Check its chromosomes and its assembly; BED or BEDPE."
        )
    return PlaceList(tuple(places), elsewhere, between)


def _columns(table: Table) -> tuple[tuple[int, ...], int]:
    """Where chromosome, start and end stand, once or twice, and the name."""
    for wanted in (_PAIR, _ONE):
        if table.has(*wanted):
            names = table.columns
            return tuple(names.index(one) for one in wanted), names.index("name") if "name" in names else len(names)
    pair = bool(table.rows) and all(_is_pair(fields) for _, fields in table.rows[:20])
    return ((0, 1, 2, 3, 4, 5), 6) if pair else ((0, 1, 2), 3)


def _is_pair(fields: tuple[str, ...]) -> bool:
    return len(fields) >= 6 and fields[4].isdigit() and fields[5].isdigit() and not fields[3].isdigit()


def _span(path: Path, number: int, fields: tuple[str, ...], columns: tuple[int, ...]) -> Interval:
    cells = [fields[i].strip() if i < len(fields) else "" for i in columns]
    try:
        start, end = (int(float(cell)) for cell in cells[1:])
        if not (cells[0] and 0 <= start <= end <= MAX_POSITION):
            raise ValueError
    except (ValueError, OverflowError):
        shown = " ".join(cells).strip() or "nothing"
        raise LabelError(
            f"line {number:,} is no place: {shown}.",
            where=path,
            hint="A place is a chromosome, a start and an end (BED), or two of these (BEDPE).",
        ) from None
    return Interval(cells[0], start, end)


def _on_map(span: Interval, matcher: NameMatcher, chromsizes: Mapping[str, int]) -> Interval | None:
    chrom = matcher.match(span.chrom)
    return None if chrom is None or span.end > chromsizes[chrom] else Interval(chrom, span.start, span.end)
