"""What people said, as rows that fine-tuning learns from and is judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.annotations.validation import TILE, in_frozen, midpoint
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.corrections import borders

if TYPE_CHECKING:
    from napari_hicstruct.labels.corrections import Block, Judgements

ABSENT = 0.25
"""Weight of a call inside a reviewed region that nobody labelled: the region says that it is not there."""

SURE = (0.05, 0.95)
"""Calls below and above count as pseudo-labels, where these are wanted."""

ANCHORS = 300
"""Of each kind; near judgements, so that they share windows with them and cost no further look."""

NEAR = 20_000
"""bp; a call nearer than this to a label is that label's."""


@dataclass(frozen=True, slots=True)
class Row:
    """One statement: a record, whether it is there, how much that counts, and whether it may be learnt from.

    A TAD makes two, its borders: each lies in a tile of its own, and two neighbours may share one.

    Attributes
    ----------
    record : Annotation
        Loop, stripe or boundary; a TAD's border has the uid of the TAD.
    there : float
        1 or 0; NaN: as likely as the network says that learning starts from (:func:`anchors`).
    person : bool
        Somebody judged this very record; else it follows from a reviewed region or is a pseudo-label.
    frozen : bool
        In the project's validation part: judges, never teaches.
    """

    record: Annotation
    there: float
    weight: float
    person: bool
    frozen: bool

    @property
    def tile(self) -> int:
        """Number of its tile, the unit of cross-validation."""
        place = f"{self.record.chrom} {int(midpoint(self.record)) // TILE}"
        return int.from_bytes(hashlib.sha256(place.encode()).digest()[:4], "big")


def rows_of(judged: Judgements, frozen: Sequence[Interval], *, hard: float = 1.0, pseudo: float = 0.0) -> list[Row]:
    """All statements that follow from judgements alone; of a rejected TAD one end is wrong, perhaps both."""
    found = []
    for records, there, weight in ((judged.positives, 1.0, 1.0), (judged.negatives, 0.0, hard)):
        for record in records:
            halved = weight / 2 if record.kind is Kind.TAD and not there else weight
            found += [Row(part, there, halved, True, in_frozen(part, frozen)) for part in parts_of(record)]
    for record in judged.open if pseudo else ():
        p = record.probability
        if p == p and not SURE[0] < p < SURE[1]:
            parts = [part for part in parts_of(record) if not in_frozen(part, frozen)]
            found += [Row(part, float(p > 0.5), pseudo, False, False) for part in parts]
    return found


def anchors(judged: Judgements, frozen: Sequence[Interval], weight: float) -> list[Row]:
    """Open candidates that hold the level where nobody looked, of each kind the :data:`ANCHORS` nearest to judgements.

    People are shown the doubtful, or the likely, never all: what is right of those says little of the others.  What
    another run calls where somebody judged is no such candidate.
    """
    found: list[Row] = []
    for kind in dict.fromkeys(record.kind for record in judged.judged) if weight else ():
        said = {chrom: np.array(at) for chrom, at in _middles(judged.judged, kind).items()}
        told: dict[str, list[tuple[float, float]]] = {}
        for record in (one for one in judged.judged if one.kind is kind):
            told.setdefault(record.chrom, []).append(_ends(record))
        waiting = [
            record
            for record in judged.open
            if record.kind is kind
            and record.chrom in said
            and np.abs(np.array(told[record.chrom]) - _ends(record)).max(axis=1).min() > NEAR
        ]
        waiting.sort(key=lambda record: np.abs(said[record.chrom] - midpoint(record)).min())
        parts = [part for record in waiting[:ANCHORS] for part in parts_of(record)]
        found += [Row(part, np.nan, weight, False, False) for part in parts if not in_frozen(part, frozen)]
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


def absent(calls: Iterable[Annotation], judged: Judgements, frozen: Sequence[Interval]) -> list[Row]:
    """Calls inside reviewed regions near which nothing is labelled or waits to be judged."""
    every = (*judged.positives, *judged.negatives, *judged.open)
    known: dict[tuple[str, Kind], list[tuple[float, float]]] = {}
    for part in (part for record in every for part in parts_of(record)):
        known.setdefault((part.chrom, part.kind), []).append(_place(part))
    found = []
    for call in (part for one in calls for part in parts_of(one)):
        places = np.array(known.get((call.chrom, call.kind), ())).reshape(-1, 2)
        near = np.abs(places - _place(call)).max(axis=1, initial=0) <= NEAR
        inside = any(holds(block, call) for block in judged.blocks)
        if inside and not near.any() and not in_frozen(call, frozen):
            found.append(Row(call.with_(status=Status.REJECTED), 0.0, ABSENT, False, False))
    return found


def _ends(record: Annotation) -> tuple[float, float]:
    """What makes two records of one kind the same object, bp."""
    if record.kind is Kind.TAD:
        return record.anchor1.start, record.anchor1.end
    return _place(record)


def _place(record: Annotation) -> tuple[float, float]:
    """Loops: both anchors; stripes and boundaries: the anchor."""
    if record.kind is Kind.LOOP:
        return record.anchor1.center, record.anchor2.center
    return record.anchor1.center, record.anchor1.center


def holds(block: Block, record: Annotation) -> bool:
    """True if a block speaks of a record's kind and holds it, above or below the diagonal; TADs are boundaries."""
    kinds = set(block.kinds) | ({Kind.BOUNDARY} if Kind.TAD in block.kinds else set())
    if block.rows.chrom != record.chrom or (kinds and record.kind not in kinds):
        return False
    sides = ((block.rows, record.anchor1), (block.cols, record.anchor2))
    crossed = ((block.cols, record.anchor1), (block.rows, record.anchor2))
    return any(all(side.start <= a.start and a.end <= side.end for side, a in pair) for pair in (sides, crossed))
