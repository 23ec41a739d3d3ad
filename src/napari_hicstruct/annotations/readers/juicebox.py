"""Juicer's files: Arrowhead domains, and 2D annotations as Juicebox draws and writes them."""

from __future__ import annotations

from functools import partial

from napari_hicstruct.annotations.readers.base import PAIR, Format
from napari_hicstruct.annotations.readers.domains import is_repeated_bed, nest
from napari_hicstruct.annotations.readers.pairs import STATED
from napari_hicstruct.annotations.readers.row import Row, bin_size
from napari_hicstruct.annotations.readers.scores import Score
from napari_hicstruct.annotations.readers.stripes import stripe_of_pair
from napari_hicstruct.annotations.readers.table import Table
from napari_hicstruct.annotations.records import Annotation, Kind, new_record


def _domain(source: str, row: Row, kind: Kind) -> Annotation:
    span, _ = row.pair()
    names = row.names()
    row.cell("strand1"), row.cell("strand2")
    return new_record(kind=kind, anchor1=span, anchor2=span, source=source, **names, extra=row.extra())


def _drawn(row: Row, kind: Kind) -> Annotation:
    if kind is Kind.STRIPE:
        return stripe_of_pair(row, "Juicebox")
    first, second = row.pair()
    names = row.names()
    row.cell("strand1"), row.cell("strand2")
    return new_record(
        kind=kind,
        anchor1=first,
        anchor2=second,
        resolution=bin_size(first, second),
        source="Juicebox",
        **names,
        extra=row.extra(),
    )


def _is_arrowhead(table: Table) -> bool:
    return (table.has(*PAIR) and bool(_CORNER & table.keys())) or ("arrowhead" in table.name and is_repeated_bed(table))


def _is_drawn(table: Table) -> bool:
    return table.has(*PAIR, "color") and not {"observed", "o"} & set(table.columns)


def _are_stripes(table: Table) -> bool:
    return _is_drawn(table) and "stripe" in table.name


_CORNER = {"uvarscore", "uvar", "cornerscore"}
_COLUMNS = (*PAIR, "name", "score", "strand1", "strand2", "color")
_DRAWN = "Juicebox 2D annotation"
_SCORE = Score(STATED)
FORMATS = (
    Format(
        "Arrowhead",
        (Kind.TAD,),
        _is_arrowhead,
        partial(_domain, "Arrowhead"),
        _COLUMNS,
        nest,
        score=Score(("score", "cornerscore")),
    ),
    Format(
        _DRAWN,
        (Kind.TAD,),
        lambda t: _is_drawn(t) and is_repeated_bed(t),
        partial(_domain, "Juicebox"),
        _COLUMNS,
        nest,
        score=_SCORE,
    ),
    Format(_DRAWN, (Kind.STRIPE, Kind.LOOP), _are_stripes, _drawn, _COLUMNS, score=_SCORE),
    Format(_DRAWN, (Kind.LOOP, Kind.STRIPE), _is_drawn, _drawn, _COLUMNS, score=_SCORE),
)
