"""Lists of pairs of intervals: what their columns mean where the file has no header."""

from __future__ import annotations

import re

from napari_hicstruct.annotations.layout import PAIR
from napari_hicstruct.annotations.readers.table import Fields, Table, is_number
from napari_hicstruct.genome import canonical_name

STATED = ("score", "probability", "prob", "confidence", "confidencescore", "loopscore", "tadscore", "boundaryscore")
"""Squeezed names that say that a column ranks the records, higher is better."""

CELLS = "intervals in cells"
"""Layout of a table whose coordinates stood in cells: what is beside them has no place in BEDPE or BED."""

_STYLE = re.compile(
    r"^(chr|chromosome|[a-z_]{3,}|)[_.]?(\d{1,9}|[XYZWM]|MT|[1-9][LR]|[IVX]+)(_.*|\.\d+)?$", re.IGNORECASE
)
_STRANDS = ("+", "-", ".", "*", "")


def are_pairs(table: Table) -> bool:
    """True if the rows are pairs of intervals, by the header or by where their numbers stand."""
    return table.has(*PAIR) or (not table.header and table.every(is_pair, 6))


def is_pair(fields: Fields) -> bool:
    """True for ``chrom start end chrom start end``, where both chromosomes are spelt in one way."""
    return all(is_number(fields[i]) for i in (1, 2, 4, 5)) and alike(fields[0], fields[3])


def alike(first: str, second: str) -> bool:
    """True for ``chr1`` and ``chrX``, ``1`` and ``X``, not for a chromosome and the name of an object or a number."""
    if canonical_name(first) == canonical_name(second):
        return True
    styles = [_STYLE.match(name) for name in (first, second)]
    if not all(styles):
        return False
    prefixes = {style[1].lower() for style in styles if style}
    return len(prefixes) == 1


_CHROMOSOME = re.compile(
    r"^(chr\w*|[1-9]\d?[LRab]?(Het)?|[UXYZWM](Het)?|MT|Mito|Pt|[IVX]+|[A-Z]{1,4}_?\d{5,}(\.\d+)?|"
    r"(chromosome|scaffold|contig|super|supercontig|ctg|linkage_group|lg|hic_scaffold|ptg|un)\w*)([_.]\w+)*$",
    re.IGNORECASE,
)


def is_chromosome(name: str) -> bool:
    """True for a name as chromosomes and contigs have them: ``chr1``, ``2L``, ``NC_000001.11``, ``scaffold_7``."""
    return bool(_CHROMOSOME.match(name))


def pair_columns(table: Table) -> tuple[str, ...]:
    """Columns of a BEDPE without header; what the file does not say has no name.

    BEDPE's own layout is name, score, strand1, strand2.  It is taken for that where the seventh column is text, the
    eighth a number and the next two strands or absent; numbers that count the lines are names, too.
    """
    if table.layout == CELLS:
        return PAIR
    strands = table.every(lambda f: f[8] in _STRANDS and f[9] in _STRANDS, 10)
    shorter = not table.every(lambda f: len(f) >= 9, 9)
    numbers = table.every(lambda f: len(f) >= 7 and is_number(f[6]), 7)
    if not numbers and (strands or shorter):
        return (*PAIR, "name", "score", "strand1", "strand2")
    if (strands or shorter) and table.every(lambda f: len(f) >= 8, 8) and count_lines(table.column(6)):
        return (*PAIR, "name", "score", "strand1", "strand2")
    return PAIR if numbers else (*PAIR, "name")


def count_lines(cells: list[str]) -> bool:
    """True for whole numbers from 0 or 1 that name the lines one by one, in any order."""
    if len(cells) < 2 or not all(cell.isdecimal() and len(cell) < 9 for cell in cells):
        return False
    numbers = sorted(map(int, cells))
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
