"""What every reader is: a name, a test whether a file is of its kind, and a parser of one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from napari_hicstruct.annotations.layout import PAIR, SINGLE
from napari_hicstruct.annotations.readers.row import Row
from napari_hicstruct.annotations.readers.table import Table
from napari_hicstruct.annotations.records import Annotation, Kind

__all__ = ["PAIR", "SINGLE", "Format", "LabelFile", "LineProblem", "keep"]


def keep(records: Sequence[Annotation]) -> list[Annotation]:
    """The records as they are: the last step of formats that need none."""
    return list(records)


@dataclass(frozen=True, slots=True)
class Format:
    """One label format.

    Attributes
    ----------
    name : str
        For people and for ``LabelFile.format``.
    kinds : tuple of Kind
        What it can hold; a wish for another kind skips it.
    matches : function of a Table
        True if the file is of this format.
    parse : function of a Row and the kind wished for (or None)
        The record of one line, or None for a line that marks nothing (a gap, a bin without boundary).
    columns : tuple of str
        Canonical column names where the file has no header.
    finish : function of all records
        Last step over the whole file, for example levels from nesting.
    """

    name: str
    kinds: tuple[Kind, ...]
    matches: Callable[[Table], bool]
    parse: Callable[[Row, Kind], Annotation | None]
    columns: tuple[str, ...]
    finish: Callable[[Sequence[Annotation]], list[Annotation]] = keep


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line that did not become a record: its number in the file (1-based) and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What came out of a label file.

    Attributes
    ----------
    records : list of Annotation
        In file order.
    problems : list of LineProblem
        Lines that were left out.
    format : str
        The format it was read as.
    unmatched : dict of str to int
        Chromosome names that the map does not have, and how many records each would have had.
    """

    records: list[Annotation]
    problems: list[LineProblem]
    format: str
    unmatched: dict[str, int]
