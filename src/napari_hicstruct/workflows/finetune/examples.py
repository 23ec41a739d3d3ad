"""Corrections as examples: what is there, what is not, and how much each counts in fine-tuning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.annotations.loci import SAME_CALL_BP, LocusIndex
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.annotations.validation import TILE, in_regions, midpoint
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.corrections import borders

if TYPE_CHECKING:
    from napari_hicstruct.labels.corrections import Block, Corrections

IMPLICIT_NEGATIVE_WEIGHT = 0.25
"""Of a call inside a reviewed region that nobody labelled: the region says that it is not there."""

PSEUDO_LABELS = (0.05, 0.95)
"""Probabilities below and above which calls are pseudo-labels, where these are wanted."""

MAX_REGULARIZATION_SAMPLES = 300
"""Of each kind; near corrections, so that they share windows with them and cost no further forward pass."""


@dataclass(frozen=True, slots=True)
class Example:
    """One object or border: whether it is there, how much that counts, and whether it may be learnt from.

    A TAD makes two, its borders: each lies in a tile of its own, and two neighbours may share one.

    Attributes
    ----------
    record : Annotation
        Loop, stripe or boundary; a TAD's border has the uid of the TAD.
    target : float
        1 there, 0 not there; NaN: the probability by the network that learning starts from
        (:func:`regularization_samples`).
    corrected : bool
        Of this very record; else it follows from a reviewed region, or is a pseudo-label or a regularization sample.
    in_validation : bool
        In the project's validation regions: compared on, never learnt from.
    """

    record: Annotation
    target: float
    weight: float
    corrected: bool
    in_validation: bool

    @property
    def tile(self) -> int:
        """Number of its tile, the unit of cross-validation."""
        place = f"{self.record.chrom} {int(midpoint(self.record)) // TILE}"
        return int.from_bytes(hashlib.sha256(place.encode()).digest()[:4], "big")


def teaching_examples(corrections: Corrections, config: FinetuneConfig) -> list[Example]:
    """What a fine-tuning learns from and is compared on, before the network was asked anything.

    Raises
    ------
    ProjectError
        If nothing may be learnt from.
    """
    found = examples_of(corrections, rejected_weight=config.rejected_weight, pseudo=config.pseudo)
    if not any(one.corrected and not one.in_validation for one in found):
        raise ProjectError(
            "all corrections lie in the part of the map that is kept for validation.",
            hint="Correct some candidates elsewhere; the Learn section draws that part on the map.",
        )
    if config.trainable == "heads":
        found += regularization_samples(corrections, config.regularization_weight)
    return found


def examples_of(corrections: Corrections, *, rejected_weight: float = 1.0, pseudo: float = 0.0) -> list[Example]:
    """All examples that follow from corrections alone; of a rejected TAD one end is wrong, perhaps both."""
    found, regions = [], corrections.validation_regions
    for records, target, weight in ((corrections.positives, 1.0, 1.0), (corrections.negatives, 0.0, rejected_weight)):
        for record in records:
            halved = weight / 2 if record.kind is Kind.TAD and not target else weight
            found += [Example(part, target, halved, True, in_regions(part, regions)) for part in parts_of(record)]
    for record in corrections.open if pseudo else ():
        p = record.probability
        if p == p and not PSEUDO_LABELS[0] < p < PSEUDO_LABELS[1]:
            parts = [part for part in parts_of(record) if not in_regions(part, regions)]
            found += [Example(part, float(p > 0.5), pseudo, False, False) for part in parts]
    return found


def regularization_samples(corrections: Corrections, weight: float) -> list[Example]:
    """Open candidates whose probability shall stay: of each kind the nearest to corrections, not those corrected.

    People are shown the uncertain, or the likely, never all: the share that is right among those says little of the
    others.  What another run calls where something was corrected is no such candidate.
    """
    found: list[Example] = []
    index, regions = LocusIndex(corrections.records), corrections.validation_regions
    for kind in dict.fromkeys(record.kind for record in corrections.records) if weight else ():
        middles = {chrom: np.array(at) for chrom, at in _middles(corrections.records, kind).items()}
        waiting = [
            record
            for record in corrections.open
            if record.kind is kind and record.chrom in middles and not index.holds(record, SAME_CALL_BP)
        ]
        waiting.sort(key=lambda record: np.abs(middles[record.chrom] - midpoint(record)).min())
        parts = [part for record in waiting[:MAX_REGULARIZATION_SAMPLES] for part in parts_of(record)]
        found += [Example(part, np.nan, weight, False, False) for part in parts if not in_regions(part, regions)]
    return found


def _middles(records: Iterable[Annotation], kind: Kind) -> dict[str, list[float]]:
    """Midpoints of the records of a kind by chromosome, bp."""
    found: dict[str, list[float]] = {}
    for record in (one for one in records if one.kind is kind):
        found.setdefault(record.chrom, []).append(midpoint(record))
    return found


def parts_of(record: Annotation) -> list[Annotation]:
    """A record, or of a TAD its two borders as boundaries with the TAD's uid."""
    if record.kind is not Kind.TAD:
        return [record]
    at = [Interval(record.chrom, bp, bp + 1) for bp in borders(record)]
    return [Annotation(kind=Kind.BOUNDARY, anchor1=a, anchor2=a, uid=record.uid, status=record.status) for a in at]


def implicit_negatives(calls: Iterable[Annotation], corrections: Corrections) -> list[Example]:
    """Calls inside reviewed regions near which nothing is labelled or waits for a judgment."""
    known = LocusIndex(part for record in (*corrections.records, *corrections.open) for part in parts_of(record))
    found = []
    for call in (part for one in calls for part in parts_of(one)):
        inside = any(holds(block, call) for block in corrections.blocks)
        if inside and not known.holds(call, SAME_CALL_BP) and not in_regions(call, corrections.validation_regions):
            found.append(Example(call.with_(status=Status.REJECTED), 0.0, IMPLICIT_NEGATIVE_WEIGHT, False, False))
    return found


def holds(block: Block, record: Annotation) -> bool:
    """True if a block was reviewed for a record's kind (TADs: boundaries) and holds it, on any side of the diagonal."""
    kinds = set(block.kinds) | ({Kind.BOUNDARY} if Kind.TAD in block.kinds else set())
    if block.rows.chrom != record.chrom or (kinds and record.kind not in kinds):
        return False
    sides = ((block.rows, record.anchor1), (block.cols, record.anchor2))
    crossed = ((block.cols, record.anchor1), (block.rows, record.anchor2))
    return any(all(side.start <= a.start and a.end <= side.end for side, a in pair) for pair in (sides, crossed))
