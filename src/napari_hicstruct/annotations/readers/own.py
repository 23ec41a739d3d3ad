"""The formats that we write ourselves (docs/formats/labels.md); every field comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_hicstruct.annotations import layout
from napari_hicstruct.annotations.codec import NO_PROBABILITY, NO_SOFT_SCORE
from napari_hicstruct.annotations.readers.base import Format
from napari_hicstruct.annotations.readers.row import BadLineError, Row
from napari_hicstruct.annotations.readers.table import Table
from napari_hicstruct.annotations.records import Annotation, Direction, Kind, new_record
from napari_hicstruct.annotations.text import from_list_cell


def tail(row: Row) -> dict[str, Any]:
    """The fields that all our formats share."""
    row.cell("strand"), row.cell("strand1"), row.cell("strand2")  # BED's columns, of no meaning here
    return {
        "score": row.number("score"),
        "probability": row.number("probability", NO_PROBABILITY),
        "resolution": row.count("resolution"),
        "status": row.status(),
        "source": row.text("source"),
        "model": row.text("model"),
        "soft_score": row.number("soft_score", NO_SOFT_SCORE),
        "n_calls": row.count("n_calls"),
        "n_tools": row.count("n_tools"),
        "supporters": from_list_cell(row.cell("supporters")),
        **row.names(),
    }


def direction_of(row: Row) -> Direction:
    """The cell ``direction`` of a stripe; none where it is empty."""
    cell = row.cell("direction")
    try:
        return Direction.NONE if cell in ("", ".") else Direction(cell)
    except ValueError as error:
        raise BadLineError(f"direction '{cell}' is not one of {', '.join(Direction)}") from error


def _loop(row: Row, _: Kind) -> Annotation:
    first, second = row.pair()
    fields = tail(row)
    return new_record(kind=Kind.LOOP, anchor1=first, anchor2=second, **fields, extra=row.extra())


def _stripe(row: Row, _: Kind) -> Annotation:
    x, y = row.pair()
    fields, direction = tail(row), direction_of(row)
    return new_record(kind=Kind.STRIPE, anchor1=x, anchor2=y, direction=direction, **fields, extra=row.extra())


def _tad(row: Row, _: Kind) -> Annotation:
    domain = row.interval()
    fields, level, parent = tail(row), row.count("level"), row.text("parent")
    return new_record(
        kind=Kind.TAD, anchor1=domain, anchor2=domain, level=level, parent=parent, **fields, extra=row.extra()
    )


def _boundary(row: Row, _: Kind) -> Annotation:
    place = row.interval()
    fields = tail(row)
    return new_record(kind=Kind.BOUNDARY, anchor1=place, anchor2=place, **fields, extra=row.extra())


def _begins(*columns: str) -> Callable[[Table], bool]:
    """Ours are known by all their columns in order: a kept column of any name may follow."""
    return lambda table: table.columns[: len(columns)] == columns


FORMATS = (
    Format("loops.bedpe", (Kind.LOOP,), _begins(*layout.LOOPS), _loop, ()),
    Format("stripes.bedpe", (Kind.STRIPE,), _begins(*layout.STRIPES), _stripe, ()),
    Format("tads.bed", (Kind.TAD,), _begins(*layout.TADS), _tad, ()),
    Format("boundaries.bed", (Kind.BOUNDARY,), _begins(*layout.BOUNDARIES), _boundary, ()),
)
