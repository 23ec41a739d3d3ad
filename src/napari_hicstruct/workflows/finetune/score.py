"""Examples with the scores that one network gives them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.loci import SAME_CALL_BP, LocusIndex
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band_pair import BandPair, bins_for, iter_band_pair
from napari_hicstruct.genome import display_name
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.finetune.examples import Example, holds, implicit_negatives

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.inference.candidate_scores import HeadScore
    from napari_hicstruct.labels.corrections import Block, Corrections
    from napari_hicstruct.training.head_fit import HeadSamples

UNSCORED_PROBABILITY = 0.5
"""Of a border to which the network gives no score."""

_MIN_PROBABILITY = 0.02  # of a call in a reviewed region: everything that could be listed


@dataclass(frozen=True)
class ScoredExamples:
    """Examples with their scores by one network.

    A *place* is a number among ``scores``.

    Attributes
    ----------
    examples : tuple of Example
    scores : tuple of HeadScore
        At most one for each example; ``owner`` is the place in ``examples``.
    learnt : frozenset of str
        Uids of corrections that the network has learnt already.
    """

    examples: tuple[Example, ...]
    scores: tuple[HeadScore, ...]
    learnt: frozenset[str] = frozenset()

    def at(self, place: int) -> Example:
        """The example of a score."""
        return self.examples[self.scores[place].owner]

    @property
    def layers(self) -> list[str]:
        """Heads that have anything to learn."""
        return list(dict.fromkeys(score.layer for score in self.scores))

    @property
    def corrections(self) -> int:
        """Number of corrections that may be learnt from."""
        return len({one.record.uid for one in self.examples if one.corrected and not one.in_validation})

    def of(self, layer: str, keep: Callable[[Example], bool]) -> list[int]:
        """Places of one head whose examples pass."""
        return [k for k, score in enumerate(self.scores) if score.layer == layer and keep(self.at(k))]

    def n_corrected(self, layer: str, keep: Callable[[Example], bool]) -> int:
        """How many of them are corrections."""
        return sum(self.at(k).corrected for k in self.of(layer, keep))

    def corrected(self, keep: Callable[[Example], bool]) -> list[int]:
        """Places of corrections that pass and say something for certain."""
        found = [k for k in range(len(self.scores)) if k not in self.ambiguous]
        return [k for k in found if self.at(k).corrected and keep(self.at(k))]

    def unseen(self, keep: Callable[[Example], bool]) -> list[int]:
        """Those of :meth:`corrected` that the network has not learnt already."""
        return self.corrected(lambda one: keep(one) and (one.in_validation or one.record.uid not in self.learnt))

    def samples(self, layer: str, keep: Callable[[Example], bool]) -> HeadSamples | None:
        """The examples of one head that pass, as arrays to fit to; None unless both classes are labelled.

        Regularization samples count the less the more of the head's candidates are corrected.
        """
        from napari_hicstruct.training.head_fit import HeadSamples, prior_weight

        mine = self.of(layer, keep)
        labels = np.array([self.at(k).target for k in mine])
        open_ = np.isnan(labels)
        if not labels[~open_].any() or labels[~open_].all():
            return None
        weight = np.array([self.at(k).weight for k in mine], np.float64)
        weight[open_] *= prior_weight(self.n_corrected(layer, keep))
        features = np.stack([self.scores[k].features for k in mine]).astype(np.float64)
        logit = np.array([self.scores[k].logit for k in mine], np.float64)
        offset = np.array([self.scores[k].offset for k in mine], np.float64)
        return HeadSamples(features, logit, self.targets[mine], weight, offset)

    @cached_property
    def targets(self) -> NDArray[np.float64]:
        """What is learnt at each place: 1, 0 or a probability, shape (n,).

        Regularization samples keep the network's probability.  Of a rejected TAD's borders each is there with the
        probability that it is the other one that is wrong.
        """
        target = np.array([self.at(k).target for k in range(len(self.scores))], np.float64)
        target = np.where(np.isnan(target), self._probability, target)
        for places, (one, other) in self._rejected_tad_borders:
            both = one * other
            shares = (1.0, 1.0) if both == 1 else ((one - both) / (1 - both), (other - both) / (1 - both))
            for place, share in zip(places, shares, strict=True):
                if place is not None:
                    target[place] = share
        return target

    @cached_property
    def ambiguous(self) -> frozenset[int]:
        """Places that are borders of rejected TADs and not the one that is wrong, as far as the network can tell."""
        found = set()
        for places, probabilities in self._rejected_tad_borders:
            wrong = None if min(probabilities) == 1 else places[int(probabilities[1] < probabilities[0])]
            found |= {place for place in places if place is not None and place != wrong}
        return frozenset(found)

    @cached_property
    def _probability(self) -> NDArray[np.float64]:
        from scipy.special import expit

        return np.asarray(expit(np.array([score.log_odds for score in self.scores], np.float64)))

    @cached_property
    def _rejected_tad_borders(self) -> list[tuple[tuple[int | None, int | None], tuple[float, float]]]:
        """Of each rejected TAD its two places (None: no score) and how likely each border is there.

        A border that an accepted TAD or boundary shares is there.
        """
        place_of = {score.owner: k for k, score in enumerate(self.scores)}
        right: list[Annotation] = []
        rejected: dict[str, list[int]] = {}
        for owner, one in enumerate(self.examples):
            if one.record.kind is Kind.BOUNDARY and one.corrected and one.target == 1:
                right.append(one.record)
            elif one.record.kind is Kind.BOUNDARY and one.corrected:
                rejected.setdefault(one.record.uid, []).append(owner)
        index = LocusIndex(right)

        def probability(owner: int) -> float:
            record, place = self.examples[owner].record, place_of.get(owner)
            if index.holds(record, SAME_CALL_BP):
                return 1.0
            return UNSCORED_PROBABILITY if place is None else float(self._probability[place])

        pairs = [owners for owners in rejected.values() if len(owners) == 2]
        return [((place_of.get(a), place_of.get(b)), (probability(a), probability(b))) for a, b in pairs]


def iter_read_bands(
    source: ContactSource, chroms: Iterable[str], config: Any, *, token: CancelToken, clock: Clock
) -> Generator[Progress, None, dict[str, BandPair]]:
    """Bands of chromosomes as a network with ``config`` reads them; those that the map does not have are left out."""
    bands: dict[str, BandPair] = {}
    bins = bins_for(source, config)
    for chrom in (name for name in dict.fromkeys(chroms) if name in source.chromsizes):
        bands[chrom] = yield from iter_band_pair(source, chrom, bins, token=token, clock=clock)
    return bands


@dataclass(frozen=True, slots=True)
class Scorer:
    """Gives the scores of any network on the bands of a map.

    Parameters
    ----------
    device : torch.device
    bands : dict of str to (Band or None, Band)
    token : CancelToken
    clock : Clock
    """

    device: Any
    bands: dict[str, BandPair]
    token: CancelToken
    clock: Clock

    def iter_score(self, net: Any, records: Sequence[Annotation]) -> Generator[Progress, None, list[HeadScore]]:
        """Scores of records; ``owner`` is the place among them."""
        from napari_hicstruct.inference.candidate_scorer import CandidateScorer

        found: list[HeadScore] = []
        for k, (chrom, (fine, coarse)) in enumerate(self.bands.items()):
            yield self.clock.step(f"score candidates on {display_name(chrom)}", k, len(self.bands))
            mine = [place for place, record in enumerate(records) if record.chrom == chrom]
            scorer = CandidateScorer(net, self.device, fine, coarse, on_windows=lambda _: self.token.check())
            found += [replace(one, owner=mine[one.owner]) for one in scorer.score([records[p] for p in mine])]
        return found

    def iter_calls(self, net: Any, blocks: Sequence[Block]) -> Generator[Progress, None, list[Annotation]]:
        """Everything that a network may call inside reviewed regions, the unlikely too."""
        from napari_hicstruct.inference.chromosome import ChromosomeRun
        from napari_hicstruct.inference.maps import Predictor
        from napari_hicstruct.inference.stretch import Stretch

        tasks = tuple(task.name for task in net.config.tasks)
        found: list[Annotation] = []
        for k, block in enumerate(blocks):
            yield self.clock.step("reviewed regions", k, len(blocks))
            fine, coarse = self.bands[block.rows.chrom]
            stretch = Stretch(
                start=min(block.rows.start, block.cols.start),
                end=max(block.rows.end, block.cols.end),
                length=coarse.n_bins * coarse.resolution,
                tasks=tasks,
                max_distance=3_000_000,
                min_probability=dict.fromkeys(tasks, _MIN_PROBABILITY),
            )
            predictor = Predictor(net, self.device, on_windows=lambda _: self.token.check())
            calls = (call for final in ChromosomeRun(predictor, fine, coarse, stretch).run() for call in final)
            found += [call for call in calls if call.kind is not Kind.TAD and holds(block, call)]
        return found


def iter_score_examples(
    teaching: Sequence[Example],
    corrections: Corrections,
    net: Any,
    scorer: Scorer,
    *,
    learnt: frozenset[str] = frozenset(),
) -> Generator[Progress, None, ScoredExamples]:
    """Examples, and what a network calls in reviewed regions beside them, with its scores.

    Parameters
    ----------
    corrections : Corrections
        What the examples come from; nothing is learnt in its validation regions.
    learnt : frozenset of str
        Uids of corrections that the network has learnt already.
    """
    calls = yield from scorer.iter_calls(net, corrections.blocks)
    examples = (*teaching, *implicit_negatives(calls, corrections))
    scores = yield from scorer.iter_score(net, [one.record for one in examples])
    return ScoredExamples(examples, tuple(scores), learnt)
