"""Lines into cells: which separator a file has, and cells in quotes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence

from napari_hicstruct.annotations.readers.numbers import may_be_number

BLANKS = ""
"""Stands for any run of spaces as separator."""
SEPARATORS = ("\t", BLANKS, ";", ",", "|")
"""Tried in this order."""

_LINE_END = re.compile(r"\r*\n|\r")
_RUN = re.compile(r"[ \t\x0b\x0c]+")
_INTERVAL = re.compile(r":\d[\d,]*\s*(-|\.\.|:)\s*\d")
_SAMPLE = 60
_TO_STRIP = re.compile(r"[^\S\n\r]|[\"'\x1c-\x1f\x85]")
"""Blanks but the ends of lines, and quotes."""


def lines_of(text: str) -> list[str]:
    """Lines of any system, also mixed; not ``splitlines``, which breaks at characters that may stand in a cell."""
    return _LINE_END.split(text)


def find_separator(lines: Sequence[str]) -> str:
    """The separator by which most of ``lines`` become a chromosome, positions and more."""
    sample = [line for line in lines if line.strip()][:_SAMPLE]
    counts = {sep: sum(_looks_right(split_line(line, sep), sep) for line in sample) for sep in SEPARATORS}
    best = max(SEPARATORS, key=lambda sep: counts[sep])  # the first of those that are equal
    if counts[best]:
        return best
    tabs = sum("\t" in line for line in sample)
    return "\t" if tabs * 2 > len(sample) else BLANKS


def strange_separator(lines: Sequence[str]) -> str:
    """A sign behind which most lines have two positions, though no reader takes it; empty if there is none."""
    sample = [line for line in lines if line.strip() and not line.startswith("#")][:_SAMPLE]
    seen: Counter[str] = Counter()
    for line in sample:
        signs = {sign for sign in line if not sign.isalnum() and sign not in " \t."}
        seen.update(sign for sign in signs if all(map(may_be_number, (line.split(sign) + [""] * 3)[1:3])))
    # Dashes and underscores stand in names, too: they are named only where there is no other sign.
    usual = max(seen, key=lambda sign: (sign not in "-_+", seen[sign], sign), default="")
    return usual if sample and seen[usual] * 2 > len(sample) else ""


def splitter(text: str, separator: str) -> Callable[[str], tuple[str, ...]]:
    """:func:`split_line` of this separator; plainly, where a text has no quotes or blanks that it would take off."""
    if separator == BLANKS or _TO_STRIP.search(text.replace("\t", "") if separator == "\t" else text):
        return lambda line: split_line(line, separator)
    return lambda line: tuple(line.split(separator)) if separator in line else split_line(line, separator)


def split_line(line: str, separator: str) -> tuple[str, ...]:
    """Cells of one line without spaces and quotes around them; a line without the separator is split at spaces."""
    if separator == BLANKS or separator not in line:
        cells, mark = _RUN.split(line.strip(" \t")), " "
        if len(cells) == 1:
            cells = line.split() or [""]  # other blanks, such as those of web pages
    else:
        cells, mark = line.split(separator), separator
    if '"' in line:
        cells = _quoted(line, mark) or cells
    return tuple(_bare(cell) for cell in cells)


def _quoted(line: str, mark: str) -> list[str] | None:
    if mark == " ":
        line = line.replace("\t", " ").strip()
    try:
        return next(csv.reader([line], delimiter=mark, skipinitialspace=True, strict=True), None)
    except csv.Error:  # a quote that belongs to the text
        return None


def _bare(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'":
        return cell[1:-1].strip()
    return cell


def _looks_right(cells: Sequence[str], separator: str) -> bool:
    """True if the line begins as a line of labels does, and no other separator is left in its first cells."""
    left = {";", "|", ","} - {separator}
    head = cells[:4]
    if any(_INTERVAL.search(cell) for cell in cells):
        return all(not cell.endswith((";", ",")) for cell in head)
    if len(cells) < 3 or set(cells[0]) & left or any(cell.endswith((";", ",")) for cell in cells[:3]):
        return False
    if any(set(cell) & (left - {","}) for cell in head):
        return False
    numbers = [may_be_number(cell) for cell in cells[1:6]]
    return sum(numbers) >= 2
