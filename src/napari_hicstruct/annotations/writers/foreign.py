"""Formats of other programs: Stripenn, Juicebox, HiGlass, Parquet.  They carry what those programs read."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from pathlib import Path

from napari_hicstruct.annotations.codec import COLUMN_TYPES, COLUMNS, to_row
from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.readers.stripes import STRIPENN_COLUMNS, STRIPENN_VALUES
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.annotations.text import EMPTY, to_cell
from napari_hicstruct.annotations.writers.names import named
from napari_hicstruct.annotations.writers.own import number_cell
from napari_hicstruct.config.files import write_bytes, write_text
from napari_hicstruct.errors import OutputError

_JUICEBOX = ("chr1", "x1", "x2", "chr2", "y1", "y2", "name", "score", "strand1", "strand2", "color")


def _table(header: Iterable[str] | None, rows: Iterable[Iterable[object]]) -> str:
    lines = [] if header is None else ["\t".join(header)]
    lines.extend("\t".join(map(str, row)) for row in rows)
    return "".join(line + "\n" for line in lines)


def write_stripenn(records: Iterable[Annotation], path: str | Path) -> Path:
    """Stripenn's twelve columns, 1-based closed; values it had are kept, others are ``nan``."""
    rows = (
        (
            *(record.chrom, record.anchor1.start + 1, record.anchor1.end),
            *(record.chrom, record.anchor2.start + 1, record.anchor2.end),
            *(len(record.anchor2), len(record.anchor1)),
            *(record.extra.get(name) or "nan" for name in STRIPENN_VALUES),
        )
        for record in records
    )
    return write_text(path, _table(STRIPENN_COLUMNS, rows))


def _pair(record: Annotation) -> tuple[object, ...]:
    first, second = record.anchor1, record.anchor2
    return (first.chrom, first.start, first.end, second.chrom, second.start, second.end)


def write_juicebox(records: Iterable[Annotation], path: str | Path) -> Path:
    """Juicebox 2D annotation: a rectangle per record, coloured by kind."""
    rows = (
        (
            *_pair(record),
            *(to_cell(record.name), number_cell(record.score), EMPTY, EMPTY),
            KINDS[record.kind].rgb,
        )
        for record in named(records)
    )
    return write_text(path, _table(("#" + _JUICEBOX[0], *_JUICEBOX[1:]), rows))


def write_higlass(records: Iterable[Annotation], path: str | Path) -> Path:
    """BEDPE as ``clodius aggregate bedpe`` takes it: sorted, no header; name and score behind the coordinates."""
    ordered = sorted(named(records), key=lambda r: (r.chrom, r.anchor1.start, r.anchor2.start))
    rows = (
        (
            *_pair(record),
            to_cell(record.name),
            # An importance must be a number: what a person made counts as certain.
            1.0 if math.isnan(record.score) else float(record.score),
        )
        for record in ordered
    )
    return write_text(path, _table(None, rows))


def write_parquet(records: Iterable[Annotation], path: str | Path) -> Path:
    """All records and all their fields as one Parquet table (needs pyarrow)."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise OutputError(
            "Parquet needs the package pyarrow, which is not installed.",
            where=path,
            hint="Run: pip install pyarrow",
        ) from error
    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    table_schema = pa.schema([(name, types[COLUMN_TYPES[name]]) for name in COLUMNS])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([to_row(record) for record in records], schema=table_schema), buffer)
    return write_bytes(path, buffer.getvalue())
