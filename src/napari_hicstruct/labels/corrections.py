"""What people corrected → where each head learns what: found, not there, complete, or unknown.

A correction is a label at its own place only.  All else is unknown, unless somebody said that a block is complete
(*Mark region as reviewed*); candidates in such a block that nobody judged stay unknown all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.genome import Interval

Marks = NDArray[np.float32]
"""Shape (n, 5): top, bottom, left, right in bins (half-open), and what the rectangle's pixels weigh in the loss: 0
unknown.  Later rows are painted over earlier ones, each with its transpose."""

HALO = 2.5
"""bins around a corrected loop or boundary that its correction holds for: as wide as the loop's Gaussian target."""

_WHOLE = 1 << 30
"""bp; longer than any chromosome."""

PRESENT = (Status.ACCEPTED, Status.EDITED)
"""Somebody found the structure there."""


class Block(Protocol):
    """A block of the map (:class:`~napari_hicstruct.annotations.changes.ReviewedRegion`)."""

    @property
    def rows(self) -> Interval:
        """Rows, bp."""

    @property
    def cols(self) -> Interval:
        """Columns, bp."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Kinds it is about; none: all."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """Everything that people said about one map; accepted as it was is a correction, too.

    Attributes
    ----------
    positives : tuple of Annotation
        Accepted, edited and added.
    negatives : tuple of Annotation
        Rejected, where nothing of the same kind was accepted.
    open : tuple of Annotation
        Candidates that nobody judged.
    blocks : tuple of Block
        Where what is not labelled is truly absent.
    validation_regions : tuple of Interval
        Nothing in them may be learnt, whatever a block says.
    """

    positives: tuple[Annotation, ...]
    negatives: tuple[Annotation, ...] = ()
    open: tuple[Annotation, ...] = ()
    blocks: tuple[Block, ...] = ()
    validation_regions: tuple[Interval, ...] = ()

    @property
    def records(self) -> tuple[Annotation, ...]:
        """Positives, then negatives."""
        return self.positives + self.negatives

    def on(self, chrom: str) -> Corrections:
        """Those of one chromosome."""
        positives, negatives, waiting = (
            tuple(r for r in part if r.chrom == chrom) for part in (self.positives, self.negatives, self.open)
        )
        blocks = tuple(block for block in self.blocks if block.rows.chrom == chrom)
        regions = tuple(part for part in self.validation_regions if part.chrom == chrom)
        return Corrections(positives, negatives, waiting, blocks, regions)

    def only(self, uids: Collection[str]) -> Corrections:
        """Those with these uids; the others are open, as if nobody had judged them."""
        positives, negatives = (tuple(r for r in part if r.uid in uids) for part in (self.positives, self.negatives))
        others = (r for r in self.records if r.uid not in uids)
        return replace(self, positives=positives, negatives=negatives, open=(*self.open, *others))


def read_corrections(records: Iterable[Annotation], blocks: Iterable[Block] = ()) -> Corrections:
    """Sort a project's records by their status; a place that was judged twice counts once."""
    found: dict[tuple[object, ...], Annotation] = {}
    rejected: dict[tuple[object, ...], Annotation] = {}
    waiting = []
    for record in records:
        place = (record.kind, record.anchor1, record.anchor2)
        if record.status in PRESENT:
            found.setdefault(place, record)
        elif record.status is Status.REJECTED:
            rejected.setdefault(place, record)
        else:
            waiting.append(record)
    negatives = tuple(record for place, record in rejected.items() if place not in found)
    return Corrections(tuple(found.values()), negatives, tuple(waiting), tuple(blocks))


def rectangle(record: Annotation, resolution: int) -> tuple[float, float, float, float]:
    """The pixels that a correction is about: rows and columns in bins (half-open)."""
    if record.kind is Kind.STRIPE:
        sides = (record.anchor1.start, record.anchor1.end, record.anchor2.start, record.anchor2.end)
        top, bottom, left, right = (side / resolution for side in sides)
        return np.floor(top), np.ceil(bottom), np.floor(left), np.ceil(right)
    row, col = record.anchor1.center / resolution, record.anchor2.center / resolution
    halo = max(HALO, len(record.anchor1) / resolution / 2)
    return row - halo, row + halo, col - halo, col + halo


def borders(record: Annotation) -> list[int]:
    """Boundary positions (bp) that a TAD or boundary stands for."""
    if record.kind is Kind.TAD:
        return [record.anchor1.start, record.anchor1.end]
    return [int(record.anchor1.center)] if record.kind is Kind.BOUNDARY else []


def marks(corrections: Corrections, kinds: Sequence[Kind], resolution: int, *, rejected_weight: float = 1.0) -> Marks:
    """Rectangles in which the head of ``kinds`` knows or does not know, in the order they are painted.

    Parameters
    ----------
    corrections : Corrections
        Of one chromosome.
    kinds : sequence of Kind
        Loops, stripes, or TADs with boundaries.
    resolution : int
        bp.
    rejected_weight : float
        Weight of what was rejected.
    """
    rows: list[tuple[float, ...]] = []
    for block in corrections.blocks:
        if not block.kinds or set(block.kinds) & set(kinds):
            sides = (block.rows.start, block.rows.end, block.cols.start, block.cols.end)
            rows.append((*(side // resolution for side in sides), 1.0))
    everything = (0.0, _WHOLE / resolution)
    for stretch in corrections.validation_regions:
        rows.append((stretch.start / resolution, stretch.end / resolution, *everything, 0.0))
    weights = ((corrections.open, 0.0), (corrections.negatives, rejected_weight), (corrections.positives, 1.0))
    for part, weight in weights:
        for record in (one for one in part if one.kind in kinds):
            # of a rejected TAD one end is wrong, perhaps both
            own = weight / 2 if record.kind is Kind.TAD and part is corrections.negatives else weight
            for at in (bp / resolution for bp in borders(record)):
                rows.append((at - HALO, at + HALO, at - HALO, at + HALO, own))
            if record.kind in (Kind.LOOP, Kind.STRIPE):
                rows.append((*rectangle(record, resolution), weight))
    return np.array(rows, np.float32).reshape(-1, 5)
