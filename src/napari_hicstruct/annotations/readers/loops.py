"""Loops: every program's list by its own columns, and BEDPE of no particular program."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from napari_hicstruct.annotations.readers.base import PAIR, Format
from napari_hicstruct.annotations.readers.cells import FITHIC, INTERACT, WASHU
from napari_hicstruct.annotations.readers.pairs import STATED, are_pairs, is_pair, pair_columns
from napari_hicstruct.annotations.readers.row import Row, bin_size
from napari_hicstruct.annotations.readers.scores import Better, Score
from napari_hicstruct.annotations.readers.stripes import stripe_of_pair
from napari_hicstruct.annotations.readers.table import Fields, Table, is_number
from napari_hicstruct.annotations.records import Annotation, Kind, new_record


def _called(source: str, row: Row, kind: Kind, **names: Any) -> Annotation:
    """A loop of one program; all columns but the coordinates, and those in ``names``, stay in ``extra``."""
    first, second = row.pair()
    row.cell("strand1"), row.cell("strand2")
    place = (first, first) if kind is Kind.BOUNDARY else (first, second)
    return new_record(
        kind=kind,
        anchor1=place[0],
        anchor2=place[1],
        resolution=bin_size(first, second),
        source=source,
        extra=row.extra(),
        **names,
    )


def _plain(row: Row, kind: Kind) -> Annotation:
    if kind is Kind.STRIPE:
        return stripe_of_pair(row, "")
    names = row.names()
    return _called("", row, kind, **names)


def _interact(row: Row, kind: Kind) -> Annotation:
    names = row.names()
    row.cell("chrom"), row.cell("start"), row.cell("end")  # the span of both anchors
    return _called("", row, kind, **names)


def _has(*keys: str) -> Callable[[Table], bool]:
    """A program's loops by its own columns (squeezed names)."""
    return lambda table: table.has(*PAIR) and set(keys) <= table.keys()


def _or_named(name: str, sign: Callable[[Table], bool]) -> Callable[[Table], bool]:
    """The same, or by the program's name in the file's name where there is no header."""
    return lambda table: sign(table) or (name in table.name and not table.header and are_pairs(table))


def _program(source: str, sign: Callable[[Table], bool], score: Score | None, *columns: str) -> Format:
    return Format(source, (Kind.LOOP,), sign, partial(_called, source), (*PAIR, *columns), score=score)


def _named(source: str, sign: Callable[[Table], bool]) -> Format:
    """A program's loops as plain BEDPE: only the file's name says whose they are."""
    return Format(
        source,
        (Kind.LOOP,),
        sign,
        lambda row, kind: _plain(row, kind).with_(source=source),
        pair_columns,
        score=Score(STATED),
    )


_HICPEAKS_NAME = re.compile("hicpeaks|pyhiccups|bhfdr")
_COLOUR = re.compile(r"^\d{1,3},\d{1,3},\d{1,3}$")
_PIXEL = ["observed", "expectedBL", "expectedDonut", "expectedH", "expectedV", "fdrBL", "fdrDonut", "fdrH", "fdrV"]
_CLUSTER = ["numCollapsed", "centroid1", "centroid2", "radius"]


def _is_hiccups(table: Table) -> bool:
    return table.has(*PAIR) and ("observed" in table.columns or {"o", "fdrdonut"} <= table.keys())


def _headless_hiccups(colour: int, width: int) -> Callable[[Table], bool]:
    """Its table without the header, by the colour's place and the number of columns."""
    return lambda table: (
        not table.header and are_pairs(table) and table.every(lambda f: bool(_COLOUR.match(f[colour])), width)
    )


def _is_hicpeaks(table: Table) -> bool:
    """Dots for name and strands, then fold, p and q, of pyHICCUPS of two backgrounds, of pyBHFDR of one."""
    if table.header or not are_pairs(table):
        return False
    has_values = table.every(_has_hicpeaks_values, 13)
    dots = table.every(lambda f: [f[6], *f[8:10]] == ["."] * 3, 13)
    return has_values and (dots or bool(_HICPEAKS_NAME.search(table.name)))


def _has_hicpeaks_values(fields: Fields) -> bool:
    return len(fields) in (13, 16) and all(is_number(cell) for cell in (fields[7], *fields[10:]))


