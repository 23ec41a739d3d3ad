"""Stripes: Stripenn's table (1-based closed), and pairs of intervals as StripePy and StripeCaller write them."""

from __future__ import annotations

from collections.abc import Callable

from napari_hicstruct.annotations.readers.base import PAIR, Format
from napari_hicstruct.annotations.readers.pairs import are_pairs, pair_columns
from napari_hicstruct.annotations.readers.row import Row, one_chromosome
from napari_hicstruct.annotations.readers.scores import Score
from napari_hicstruct.annotations.readers.table import Fields, Table
from napari_hicstruct.annotations.records import Annotation, Kind, new_record, stripe_direction
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

MIN_STRIPE_BINS = 5
"""A pair whose long side is this many times its narrow one, in all lines, is a stripe and no loop."""

_BIODESCRIPTORS = {"rel_change", "cfx_of_variation", "inner_mean", "top_persistence"}


def _stripenn(row: Row, _: Kind) -> Annotation:
    # Our table calls the first chromosome "chrom" and the second "chrom2": canonical spellings of chr and chr2.
    x = row.interval("chrom", "pos1", "pos2", base=1)
    y = row.interval("chrom2", "pos3", "pos4", base=1)
    y = one_chromosome(x, y)
    row.cell("length"), row.cell("width")  # follow from the positions
    kept = {}
    for name in STRIPENN_VALUES:
        row.number(name.lower())  # a value that is no number makes the line bad
        cell = row.cell(name.lower())
        if cell and cell.lower() != "nan":
            kept[name] = cell
    extra = {**kept, **row.extra()}
    source = "Stripenn"
    return new_record(
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
    names = row.names()
    row.cell("strand1"), row.cell("strand2")
    return new_record(
        kind=Kind.STRIPE,
        anchor1=x,
        anchor2=y,
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


def _is_quagga(table: Table) -> bool:
    """The other StripeCaller writes one value, the enrichment, behind a pair; anchors may be several bins wide."""
    named = "stripecaller" in table.name and not table.header and are_pairs(table) and table.width == len(PAIR) + 1
    return named or table.columns == (*PAIR, "enrichment")


def _are_stripes(table: Table) -> bool:
    """True if nearly all rows join one bin, always of the same size, with an extent of several bins."""
    if not are_pairs(table):
        return False
    sides = [sorted((_length(f, 1), _length(f, 4))) for _, f in table.rows[:200] if len(f) >= 6]
    narrow = {side[0] for side in sides if side[0] > 0}
    long = sum(wide >= MIN_STRIPE_BINS * short > 0 for short, wide in sides)
    return len(narrow) == 1 and len(sides) > 2 and long * 10 >= 9 * len(sides)


def _length(fields: Fields, start: int) -> float:
    try:
        return float(fields[start + 1]) - float(fields[start])
    except (ValueError, IndexError):
        return 0.0


def _of(source: str) -> Callable[[Row, Kind], Annotation]:
    return lambda row, _: stripe_of_pair(row, source)


def _is_headless(table: Table) -> bool:
    return not table.header and _are_stripes(table)


_STRIPE = (Kind.STRIPE,)
FORMATS = (
    Format(
        "Stripenn",
        _STRIPE,
        _is_stripenn,
        _stripenn,
        ("chrom", "pos1", "pos2", "chrom2", *(name.lower() for name in STRIPENN_COLUMNS[4:])),
        score=Score(("stripiness",)),
    ),
    Format("StripePy", _STRIPE, _is_stripepy, _of("StripePy"), PAIR, ranked=False),
    Format(
        "StripeCaller", _STRIPE, _is_quagga, _of("StripeCaller"), (*PAIR, "enrichment"), score=Score(("enrichment",))
    ),
    Format("stripe BEDPE", (Kind.STRIPE, Kind.LOOP), _is_headless, _of(""), pair_columns, score=Score(("score",))),
)
