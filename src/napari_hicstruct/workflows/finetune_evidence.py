"""What people said, beside what a network sees there."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.finetune_rows import NEAR, Row, holds

if TYPE_CHECKING:
    from napari_hicstruct.contacts.band import Band
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.inference.candidate_scores import HeadScore
    from napari_hicstruct.labels.corrections import Judgements
    from napari_hicstruct.training.head_fit import Examples

Bands = dict[str, "tuple[Band | None, Band]"]

UNSEEN = 0.5
"""Probability of a border at which the network sees nothing."""


@dataclass(frozen=True)
class Evidence:
    """Rows with what one network sees of them.

    Attributes
    ----------
    rows : tuple of Row
    sights : tuple of HeadScore
        At most one for each row; ``owner`` is the place in ``rows``.
    """

    rows: tuple[Row, ...]
    sights: tuple[HeadScore, ...]

    @property
    def layers(self) -> list[str]:
        """Heads that have anything to learn."""
        return list(dict.fromkeys(sight.layer for sight in self.sights))

    def of(self, layer: str, keep: Callable[[Row], bool]) -> list[int]:
        """Places among the sights of one head whose rows pass."""
        rows = self.rows
        return [k for k, sight in enumerate(self.sights) if sight.layer == layer and keep(rows[sight.owner])]

    def said(self, layer: str, keep: Callable[[Row], bool]) -> int:
        """How many of them people judged."""
        return sum(self.rows[self.sights[k].owner].person for k in self.of(layer, keep))

    def examples(self, layer: str, keep: Callable[[Row], bool]) -> Examples | None:
        """The same as arrays; None if there is none or all are alike, from which nothing can be told.

        Anchors count the less the more people said of the head.
        """
        from napari_hicstruct.training.head_fit import Examples, doubt

        mine = self.of(layer, keep)
        rows, sights = [self.rows[self.sights[k].owner] for k in mine], [self.sights[k] for k in mine]
        there = np.array([row.there for row in rows])
        said = there[~np.isnan(there)]
        if not said.any() or said.all():
            return None
        weight = np.array([row.weight for row in rows], np.float64)
        weight[np.isnan(there)] *= doubt(self.said(layer, keep))
        features = np.stack([sight.features for sight in sights]).astype(np.float64)
        logit = np.array([sight.logit for sight in sights], np.float64)
        offset = np.array([sight.offset for sight in sights], np.float64)
        return Examples(features, logit, self.there[mine], weight, offset)

    @cached_property
    def there(self) -> NDArray[np.float64]:
        """What is learnt of each sight: 1, 0 or a probability, shape (n,).

        Anchors are as likely as the network says.  Of a rejected TAD's borders each is there with the probability that
        it is the other one that is wrong.
        """
        p = self._probability
        there = np.array([self.rows[sight.owner].there for sight in self.sights], np.float64)
        there = np.where(np.isnan(there), p, there)
        for places, (one, other) in self._blamed:
            both = one * other
            shares = (1.0, 1.0) if both == 1 else ((one - both) / (1 - both), (other - both) / (1 - both))
            for place, share in zip(places, shares, strict=True):
                if place is not None:
                    there[place] = share
        return there

    @cached_property
    def excused(self) -> frozenset[int]:
        """Sights that are borders of rejected TADs and not the one that is wrong, as far as the network can tell."""
        found = set()
        for places, beliefs in self._blamed:
            wrong = None if min(beliefs) == 1 else places[int(beliefs[1] < beliefs[0])]
            found |= {place for place in places if place is not None and place != wrong}
        return frozenset(found)

    @cached_property
    def _probability(self) -> NDArray[np.float64]:
        return np.array([1 / (1 + np.exp(-sight.log_odds)) for sight in self.sights], np.float64)

    @cached_property
    def _blamed(self) -> list[tuple[tuple[int | None, int | None], tuple[float, float]]]:
        """Of each rejected TAD its two sights (None: not seen) and how likely each border is there.

        A border that an accepted TAD or boundary shares is there.
        """
        sight_of = {sight.owner: k for k, sight in enumerate(self.sights)}
        right: dict[str, list[float]] = {}
        rejected: dict[str, list[int]] = {}
        for owner, row in enumerate(self.rows):
            if row.record.kind is Kind.BOUNDARY and row.person and row.there == 1:
                right.setdefault(row.record.chrom, []).append(row.record.anchor1.center)
            elif row.record.kind is Kind.BOUNDARY and row.person:
                rejected.setdefault(row.record.uid, []).append(owner)

        def belief(owner: int) -> float:
            record, place = self.rows[owner].record, sight_of.get(owner)
            known = np.array(right.get(record.chrom, ()))
            if (np.abs(known - record.anchor1.center) <= NEAR).any():
                return 1.0
            return UNSEEN if place is None else float(self._probability[place])

        pairs = [owners for owners in rejected.values() if len(owners) == 2]
        return [((sight_of.get(a), sight_of.get(b)), (belief(a), belief(b))) for a, b in pairs]


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
) -> Generator[Progress, None, list[HeadScore]]:
    """What a network sees of records; ``owner`` is the place among them."""
    from napari_hicstruct.inference.candidate_scorer import CandidateScorer

    found: list[HeadScore] = []
    for k, (chrom, (fine, coarse)) in enumerate(bands.items()):
        yield clock.step(f"look at corrections on {chrom}", k, len(bands))
        mine = [place for place, record in enumerate(records) if record.chrom == chrom]
        scorer = CandidateScorer(net, device, fine, coarse, on_windows=lambda _: token.check())
        found += [replace(sight, owner=mine[sight.owner]) for sight in scorer.score([records[p] for p in mine])]
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
            min_probability=dict.fromkeys(tasks, 0.02),
        )
        run = ChromosomeRun(Predictor(net, device, on_windows=lambda _: token.check()), fine, coarse, stretch)
        found += [call for final in run.run() for call in final if call.kind is not Kind.TAD and holds(block, call)]
    return found
