"""The two ways to learn: last layers solved exactly, or gradient steps through more of the network."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.workflows.finetune_evidence import Evidence
from napari_hicstruct.workflows.finetune_job import Live
from napari_hicstruct.workflows.finetune_rows import Row
from napari_hicstruct.workflows.finetune_run import FinetuneRun, Trained

if TYPE_CHECKING:
    from napari_hicstruct.training.head_fit import HeadChange
    from napari_hicstruct.training.replay import Replay

Changes = dict[str, "HeadChange"]

GRADIENT_FOLDS = 2
REPLAY_MAPS = 3
"""Held simulated maps on which gradient steps are compared; each takes the network several seconds."""


def iter_heads(run: FinetuneRun) -> Generator[Progress, None, Trained]:
    """Fit the last layers to all corrections, and fold by fold for an honest comparison."""
    from napari_hicstruct.workflows.replay import iter_replay

    replay = yield from iter_replay(run.start, token=run.token)
    folds = run.job.config.folds if run.cross_validates else 0
    after: dict[int, float] = {}
    for fold in range(folds):
        changes = fit_heads(run, replay, in_fold(fold, folds, held=False))
        held = run.unseen(in_fold(fold, folds, held=True))
        after |= _logits(run.evidence, changes, held)
        yield _told(run, changes, held, fold, folds + 1, f"fold {fold + 1} of {folds}")
    changes = fit_heads(run, replay, lambda row: not row.frozen)
    _tell_silent(run, changes)
    held = run.unseen(lambda row: row.frozen)
    after |= _logits(run.evidence, changes, held)
    yield _told(run, changes, held, folds, folds + 1, "model")
    layers = [layer for layer in changes if layer in replay.rows]
    pair = tuple(
        np.concatenate([replay.precision(layer, which.get(layer)) for layer in layers]) if layers else np.zeros(0)
        for which in ({}, changes)
    )
    known = (pair[0], pair[1]) if layers else None
    state = changed_state(run.net, changes)
    return Trained(state, after, known, folds + 1, max(1, folds), replay.changed(changes))


def _tell_silent(run: FinetuneRun, changes: Changes) -> None:
    """Say of which tasks nothing could be learnt."""
    if silent := [layer.split(".")[1] for layer in run.evidence.layers if layer not in changes]:
        text = "nothing was both accepted and rejected outside the validation part, so there the model stays as it is."
        run.notes.append(f"{', '.join(silent)}: {text}")


def in_fold(fold: int, folds: int, *, held: bool) -> Callable[[Row], bool]:
    """Whether a row that may be learnt from is held out of a fold of tiles, or learnt from in it."""
    return lambda row: not row.frozen and (row.tile % folds == fold) is held


def fit_heads(run: FinetuneRun, replay: Replay, keep: Callable[[Row], bool]) -> Changes:
    """A change of every head about which the rows that pass say two things."""
    from napari_hicstruct.training.head_fit import FREEDOM, doubt, fit_head

    run.token.check()
    config, changes = run.job.config, {}
    for layer in run.evidence.layers:
        mine = run.evidence.examples(layer, keep)
        if mine is not None:
            kind = next(task.head for task in run.net.config.tasks if task.name == layer.split(".")[1])
            old = replay.examples(layer, config.replay_weight, by_network=kind == "point")
            level = doubt(run.evidence.said(layer, keep))
            changes[layer] = fit_head(mine, old, ridge=config.ridge, level=level, free=FREEDOM[kind])
    return changes


def _logits(evidence: Evidence, changes: Changes, places: list[int]) -> dict[int, float]:
    """Log-odds as listed at places after the changes; a head without change says what it said."""
    found = {}
    for k in places:
        sight = evidence.sights[k]
        change = changes.get(sight.layer)
        found[k] = sight.log_odds
        if change is not None:
            found[k] += change.slope * sight.logit + float(sight.features @ change.weight) + change.bias
    return found


def _told(run: FinetuneRun, changes: Changes, held: list[int], step: int, steps: int, name: str) -> Progress:
    """A step for people: log loss by task, of what was learnt from and of what was held out."""
    from napari_hicstruct.evaluation.gate import surprise

    def losses(places: list[int]) -> dict[str, float]:
        out, logits = {}, _logits(run.evidence, changes, places)
        for layer in changes:
            mine = [k for k in places if run.evidence.sights[k].layer == layer]
            there = np.array([run.evidence.rows[run.evidence.sights[k].owner].there > 0.5 for k in mine])
            if mine:
                out[layer.split(".")[1]] = surprise(np.array([logits[k] for k in mine]), there)
        return out

    learnt = sorted(set(run.places(lambda row: not row.frozen)) - set(held))
    elapsed = max(1e-6, run.clock.step("", 0, 0).elapsed)
    live = Live(step + 1, steps, name, losses(learnt), losses(held), (step + 1) / elapsed)
    return run.clock.step("fit heads", step + 1, steps, payload=live)


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


# ---------------------------------------------------------------------- gradient steps
def iter_gradients(run: FinetuneRun) -> Generator[Progress, None, Trained]:
    """Train on windows around all corrections; then on half the tiles at a time, for the comparison."""
    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.training.pool import iter_make_pool
    from napari_hicstruct.workflows.replay import POOL, pool_folder

    pool = yield from iter_make_pool(POOL, pool_folder(), token=run.token)
    after: dict[int, float] = {}
    work = Path(tempfile.mkdtemp(prefix="hicstruct-finetune-"))
    try:
        state, steps = yield from _train(run, pool, lambda row: not row.frozen, work / "model", "model", run.stop)
        after |= yield from _seen_by(run, state, run.unseen(lambda row: row.frozen))
        if steps and run.cross_validates:
            after |= yield from _folds(run, pool, steps, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    net = MultiTaskNet(run.net.config).to(run.device)
    net.load_state_dict(state)
    pair = yield from _replayed(run, net.eval())
    return Trained(state, after, pair, steps, GRADIENT_FOLDS)


def _folds(run: FinetuneRun, pool: list[Path], steps: int, work: Path) -> Generator[Progress, None, dict[int, float]]:
    """Log-odds of corrections by networks that did not learn from their tiles.

    If the person stopped the model, the folds take the steps that it took; stopped themselves, what there is counts.
    """
    early = run.stop.cancelled
    most, stop = (steps, CancelToken()) if early else (None, run.stop)
    found: dict[int, float] = {}
    for fold in range(GRADIENT_FOLDS):
        name, place = f"fold {fold + 1} of {GRADIENT_FOLDS}", work / f"fold{fold}"
        keep = in_fold(fold, GRADIENT_FOLDS, held=False)
        state, reached = yield from _train(run, pool, keep, place, name, stop, most)
        if reached:
            held = run.unseen(in_fold(fold, GRADIENT_FOLDS, held=True))
            found |= yield from _seen_by(run, state, held)
        if stop.cancelled:
            run.notes.append("Stopped during cross-validation: only what was compared by then speaks.")
            break
    return found


def _train(
    run: FinetuneRun,
    pool: list[Path],
    keep: Callable[[Row], bool],
    work: Path,
    name: str,
    stop: CancelToken,
    most: int | None = None,
) -> Generator[Progress, None, tuple[dict[str, Any], int]]:
    """Weights after learning from the rows that pass, in ``most`` steps if given, and the steps they took."""
    from napari_hicstruct.training.dataset import save_region
    from napari_hicstruct.training.gradient_tuning import Speed, iter_tune, train_config
    from napari_hicstruct.workflows.correction_regions import iter_regions
    from napari_hicstruct.workflows.replay import HELD, POOL

    people = [row for row in run.evidence.rows if row.person]
    kept = {row.record.uid for row in people} - {row.record.uid for row in people if not keep(row)}
    judged = replace(
        run.judged,
        positives=tuple(r for r in run.judged.positives if r.uid in kept),
        negatives=tuple(r for r in run.judged.negatives if r.uid in kept),
        open=(*run.judged.open, *(r for r in run.judged.judged if r.uid not in kept)),
        unknown=run.job.frozen,
    )
    regions = yield from iter_regions(run.source, judged, run.bands, token=run.token, hard=run.job.config.hard)
    paths = [work / f"region{k}.zarr" for k in range(len(regions))]
    for region, path in zip(regions, paths, strict=True):
        save_region(region, path)
    config = run.job.config.model_copy(update={"steps": most}) if most else run.job.config
    recipe = train_config(run.net.config, config, POOL, len(kept))
    weights = {key: value.cpu() for key, value in run.net.state_dict().items()}
    speed = Speed()
    learn = iter_tune(
        recipe, config, weights, (pool[:HELD] + paths, pool[HELD:]), work / "run",
        device=run.device.type, token=run.token, stop=stop,
    )  # fmt: skip
    while True:
        try:
            step = next(learn)
        except StopIteration as ended:
            return ended.value
        yield _live(step, recipe.steps, name, speed)


def _live(step: Progress, steps: int, name: str, speed: Any) -> Progress:
    """A step of the engine as the Learn section reads it."""
    payload = step.payload or {}
    scores = payload.get("validation", {}) if "validation" in payload else {}
    losses = {} if scores else payload
    rate = speed.step() if losses else 0.0
    live = Live(int(step.done), steps, name, losses, scores.get("losses", {}), rate)
    return replace(step, stage=f"train {name}", payload=live)


def _seen_by(run: FinetuneRun, state: dict[str, Any], places: list[int]) -> Generator[Progress, None, dict[int, float]]:
    """Log-odds as listed that a trained network gives places of the evidence."""
    from napari_hicstruct.models.network import MultiTaskNet

    if not places:
        return {}
    net = MultiTaskNet(run.net.config).to(run.device)
    net.load_state_dict(state)
    seen = yield from run.look(net.eval(), [run.evidence.rows[run.evidence.sights[k].owner] for k in places])
    return {places[sight.owner]: sight.log_odds for sight in seen}


def _replayed(run: FinetuneRun, net: Any) -> Generator[Progress, None, tuple[Any, Any]]:
    """Average precision of the start and of the new network on held simulated maps."""
    from napari_hicstruct.workflows.replay import iter_precision

    before = yield from iter_precision(run.net, run.device, REPLAY_MAPS, token=run.token, clock=run.clock)
    after = yield from iter_precision(net, run.device, REPLAY_MAPS, token=run.token, clock=run.clock)
    return before, after
