"""Which reader a file gets, and what all readers do alike: names, lengths, malformed lines."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from napari_hicstruct.annotations.readers import domains, juicebox, loops, own, stripes
from napari_hicstruct.annotations.readers.base import Format, LabelFile, LineProblem
from napari_hicstruct.annotations.readers.parquet import read_parquet
from napari_hicstruct.annotations.readers.row import BadLineError, Row
from napari_hicstruct.annotations.readers.table import Table, read_table
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.errors import HicStructError, LabelError, readable
from napari_hicstruct.genome import Interval, NameMatcher

_SPECIFIC: tuple[Format, ...] = (
    *own.FORMATS,
    *stripes.FORMATS,
    *juicebox.FORMATS,
    *loops.FORMATS,
    *domains.FORMATS,
)
_GENERIC = (*loops.PLAIN, *domains.PLAIN, *loops.BROKEN, *domains.BROKEN)
FORMATS: tuple[Format, ...] = (*_SPECIFIC, *_GENERIC)
"""Tried in this order: a program's own columns and names before plain BEDPE and BED."""

_PARQUET = Format("Parquet", tuple(Kind), lambda _: False, lambda *_: None, ())

_PLURALS = {Kind.LOOP: "loops", Kind.STRIPE: "stripes", Kind.TAD: "tads", Kind.BOUNDARY: "boundaries"}

OVERHANG = 100_000
"""Last bins are written whole by many callers: an end may lie this far (bp) behind the chromosome and is clamped."""


def read_labels(
    path: str | Path, *, chromsizes: Mapping[str, int] | None = None, kind: Kind | None = None
) -> LabelFile:
    """Read a label file of any known format.

    Parameters
    ----------
    path : path
        Tab or white space, with or without header, ``#`` comments, plain or gzip.
    chromsizes : mapping of str to int, optional
        The map's chromosome lengths (bp).  With it names are reconciled (``21`` = ``chr21``), records on
        chromosomes that the map lacks are counted in ``unmatched``, and coordinates must fit.
    kind : Kind, optional
        What the file is to hold, where its format leaves that open (a BEDPE of stripes, a BED of boundaries).

    Returns
    -------
    LabelFile
        The good lines as records in 0-based half-open bp, the bad ones by number with the reason.

    Raises
    ------
    LabelError
        If the file is unreadable, of no known format, of another kind than asked for, more than half of its
        lines are bad, or it belongs to another assembly.
    """
    path = Path(path)
    if path.suffix.lower() == ".parquet":
        chosen, result = _PARQUET, _read_parquet(path, kind)
    else:
        table = read_table(path)
        chosen = _choose(table, kind)
        result = _parse(table, chosen, _wanted_kind(table, chosen, kind))
        _refuse_mostly_bad(table, result)
    if chromsizes is not None:
        result = _reconcile(path, result, chromsizes)
    return LabelFile(chosen.finish(list(result.records.values())), result.problems, chosen.name, result.unmatched)


class _Result:
    """Records by line number, and what went wrong."""

    def __init__(self) -> None:
        self.records: dict[int, Annotation] = {}
        self.problems: list[LineProblem] = []
        self.unmatched: dict[str, int] = {}


def _read_parquet(path: Path, kind: Kind | None) -> _Result:
    result = _Result()
    records = [record for record in read_parquet(path) if kind is None or record.kind is kind]
    result.records = dict(enumerate(records, start=1))
    return result


def _wanted_kind(table: Table, chosen: Format, kind: Kind | None) -> Kind:
    if kind is not None:
        return kind
    # chromosight's borders stand on the diagonal in the same columns as its loops.
    borders = Kind.BOUNDARY in chosen.kinds and domains.is_repeated_bed(table)
    return Kind.BOUNDARY if borders and chosen.kinds[0] is Kind.LOOP else chosen.kinds[0]


