"""All candidates of a case as the default model sees them, so that thousands of head fits cost no further look.

What ``hicstruct finetune`` fits, fitted by the same functions from the same features; listed is what the decoder would
list (raw probability of 0.1), ranked as it ranks.  ``finetune_gain`` checks the same through real predictions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks._harness import say, scratch
from benchmarks._oracle import TOLERANCE, Case, called
from napari_hicstruct.active.candidates import Candidates, candidates_of
from napari_hicstruct.annotations.loci import SAME_CALL_BP
from napari_hicstruct.annotations.records import Annotation, Status
from napari_hicstruct.annotations.validation import midpoint
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.evaluation.loops import match_loops, prepare
from napari_hicstruct.jobs import CancelToken, Clock, drain
from napari_hicstruct.training.head_fit import HeadChange, HeadSamples, fit_head, prior_weight
from napari_hicstruct.workflows.finetune.examples import MAX_REGULARIZATION_SAMPLES

LISTED = float(np.log(0.1 / 0.9))


@dataclass
class Lab:
    """One case; ``config`` as fine-tuning would use it."""

    case: Case
    config: FinetuneConfig

    @cached_property
    def records(self) -> list[Annotation]:
        """Loops that the default model calls or lists with a low probability on the whole chromosome."""
        every = called(self.case, "default", faint=True)
        return [r for r in every if 40_000 <= r.distance <= 3_000_000]

    @cached_property
    def _seen(self) -> dict[str, Any]:
        name = f"{self.case.name}-{self.case.seed}".replace(" ", "_")
        path = scratch("headlab") / f"{name}-{len(self.records)}.npz"
        if not path.exists():
            say(f"looking at {len(self.records):,} candidates of {name} …")
            np.savez(path, **self._look())
        with np.load(path) as file:
            return dict(file)

    def _look(self) -> dict[str, Any]:
        from napari_hicstruct.inference.device import choose_device
        from napari_hicstruct.models.store import load_model
        from napari_hicstruct.workflows.finetune.score import Scorer, iter_read_bands
        from napari_hicstruct.workflows.models import find_model

        token, clock, device = CancelToken(), Clock(), choose_device("cpu")
        net, _ = load_model(find_model("default").path)
        bands = drain(iter_read_bands(self.case.source, [self.case.chrom], net.config, token=token, clock=clock))
        scores = sorted(drain(Scorer(device, bands, token, clock).iter_score(net, self.records)), key=lambda s: s.owner)
        return {
            "features": np.stack([s.features for s in scores]),
            "logit": np.array([s.logit for s in scores]),
            "layer": np.array(scores[0].layer),
            "weight": last_weight(net, scores[0].layer),
        }

    @cached_property
    def replay(self) -> Any:
        """The default model's replay set."""
        from napari_hicstruct.workflows.finetune.replay import iter_replay
        from napari_hicstruct.workflows.models import find_model

        return drain(iter_replay(find_model("default"), token=CancelToken()))

    @property
    def layer(self) -> str:
        """The head that calls loops on this map."""
        return str(self._seen["layer"])

    @cached_property
    def first_half(self) -> Any:
        """Which candidates may be corrected."""
        return np.array([midpoint(r) < self.case.cut for r in self.records])

    def fit(self, judged: dict[int, bool]) -> HeadChange | None:
        """Learn from judged candidates (place → is there); None while they are all alike."""
        rows, there = np.array(list(judged), int), np.array(list(judged.values()), float)
        if not 0 < there.sum() < len(there):
            return None
        rest = np.setdiff1d(np.flatnonzero(self.first_half), rows)
        duplicate = np.abs(self._table[rest][:, None] - self._table[rows]).max(axis=2).min(axis=1) <= SAME_CALL_BP
        rest = rest[~duplicate]
        middle = np.array([midpoint(r) for r in self.records])
        rest = rest[
            np.argsort(np.abs(middle[rest][:, None] - middle[rows]).min(axis=1), kind="stable")[
                :MAX_REGULARIZATION_SAMPLES
            ]
        ]
        prior = prior_weight(len(rows))
        weight = np.concatenate([np.ones(len(rows)), np.full(len(rest), self.config.regularization_weight * prior)])
        there = np.concatenate([there, 1 / (1 + np.exp(-self._seen["logit"][rest]))])
        rows = np.concatenate([rows, rest])
        mine = HeadSamples(self._seen["features"][rows].astype(float), self._seen["logit"][rows], there, weight)
        replay = self.replay.samples(self.layer, self.config.replay_weight)
        return fit_head(mine, replay, ridge=self.config.ridge, prior=prior)

    def logits(self, change: HeadChange | None) -> Any:
        """Log-odds of all candidates."""
        logit = self._seen["logit"]
        if change is None:
            return logit
        blank = np.zeros(len(logit))
        return change.logits(HeadSamples(self._seen["features"].astype(float), logit, blank, blank))

    def scores(self, change: HeadChange | None) -> dict[str, float]:
        """Of the loops of the second half: ``listed`` and ``faint`` average precision, and ``f1`` of the list."""
        return self.scores_of(self.logits(change))

    def scores_of(self, logit: Any) -> dict[str, float]:
        """The same, of log-odds."""
        listed, faint = (self._matched(logit, faint=which) for which in (False, True))
        return {"listed": listed.average_precision(), "faint": faint.average_precision(), "f1": listed.score().f1}

    def log_loss(self, logit: Any) -> float:
        """Mean log loss (nats) of the second half's candidates: ranking and calibration in one."""
        z = logit[self._known]
        return float(np.mean(np.logaddexp(0, z) - self._there[self._known] * z))

    @cached_property
    def _there(self) -> Any:
        return self._near(self.case.loops[0])

    @cached_property
    def _known(self) -> Any:
        return ~self.first_half & (self._there | ~self._near(self.case.loops[1]))

    @cached_property
    def _table(self) -> Any:
        """Centres of all candidates, bp, shape (n, 2)."""
        return np.array([(r.anchor1.center, r.anchor2.center) for r in self.records])

    def _near(self, loops: Any) -> Any:
        """Which candidates lie at one of some loops (centres, bp)."""
        if not len(loops):
            return np.zeros(len(self.records), bool)
        return np.abs(self._table[:, None] - loops[None, :, :2]).max(axis=2).min(axis=1) <= TOLERANCE

    def precision(self, change: HeadChange | None, *, faint: bool = False) -> float:
        """Average precision of the loops of the second half."""
        return float(self._matched(self.logits(change), faint=faint).average_precision())

    def _matched(self, logit: Any, *, faint: bool) -> Any:
        score = np.array([r.score for r in self.records]).clip(1e-6, 1 - 1e-6)
        ranks = np.log(score / (1 - score)) - self._seen["logit"] + logit
        kept = ~self.first_half & (faint | (logit >= LISTED))
        calls = prepare(np.column_stack([self._table, ranks])[kept]) if kept.any() else np.zeros((0, 2))
        true, ignored = self.case.loops
        mine = true[true.mean(axis=1) >= self.case.cut]
        return match_loops(calls, mine, TOLERANCE, ignore=ignored)

    def pool(self, open_: list[int], change: HeadChange | None, *, first: bool) -> Candidates:
        """Open candidates as query strategies read them; before the first fine-tune as the records say."""
        from dataclasses import replace

        found = candidates_of([self.records[k] for k in open_])
        rows, logit = np.array(open_, int), self.logits(change)
        features = self._seen["features"][rows].astype(np.float32)
        probability = found.probability if first else 1 / (1 + np.exp(-logit[rows]))
        return replace(found, probability=probability, features=features, votes=self._votes(rows, logit))

    def _votes(self, rows: Any, logit: Any, members: int = 16, drop: float = 0.3) -> Any:
        keep = (np.random.default_rng(0).random((members, self._seen["features"].shape[1])) >= drop) / (1 - drop)
        change = self._seen["features"][rows] @ ((keep - 1) * self._seen["weight"]).T
        return 1 / (1 + np.exp(-(logit[rows][:, None] + change)))


def last_weight(net: Any, layer: str) -> Any:
    """What a head's last layer multiplies features by."""
    from napari_hicstruct.inference.candidate_scores import last_layer

    return last_layer(net, layer).weight.detach().numpy()[0].reshape(-1)


def accepted(record: Annotation) -> bool:
    """Whether an oracle accepted it."""
    return record.status is Status.ACCEPTED
