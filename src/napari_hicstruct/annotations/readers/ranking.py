"""Scores and open columns of a whole file, once all its lines are records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from napari_hicstruct.annotations.codec import NO_EXTRA, NO_SCORE
from napari_hicstruct.annotations.readers.base import Format, LineProblem, OpenColumn
from napari_hicstruct.annotations.readers.numbers import is_missing
from napari_hicstruct.annotations.readers.scores import (
    Better,
    FileScores,
    Ranking,
    Score,
    asked_ranking,
    find_ranking,
    holds_numbers,
    scores_of,
)
from napari_hicstruct.annotations.readers.table import Table, squeezed
from napari_hicstruct.annotations.records import Annotation, complete
from napari_hicstruct.wording import how_many

EXAMPLES = 3
"""Cells of an open column that are shown to a person."""

_PLACED = {
    *("chrom", "start", "end", "chrom1", "start1", "end1", "chrom2", "start2", "end2"),
    *("pos1", "pos2", "pos3", "pos4", "name", "uid", "strand", "strand1", "strand2", "level", "parent", "tag"),
    *("color", "itemrgb", "thickstart", "thickend", "resolution", "width1", "width2", "width", "length", "distance"),
    *("first.width", "second.width", "anchor1.width", "anchor2.width"),
    *("bin1", "bin2", "bin1_id", "bin2_id", "size", "region"),
}


class Result:
    """Records by line number, and what went wrong."""

    def __init__(self) -> None:
        self.records: dict[int, Annotation] = {}
        self.rows: dict[int, int] = {}
        """Which of the file's data lines a line is, from 1."""
        self.problems: list[LineProblem] = []
        self.unmatched: dict[str, int] = {}
        self.trans = 0
        self.points = 0
        self.notes: list[str] = []
        self.undecided: tuple[OpenColumn, ...] = ()
        self.assembly = ""


def columns_of(table: Table, chosen: Format) -> tuple[str, ...]:
    """Canonical names of the columns; empty ones where the file does not say."""
    if table.header:
        return table.columns
    return chosen.columns(table) if callable(chosen.columns) else chosen.columns


def names_of(table: Table, chosen: Format) -> tuple[str, ...]:
    """Names under which columns are kept: the file's own, its format's, else ``column7``."""
    names = table.header or columns_of(table, chosen)
    width = max(table.width, len(names))
    return tuple(names[i] if i < len(names) and names[i] else f"column{table.number_of(i)}" for i in range(width))


def rank_records(
    table: Table,
    chosen: Format,
    result: Result,
    score_column: str | int | None = None,
    ascending: bool = False,
    *,
    own: bool = False,
) -> None:
    """Give the records their scores, and name the columns of which the file does not say what they mean."""
    names = names_of(table, chosen)
    if score_column is not None:
        ranking: Ranking | None = asked_ranking(table, names, score_column, ascending)
    elif own or (chosen.score is None and not chosen.ranked):
        return
    else:
        ranking = find_ranking(table, names, chosen.score)
    if ranking is None:
        result.notes += _empty_column(table, names, chosen.score)
        result.undecided = open_columns(table, names, columns_of(table, chosen))
        return
    fields = {number: cells for number, cells in table.rows if number in result.records}
    values = {number: ranking.value(cells) for number, cells in fields.items()}
    percent = any(ranking.is_percent(cells) for cells in fields.values())
    gaps = [] if percent else _without_strange(ranking, fields, values)
    scores = scores_of(values, ranking.better, percent=percent)
    known = [value for value in values.values() if value == value]
    result.notes += [*_note(ranking, scores, known), *(gaps if scores.by_line else [])]
    for number, record in result.records.items():
        score = scores.by_line.get(number, NO_SCORE)
        result.records[number] = _scored(record, score, ranking.name, scores.ranked, own)


def _without_strange(ranking: Ranking, fields: Mapping[int, Sequence[str]], values: dict[int, float]) -> list[str]:
    """Take out of ``values`` what no probability can be; say how many lines have no value, and why.

    A column that holds more of the others is no probability, whatever its name says.
    """
    missing = sum(value != value for value in values.values())
    strange = {number: ranking.strange(cells) for number, cells in fields.items()} if ranking.is_share else {}
    strange = {number: value for number, value in strange.items() if value == value}
    notes = []
    if missing and missing < len(values):
        notes.append(f"Column '{ranking.name}' has no value in {_of(missing, values)}: these calls have no score.")
    if strange and len(strange) * 2 <= len(values) - missing:
        line, first = next(iter(strange.items()))
        values.update(dict.fromkeys(strange, math.nan))
        notes.append(
            f"Column '{ranking.name}' has a value outside 0 to 1 in {_of(len(strange), values)}, "
            f"the first is {first:g} in line {line}: these calls have no score."
        )
    return notes


def _of(number: int, values: Mapping[int, float]) -> str:
    return f"{number:,} of {how_many(len(values), 'line')}"


def _empty_column(table: Table, names: Sequence[str], score: Score | None) -> list[str]:
    """That the column which would rank the records holds nothing; not where dots stand for one that nobody filled."""
    for index, name in enumerate(names):
        key = squeezed(name)
        if score is None or not (key in score.names or (score.begins and key.startswith(score.begins))):
            continue
        cells = set(table.column(index))
        if all(map(is_missing, cells)) and (table.header or not cells <= {"", "."}):
            return [
                f"Column '{name}' holds no value in any of {how_many(len(table.rows), 'line')}: there are no scores."
            ]
    return []


def _scored(record: Annotation, score: float, column: str, made: bool, own: bool) -> Annotation:
    extra = dict(record.extra)
    if own and record.score == record.score:
        extra.setdefault("score", repr(record.score))
    elif not made and score == score and squeezed(column) == "score":
        extra.pop(column, None)  # the score is this very number
    return complete(record, score=score, extra=extra or NO_EXTRA)


def _note(ranking: Ranking, scores: FileScores, values: list[float]) -> list[str]:
    if scores.by_line and scores.ranked:
        lower = ", lower is better" if ranking.better is not Better.HIGHER else ""
        low, high = min(values), max(values)
        return [
            f"Scores are ranks within the file: its column '{ranking.name}' runs from {low:g} to {high:g}{lower}. "
            "Its values are kept."
        ]
    if not scores.by_line and len(values) > 1:
        return [f"Column '{ranking.name}' is {values[0]:g} in every line and ranks nothing: there are no scores."]
    return []


def open_columns(table: Table, names: tuple[str, ...], columns: tuple[str, ...]) -> tuple[OpenColumn, ...]:
    """Columns of numbers that may rank the records, but do not say so."""
    found = []
    for index in range(table.width):
        known = columns[index] if index < len(columns) else ""
        if known in _PLACED or not holds_numbers(table, index):
            continue
        cells = [cell for cell in table.column(index) if not is_missing(cell)]
        name = table.header[index] if index < len(table.header) else ""
        if name == f"column{table.number_of(index)}":
            name = ""  # we named it, not the file
        found.append(OpenColumn(table.number_of(index), name, tuple(cells[:EXAMPLES])))
    return tuple(found)