def _is_hicpeaks_named(table: Table) -> bool:
    """By its scripts' names: lists of several bin sizes that ``combine-resolutions`` joined have no more than pairs."""
    return bool(_HICPEAKS_NAME.search(table.name)) and not table.header and are_pairs(table)


def _is_dots(table: Table) -> bool:
    return table.has(*PAIR) and any(name.startswith("la_exp.") for name in table.columns)


_HICCUPS_FDR = Score(
    (
        *("fdrbl", "fdrdonut", "fdrh", "fdrv"),
        *("fdrbottomleft", "fdrhorizontal", "fdrvertical"),
    ),
    Better.ONE_MINUS,
    every=True,
)
_FDR = Score(("fdr",), Better.ONE_MINUS)
_DOTS_FDR = Score(("laexpdonutqval", "laexpdonutqvalue"), Better.ONE_MINUS)
_HICPEAKS_Q = Score(("qvaluedonut", "qvaluell"), Better.ONE_MINUS, every=True)
_Q = Score(("qvalue", "qval", "fdr"), Better.LOWER)
FORMATS = (
    _program("mustache", _or_named("mustache", _has("detectionscale")), _FDR, "fdr", "detection_scale"),
    _program(
        "HiCCUPS",
        _headless_hiccups(10, 24),
        _HICCUPS_FDR,
        *("name", "score", "strand1", "strand2", "color", *_PIXEL, *_CLUSTER),
    ),
    _program("HiCCUPS", _headless_hiccups(6, 16), _HICCUPS_FDR, "color", *_PIXEL, *_CLUSTER),
    _program("HiCCUPS", _is_hiccups, _HICCUPS_FDR),
    # before HiCCUPS: its script is pyHICCUPS, and its manual calls the lists HICCUPS-loops
    _program(
        "hicpeaks",
        _is_hicpeaks,
        _HICPEAKS_Q,
        *("name", "observed", "strand1", "strand2"),
        *("foldDonut", "pvalueDonut", "qvalueDonut", "foldLL", "pvalueLL", "qvalueLL"),
    ),
    _named("hicpeaks", _is_hicpeaks_named),
    _named("HiCCUPS", _or_named("hiccups", lambda _: False)),
    _program("cooltools dots", _is_dots, _DOTS_FDR),
    _program(
        "Peakachu",
        _or_named("peakachu", lambda t: t.has(*PAIR, "probability")),
        Score(("probability",)),
        "probability",
        "signal",
    ),
    Format(
        "chromosight",
        (Kind.LOOP, Kind.BOUNDARY),
        _or_named("chromosight", _has("kernelid")),
        partial(_called, "chromosight"),
        (*PAIR, "score", "pvalue", "qvalue"),
        score=Score(("score",)),
    ),
    _program("MAPS", _has("clusterneglog10p"), Score(("clusterneglog10p",))),
    _program("FitHiChIP", _has("qvaluebias"), Score(("qvaluebias",), Better.LOWER)),
    _program("SIP", _has("apscoreavg"), Score(("apscoreavg",))),
    _program("HOMER", _has("interactionid", "logp"), Score(("logp",), Better.LOWER)),
    _program("HiC-DC+", _has("mu", "sdev", "qvalue"), _Q),
    _program("Fit-Hi-C", lambda t: t.layout == FITHIC, Score(("qvalue", "pvalue"), Better.LOWER)),
    _program("cLoops", _has("es", "rab"), Score(("es",))),
    Format(
        INTERACT,
        (Kind.LOOP,),
        lambda t: t.layout == INTERACT,
        _interact,
        (),
        score=Score(("score", "value")),
    ),
    _program(WASHU, lambda t: t.layout == WASHU, Score(("score",))),
)
_KINDS = (Kind.LOOP, Kind.STRIPE, Kind.TAD)
_SCORE = Score(STATED)
PLAIN = (
    Format(
        "stripe BEDPE",
        (Kind.STRIPE, Kind.LOOP),
        lambda t: "stripe" in t.name and are_pairs(t),
        _plain,
        pair_columns,
        score=_SCORE,
    ),
    Format("BEDPE", _KINDS, are_pairs, _plain, pair_columns, score=_SCORE),
)
"""BEDPE of no particular program: tried last."""
BROKEN = (Format("BEDPE", _KINDS, lambda t: t.some(is_pair, 6), _plain, pair_columns, score=_SCORE),)
"""BEDPE most of whose lines are bad: it is refused with the number of the first of them."""
