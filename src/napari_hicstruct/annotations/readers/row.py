"""One line of a label file with its columns by name, and the small parsers that every format shares."""

from __future__ import annotations

import math
import re
from typing import Any

from napari_hicstruct.annotations.codec import NO_EXTRA, NO_SCORE
from napari_hicstruct.annotations.layout import PAIR
from napari_hicstruct.annotations.readers.numbers import MISSING
from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.annotations.text import EMPTY, from_cell
from napari_hicstruct.genome import Interval, canonical_name
from napari_hicstruct.wording import how_many

MAX_POSITION = 10**10
"""bp; the longest chromosomes known are shorter than this by half, what lies behind is a slip of the pen."""

_MAX_DIGITS = len(str(MAX_POSITION))
_NUMBERED = re.compile(rf"^({'|'.join(Kind)})_\d{{4,}}$")
"""How we call records without a name in files that hold their uids as well (``writers/names.py``)."""
_UID = re.compile(r"^[0-9a-f]{32}$")


class BadLineError(Exception):
    """A line cannot be an annotation; the text says why, for people."""


class PointLineError(BadLineError):
    """A line has one position where an interval must be; a boundary may lie there."""


class TransLineError(Exception):
    """A line joins two chromosomes: right, but nothing that a map of one chromosome shows."""


class Row:
    """Fields of one line under canonical column names; remembers which were used.

    Parameters
    ----------
    fields : tuple of str
    index : dict of str to int
        Position of each canonical column.
    names : tuple of str
        Column names as the file spells them, ``column7`` where it names none.
    """

    def __init__(self, fields: tuple[str, ...], index: dict[str, int], names: tuple[str, ...]) -> None:
        self._fields = fields
        self._index = index
        self._names = names
        self._used: set[int] = set()

    def cell(self, column: str) -> str:
        """The field as written, empty if there is no such column or field."""
        position = self._index.get(column, -1)
        if not 0 <= position < len(self._fields):
            return ""
        self._used.add(position)
        return self._fields[position]

    def text(self, column: str) -> str:
        """The field, unescaped; empty where the file has none."""
        return from_cell(self.cell(column))

    def columns(self, prefix: str) -> list[str]:
        """Canonical names that begin with ``prefix``, in file order."""
        return [name for name in self._index if name.startswith(prefix)]

    def integer(self, column: str) -> int:
        """A position in bp; ``1e+06`` and ``860000.0`` are read too, as R writes them."""
        cell = self.cell(column).strip()
        if cell.isdecimal() and len(cell) < _MAX_DIGITS:
            return int(cell)
        if not cell:
            raise BadLineError(f"has {how_many(len(self._fields), 'column')}, '{column}' is missing")
        try:
            number = float(cell) if "_" not in cell else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number != int(number):
            raise BadLineError(f"{column} '{cell}' is not a whole number")
        if abs(number) > MAX_POSITION:
            raise BadLineError(f"{column} '{cell}' lies beyond any chromosome")
        return int(number)

    def count(self, column: str) -> int:
        """A count; 0 where the file has none."""
        return 0 if self.cell(column).strip().lower() in MISSING else self.integer(column)

    def number(self, column: str, default: float = NO_SCORE) -> float:
        """A float (a ``%`` sign is dropped); ``default`` where the file has none."""
        cell = self.cell(column).strip()
        if cell.lower() in MISSING:
            return default
        try:
            value = float(cell.rstrip("%")) if "_" not in cell else math.nan
        except ValueError as error:
            raise BadLineError(f"{column} '{cell}' is not a number") from error
        return default if math.isnan(value) else value

    def share(self, column: str, default: float = NO_SCORE) -> float:
        """A float that must lie in [0, 1]."""
        value = self.number(column, default)
        if value < 0 or value > 1:
            raise BadLineError(f"{column} {value:g} is not in [0, 1]")
        return value

    def interval(
        self, chrom: str = "chrom", start: str = "start", end: str = "end", *, base: int = 0, point: bool = False
    ) -> Interval:
        """An interval from three columns; ``base`` 1 means 1-based closed in the file.

        With ``point`` an interval without length is the base pair behind it: where one domain ends, another begins.
        """
        name = self.text(chrom).strip()
        if not name:
            missing = self._index.get(chrom, 0) >= len(self._fields)
            columns = f"has {how_many(len(self._fields), 'column')}, '{chrom}' is missing"
            raise BadLineError(columns if missing else "has no chromosome")
        first, last = self.integer(start) - base, self.integer(end)
        if first < 0:
            raise BadLineError(f"{start} {first + base:,} lies before the chromosome")
        if last == first and point:
            return Interval(name, first, first + 1)
        if last <= first:
            problem = PointLineError if last == first else BadLineError
            raise problem(f"{end} {last:,} is not behind {start} {first + base:,}")
        return Interval(name, first, last)

    def pair(self) -> tuple[Interval, Interval]:
        """Both anchors of a BEDPE line."""
        return self._plain_pair() or self._any_pair()

    def _plain_pair(self) -> tuple[Interval, Interval] | None:
        """Both anchors where nothing is missing, wrong or written in another way, as in nearly all lines."""
        try:
            places = [self._index[column] for column in PAIR]
            chrom, start1, end1, other, start2, end2 = [self._fields[place] for place in places]
        except LookupError:
            return None
        cells = (start1, end1, start2, end2)
        plain = all(cells) and "".join(cells).isdecimal() and max(map(len, cells)) < _MAX_DIGITS
        if not plain or chrom != other or not chrom.isalnum():
            return None
        a, b, c, d = map(int, cells)
        if not (a < b and c < d):
            return None
        self._used.update(places)
        return Interval(chrom, a, b), Interval(chrom, c, d)

    def _any_pair(self) -> tuple[Interval, Interval]:
        first, second = self.interval("chrom1", "start1", "end1"), self.interval("chrom2", "start2", "end2")
        return first, one_chromosome(first, second)

    def status(self) -> Status:
        """The status column; proposed where there is none."""
        cell = self.cell("status")
        try:
            return Status.PROPOSED if cell in ("", EMPTY) else Status(cell)
        except ValueError as error:
            raise BadLineError(f"status '{cell}' is not one of {', '.join(Status)}") from error

    def names(self) -> dict[str, Any]:
        """Fields ``uid`` and ``name``: a ``uid`` column, else a uid that stands in the name column."""
        name, uid = self.text("name"), self.text("uid")
        if uid:
            return {"uid": uid, "name": "" if name == uid or _NUMBERED.match(name) else name}
        return {"uid": name} if _UID.match(name) else {"name": name}

    def extra(self) -> Any:
        """All columns not asked for so far, verbatim, under the file's own names."""
        found = {}
        for position, field in enumerate(self._fields):
            if position not in self._used and field not in ("", EMPTY):
                named = position < len(self._names)
                found[self._names[position] if named else f"column{position + 1}"] = from_cell(field)
        return found if found else NO_EXTRA


def one_chromosome(first: Interval, second: Interval) -> Interval:
    """``second`` with the name of its chromosome as ``first`` spells it; TransLineError if it is another one."""
    if first.chrom == second.chrom:
        return second
    if canonical_name(first.chrom) != canonical_name(second.chrom):
        raise TransLineError
    return Interval(first.chrom, second.start, second.end)


def bin_size(*anchors: Interval) -> int:
    """Bin size that the anchors betray: their common width where they start on multiples of it, else 0."""
    width = len(anchors[0])
    if width < 100:
        return 0
    for anchor in anchors:
        if anchor.end - anchor.start != width or anchor.start % width:
            return 0
    return width
