"""Annotation records → the plain arrays that the metrics take (bp)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Direction, Kind, Status
from napari_hicstruct.genome import canonical_name


def select(records: Iterable[Annotation], kind: Kind, chrom: str | None = None) -> list[Annotation]:
    """Records of one kind that were not rejected, on ``chrom`` (any spelling) or on all chromosomes."""
    wanted = None if chrom is None else canonical_name(chrom)
    return [
        record
        for record in records
        if record.kind is kind
        and record.status is not Status.REJECTED
        and (wanted is None or canonical_name(record.chrom) == wanted)
    ]


def rank_score(record: Annotation) -> float:
    """What ranks a record: its score, else its probability, else the callers' agreement, else NaN."""
    for value in (record.score, record.probability, record.soft_score):
        if value == value:
            return value
    return float("nan")


def scores(records: Sequence[Annotation]) -> NDArray[np.float64]:
    """:func:`rank_score` of each record, shape ``(n,)``."""
    return np.array([rank_score(record) for record in records], np.float64)


def loop_table(records: Sequence[Annotation]) -> NDArray[np.float64]:
    """Anchor centres (bp) and score of loops, shape ``(n, 3)``."""
    rows = [(r.anchor1.center, r.anchor2.center, rank_score(r)) for r in records]
    return np.array(rows, np.float64).reshape(-1, 3)


def domain_table(records: Sequence[Annotation]) -> NDArray[np.float64]:
    """Starts and ends (bp) of domains, shape ``(n, 2)``."""
    return np.array([(r.anchor1.start, r.anchor1.end) for r in records], np.float64).reshape(-1, 2)


def scored_domain_table(records: Sequence[Annotation]) -> NDArray[np.float64]:
    """Starts, ends (bp) and scores of domains, shape ``(n, 3)``."""
    return np.column_stack([domain_table(records), scores(records)])


def stripe_table(records: Sequence[Annotation]) -> NDArray[np.float64]:
    """Stripes as ``x0, x1, y0, y1, score, direction`` (bp; +1 down, −1 up, 0 neither), shape ``(n, 6)``."""
    sign = {Direction.DOWN: 1.0, Direction.UP: -1.0, Direction.NONE: 0.0}
    rows = [
        (r.anchor1.start, r.anchor1.end, r.anchor2.start, r.anchor2.end, rank_score(r), sign[r.direction])
        for r in records
    ]
    return np.array(rows, np.float64).reshape(-1, 6)


def boundary_table(boundaries: Sequence[Annotation], domains: Sequence[Annotation]) -> NDArray[np.float64]:
    """Boundary positions (bp) and scores, shape ``(n, 2)``.

    A boundary's position is the centre of its bin.  Where there are no boundary records, the domains' starts and
    ends stand in, each with the best score of the domains that end there.
    """
    if boundaries:
        rows = [(r.anchor1.center, rank_score(r)) for r in boundaries]
        return np.array(rows, np.float64).reshape(-1, 2)
    best: dict[int, float] = {}
    for record in domains:
        value = rank_score(record)
        for position in (record.anchor1.start, record.anchor1.end):
            best[position] = max(best.get(position, float("-inf")), value if value == value else float("-inf"))
    rows = [(position, value if np.isfinite(value) else np.nan) for position, value in sorted(best.items())]
    return np.array(rows, np.float64).reshape(-1, 2)


def probabilities(records: Sequence[Annotation]) -> NDArray[np.float64]:
    """Calibrated probability of each record, NaN where there is none, shape ``(n,)``."""
    return np.array([record.probability for record in records], np.float64)
