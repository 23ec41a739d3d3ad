"""Loops: soft loops, chromosight, mustache, HiCCUPS, Peakachu, cooltools dots, and BEDPE of no particular program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari_hicstruct.annotations.codec import NO_SCORE
from napari_hicstruct.annotations.readers.base import PAIR, Format
from napari_hicstruct.annotations.readers.row import Row, bin_size
from napari_hicstruct.annotations.readers.stripes import stripe_of_pair
from napari_hicstruct.annotations.readers.table import Table, is_number
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.text import from_list_cell

Score = Callable[[Row], float]


def _soft(row: Row, _: Kind) -> Annotation:
    first, second = row.pair()
    soft = row.share("soft_score")
    return Annotation(
        kind=Kind.LOOP,
        anchor1=first,
        anchor2=second,
        score=soft,
        soft_score=soft,
        n_calls=row.count("n_calls"),
        n_tools=row.count("n_tools"),
        supporters=from_list_cell(row.cell("supporters")),
        resolution=bin_size(first, second),
        source="soft loops",
        extra=row.extra(),
    )


def _clip(value: float) -> float:
    return NO_SCORE if value != value else min(1.0, max(0.0, value))


def _called(source: str, score: Score, row: Row, kind: Kind) -> Annotation:
    """A loop of one program; its score column becomes a score in [0, 1], all columns stay in ``extra``."""
    first, second = row.pair()
    extra = row.extra()
    place = (first, first) if kind is Kind.BOUNDARY else (first, second)
    return Annotation(
        kind=kind,
        anchor1=place[0],
        anchor2=place[1],
        score=_clip(score(row)),
        resolution=bin_size(first, second),
        source=source,
        extra=extra,
    )


def _one_minus(*columns: str) -> Score:
    """Score from q-values: 1 − the largest of those that the file has."""

    def score(row: Row) -> float:
        values = [value for value in (row.number(column) for column in columns) if value == value]
        return 1 - max(values) if values else NO_SCORE

    return score


def _column(name: str) -> Score:
    return lambda row: row.number(name)


def _plain(row: Row, kind: Kind) -> Annotation:
    if kind is Kind.STRIPE:
        return stripe_of_pair(row, "")
    return _called("", Row.guessed_score, row, kind).with_(**row.guessed_names())


def _pairs(table: Table) -> bool:
    return table.has(*PAIR) or (not table.header and table.every(_is_pair, 6))


def _is_pair(fields: tuple[str, ...]) -> bool:
    return all(is_number(fields[i]) for i in (1, 2, 4, 5))


def _by(name: str, *columns: str) -> Callable[[Table], bool]:
    """A program's loops: by its own columns, or by its name in the file's name where there is no header."""
    return lambda table: table.has(*PAIR, *columns) or (name in table.name and not table.header and _pairs(table))


def _program(name: str, source: str, score: Score, sign: Callable[[Table], bool], *columns: str) -> Format:
    return Format(source, (Kind.LOOP,), sign, partial(_called, source, score), (*PAIR, *columns))


def _is_dots(table: Table) -> bool:
    return table.has(*PAIR) and any(name.startswith("la_exp.") for name in table.columns)


def _is_chromosight_table(table: Table) -> bool:
    return table.has(*PAIR, "kernel_id")


_CHROMOSIGHT = ("score", "pvalue", "qvalue")
_HICCUPS_Q = ("fdrbl", "fdrdonut", "fdrh", "fdrv")
FORMATS = (
    Format("soft loops", (Kind.LOOP,), lambda t: t.has(*PAIR, "soft_score"), _soft, ()),
    _program("mustache", "mustache", _one_minus("fdr"), _by("mustache", "detection_scale"), "fdr", "detection_scale"),
    _program("hiccups", "HiCCUPS", _one_minus(*_HICCUPS_Q), _by("hiccups", "observed"), "name", "score"),
    _program("dots", "cooltools dots", _one_minus("la_exp.donut.qval"), _is_dots),
    _program("peakachu", "Peakachu", _column("probability"), _by("peakachu", "probability"), "probability", "signal"),
    Format(
        "chromosight",
        (Kind.LOOP, Kind.BOUNDARY),
        _by("chromosight", "kernel_id"),
        partial(_called, "chromosight", _column("score")),
        (*PAIR, *_CHROMOSIGHT),
    ),
)
_COLUMNS = (*PAIR, "name", "score", "strand1", "strand2")
_KINDS = (Kind.LOOP, Kind.STRIPE, Kind.TAD)
PLAIN = (
    Format("stripe BEDPE", (Kind.STRIPE, Kind.LOOP), lambda t: "stripe" in t.name and _pairs(t), _plain, _COLUMNS),
    Format("BEDPE", _KINDS, _pairs, _plain, _COLUMNS),
)
"""BEDPE of no particular program: tried last."""
BROKEN = (Format("BEDPE", _KINDS, lambda t: t.some(_is_pair, 6), _plain, _COLUMNS),)
"""BEDPE most of whose lines are bad: it is refused with the number of the first of them."""
