"""Which reader a file gets, and files that hold no labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_hicstruct.annotations.layout import PAIR
from napari_hicstruct.annotations.readers import domains, juicebox, loops, own, soft, stripes
from napari_hicstruct.annotations.readers.base import Format
from napari_hicstruct.annotations.readers.numbers import value_of
from napari_hicstruct.annotations.readers.pairs import are_pairs, is_chromosome
from napari_hicstruct.annotations.readers.ranking import names_of
from napari_hicstruct.annotations.readers.scores import find_ranking
from napari_hicstruct.annotations.readers.segments import are_marks, odd_intervals, segmentation
from napari_hicstruct.annotations.readers.split import strange_separator
from napari_hicstruct.annotations.readers.table import Fields, Table, is_number
from napari_hicstruct.annotations.readers.tracks import Other, contacts_of_bins, other_by_columns
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.errors import LabelError

_SPECIFIC: tuple[Format, ...] = (
    *own.FORMATS,
    *soft.FORMATS,
    *stripes.FORMATS,
    *loops.FORMATS,
    *juicebox.FORMATS,
    *domains.FORMATS,
)
_GENERIC = (*loops.PLAIN, *domains.PLAIN, *loops.BROKEN, *domains.BROKEN)
FORMATS: tuple[Format, ...] = (*_SPECIFIC, *_GENERIC)
"""Tried in this order: a program's own columns and names before plain BEDPE and BED."""

MAX_CHROMOSOMES = 99
"""Numbers up to this may be chromosomes, larger ones are positions."""

_INTERVALS = (*domains.PLAIN, *domains.BROKEN)
"""Read any interval as a TAD: a file that is taken for one of these must not be a track."""

_PAIRS = (*loops.PLAIN, *loops.BROKEN)

_PLURALS = {Kind.LOOP: "loops", Kind.STRIPE: "stripes", Kind.TAD: "tads", Kind.BOUNDARY: "boundaries"}


def choose(table: Table, kind: Kind | None) -> Format:
    """The format of a file.

    Raises
    ------
    LabelError
        If there is none, it holds another kind than asked for, or no labels at all.
    """
    if not table.rows and not table.header:
        raise LabelError("holds no labels.", where=table.path, hint="Choose a file with labels.")
    fitting = _fitting(table)
    table = replace(table, program="")  # from here on the file is asked alone
    if not fitting or fitting[0] in _INTERVALS:
        other = segmentation(table) or other_by_columns(table)
        if other is None and fitting and fitting[0].kinds[0] is Kind.TAD:
            other = odd_intervals(table)
        refuse_other(table.path, other, kind)
    elif fitting[0] in _PAIRS:
        refuse_other(table.path, contacts_of_bins(table), kind)
    if not fitting or (fitting[0] in _INTERVALS and _lacks_chromosomes(table)):
        raise _unknown(table)
    if kind is Kind.BOUNDARY and holds_domains(table, fitting[0]):
        return fitting[0]
    chosen = next((one for one in fitting if kind is None or kind in one.kinds), None)
    said = _said_by_content(table, fitting)
    held = said or fitting[0]
    what = f"{_PLURALS[held.kinds[0]]} ({held.name})"
    if chosen is not None and (said is None or chosen not in _GENERIC):
        if kind not in (Kind.TAD, Kind.BOUNDARY) or not _are_apart(table):
            return chosen
        what = "pairs of anchors, as of loops"
    hint = "Choose another file or another kind."
    raise LabelError(f"holds {what}, not {_PLURALS[kind] if kind else 'labels'}.", where=table.path, hint=hint)


def _are_apart(table: Table) -> bool:
    """True if most rows pair two places: no interval is given twice, as domains in BEDPE are."""
    if not are_pairs(table):
        return False
    ends = ("start1", "end1", "start2", "end2")
    cells = [table.column(table.columns.index(name) if table.header else PAIR.index(name)) for name in ends]
    same = [row[:2] == row[2:] for row in zip(*cells, strict=True)]
    return 2 * sum(same) < len(same)


def _fitting(table: Table) -> list[Format]:
    """Formats that a file may be of, the likeliest first: of the program that a person names, where one fits."""
    plain = replace(table, program="")
    fitting = [one for one in FORMATS if one.matches(plain)]
    if not table.program or _names_another(table, fitting):
        return fitting
    theirs = [one for one in FORMATS if _is_of(one, table.program) and one.matches(table) and _can_rank(table, one)]
    return [*theirs, *(one for one in fitting if one not in theirs)]


def misfit(table: Table, chosen: Format) -> str:
    """That a file is in no format of the program which a person names, in a sentence; empty if it is, or may be."""
    if not table.program or _is_of(chosen, table.program) or chosen in (*own.FORMATS, *soft.FORMATS):
        return ""  # our own formats hold anybody's calls
    known = [one for one in FORMATS if _is_of(one, table.program)]
    has_more = table.width > (6 if are_pairs(table) else 3)
    if known and (chosen in _SPECIFIC or (has_more and any(chosen.kinds[0] in one.kinds for one in known))):
        return f"is in no format of {table.program} that is known here; read as {chosen.name}."
    return ""


