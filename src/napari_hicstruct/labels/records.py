"""Label records → truth in bins, with what each label weighs: people > consensus > pseudo-labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import goes_down
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.targets import loop_sigma
from napari_hicstruct.labels.truth import BinTruth

PSEUDO = 0.5
"""Weight of a label that a single caller or model gives and nobody has looked at."""

STRIPENN_P = "pvalue"
"""Stripenn's column; its ``Stripiness`` ranks the records."""

_LONE_BORDER = 0.5
"""A border of n domains of one caller counts n / (n + 0.5): that several domains begin or end there confirms it."""


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of one map.

    Attributes
    ----------
    records : tuple of Annotation
    kinds : frozenset of Kind
        Kinds for which labels were given; of others nobody knows anything.
    reviewed : tuple of Interval or None
        Where absence is a label too; None: everywhere.
    """

    records: tuple[Annotation, ...]
    kinds: frozenset[Kind]
    reviewed: tuple[Interval, ...] | None = None


def label_weight(record: Annotation) -> float:
    """How much a label counts, in [0, 1].

    What a person accepted or drew counts 1, a consensus its soft score, a model's own call 0.5, a stripe of Stripenn
    what its p-value and its rank by stripiness leave, any other label 1.
    """
    if record.status is Status.REJECTED:
        return 0.0
    if record.status in (Status.ACCEPTED, Status.EDITED):
        return 1.0
    if np.isfinite(record.soft_score):
        return float(np.clip(record.soft_score, 0.1, 1.0))
    if record.kind is Kind.STRIPE and STRIPENN_P in record.extra:
        return _stripenn_weight(record)
    return PSEUDO if record.model else 1.0


def _stripenn_weight(stripe: Annotation) -> float:
    """1 − p, less for low stripiness: the last of the file's stripes counts half of the first."""
    try:
        p = float(stripe.extra[STRIPENN_P])
    except ValueError:
        p = float("nan")
    rank = stripe.score if np.isfinite(stripe.score) else 1.0
    return float(np.clip((1 - (p if np.isfinite(p) else 0.0)) * (0.5 + 0.5 * rank), 0.1, 1.0))


def _sigma(record: Annotation) -> float:
    """Width of the loop's Gaussian in bins; agreement between tools narrows it, a plain label keeps one bin."""
    if not np.isfinite(record.soft_score):
        return 1.0
    return loop_sigma(record.soft_score, record.n_tools or 1)


def _sides(record: Annotation) -> tuple[int, int, int, int, bool]:
    x, y = record.anchor1, record.anchor2
    return x.start, x.end, y.start, y.end, goes_down(record)


def truth_of(records: Iterable[Annotation], chrom: str, resolution: int) -> BinTruth:
    """Labels of one chromosome in bins of ``resolution`` bp; rejected ones are hard negatives and simply absent.

    Boundaries are the boundary records and all starts and ends of TADs, merged within one bin.
    """
    loops, stripes, borders = [], [], []
    for record in records:
        weight = label_weight(record)
        if record.chrom != chrom or weight == 0:
            continue
        if record.kind is Kind.LOOP:
            ends = (record.anchor1.center / resolution, record.anchor2.center / resolution)
            loops.append((*ends, weight, _sigma(record)))
        elif record.kind is Kind.STRIPE:
            *sides, down = _sides(record)
            stripes.append((*(side / resolution for side in sides), float(down), weight))
        else:
            lone = record.kind is Kind.TAD and record.status is Status.PROPOSED and not np.isfinite(record.soft_score)
            places = (record.anchor1.start, record.anchor1.end) if record.kind is Kind.TAD else (record.anchor1.start,)
            borders += [(place / resolution, weight, lone) for place in places]
    return BinTruth(_table(loops, 4), _table(stripes, 6), _merge(borders))


def _table(rows: Sequence[tuple[float, ...]], columns: int) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, columns)


def _merge(borders: Sequence[tuple[float, float, bool]]) -> NDArray[np.float32]:
    """Positions within one bin become one at their mean: with the largest weight, and more if several domains have it.

    The third entry says whether a border is one of a domain that a program called and nobody confirmed.
    """
    merged: list[list[tuple[float, float, bool]]] = []
    for place in sorted(borders):
        if merged and place[0] - merged[-1][-1][0] <= 1.0:
            merged[-1].append(place)
        else:
            merged.append([place])
    rows = []
    for group in merged:
        n = sum(lone for *_, lone in group)
        shared = n / (n + _LONE_BORDER)
        weight = max(w * shared if lone else w for _, w, lone in group)
        rows.append((float(np.mean([place for place, *_ in group])), weight))
    return _table(rows, 2)


def reviewed_bins(labels: Labels, region: Interval, resolution: int) -> NDArray[np.bool_]:
    """Bins of a region in which absence is a label, shape (n_bins,)."""
    n = -(-len(region) // resolution)
    if labels.reviewed is None:
        return np.ones(n, np.bool_)
    out = np.zeros(n, np.bool_)
    for part in labels.reviewed:
        if part.chrom == region.chrom and part.start < region.end and part.end > region.start:
            first = max(0, part.start - region.start) // resolution
            out[first : -(-(min(part.end, region.end) - region.start) // resolution)] = True
    return out
