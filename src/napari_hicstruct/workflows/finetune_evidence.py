"""What people said, beside what a network sees there: the rows that fine-tuning learns from and is judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.annotations.validation import TILE, in_frozen, midpoint
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.labels.corrections import borders

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.inference.sight import Sight
    from napari_hicstruct.labels.corrections import Block, Judgements
    from napari_hicstruct.training.head_fit import Examples

ABSENT = 0.25
"""Weight of a call inside a reviewed region that nobody labelled: the region says that it is not there."""

SURE = (0.05, 0.95)
"""Calls below and above count as pseudo-labels, where these are wanted."""

ANCHORS = 300
"""Of each kind; near judgements, so that they share windows with them and cost no further look."""

NEAR = 20_000
"""bp; a call nearer than this to a label is that label's."""

Bands = dict[str, "tuple[Band | None, Band]"]


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

    People are shown the doubtful, or the likely, never all: what is right of those says little of the others.
    """
    found: list[Row] = []
    for kind in dict.fromkeys(record.kind for record in judged.judged) if weight else ():
        said = {chrom: np.array(at) for chrom, at in _middles(judged.judged, kind).items()}
        waiting = [record for record in judged.open if record.kind is kind and record.chrom in said]
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
        inside = any(_holds(block, call) for block in judged.blocks)
        if inside and not near.any() and not in_frozen(call, frozen):
            found.append(Row(call.with_(status=Status.REJECTED), 0.0, ABSENT, False, False))
    return found


def _place(record: Annotation) -> tuple[float, float]:
    """Loops: both anchors; stripes and boundaries: the anchor."""
    if record.kind is Kind.LOOP:
        return record.anchor1.center, record.anchor2.center
    return record.anchor1.center, record.anchor1.center


def _holds(block: Block, record: Annotation) -> bool:
    """True if a block speaks of a record's kind and holds it, above or below the diagonal; TADs are boundaries."""
    kinds = set(block.kinds) | ({Kind.BOUNDARY} if Kind.TAD in block.kinds else set())
    if block.rows.chrom != record.chrom or (kinds and record.kind not in kinds):
        return False
    sides = ((block.rows, record.anchor1), (block.cols, record.anchor2))
    crossed = ((block.cols, record.anchor1), (block.rows, record.anchor2))
    return any(all(side.start <= a.start and a.end <= side.end for side, a in pair) for pair in (sides, crossed))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows with what one network sees of them.

    Attributes
    ----------
    rows : tuple of Row
    sights : tuple of Sight
        At most one for each row; ``owner`` is the place in ``rows``.
    """

    rows: tuple[Row, ...]
    sights: tuple[Sight, ...]

    @property
    def layers(self) -> list[str]:
        """Heads that have anything to learn."""
        return list(dict.fromkeys(sight.layer for sight in self.sights))

    def of(self, layer: str, keep: Callable[[Row], bool]) -> list[Sight]:
        """Places of one head whose rows pass."""
        return [sight for sight in self.sights if sight.layer == layer and keep(self.rows[sight.owner])]

    def said(self, layer: str, keep: Callable[[Row], bool]) -> int:
        """How many of them people judged."""
        return sum(self.rows[sight.owner].person for sight in self.of(layer, keep))

    def rejected_pairs(self, owners: Sequence[int]) -> list[tuple[int, int]]:
        """Places in a list of rows that are the two borders of one rejected TAD: at least one of them is wrong."""
        found: dict[str, list[int]] = {}
        for place, owner in enumerate(owners):
            row = self.rows[owner]
            if row.record.kind is Kind.BOUNDARY and row.there == 0:
                found.setdefault(row.record.uid, []).append(place)
        return [(both[0], both[1]) for both in found.values() if len(both) == 2]

    def examples(self, layer: str, keep: Callable[[Row], bool]) -> Examples | None:
        """The same as arrays; None if there is none or all are alike, from which nothing can be told.

        Anchors count the less the more people said of the head.  Of a rejected TAD's borders each is there with the
        probability that it is the other one that is wrong.
        """
        from napari_hicstruct.training.head_fit import Examples, doubt

        mine = self.of(layer, keep)
        there = np.array([self.rows[sight.owner].there for sight in mine])
        said = there[~np.isnan(there)]
        if not said.any() or said.all():
            return None
        features = np.stack([sight.features for sight in mine]).astype(np.float64)
        logit = np.array([sight.logit for sight in mine], np.float64)
        weight = np.array([self.rows[sight.owner].weight for sight in mine], np.float64)
        weight[np.isnan(there)] *= doubt(self.said(layer, keep))
        offset = np.array([sight.offset for sight in mine], np.float64)
        p = 1 / (1 + np.exp(-logit - offset))
        there = np.where(np.isnan(there), p, there)
        for first, second in self.rejected_pairs([sight.owner for sight in mine]):
            one, other = p[first], p[second]
            there[first], there[second] = np.array([one * (1 - other), other * (1 - one)]) / (1 - one * other)
        return Examples(features, logit, there, weight, offset)


def iter_read(
    source: ContactSource, chroms: Iterable[str], model: Any, *, token: CancelToken, clock: Clock
) -> Generator[Progress, None, Bands]:
    """Bands of all chromosomes on which anything was said; those that the map does not have are passed over."""
    from napari_hicstruct.workflows.predict import iter_bands
    from napari_hicstruct.workflows.predict_request import PredictRequest

    bands: Bands = {}
    for chrom in (name for name in dict.fromkeys(chroms) if name in source.chromsizes):
        request = PredictRequest(regions=(Interval(chrom, 0, source.chromsizes[chrom]),))
        bands[chrom] = yield from iter_bands(source, chrom, request, model, token, clock)
    return bands


def iter_look(
    net: Any, device: Any, bands: Bands, records: Sequence[Annotation], *, token: CancelToken, clock: Clock
) -> Generator[Progress, None, list[Sight]]:
    """What a network sees of records; ``owner`` is the place among them."""
    from napari_hicstruct.inference.look import Looker

    found: list[Sight] = []
    for k, (chrom, (fine, coarse)) in enumerate(bands.items()):
        yield clock.step(f"look at corrections on {chrom}", k, len(bands))
        mine = [place for place, record in enumerate(records) if record.chrom == chrom]
        looker = Looker(net, device, fine, coarse, on_windows=lambda _: token.check())
        found += [replace(sight, owner=mine[sight.owner]) for sight in looker.sights([records[p] for p in mine])]
    return found


def iter_calls_in_blocks(
    net: Any, device: Any, bands: Bands, judged: Judgements, *, token: CancelToken, clock: Clock
) -> Generator[Progress, None, list[Annotation]]:
    """Everything a network finds with open arms inside reviewed regions."""
    from napari_hicstruct.inference.chromosome import ChromosomeRun, Stretch
    from napari_hicstruct.inference.maps import Predictor

    tasks = tuple(task.name for task in net.config.tasks)
    found: list[Annotation] = []
    for k, block in enumerate(judged.blocks):
        yield clock.step("reviewed regions", k, len(judged.blocks))
        fine, coarse = bands[block.rows.chrom]
        stretch = Stretch(
            start=min(block.rows.start, block.cols.start),
            end=max(block.rows.end, block.cols.end),
            length=coarse.n_bins * coarse.resolution,
            tasks=tasks,
            max_distance=3_000_000,
            least=dict.fromkeys(tasks, 0.02),
        )
        run = ChromosomeRun(Predictor(net, device, on_windows=lambda _: token.check()), fine, coarse, stretch)
        found += [call for final in run.run() for call in final if call.kind is not Kind.TAD and _holds(block, call)]
    return found
