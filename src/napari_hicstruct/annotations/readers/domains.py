"""TADs and boundaries: BED (also repeated), lists with levels, TopDom, HiCExplorer, cooltools insulation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from napari_hicstruct.annotations.readers.base import PAIR, SINGLE, Format
from napari_hicstruct.annotations.readers.pairs import CELLS, STATED, count_lines, pair_columns
from napari_hicstruct.annotations.readers.row import BadLineError, Row
from napari_hicstruct.annotations.readers.scores import Better, Score
from napari_hicstruct.annotations.readers.table import Table, is_number
from napari_hicstruct.annotations.records import Annotation, Kind, new_record

MIN_COUNTED = 4
"""Numbers that count so many lines are names."""
MAX_LEVEL = 20
"""No hierarchy of TADs is this deep: larger numbers are something else."""


def nest(records: Sequence[Annotation]) -> list[Annotation]:
    """Levels (1 = outermost) and parents (uid of the smallest enclosing domain) from nesting.

    A domain is inside another if both its ends are and it is smaller; records that already have a level keep it.
    """
    spans = [record.span for record in records]
    order = sorted(range(len(records)), key=lambda i: (spans[i].chrom, spans[i].start, -spans[i].end))
    placed = list(records)
    open_: list[int] = []
    for i in order:
        record, chrom, start, end = records[i], spans[i].chrom, spans[i].start, spans[i].end
        open_ = [k for k in open_ if spans[k].end > start and spans[k].chrom == chrom]
        # Domains that only overlap stay open beside each other: the innermost that contains this one is its parent.
        around = [k for k in open_ if spans[k].end >= end and (spans[k].end > end or spans[k].start < start)]
        parent = placed[min(around, key=lambda k: spans[k].end - spans[k].start)] if around else None
        level = record.level or (1 if parent is None else parent.level + 1)
        placed[i] = record.with_(level=level, parent=record.parent or ("" if parent is None else parent.uid))
        open_.append(i)
    return placed


def _domain_of_bed(row: Row, kind: Kind) -> Annotation:
    span = row.interval(point=kind is Kind.BOUNDARY)
    row.cell("strand"), row.cell("thickstart"), row.cell("thickend"), row.cell("itemrgb")
    return new_record(kind=kind, anchor1=span, anchor2=span, **row.names(), extra=row.extra())


def _domain_of_pair(row: Row, kind: Kind) -> Annotation:
    span, _ = row.pair()
    names = row.names()
    row.cell("strand1"), row.cell("strand2")
    return new_record(kind=kind, anchor1=span, anchor2=span, **names, extra=row.extra())


def _leveled(source: str, row: Row, kind: Kind) -> Annotation:
    span = row.interval()
    names, level = row.names(), row.count("level")
    if not 0 <= level < MAX_LEVEL:
        raise BadLineError(f"level {level:,} is none")
    row.cell("strand"), row.cell("thickstart"), row.cell("thickend"), row.cell("itemrgb")
    return new_record(kind=kind, anchor1=span, anchor2=span, level=level, source=source, **names, extra=row.extra())


def _from_one(records: Sequence[Annotation]) -> list[Annotation]:
    """Levels from 1 (outermost), also of programs that count from 0."""
    shift = int(any(record.level == 0 for record in records))
    return [record.with_(level=record.level + shift) for record in records]


def _of_hicexplorer(row: Row, kind: Kind) -> Annotation:
    span = row.interval(point=kind is Kind.BOUNDARY)
    names = row.names()
    row.cell("strand"), row.cell("origin"), row.cell("feature"), row.cell("phase")
    row.cell("thickstart"), row.cell("thickend"), row.cell("itemrgb")
    return new_record(kind=kind, anchor1=span, anchor2=span, source="HiCExplorer", **names, extra=row.extra())


def _of_gff(row: Row, kind: Kind) -> Annotation:
    span = row.interval(base=1)
    row.cell("phase")
    return new_record(kind=kind, anchor1=span, anchor2=span, extra=row.extra())


def _topdom(row: Row, kind: Kind) -> Annotation | None:
    """A domain; asked for boundaries, its ``boundary`` rows, too: neighbours that touch have none between them."""
    span, tag = row.interval(point=kind is Kind.BOUNDARY), row.text("tag").lower()
    is_mark = tag == "boundary"
    if tag != "domain" and not (is_mark and kind is Kind.BOUNDARY):
        return None
    return new_record(kind=Kind.BOUNDARY if is_mark else Kind.TAD, anchor1=span, anchor2=span, source="TopDom")


def _insulation(row: Row, kind: Kind) -> Annotation | None:
    span = row.interval()
    strengths = {name: row.cell(name) for name in row.columns("boundary_strength_")}
    called = [row.cell(name).lower() for name in row.columns("is_boundary_")]
    strong = [value for value in strengths.values() if is_number(value)]
    # Files older than cooltools 0.5 have no verdict column: there a strength says that the bin is a local minimum.
    if not {"true", "1"} & set(called) and (called or not strong):
        return None
    return new_record(
        kind=kind,
        anchor1=span,
        anchor2=span,
        resolution=len(span) if span.start % len(span) == 0 else 0,
        source="cooltools insulation",
        extra=strengths,
    )


def _same_anchor(fields: tuple[str, ...]) -> bool:
    return fields[:3] == fields[3:6]


def is_repeated_bed(table: Table) -> bool:
    """True if the rows give one interval twice (``chrom start end chrom start end``)."""
    return (not table.header or table.has(*PAIR)) and table.every(_same_anchor, 6)


def _plain_bed(table: Table) -> bool:
    return table.has(*SINGLE) or table.every(_is_span, 3)


def _is_span(fields: tuple[str, ...]) -> bool:
    return is_number(fields[1]) and is_number(fields[2])


def _has_levels(table: Table) -> bool:
    return table.has(*SINGLE, "level")


def _is_level(cell: str) -> bool:
    return cell.isdecimal() and len(cell) <= len(str(MAX_LEVEL)) and int(cell) < MAX_LEVEL


def _small_numbers(table: Table) -> bool:
    """Small numbers in the fourth column: HiTAD's levels, or names in a BED of anything."""
    levels = table.every(lambda f: len(f) == 4 and _is_level(f[3]), 4)
    return not table.header and levels


