"""Our own BEDPE and BED: the standard columns first, then every field of the record, then the kept columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path

from napari_hicstruct.annotations import layout
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.text import EMPTY, to_cell, to_list_cell
from napari_hicstruct.annotations.writers.names import named
from napari_hicstruct.config.files import write_text


def number_cell(value: float) -> str:
    """A float that reads back exactly; ``.`` for NaN."""
    return EMPTY if math.isnan(value) else repr(float(value))


def _count_cell(value: int) -> str:
    return str(value) if value else EMPTY


_CELLS: dict[str, Callable[[Annotation], str]] = {
    "chrom": lambda r: r.chrom,
    "start": lambda r: str(r.anchor1.start),
    "end": lambda r: str(r.anchor1.end),
    "chrom1": lambda r: r.chrom,
    "start1": lambda r: str(r.anchor1.start),
    "end1": lambda r: str(r.anchor1.end),
    "chrom2": lambda r: r.chrom,
    "start2": lambda r: str(r.anchor2.start),
    "end2": lambda r: str(r.anchor2.end),
    "name": lambda r: to_cell(r.name),
    "score": lambda r: number_cell(r.score),
    "strand": lambda r: EMPTY,
    "strand1": lambda r: EMPTY,
    "strand2": lambda r: EMPTY,
    "probability": lambda r: number_cell(r.probability),
    "resolution": lambda r: _count_cell(r.resolution),
    "status": lambda r: r.status.value,
    "source": lambda r: to_cell(r.source),
    "model": lambda r: to_cell(r.model),
    "soft_score": lambda r: number_cell(r.soft_score),
    "n_calls": lambda r: _count_cell(r.n_calls),
    "n_tools": lambda r: _count_cell(r.n_tools),
    "supporters": lambda r: to_list_cell(r.supporters),
    "direction": lambda r: r.direction.value,
    "level": lambda r: _count_cell(r.level),
    "parent": lambda r: to_cell(r.parent),
    "uid": lambda r: to_cell(r.uid),
}


def _write(records: Iterable[Annotation], path: str | Path, columns: tuple[str, ...]) -> Path:
    kept = named(records)
    extras = list(dict.fromkeys(key for record in kept for key in record.extra))
    lines = ["#" + "\t".join((*columns, *map(to_cell, extras)))]
    for record in kept:
        own = [_CELLS[column](record) for column in columns]
        lines.append("\t".join((*own, *(to_cell(record.extra.get(key, "")) for key in extras))))
    return write_text(path, "\n".join(lines) + "\n")


def write_soft_labels(records: Iterable[Annotation], path: str | Path, kind: Kind) -> Path:
    """Soft labels of one kind, with a header and nothing but places, soft score and votes (docs/formats/labels.md)."""
    columns = _SOFT[kind]
    lines = ["\t".join(columns)]
    for record in records:
        lines.append(
            "\t".join(_soft_cell(record) if name == "soft_score" else _CELLS[name](record) for name in columns)
        )
    return write_text(path, "\n".join(lines) + "\n")


def _soft_cell(record: Annotation) -> str:
    return f"{record.soft_score:.6g}"


_SOFT = {
    Kind.LOOP: layout.SOFT_LOOPS,
    Kind.STRIPE: layout.SOFT_STRIPES,
    Kind.TAD: layout.SOFT_TADS,
    Kind.BOUNDARY: layout.SOFT_BOUNDARIES,
}


def write_loops(records: Iterable[Annotation], path: str | Path) -> Path:
    """``loops.bedpe``: BEDPE's ten columns, then every field of the record."""
    return _write(records, path, layout.LOOPS)


def write_stripes_bedpe(records: Iterable[Annotation], path: str | Path) -> Path:
    """``stripes.bedpe``: anchor (x) × extent (y), then every field of the record."""
    return _write(records, path, layout.STRIPES)


def write_tads(records: Iterable[Annotation], path: str | Path) -> Path:
    """``tads.bed``: BED6, level and parent, then every field of the record."""
    return _write(records, path, layout.TADS)


def write_boundaries(records: Iterable[Annotation], path: str | Path) -> Path:
    """``boundaries.bed``: BED6, then every field of the record."""
    return _write(records, path, layout.BOUNDARIES)
