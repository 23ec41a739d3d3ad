"""The new model beside the one in use, on corrections that were not learnt from: is it taken into use?"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_hicstruct.errors import ProjectError
from napari_hicstruct.evaluation.acceptance import (
    HeldOutScores,
    Verdict,
    decide,
    fold_offsets,
    log_loss_change,
    map_change,
    ranking_change,
)
from napari_hicstruct.jobs import Progress
from napari_hicstruct.workflows.finetune.job import Figure
from napari_hicstruct.workflows.finetune.learners import Trained, may_teach
from napari_hicstruct.workflows.finetune.score import ScoredExamples, Scorer


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The verdict on a model, in one sentence and in numbers; the table behind them, and notes."""

    verdict: Verdict
    reason: str
    details: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]


def iter_held_out_scores(
    examples: ScoredExamples, trained: Trained, scorer: Scorer, parent_net: Any
) -> Generator[Progress, None, HeldOutScores]:
    """Held-out corrections before and after.

    In the validation regions *before* is the model in use (``parent_net``; None: the one that gave the scores).  In
    cross-validation it is the model that learning starts from: the one in use has learnt the corrections that the folds
    hold out.

    Raises
    ------
    ProjectError
        If the model in use has other heads than the one that learning starts from.
    """
    places, layers = sorted(trained.after), examples.layers
    before = {k: examples.scores[k].log_odds for k in places}
    if parent_net is not None:
        before |= yield from _iter_parent_odds(examples, places, scorer, parent_net)
    stratum = np.array([layers.index(examples.scores[k].layer) for k in places], np.int64)
    fold = [-1 if (one := examples.at(k)).in_validation else one.tile % max(1, trained.folds) for k in places]
    change = np.array([trained.after[k] - before[k] for k in places], np.float64)
    return HeldOutScores(
        stratum,
        np.array([examples.at(k).target > 0.5 for k in places], bool),
        np.array([before[k] for k in places], np.float64),
        np.array([trained.after[k] for k in places], np.float64),
        np.array([examples.scores[k].evidence - examples.scores[k].offset for k in places], np.float64),
        fold_offsets(stratum, np.array(fold, np.int64), change),
    )


def _iter_parent_odds(
    examples: ScoredExamples, places: Sequence[int], scorer: Scorer, parent_net: Any
) -> Generator[Progress, None, dict[int, float]]:
    """Log-odds by the model in use of what lies in the validation regions."""
    mine = [k for k in places if examples.at(k).in_validation]
    scores = yield from scorer.iter_score(parent_net, [examples.at(k).record for k in mine])
    found = {mine[score.owner]: score for score in scores}
    if any(k not in found or found[k].layer != examples.scores[k].layer for k in mine):
        raise ProjectError("the model in use has other tasks than the base model.", hint="Start from 'last'.")
    return {k: score.log_odds for k, score in found.items()}


def accept(examples: ScoredExamples, trained: Trained, held_out: HeldOutScores, *, start: str) -> Acceptance:
    """Decide by the rule of :mod:`napari_hicstruct.evaluation.acceptance`; ``start``: label of the model trained on."""
    replay = None if trained.replay is None else map_change(*trained.replay, n=len(trained.replay[0]))
    decision = decide(held_out, replay)
    on = "validation regions and cross-validation" if trained.folds else "validation regions"
    figures = _figures(held_out, [layer.split(".")[1] for layer in examples.layers], on)
    if replay is not None:
        values = (replay.before, replay.after, replay.low, replay.high)
        figures.append(Figure("all", "average precision", "replay", replay.n, *values))
    notes = (*trained.notes, *_notes(examples, trained, start))
    return Acceptance(decision.verdict, decision.reason, decision.details, tuple(figures), notes)


def _notes(examples: ScoredExamples, trained: Trained, start: str) -> list[str]:
    notes = []
    if trained.folds:
        count = len({one.record.uid for one in examples.examples if one.corrected and one.in_validation})
        notes.append(
            f"Only {count:,} of the corrections lie in the validation regions. The others were compared in turns "
            "(cross-validation): each by a model that had not learnt from it."
        )
    if examples.learnt and not examples.unseen(may_teach):
        notes.append(f"{start} has learnt all of these corrections already.")
    return notes


def _figures(held_out: HeldOutScores, names: Sequence[str], on: str) -> list[Figure]:
    """The before/after table: ranking and log loss, of all tasks and of each."""
    found = []
    parts: list[tuple[str, Any]] = [("all", np.ones(len(held_out), bool))]
    parts += [(names[k], held_out.stratum == k) for k in np.unique(held_out.stratum)]
    for name, part in parts:
        some = held_out.take(part)
        for measure, change, better in (("ranking", ranking_change(some), 1), ("log loss", log_loss_change(some), -1)):
            values = (change.before, change.after, change.low, change.high)
            found.append(Figure(name, measure, on, change.n, *values, better))
    return found
