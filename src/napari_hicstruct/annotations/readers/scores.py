"""What ranks the records of a file: decided for the whole column, never line by line.

Programs write probabilities, counts, 0–1000, −log10 p, −1…1 or p-values.  A record's score is a rank in [0, 1]:
numbers that all lie there stay as they are, others become their fractional rank, and the cell itself is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from napari_hicstruct.annotations.readers.numbers import is_missing, value_of
from napari_hicstruct.annotations.readers.table import Table, squeezed
from napari_hicstruct.errors import LabelError


class Better(StrEnum):
    """Which end of a column is the better one."""

    HIGHER = "higher"
    LOWER = "lower"
    ONE_MINUS = "one minus"
    """As LOWER; the score is 1 − the value, as the program itself counts its false discovery rate."""


@dataclass(frozen=True, slots=True)
class Score:
    """The columns that rank a program's records.

    Attributes
    ----------
    names : tuple of str
        Squeezed names (see :func:`squeezed`), the most specific first.
    better : Better
    every : bool
        True: the largest of all these columns counts in each line; else the first column that tells records apart.
    begins : str
        Further columns by the beginning of their names.
    """

    names: tuple[str, ...] = ()
    better: Better = Better.HIGHER
    every: bool = False
    begins: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A :class:`Score` found in one file: indices of columns, how to call them, which end is better."""

    columns: tuple[int, ...]
    name: str
    better: Better

    def value(self, fields: Sequence[str]) -> float:
        """What ranks one line; NaN where it says nothing."""
        return max(self._numbers(fields), default=math.nan)

    def strange(self, fields: Sequence[str]) -> float:
        """The first number of one line that no probability can be; NaN where there is none."""
        return next((value for value in self._numbers(fields) if not 0 <= value <= 1), math.nan)

    def _numbers(self, fields: Sequence[str]) -> list[float]:
        cells = (fields[column] for column in self.columns if column < len(fields))
        return [value for value in map(value_of, cells) if value == value]

    @property
    def is_share(self) -> bool:
        """True if all numbers of the column lie in [0, 1] by what it is: a probability, a p-value or an FDR."""
        return squeezed(self.name) in _SHARES or is_p_value(self.name)

    def is_percent(self, fields: Sequence[str]) -> bool:
        """True if the line writes a percentage."""
        return any(fields[column].strip().endswith("%") for column in self.columns if column < len(fields))


_SHARES = ("probability", "prob")
P_VALUES = ("pvalue", "qvalue", "pval", "qval", "fdr", "padj", "padjusted", "adjpvalue", "adjpval", "padjust", "p", "q")
"""Squeezed names of columns in which lower is better."""


def is_p_value(name: str) -> bool:
    """True if a column's name says p-value, q-value or FDR, not its logarithm."""
    key = squeezed(name)
    if "log" in key or key.startswith("neg"):
        return False
    return key in P_VALUES or any(word in key for word in ("pvalue", "qvalue", "pval", "qval", "fdr"))


def find_ranking(table: Table, names: Sequence[str], score: Score | None) -> Ranking | None:
    """Where a file has the columns of ``score``; ``names`` are those of its header, or of its format without one."""
    if score is None:
        return None
    keys = [squeezed(name) for name in names]
    wanted = [i for name in score.names for i, key in enumerate(keys) if key == name]
    wanted += [i for i, key in enumerate(keys) if score.begins and key.startswith(score.begins)]
    held = [i for i in wanted if holds_numbers(table, i)]
    if not held:
        return None
    if not score.every:
        held = [next((i for i in held if _tells_apart(table, i)), held[0])]
    return Ranking(tuple(held), names[held[0]], score.better)


def holds_numbers(table: Table, column: int) -> bool:
    """True if a column holds numbers, and next to nothing else but missing values."""
    cells = [cell for cell in table.column(column) if not is_missing(cell)]
    numbers = sum(value_of(cell) == value_of(cell) for cell in cells)
    return bool(numbers) and numbers * 10 >= len(cells) * 9