def _choose(table: Table, kind: Kind | None) -> Format:
    if not table.rows and not table.header:
        raise LabelError("holds no labels.", where=table.path, mend="Choose a file with labels.")
    fitting = [one for one in FORMATS if one.matches(table)]
    if not fitting:
        raise LabelError(
            "is of no label format that is known here.",
            where=table.path,
            mend="Its first columns must be chrom start end (TADs) or chrom1 start1 end1 chrom2 start2 end2 (loops).",
        )
    chosen = next((one for one in fitting if kind is None or kind in one.kinds), None)
    said = _said_by_content(table, fitting)
    if chosen is None or (said is not None and chosen in _GENERIC):
        held = said or fitting[0]
        raise LabelError(
            f"holds {_PLURALS[held.kinds[0]]} ({held.name}), not {_PLURALS[kind] if kind else 'labels'}.",
            where=table.path,
            mend="Choose another file or another kind.",
        )
    return chosen


def _said_by_content(table: Table, fitting: list[Format]) -> Format | None:
    """The program's format that columns or values speak for.

    Such a file holds what its program calls: a table of loops would pass as plain BEDPE of anything.  A program's name
    in the file's name alone is no such proof: a person who asks for a kind knows better.
    """
    nameless = replace(table, path=Path())
    return next((one for one in fitting if one in _SPECIFIC and one.matches(nameless)), None)


def _parse(table: Table, chosen: Format, kind: Kind) -> _Result:
    columns = table.columns or chosen.columns
    index: dict[str, int] = {}
    for position, name in enumerate(columns):
        index.setdefault(name, position)
    names = table.header or chosen.columns
    result = _Result()
    for number, fields in table.rows:
        try:
            record = chosen.parse(Row(fields, index, names), kind)
        except (BadLineError, HicStructError) as error:
            result.problems.append(LineProblem(number, str(error)))
        else:
            if record is not None:
                named = record.source or chosen in own.FORMATS
                result.records[number] = record if named else record.with_(source=readable(table.path.name))
    return result


def _refuse_mostly_bad(table: Table, result: _Result) -> None:
    bad = len(result.problems)
    if bad > len(table.rows) / 2 or (bad and not result.records):
        raise LabelError(
            f"{bad:,} of {len(table.rows):,} lines cannot be read; {result.problems[0]}.",
            where=table.path,
            mend="Check that this is the right file.",
        )


def _reconcile(path: Path, result: _Result, chromsizes: Mapping[str, int]) -> _Result:
    """Names as the map spells them, coordinates that fit it."""
    matcher = NameMatcher(chromsizes)
    unmatched: Counter[str] = Counter()
    fitting = _Result()
    fitting.problems = list(result.problems)
    outside = 0
    for number, record in result.records.items():
        name = matcher.match(record.chrom)
        if name is None:
            unmatched[record.chrom] += 1
            continue
        placed = _place(record, name, chromsizes[name])
        if placed is None:
            outside += 1
            reason = f"{record.span} lies beyond the end of {name} ({chromsizes[name]:,} bp)"
            fitting.problems.append(LineProblem(number, reason))
        else:
            fitting.records[number] = placed
    fitting.problems.sort(key=lambda problem: problem.line)
    fitting.unmatched = dict(unmatched)
    if result.records and not fitting.records and not outside:
        raise _no_common_chromosome(path, list(unmatched), list(chromsizes))
    if outside > len(fitting.records):
        raise LabelError(
            f"{outside:,} of {outside + len(fitting.records):,} labels lie beyond the map's chromosomes.",
            where=path,
            mend="They are of another assembly; lift them over or choose the map they were made on.",
        )
    return fitting


def _place(record: Annotation, name: str, length: int) -> Annotation | None:
    anchors = []
    for anchor in (record.anchor1, record.anchor2):
        if anchor.start >= length or anchor.end > length + OVERHANG:
            return None
        anchors.append(Interval(name, anchor.start, min(anchor.end, length)))
    if anchors == [record.anchor1, record.anchor2]:
        return record
    return record.with_(anchor1=anchors[0], anchor2=anchors[1])


def _no_common_chromosome(path: Path, theirs: list[str], ours: list[str]) -> LabelError:
    near = difflib.get_close_matches(theirs[0], ours, n=3, cutoff=0.3) or ours[:3]
    more = " …" if len(theirs) > 3 else ""
    return LabelError(
        f"has no chromosome of the map: it has {', '.join(theirs[:3])}{more}, the map has {', '.join(near)}.",
        where=path,
        mend="Choose labels of the same assembly.",
    )
