"""Last layers alone, solved exactly: seconds, and the same corrections always give the same weights."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.annotations.kinds import plural_of_task
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.workflows.finetune.examples import Example
from napari_hicstruct.workflows.finetune.job import Live
from napari_hicstruct.workflows.finetune.learners import Trained, in_fold, in_validation, may_teach, n_folds
from napari_hicstruct.workflows.finetune.score import ScoredExamples

if TYPE_CHECKING:
    from napari_hicstruct.training.head_fit import HeadChange
    from napari_hicstruct.training.replay import Replay
    from napari_hicstruct.workflows.models import ModelInfo

Changes = dict[str, "HeadChange"]
"""By head."""

MIN_VALIDATION_CORRECTIONS = 150
"""With fewer in the validation regions the folds count, too: few cannot tell a better model from a worse one, and an
exact fit costs nothing."""


@dataclass(frozen=True, slots=True)
class HeadLearner:
    """Fits the last layer of every head.

    Parameters
    ----------
    net : MultiTaskNet
        Whose scores the examples have.
    start : ModelInfo
        Its folder, with which its replay set lies.
    config : FinetuneConfig
    token : CancelToken
    clock : Clock
    """

    net: Any
    start: ModelInfo
    config: FinetuneConfig
    token: CancelToken
    clock: Clock

    def fit(self, examples: ScoredExamples) -> Generator[Progress, None, Trained]:
        """Fit to all corrections, and fold by fold for the comparison."""
        from napari_hicstruct.workflows.finetune.replay import iter_replay

        replay = yield from iter_replay(self.start, token=self.token)
        folds = n_folds(examples, self.config.folds, MIN_VALIDATION_CORRECTIONS)
        after: dict[int, float] = {}
        for fold in range(folds):
            changes = self.fit_heads(examples, replay, in_fold(fold, folds, held_out=False))
            held_out = examples.unseen(in_fold(fold, folds, held_out=True))
            after |= changed_logits(examples, changes, held_out)
            live = _live(examples, changes, held_out, f"fold {fold + 1} of {folds}")
            yield self._step(live, fold, folds + 1)
        changes = self.fit_heads(examples, replay, may_teach)
        held_out = examples.unseen(in_validation)
        after |= changed_logits(examples, changes, held_out)
        yield self._step(_live(examples, changes, held_out, "model"), folds, folds + 1)
        return Trained(
            changed_state(self.net, changes),
            after,
            _replay_precision(replay, changes),
            folds + 1,
            folds,
            replay.changed(changes),
            _notes(examples, [layer for layer in examples.layers if layer not in changes]),
        )

    def fit_heads(self, examples: ScoredExamples, replay: Replay, keep: Callable[[Example], bool]) -> Changes:
        """A change of every head of which the examples that pass label both classes."""
        from napari_hicstruct.training.head_fit import HEAD_FIT_OPTIONS, fit_head, prior_weight

        self.token.check()
        config, changes = self.config, {}
        for layer in examples.layers:
            samples = examples.samples(layer, keep)
            if samples is None:
                continue
            kind = next(task.head for task in self.net.config.tasks if task.name == layer.split(".")[1])
            old = replay.samples(layer, config.replay_weight, by_network=kind == "point")
            prior = prior_weight(examples.n_corrected(layer, keep))
            changes[layer] = fit_head(samples, old, ridge=config.ridge, prior=prior, options=HEAD_FIT_OPTIONS[kind])
        return changes

    def _step(self, losses: tuple[str, dict[str, float], dict[str, float]], step: int, steps: int) -> Progress:
        """A step for people."""
        elapsed = max(1e-6, self.clock.step("", 0, 0).elapsed)
        live = Live(step + 1, steps, *losses, (step + 1) / elapsed)
        return self.clock.step("fit heads", step + 1, steps, payload=live)


def changed_logits(examples: ScoredExamples, changes: Changes, places: Sequence[int]) -> dict[int, float]:
    """Log-odds by which places are listed after the changes; those of a head without change stay."""
    found = {}
    for k in places:
        score = examples.scores[k]
        change = changes.get(score.layer)
        found[k] = score.log_odds
        if change is not None:
            found[k] += change.slope * score.logit + float(score.features @ change.weight) + change.bias
    return found


def _live(
    examples: ScoredExamples, changes: Changes, held_out: Sequence[int], name: str
) -> tuple[str, dict[str, float], dict[str, float]]:
    """Log loss by task: of what was learnt from, and of what was held out."""
    from napari_hicstruct.evaluation.acceptance import log_loss

    def losses(places: Sequence[int]) -> dict[str, float]:
        out, logits = {}, changed_logits(examples, changes, places)
        for layer in changes:
            mine = [k for k in places if examples.scores[k].layer == layer]
            target = np.array([examples.at(k).target > 0.5 for k in mine])
            if mine:
                out[layer.split(".")[1]] = log_loss(np.array([logits[k] for k in mine]), target)
        return out

    learnt = sorted(set(examples.corrected(may_teach)) - set(held_out))
    return name, losses(learnt), losses(held_out)


def _notes(examples: ScoredExamples, unchanged: Sequence[str]) -> tuple[str, ...]:
    """Of which tasks nothing could be learnt, and why: ``TADs: only accepted ones, so unchanged.``"""
    said: dict[str, list[str]] = {}
    for layer in unchanged:
        there = {examples.at(k).target > 0.5 for k in examples.of(layer, may_teach) if examples.at(k).corrected}
        why = f"only {'accepted' if True in there else 'rejected'} ones" if there else "none judged"
        said.setdefault(why, []).append(plural_of_task(layer.split(".")[1]))
    return tuple(
        f"{', '.join(dict.fromkeys(tasks))}: {why} outside the validation regions, so unchanged."
        for why, tasks in said.items()
    )


def _replay_precision(replay: Replay, changes: Changes) -> tuple[Any, Any] | None:
    """Average precision of the changed heads on replay maps before and after."""
    layers = [layer for layer in changes if layer in replay.rows]
    if not layers:
        return None
    before = np.concatenate([replay.precision(layer, None) for layer in layers])
    return before, np.concatenate([replay.precision(layer, changes[layer]) for layer in layers])


def changed_state(net: Any, changes: Mapping[str, HeadChange]) -> dict[str, Any]:
    """The network's weights with last layers changed: an ordinary network again."""
    import torch

    state = {name: value.detach().cpu().clone() for name, value in net.state_dict().items()}
    for layer, change in changes.items():
        weight, bias = state[f"{layer}.out.weight"], state[f"{layer}.out.bias"]
        own = torch.from_numpy(change.weight).to(weight.dtype).view_as(weight[0])
        weight[0] = (1 + change.slope) * weight[0] + own
        bias[0] = (1 + change.slope) * bias[0] + change.bias
    return state
