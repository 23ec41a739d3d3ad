"""Stripes: Stripenn's table (1-based closed) and StripePy's BEDPE."""

from __future__ import annotations

from napari_hicstruct.annotations.readers.base import PAIR, Format
from napari_hicstruct.annotations.readers.row import BadLineError, Row
from napari_hicstruct.annotations.readers.table import Table
from napari_hicstruct.annotations.records import Annotation, Kind, stripe_direction
from napari_hicstruct.genome import Interval

STRIPENN_COLUMNS = (
    "chr",
    "pos1",
    "pos2",
    "chr2",
    "pos3",
    "pos4",
    "length",
    "width",
    "Mean",
    "maxpixel",
    "pvalue",
    "Stripiness",
)
"""Stripenn's own columns, in its order and spelling."""
STRIPENN_VALUES = STRIPENN_COLUMNS[8:]
"""Columns that are kept verbatim, because we have no field of the same meaning."""

_BIODESCRIPTORS = {"rel_change", "cfx_of_variation", "inner_mean", "top_persistence"}


def _stripenn(row: Row, _: Kind) -> Annotation:
    # Our table calls the first chromosome "chrom" and the second "chrom2": canonical spellings of chr and chr2.
    x = row.interval("chrom", "pos1", "pos2", base=1)
    y = row.interval("chrom2", "pos3", "pos4", base=1)
    if x.chrom != y.chrom:
        raise BadLineError(f"joins two chromosomes ({x.chrom}, {y.chrom})")
    row.cell("length"), row.cell("width")  # follow from the positions
    kept = {}
    for name in STRIPENN_VALUES:
        row.number(name.lower())  # a value that is no number makes the line bad
        cell = row.cell(name.lower())
        if cell and cell.lower() != "nan":
            kept[name] = cell
    extra = {**kept, **row.extra()}
    source = "Stripenn"
    return Annotation(
        kind=Kind.STRIPE,
        anchor1=x,
        anchor2=y,
        direction=stripe_direction(x, y),
        source=source,
        extra=extra,
    )


def narrow_first(first: Interval, second: Interval) -> tuple[Interval, Interval]:
    """x (the narrow anchor) and y (the extent) of a stripe given in either order."""
    return (first, second) if len(first) <= len(second) else (second, first)


def stripe_of_pair(row: Row, source: str) -> Annotation:
    """A stripe from a BEDPE line, whichever of its sides is the anchor."""
    x, y = narrow_first(*row.pair())
    score, names = row.guessed_score(), row.guessed_names()
    return Annotation(
        kind=Kind.STRIPE,
        anchor1=x,
        anchor2=y,
        score=score,
        direction=stripe_direction(x, y),
        source=source,
        **names,
        extra=row.extra(),
    )


def _is_stripenn(table: Table) -> bool:
    if table.header:
        return table.has("pos1", "pos2", "pos3", "pos4")
    return table.every(lambda f: f[9].endswith("%"), 12) or "stripenn" in table.name


def _is_stripepy(table: Table) -> bool:
    return ("stripepy" in table.name and not table.has("pos1")) or bool(_BIODESCRIPTORS & set(table.columns))


FORMATS = (
    Format(
        "Stripenn",
        (Kind.STRIPE,),
        _is_stripenn,
        _stripenn,
        ("chrom", "pos1", "pos2", "chrom2", *(name.lower() for name in STRIPENN_COLUMNS[4:])),
    ),
    Format("StripePy", (Kind.STRIPE,), _is_stripepy, lambda row, _: stripe_of_pair(row, "StripePy"), PAIR),
)