def _is_of(one: Format, program: str) -> bool:
    return one.name == program or one.name.startswith(f"{program} ")


def _names_another(table: Table, fitting: list[Format]) -> bool:
    """True if columns or values say that a file is of another program than a person says."""
    said = _said_by_content(table, fitting)
    return said is not None and not _is_of(said, table.program)


def _can_rank(table: Table, one: Format) -> bool:
    """False if a format's score would stand in a column that holds none: then the file is of another layout."""
    bare = one.score is None or table.width <= len(PAIR)
    return bare or bool(table.header) or find_ranking(table, names_of(table, one), one.score) is not None


def holds_domains(table: Table, chosen: Format) -> bool:
    """True if a file that is asked for boundaries lists domains, whose starts and ends these are."""
    if chosen.kinds[0] is not Kind.TAD:
        return False
    says_so = chosen in _SPECIFIC and Kind.BOUNDARY not in chosen.kinds
    return says_so or not are_marks(table)


def refuse_other(path: Path, other: Other | None, kind: Kind | None) -> None:
    """Raise LabelError for a track, genes or reads, unless a person said that its intervals are of ``kind``."""
    if other is None or (kind is not None and other.intervals):
        return
    more = f" {other.again}" if other.intervals else ""
    raise LabelError(f"{other.what}, not labels.", where=path, hint=f"{other.hint}{more}")


def _lacks_chromosomes(table: Table) -> bool:
    """True if a header has none, or numbers stand in all columns and never a start before an end."""
    if table.header:
        return table.has("start", "end") and not table.has("chrom")
    numbers = table.every(lambda f: all(map(is_number, f)), 3)
    return numbers and not table.some(lambda f: value_of(f[1]) < value_of(f[2]), 3) and not _are_points(table)


def _are_points(table: Table) -> bool:
    """True if each line gives one position twice behind its chromosome."""
    return all(f[1] == f[2] for _, f in table.rows if len(f) > 2)


def _unknown(table: Table) -> LabelError:
    """What keeps a file from being read, as far as it shows."""
    hint = "Its first columns must be chrom start end (TADs) or chrom1 start1 end1 chrom2 start2 end2 (loops)."
    message = "is of no label format that is known here."
    sign = strange_separator([" ".join(fields) for _, fields in table.rows])
    if table.has("start", "end") and not table.has("chrom"):
        message = "has starts and ends, but no column with the chromosome."
        hint = "Add a column chrom."
    elif (table.has("chrom", "start") and not table.has("end")) or (not table.header and table.every(_is_point, 3)):
        message, hint = _NO_ENDS
    elif _are_two_columns(table) and not table.every(lambda f: is_number(f[0]), 2):
        if table.every(lambda f: f[1].isdecimal(), 2):
            message, hint = _NO_ENDS
        else:
            message = "holds one number for each name, no starts and ends."
    elif _are_two_columns(table) and table.every(_are_start_and_end, 2):
        message = "has starts and ends, but no column with the chromosome."
        hint = "Add a column chrom."
    elif table.every(lambda f: all(map(is_number, f)), 2):
        message = "holds numbers only, no chromosome names in front of positions."
        if table.width > 2:
            hint = f"{hint} OnTAD writes such a list with -bedout."
    elif sign:
        message = f"is of no label format that is known here; are its columns separated by '{sign}'?"
        hint = f"Separate them by tabs. {hint}"
    return LabelError(message, where=table.path, hint=hint)


_NO_ENDS = (
    "gives one position in each line, no end.",
    "Add a third column with the ends: chrom start end (TADs or boundaries).",
)


def _is_point(fields: Fields) -> bool:
    """``chrom position name``."""
    return is_chromosome(fields[0]) and fields[1].isdecimal() and not is_number(fields[2])


def _are_two_columns(table: Table) -> bool:
    return not table.header and table.every(lambda f: len(f) == 2 and is_number(f[1]), 2)


def _are_start_and_end(fields: Fields) -> bool:
    start, end = fields[:2]
    return start.isdecimal() and end.isdecimal() and MAX_CHROMOSOMES < int(start) < int(end)


def _said_by_content(table: Table, fitting: list[Format]) -> Format | None:
    """The program's format that columns or values point to.

    Such a file holds what its program calls: a table of loops would pass as plain BEDPE of anything.  A program's name
    in the file's name alone is no such proof: a person who asks for a kind knows better.
    """
    nameless = replace(table, path=Path(), program="")
    return next((one for one in fitting if one in _SPECIFIC and one.matches(nameless)), None)