def _may_be_levels(table: Table) -> bool:
    """Levels go with nesting: domains inside no other have the lowest.  Numbers that count the lines are names."""
    if not _small_numbers(table):
        return False
    levels = [fields[3] for _, fields in table.rows if len(fields) > 3]
    if len(levels) >= MIN_COUNTED and count_lines(levels):
        return False
    spans = sorted(
        (f[0], float(f[1].rstrip("%")), -float(f[2].rstrip("%")), int(f[3]))
        for _, f in table.rows
        if len(f) > 3 and _is_span(f) and _is_level(f[3])
    )
    outer: list[int] = []
    chrom, reach = "", -1.0
    for name, _, end, level in spans:
        if name != chrom or -end > reach:
            outer.append(level)
            chrom, reach = name, -end
    lowest = min((span[3] for span in spans), default=0)
    return outer.count(lowest) * 5 >= len(outer) * 4


def _is_ontad(table: Table) -> bool:
    """OnTAD's BED: its track line, and the level where BED has the name."""
    return "ontad" in " ".join((*table.preamble, table.name)).lower() and table.every(
        lambda f: len(f) >= 4 and _is_span(f) and _is_level(f[3]), 4
    )


def _is_topdom(table: Table) -> bool:
    tags = ("domain", "boundary", "gap")
    return table.has(*SINGLE, "tag") or (not table.header and table.every(lambda f: f[3].lower() in tags, 4))


def _is_hicexplorer(pattern: str) -> Callable[[Table], bool]:
    """hicFindTADs gives its domains and boundaries names of its own."""
    wanted = re.compile(pattern)
    return lambda t: not t.header and t.every(lambda f: _is_span(f) and bool(wanted.match(f[3])) and f[5] == ".", 6)


def _is_gff(table: Table) -> bool:
    return not table.header and table.every(lambda f: is_number(f[3]) and is_number(f[4]) and f[6] in "+-.", 9)


