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
    """How much a label counts: what a person accepted or drew 1; a consensus its soft score; one caller's 0.5."""
    if record.status is Status.REJECTED:
        return 0.0
    if record.status in (Status.ACCEPTED, Status.EDITED):
        return 1.0
    if np.isfinite(record.soft_score):
        return float(np.clip(record.soft_score, 0.1, 1.0))
    return PSEUDO if record.model else 1.0


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
        elif record.kind is Kind.TAD:
            borders += [(record.anchor1.start / resolution, weight), (record.anchor1.end / resolution, weight)]
        else:
            borders.append((record.anchor1.start / resolution, weight))
    return BinTruth(_table(loops, 4), _table(stripes, 6), _merge(borders))


def _table(rows: Sequence[tuple[float, ...]], columns: int) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, columns)


def _merge(borders: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    """Positions within one bin become one at their mean, with the largest weight."""
    merged: list[list[tuple[float, float]]] = []
    for place in sorted(borders):
        if merged and place[0] - merged[-1][-1][0] <= 1.0:
            merged[-1].append(place)
        else:
            merged.append([place])
    return _table([(float(np.mean([p for p, _ in group])), max(w for _, w in group)) for group in merged], 2)


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
