"""Juicer's files: Arrowhead domains, and 2D annotations as Juicebox draws and writes them."""

from __future__ import annotations

from functools import partial

from napari_hicstruct.annotations.codec import NO_SCORE
from napari_hicstruct.annotations.readers.base import PAIR, Format
from napari_hicstruct.annotations.readers.domains import is_repeated_bed, nest
from napari_hicstruct.annotations.readers.row import Row, bin_size
from napari_hicstruct.annotations.readers.stripes import stripe_of_pair
from napari_hicstruct.annotations.readers.table import Table, is_number
from napari_hicstruct.annotations.records import Annotation, Kind


def _score(row: Row, *columns: str) -> float:
    for column in columns:
        if is_number(row.cell(column)):
            value = row.number(column)
            return value if 0 <= value <= 1 else NO_SCORE
    return NO_SCORE


def _domain(source: str, row: Row, kind: Kind) -> Annotation:
    span, _ = row.pair()
    names = row.names()
    score = _score(row, "score", "corner_score")
    row.cell("strand1"), row.cell("strand2")
    return Annotation(kind=kind, anchor1=span, anchor2=span, score=score, source=source, **names, extra=row.extra())


def _drawn(row: Row, kind: Kind) -> Annotation:
    if kind is Kind.STRIPE:
        return stripe_of_pair(row, "Juicebox")
    first, second = row.pair()
    names, score = row.names(), _score(row, "score")
    row.cell("strand1"), row.cell("strand2")
    return Annotation(
        kind=kind,
        anchor1=first,
        anchor2=second,
        score=score,
        resolution=bin_size(first, second),
        source="Juicebox",
        **names,
        extra=row.extra(),
    )


def _is_arrowhead(table: Table) -> bool:
    return table.has(*PAIR, "uvarscore") or ("arrowhead" in table.name and is_repeated_bed(table))


def _is_drawn(table: Table) -> bool:
    return table.has(*PAIR, "color") and not table.has("observed")


def _are_stripes(table: Table) -> bool:
    return _is_drawn(table) and "stripe" in table.name


_COLUMNS = (*PAIR, "name", "score", "strand1", "strand2", "color")
_DRAWN = "Juicebox 2D annotation"
FORMATS = (
    Format("Arrowhead", (Kind.TAD,), _is_arrowhead, partial(_domain, "Arrowhead"), _COLUMNS, nest),
    Format(
        _DRAWN, (Kind.TAD,), lambda t: _is_drawn(t) and is_repeated_bed(t), partial(_domain, "Juicebox"), _COLUMNS, nest
    ),
    Format(_DRAWN, (Kind.STRIPE, Kind.LOOP), _are_stripes, _drawn, _COLUMNS),
    Format(_DRAWN, (Kind.LOOP, Kind.STRIPE), _is_drawn, _drawn, _COLUMNS),
)