def _is_hicexplorer_gff(table: Table) -> bool:
    return _is_gff(table) and table.every(lambda f: f[1] == "HiCExplorer", 9)


def bed_columns(table: Table) -> tuple[str, ...]:
    """What the columns of a BED without header mean; an empty name where the file does not say.

    BED's own layout is name, score, strand: it is taken for that where the fourth is text, or a strand stands sixth.
    """
    if table.layout == CELLS:
        return SINGLE
    strands = table.every(lambda f: f[5] in ("+", "-", "."), 6)
    text = not table.every(lambda f: is_number(f[3]), 4) or (
        table.every(lambda f: len(f) == 5, 5) and count_lines(table.column(3))
    )
    more = table.every(lambda f: len(f) >= 6, 6)
    if strands or (text and not more):
        return _BED9
    return (*SINGLE, "name") if text else SINGLE


_BED9 = (*SINGLE, "name", "score", "strand", "thickstart", "thickend", "itemrgb")
_GFF = ("chrom", "origin", "feature", "start", "end", "score", "strand", "phase", "attributes")
_TADS, _MARKS = (Kind.TAD, Kind.BOUNDARY), (Kind.BOUNDARY, Kind.TAD)
# The insulation score is lowest where two domains part: the lower, the stronger the boundary.
_SEPARATION = Score(("score",), Better.LOWER)
_SCORE = Score(STATED)


def _levels(name: str, matches: Callable[[Table], bool], source: str, *columns: str) -> Format:
    parse = partial(_leveled, source)
    names = (*SINGLE, "level", *columns)
    return Format(name, (Kind.TAD,), matches, parse, names, nest, before_map=_from_one, ranked=False)


FORMATS = (
    Format(
        "cooltools insulation",
        (Kind.BOUNDARY,),
        lambda t: any(name.startswith("boundary_strength_") for name in t.columns),
        _insulation,
        (),
        score=Score(every=True, begins="boundarystrength"),
    ),
    Format("TopDom", _TADS, _is_topdom, _topdom, (*SINGLE, "tag"), nest, ranked=False, marks_too=True),
    _levels("TADs with levels", _has_levels, ""),
    _levels("OnTAD", _is_ontad, "OnTAD", "score", "strand", "thickstart", "thickend", "itemrgb"),
    Format(
        "repeated BED",
        _TADS,
        is_repeated_bed,
        _domain_of_pair,
        pair_columns,
        nest,
        score=_SCORE,
    ),
    Format(
        "HiCExplorer domains",
        _TADS,
        _is_hicexplorer(r"^ID_(\d[\d.e-]*_)?\d+$"),
        _of_hicexplorer,
        _BED9,
        nest,
        score=_SEPARATION,  # of the boundary where the domain begins
    ),
    Format(
        "HiCExplorer boundaries",
        _MARKS,
        _is_hicexplorer(r"^B\d{4,}$"),
        _of_hicexplorer,
        _BED9,
        score=_SEPARATION,
    ),
    Format(
        "HiCExplorer boundaries",
        _MARKS,
        _is_hicexplorer_gff,
        _of_hicexplorer,
        _GFF,
        score=_SEPARATION,
    ),
)
PLAIN = (
    _levels("HiTAD", lambda t: _may_be_levels(t) or ("hitad" in t.name and _small_numbers(t)), "HiTAD"),
    Format(
        "boundary BED",
        _MARKS,
        lambda t: "boundar" in t.name and _plain_bed(t),
        _domain_of_bed,
        bed_columns,
        score=_SCORE,
    ),
    Format("BED", _TADS, _plain_bed, _domain_of_bed, bed_columns, nest, score=_SCORE),
    Format("GFF", _TADS, _is_gff, _of_gff, _GFF, score=_SCORE),
)
"""BED of no particular program, or HiTAD's without a header: tried last."""
BROKEN = (Format("BED", _TADS, lambda t: t.some(_is_span, 3), _domain_of_bed, _BED9, nest, score=_SCORE),)
"""BED most of whose lines are bad."""
