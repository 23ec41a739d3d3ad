"""TADs and boundaries: BED (also repeated), HiTAD, TopDom, cooltools insulation."""

from __future__ import annotations

from collections.abc import Sequence

from napari_hicstruct.annotations.codec import NO_SCORE
from napari_hicstruct.annotations.readers.base import PAIR, SINGLE, Format
from napari_hicstruct.annotations.readers.row import Row
from napari_hicstruct.annotations.readers.table import Table, is_number
from napari_hicstruct.annotations.records import Annotation, Kind


def nest(records: Sequence[Annotation]) -> list[Annotation]:
    """Levels (1 = outermost) and parents (uid of the smallest enclosing domain) from nesting.

    A domain is inside another if both its ends are and it is smaller; records that already have a level keep it.
    """
    order = sorted(range(len(records)), key=lambda i: (records[i].chrom, records[i].span.start, -records[i].span.end))
    placed = list(records)
    open_: list[Annotation] = []
    for i in order:
        record = records[i]
        span = record.span
        open_ = [outer for outer in open_ if outer.chrom == span.chrom and outer.span.end > span.start]
        # Domains that only overlap stay open beside each other: the innermost that contains this one is its parent.
        around = [outer for outer in open_ if outer.span.end >= span.end and outer.span != span]
        parent = min(around, key=lambda outer: len(outer.span), default=None)
        if record.level == 0:
            record = record.with_(level=1 if parent is None else parent.level + 1)
        if not record.parent and parent is not None:
            record = record.with_(parent=parent.uid)
        placed[i] = record
        open_.append(record)
    return placed


def _domain_of_bed(row: Row, kind: Kind) -> Annotation:
    span = row.interval()
    score = row.number("score") if is_number(row.cell("score")) else NO_SCORE
    row.cell("strand")
    return Annotation(
        kind=kind,
        anchor1=span,
        anchor2=span,
        score=score if 0 <= score <= 1 else NO_SCORE,
        **row.names(),
        extra=row.extra(),
    )


def _domain_of_pair(row: Row, kind: Kind) -> Annotation:
    span, _ = row.pair()
    return Annotation(kind=kind, anchor1=span, anchor2=span, extra=row.extra())


def _hitad(row: Row, kind: Kind) -> Annotation:
    span = row.interval()
    return Annotation(kind=kind, anchor1=span, anchor2=span, level=row.count("level") + 1, source="HiTAD")


def _topdom(row: Row, kind: Kind) -> Annotation | None:
    span, tag = row.interval(), row.text("tag").lower()
    wanted = "boundary" if kind is Kind.BOUNDARY else "domain"
    if tag != wanted:
        return None
    return Annotation(kind=kind, anchor1=span, anchor2=span, source="TopDom")


def _insulation(row: Row, kind: Kind) -> Annotation | None:
    span = row.interval()
    strengths = {name: row.cell(name) for name in row.columns("boundary_strength_")}
    called = [row.cell(name).lower() for name in row.columns("is_boundary_")]
    strong = [value for value in strengths.values() if is_number(value)]
    # Files older than cooltools 0.5 have no verdict column: there a strength says that the bin is a local minimum.
    if "true" not in called and (called or not strong):
        return None
    return Annotation(
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


def _is_hitad(table: Table) -> bool:
    return table.has(*SINGLE, "level")


def _may_be_hitad(table: Table) -> bool:
    """Small numbers in the fourth column: HiTAD's levels, or names in a BED of anything."""
    levels = table.every(lambda f: len(f) == 4 and f[3].isdigit() and int(f[3]) < 20, 4)
    return not table.header and levels


def _is_topdom(table: Table) -> bool:
    tags = ("domain", "boundary", "gap")
    return table.has(*SINGLE, "tag") or (not table.header and table.every(lambda f: f[3].lower() in tags, 4))


_BED6 = (*SINGLE, "name", "score", "strand")
_TADS, _MARKS = (Kind.TAD, Kind.BOUNDARY), (Kind.BOUNDARY, Kind.TAD)
FORMATS = (
    Format(
        "cooltools insulation",
        (Kind.BOUNDARY,),
        lambda t: any(name.startswith("boundary_strength_") for name in t.columns),
        _insulation,
        (),
    ),
    Format("TopDom", _TADS, _is_topdom, _topdom, (*SINGLE, "tag"), nest),
    Format("HiTAD", (Kind.TAD,), _is_hitad, _hitad, (*SINGLE, "level"), nest),
    Format("repeated BED", _TADS, is_repeated_bed, _domain_of_pair, PAIR, nest),
)
PLAIN = (
    Format("HiTAD", (Kind.TAD,), _may_be_hitad, _hitad, (*SINGLE, "level"), nest),
    Format("boundary BED", _MARKS, lambda t: "boundar" in t.name and _plain_bed(t), _domain_of_bed, _BED6),
    Format("BED", _TADS, _plain_bed, _domain_of_bed, _BED6, nest),
)
"""BED of no particular program, or HiTAD's without a header: tried last."""
BROKEN = (Format("BED", _TADS, lambda t: t.some(_is_span, 3), _domain_of_bed, _BED6, nest),)
"""BED most of whose lines are bad."""