def _tells_apart(table: Table, column: int) -> bool:
    return len({value_of(cell) for cell in table.column(column) if not is_missing(cell)}) > 1


def asked_ranking(table: Table, names: Sequence[str], column: str | int, ascending: bool) -> Ranking:
    """The column that a person names, by number in the file (1-based) or by name.

    Raises
    ------
    LabelError
        If there is no such column, or it holds no numbers.
    """
    index = _column_index(table, names, str(column).strip())
    if index in range(len(names)) and names[index].lower() in _PLACES:
        raise _wrong(table.path, f"column '{column}' holds positions, not a score.")
    if not holds_numbers(table, index):
        raise _wrong(table.path, f"column '{column}' holds no numbers.")
    name = names[index] if index < len(names) and names[index] else f"column{table.number_of(index)}"
    lower = ascending or is_p_value(name)
    return Ranking((index,), name, Better.LOWER if lower else Better.HIGHER)


_PLACES = {"chrom", "start", "end", "chrom1", "start1", "end1", "chrom2", "start2", "end2"}


def _column_index(table: Table, names: Sequence[str], column: str) -> int:
    if column in table.header:  # a name of digits, as pandas writes them
        return table.header.index(column)
    if column.lstrip("+-").isdecimal():
        wanted = int(column)
        found = [i for i in range(table.width) if table.number_of(i) == wanted]
        if not found:
            last = max((table.number_of(i) for i in range(table.width)), default=0)
            raise _wrong(table.path, f"has no column {column}; the last one is {last}.")
        return found[-1]
    spelt = [name.lower() for name in names]
    keys = [squeezed(name) for name in names]
    for wanted_name, among in ((column.lower(), spelt), (squeezed(column), keys)):
        held = [i for i, name in enumerate(among) if name == wanted_name and name]
        if held:
            return next((i for i in held if holds_numbers(table, i)), held[0])
    if not table.header:
        raise _wrong(table.path, f"has no header, so no column '{column}'.", "Give the number of the column.")
    raise _wrong(table.path, f"has no column '{column}'; it has {', '.join(table.header)}.")


def _wrong(path: Path, message: str, hint: str = "Name another column with --score-column.") -> LabelError:
    return LabelError(message, where=path, hint=hint)


@dataclass(frozen=True, slots=True)
class FileScores:
    """Scores by line number, and whether they are ranks made here rather than the file's own numbers."""

    by_line: dict[int, float]
    ranked: bool


def scores_of(values: Mapping[int, float], better: Better, *, percent: bool = False) -> FileScores:
    """Scores in [0, 1] of all lines of a file; a line without a value has none.

    Parameters
    ----------
    values : mapping of int to float
        By line number; NaN: no value.
    better : Better
    percent : bool
        True if the column is written in percent: its numbers are not in [0, 1], whatever they are.
    """
    known = {line: value for line, value in values.items() if value == value}
    inside = bool(known) and all(0 <= value <= 1 for value in known.values()) and not percent
    if inside and better is not Better.LOWER:
        scores = known if better is Better.HIGHER else {line: 1 - value for line, value in known.items()}
        distinct = set(scores.values())
        return FileScores({} if distinct <= {0.0} or distinct <= {1.0} else scores, False)
    if len(set(known.values())) < 2:  # nothing tells the records apart
        return FileScores({}, True)
    return FileScores(fractional_ranks(known, lower_is_better=better is not Better.HIGHER), True)


def fractional_ranks(values: Mapping[int, float], *, lower_is_better: bool = False) -> dict[int, float]:
    """Rank over number, in (0, 1], best 1; equal values share their mean rank."""
    order = sorted(values, key=lambda line: values[line], reverse=lower_is_better)
    ranks: dict[int, float] = {}
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for line in order[first : last + 1]:
            ranks[line] = ((first + last) / 2 + 1) / len(order)
        first = last + 1
    return ranks
