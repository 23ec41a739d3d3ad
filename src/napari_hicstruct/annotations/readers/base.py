"""What every reader is: a name, a test whether a file is of its kind, and a parser of one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from napari_hicstruct.annotations.layout import PAIR, SINGLE
from napari_hicstruct.annotations.readers.row import Row
from napari_hicstruct.annotations.readers.scores import Score
from napari_hicstruct.annotations.readers.table import Table
from napari_hicstruct.annotations.records import Annotation, Kind

__all__ = ["PAIR", "SINGLE", "Format", "LabelFile", "LineProblem", "OpenColumn", "keep"]


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
        What it can hold.  Where another kind is asked for (``--kind``), the format does not come into question.
    matches : function of a Table
        True if the file is of this format.
    parse : function of a Row and the kind to make of it
        The record of one line, or None for a line that marks nothing (a gap, a bin without boundary).
    columns : tuple of str, or function of a Table
        Canonical column names where the file has no header; an empty name: the file does not say.
    after_map : function of all records
        Last step: levels from nesting, for example.  Chromosomes and lengths are the map's by now; records that do not
        fit it are gone.
    score : Score, optional
        Which column ranks the records; without it the file does not say.
    before_map : function of all records
        What only all lines of the file together say, before a map leaves some out: whether levels count from 0 or 1.
        As many records, in the same order.
    ranked : bool
        True if records of this format can have a score at all, so that a person may be asked for its column.
    marks_too : bool
        True if a file names boundaries beside its domains: asked for boundaries, ``parse`` gives both.
    """

    name: str
    kinds: tuple[Kind, ...]
    matches: Callable[[Table], bool]
    parse: Callable[[Row, Kind], Annotation | None]
    columns: tuple[str, ...] | Callable[[Table], tuple[str, ...]]
    after_map: Callable[[Sequence[Annotation]], list[Annotation]] = keep
    score: Score | None = None
    before_map: Callable[[Sequence[Annotation]], list[Annotation]] = keep
    ranked: bool = True
    marks_too: bool = False


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line that did not become a record: its number in the file (1-based) and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class OpenColumn:
    """A column of numbers of which the file does not say what they mean.

    Attributes
    ----------
    number : int
        In the file, 1-based.
    name : str
        In the file's header; empty without one.
    examples : tuple of str
        Its first cells.
    """

    number: int
    name: str
    examples: tuple[str, ...]

    def __str__(self) -> str:
        return f"column {self.number} ({self.name})" if self.name else f"column {self.number}"


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
    trans : int
        Lines that join two chromosomes: right, but not for a map of one chromosome.
    notes : tuple of str
        What was decided for the file as a whole, in sentences.
    undecided : tuple of OpenColumn
        Columns that may rank the records, if a person says which and how; empty where the file says it.
    rows : tuple of int
        Of each record: which of the file's data lines it is, from 1 (bad lines count, too); empty where lines were
        joined.
    assembly : str
        That the file's comments name, else its name; empty if they name none or several.
    """

    records: list[Annotation]
    problems: list[LineProblem]
    format: str
    unmatched: dict[str, int]
    trans: int = 0
    notes: tuple[str, ...] = ()
    undecided: tuple[OpenColumn, ...] = ()
    rows: tuple[int, ...] = ()
    assembly: str = ""
