"""What people said, beside what a network sees there: the rows that fine-tuning learns from and is judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.annotations.validation import TILE, in_frozen, midpoint
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.inference.look import Sight
    from napari_hicstruct.labels.corrections import Judgements
    from napari_hicstruct.training.head_fit import Examples

ABSENT = 0.25
"""Weight of a call inside a reviewed region that nobody labelled: the region says that it is not there."""

SURE = (0.05, 0.95)
"""Calls below and above count as pseudo-labels, where these are wanted."""

NEAR = 20_000
"""bp; a call nearer than this to a label is that label's."""

Bands = dict[str, "tuple[Band | None, Band]"]


@dataclass(frozen=True, slots=True)
class Row:
    """One statement: a record, whether it is there, how much that counts, and whether it may be learnt from.

    Attributes
    ----------
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
            found.append(Row(record, there, halved, True, in_frozen(record, frozen)))
    for record in judged.open if pseudo else ():
        p = record.probability
        if p == p and not SURE[0] < p < SURE[1] and not in_frozen(record, frozen):
            found.append(Row(record, float(p > 0.5), pseudo, False, False))
    return found


def absent(calls: Iterable[Annotation], judged: Judgements, frozen: Sequence[Interval]) -> list[Row]:
    """Calls inside reviewed regions near which nothing is labelled or waits to be judged."""
    known = [*judged.positives, *judged.negatives, *judged.open]
    places = {kind: np.array([_place(r) for r in known if r.kind is kind]).reshape(-1, 2) for kind in Kind}
    found = []
    for call in calls:
        inside = any(_holds(block, call) for block in judged.blocks)
        near = np.abs(places[call.kind] - _place(call)).max(axis=1, initial=0) <= NEAR
        if inside and not near.any() and not in_frozen(call, frozen):
            found.append(Row(call.with_(status=Status.REJECTED), 0.0, ABSENT, False, False))
    return found


def _place(record: Annotation) -> tuple[float, float]:
    """Loops: both anchors; stripes: the anchor; TADs and boundaries: start and end."""
    if record.kind is Kind.LOOP:
        return record.anchor1.center, record.anchor2.center
    if record.kind is Kind.STRIPE:
        return record.anchor1.center, record.anchor1.center
    return record.anchor1.start, record.anchor1.end


def _holds(block: Any, record: Annotation) -> bool:
    if block.rows.chrom != record.chrom or (block.kinds and record.kind not in block.kinds):
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
        ``owner`` is the place in ``rows``.
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

    def examples(self, layer: str, keep: Callable[[Row], bool]) -> Examples | None:
        """The same as arrays; None if there is none or all are alike, from which nothing can be told."""
        from napari_hicstruct.training.head_fit import Examples

        mine = self.of(layer, keep)
        there = np.array([self.rows[sight.owner].there for sight in mine])
        if not len(mine) or not there.any() or there.all():
            return None
        features = np.stack([sight.features for sight in mine]).astype(np.float64)
        logit, weight = (
            np.array(column, np.float64)
            for column in zip(*((s.logit, self.rows[s.owner].weight) for s in mine), strict=True)
        )
        return Examples(features, logit, there, weight)


def iter_read(
    source: ContactSource, chroms: Iterable[str], model: Any, *, token: CancelToken, clock: Clock
) -> Generator[Progress, None, Bands]:
    """Bands of all chromosomes on which anything was said."""
    from napari_hicstruct.workflows.predict import iter_bands
    from napari_hicstruct.workflows.predict_request import PredictRequest

    bands: Bands = {}
    for chrom in dict.fromkeys(chroms):
        request = PredictRequest(regions=(Interval(chrom, 0, source.chromsizes[chrom]),))
        bands[chrom] = yield from iter_bands(source, chrom, request, model, token, clock)
    return bands


def iter_look(
    net: Any, device: Any, bands: Bands, records: Sequence[Annotation], *, token: CancelToken, clock: Clock
) -> Generator[Progress, None, list[Sight]]:
    """What a network sees of records; ``owner`` is the place among them."""
    from dataclasses import replace

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
