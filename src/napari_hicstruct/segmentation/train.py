"""Training on crops by the engine's own parts: run, balance, update, checkpoint, log."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from lightning_fabric import Fabric
from torch import Tensor

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.segmentation.crops import CropStream
from napari_hicstruct.segmentation.step import CropModule
from napari_hicstruct.segmentation.validate import CropScores, validate_crops
from napari_hicstruct.training.checkpoint import save_checkpoint
from napari_hicstruct.training.log import append_entry
from napari_hicstruct.training.samples import Batch
from napari_hicstruct.training.state import BEST, Run, open_fabric, save_run, start_run
from napari_hicstruct.training.update import autocast, update

STAGE = "train"


@dataclass(frozen=True, slots=True)
class CropRun:
    """What a training reads, where it writes, and what ends it.

    Attributes
    ----------
    stream : CropStream
    validation : list of Batch
    out : Path
        Gets ``log.jsonl``, ``last.ckpt``, ``best.ckpt``; a run that stopped there goes on.
    token, stop : CancelToken
        Cancel; end early with the best so far.
    weights : dict of str to Tensor, optional
        What a new run starts from.
    fabric : Fabric, optional
        Default: one processor.
    stage : str
        Of the progress.
    """

    stream: CropStream
    validation: list[Batch]
    out: Path
    token: CancelToken
    stop: CancelToken | None = None
    weights: dict[str, Tensor] | None = None
    fabric: Fabric | None = None
    stage: str = STAGE


def iter_train_crops(config: SegmentationConfig, what: CropRun) -> Generator[Progress, None, Path]:
    """Train; gives the path of the best checkpoint.

    Payload of each step: ``{"loss": …, "tasks": {task: loss}}``; of a validation also
    ``"validation"``, ``"held_out"`` (losses by task) and ``"parts"``.

    Raises
    ------
    JobError
        If a loss becomes NaN, or memory is used up.
    OutputError
    """
    run = start_run(config, what.out, what.fabric or open_fabric("cpu"), what.weights, module=CropModule)
    clock, first, names = Clock(), run.step, {task.name for task in config.model.tasks}
    recent: list[dict[str, float]] = []
    while run.step < config.steps:
        if what.token.cancelled:
            save_run(run, what.out)
            what.token.check()
        losses = update(run, [what.stream.batch(run.step)], config)
        recent.append(losses)
        payload: dict[str, Any] = {"tasks": {name: losses[name] for name in losses if name in names}}
        payload["loss"] = sum(payload["tasks"].values())
        said, run.said = " ".join(run.said), []
        ended = (what.stop is not None and what.stop.cancelled) or run.step == config.steps
        if run.step % config.validate_every == 0 or ended:
            scores = _checked(run, config, what, recent)
            recent = []
            said = f"{said} {scores}".strip()
            payload |= {"validation": scores.dice | scores.goodness, "held_out": scores.losses, "parts": scores.parts}
        yield clock.step(what.stage, run.step - first, config.steps - first, said, payload)
        if run.step % config.checkpoint_every == 0 or ended:
            save_run(run, what.out)
        if ended or (config.patience and run.since_best >= config.patience):
            break
    return what.out / BEST


def _checked(run: Run, config: SegmentationConfig, what: CropRun, recent: list[dict[str, float]]) -> CropScores:
    """Validate the averaged weights, keep them if they are the best so far, and log."""
    own = {key: value.detach().clone() for key, value in run.net.state_dict().items()}
    run.net.load_state_dict(run.average.module.state_dict())
    try:
        with autocast(config, run.fabric):
            scores = validate_crops(run.net, [run.fabric.to_device(batch) for batch in what.validation], config)
    finally:
        run.net.load_state_dict(own)
    run.since_best += 1
    is_best = scores.total > run.best or not what.validation  # where nothing validates, the last weights are kept
    if (is_best and scores.finite) or not (what.out / BEST).exists():
        run.best, run.since_best = scores.total, 0
        state = {"net": run.average.module.state_dict(), "step": run.step, "scores": scores.as_dict()}
        save_checkpoint(what.out / BEST, state)
    means = {name: fmean(step[name] for step in recent if name in step) for name in recent[-1]} if recent else {}
    entry: dict[str, Any] = {"step": run.step, "train": means, "validation": scores.as_dict()}
    if config.losses.balancing != "fixed":
        entry["weights"] = run.balancer.current()
    if scores.parts:
        entry["parts"] = scores.parts
    append_entry(what.out, entry)
    return scores
