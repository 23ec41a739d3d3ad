"""Soft labels, as ``hicstruct consensus`` writes them: one line per structure, with what its callers agree on."""

from __future__ import annotations

from collections.abc import Callable

from napari_hicstruct.annotations import layout
from napari_hicstruct.annotations.readers.base import Format
from napari_hicstruct.annotations.readers.domains import nest
from napari_hicstruct.annotations.readers.own import direction_of
from napari_hicstruct.annotations.readers.row import Row, bin_size
from napari_hicstruct.annotations.readers.table import Table
from napari_hicstruct.annotations.records import Annotation, Direction, Kind, new_record
from napari_hicstruct.annotations.text import from_list_cell


def _soft(row: Row, kind: Kind) -> Annotation:
    first, second = row.pair() if kind in (Kind.LOOP, Kind.STRIPE) else (row.interval(),) * 2
    soft = row.share("soft_score")
    return new_record(
        kind=kind,
        anchor1=first,
        anchor2=second,
        score=soft,
        soft_score=soft,
        n_calls=row.count("n_calls"),
        n_tools=row.count("n_tools"),
        supporters=from_list_cell(row.cell("supporters")),
        resolution=bin_size(first, second) if kind is Kind.LOOP else 0,
        direction=direction_of(row) if kind is Kind.STRIPE else Direction.NONE,
        level=row.count("level") if kind is Kind.TAD else 0,
        source=f"soft {_NAMES[kind]}",
        extra=row.extra(),
    )


_NAMES = {Kind.LOOP: "loops", Kind.STRIPE: "stripes", Kind.TAD: "TADs", Kind.BOUNDARY: "boundaries"}


def _begins(*columns: str) -> Callable[[Table], bool]:
    return lambda table: table.columns[: len(columns)] == columns


FORMATS = (
    Format("soft stripes", (Kind.STRIPE,), _begins(*layout.SOFT_STRIPES), _soft, (), ranked=False),
    Format("soft TADs", (Kind.TAD,), _begins(*layout.SOFT_TADS), _soft, (), nest, ranked=False),
    Format("soft boundaries", (Kind.BOUNDARY,), _begins(*layout.SOFT_BOUNDARIES), _soft, (), ranked=False),
    Format("soft loops", (Kind.LOOP,), lambda t: t.has(*layout.PAIR, "soft_score"), _soft, (), ranked=False),
)
