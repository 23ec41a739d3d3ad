"""The one training engine (Lightning Fabric): one device or many, resumable to the step, seeded, keeps the best."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import HicStructError, JobError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.models.library.selectors.logs import selector_log
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.checkpoint import load_checkpoint, save_checkpoint
from napari_hicstruct.training.log import LOG, append_entry
from napari_hicstruct.training.samples import Batch, SampleStream, WorkerStream
from napari_hicstruct.training.state import BEST, CHECKPOINT, Run, open_fabric, save_run, start_run
from napari_hicstruct.training.step import run_batch
from napari_hicstruct.training.update import autocast, update
from napari_hicstruct.training.validate import Scores, validate

__all__ = ["BEST", "CHECKPOINT", "LOG", "iter_train"]

WORKER_DEATHS = 3
"""So often a killed worker is started again; batches depend on seed and step alone, so nothing is lost."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Where a run draws its maps, what it freezes and what ends it early: set by fine-tuning in a window.

    Attributes
    ----------
    prepare : callable, optional
        Called with the network before its optimiser is made: what shall not learn is frozen here.
    in_process : bool
        Draw maps in this process: starting another takes longer than a short run, and its core belongs to the window.
    stop : CancelToken, optional
        Ends the training early; what was best so far is the result.
    """

    prepare: Callable[[MultiTaskNet], None] | None = None
    in_process: bool = False
    stop: CancelToken | None = None


def _stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[Batch]:
    stream = WorkerStream(config, paths, first_step=first, last_step=config.steps, seed=config.seed, part=part)
    # one spawned worker draws maps while the network works; spawn, because forked HDF5 and torch threads hang
    loader = DataLoader(stream, batch_size=None, num_workers=1, multiprocessing_context="spawn", prefetch_factor=4)
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGCHLD"):
        return iter(loader)
    # The loader raises from a signal handler when its worker dies: anywhere, in the middle of a step too.  Without
    # the handler the death is noticed where the next batch is asked for, between two steps.
    handler = signal.getsignal(signal.SIGCHLD)
    try:
        return iter(loader)
    finally:
        signal.signal(signal.SIGCHLD, handler)


def _worker_died(error: Exception) -> bool:
    """True if the process that draws maps is gone; an error of its own comes back as "Caught … in worker"."""
    text = str(error)
    if isinstance(error, RuntimeError):
        return "worker" in text.lower() and "Caught" not in text
    # it was killed while it handed over a batch: the pipe or the shared memory breaks off
    return isinstance(error, ConnectionError | EOFError | FileNotFoundError) and "Caught" not in text


def _batches(run: Run, config: TrainConfig, paths: list[Path], options: RunOptions) -> Iterator[list[Batch]]:
    """This process's batches, step by step, from the run's step on; outlives a few deaths of the worker."""
    world, rank = run.fabric.world_size, run.fabric.global_rank
    mine = config.batches // world
    if options.in_process:
        stream = iter(SampleStream(config, paths, first_step=run.step, last_step=config.steps, seed=config.seed))
        while step := list(islice(stream, mine)):
            yield step
        return
    for death in range(WORKER_DEATHS + 1):
        loader = _stream(config, paths, run.step, slice(rank * mine, (rank + 1) * mine))
        try:
            while run.step < config.steps and (step := list(islice(loader, mine))):
                if isinstance(step[-1], HicStructError):
                    raise step[-1]
                yield step
            return
        except (RuntimeError, OSError, EOFError) as error:
            if not _worker_died(error):
                raise
            if death == WORKER_DEATHS:
                raise JobError(
                    f"the process that draws maps was killed {death + 1} times, last at step {run.step}.",
                    hint="Free memory (fewer maps_per_draw), then start the same command again: it goes on there.",
                ) from error
            run.said.append(f"The process that draws maps was killed at step {run.step}; started again.")


def _validate(run: Run, config: TrainConfig, batches: list[Batch], out: Path) -> Scores:
    own = {key: value.detach().clone() for key, value in run.net.state_dict().items()}
    run.net.load_state_dict(run.average.module.state_dict())
    try:
        with autocast(config, run.fabric):
            scores = validate(run.net, [run.fabric.to_device(batch) for batch in batches], config)
    finally:
        run.net.load_state_dict(own)
    run.since_best += 1
    if scores.total > run.best and scores.finite:
        run.best, run.since_best = scores.total, 0
        if run.leads:
            save_checkpoint(
                out / BEST, {"net": run.average.module.state_dict(), "step": run.step, "scores": scores.as_dict()}
            )
    return scores


def iter_train(  # noqa: PLR0913 - keywords of a use case
    config: TrainConfig,
    out: Path,
    *,
    train_paths: list[Path],
    validation: list[Batch],
    token: CancelToken,
    fabric: Fabric | None = None,
    weights: dict[str, Tensor] | None = None,
    options: RunOptions | None = None,
) -> Generator[Progress, None, Path]:
    """Train, or go on where ``out`` stopped; gives the path of the best checkpoint.

    Every step's payload is the losses by task.  Cancelling keeps the last checkpoint and the best.  Log: ``log.jsonl``.

    Parameters
    ----------
    weights : dict of str to Tensor, optional
        What a new run starts from (an earlier stage's network).
    options : RunOptions, optional
        What is frozen, and where maps are drawn; default: a process of its own, nothing frozen.

    Raises
    ------
    JobError
        If a loss becomes NaN, memory is used up even by the smallest pieces, or the worker is killed again and again.
    OutputError
        If a checkpoint cannot be written; the previous one stays whole.
    """
    options = options or RunOptions()
    run, clock = start_run(config, out, fabric or open_fabric("cpu"), weights, options.prepare), Clock()
    first = run.step
    _keep_for_blend(run, config, out)
    recent: list[dict[str, float]] = []
    for batches in _batches(run, config, train_paths, options):
        if token.cancelled:
            save_run(run, out)
            token.check()
        recent.append(update(run, batches, config))
        said, run.said = " ".join(run.said), []
        done, total = run.step - first, config.steps - first
        yield clock.step("train", done, total, said, recent[-1], notice=bool(said))
        if run.step % config.validate_every == 0 or run.step == config.steps:
            entry, recent = _checked(run, config, validation, out, recent), []
            message = entry.pop("message")
            yield clock.step("train", done, total, message, entry)
        _keep(run, config, out)
        if (config.patience and run.since_best >= config.patience) or (options.stop and options.stop.cancelled):
            break
    return _blended(run, config, validation, out) if config.blend else out / BEST


def _keep(run: Run, config: TrainConfig, out: Path) -> None:
    """Write what is due after a step."""
    _keep_for_blend(run, config, out)
    if run.step % config.checkpoint_every == 0 or run.step == config.steps:
        save_run(run, out)


def _keep_for_blend(run: Run, config: TrainConfig, out: Path) -> None:
    if run.step in config.blend and run.leads:
        save_checkpoint(out / f"blend-{run.step}.ckpt", {"net": run.average.module.state_dict(), "step": run.step})


def _blended(run: Run, config: TrainConfig, validation: list[Batch], out: Path) -> Path:
    """The mean of the weights kept on the way, validated; an early network knows less of the simulator's habits."""
    parts = [load_checkpoint(out / f"blend-{step}.ckpt")["net"] for step in config.blend]
    kept = tuple(f".{task}." for task in config.blend_keeps)  # of its decoder and head
    for name, value in run.average.module.state_dict().items():
        if value.is_floating_point():
            of = parts[:1] if any(task in name for task in kept) else parts
            value.copy_(torch.stack([part[name].to(value) for part in of]).mean(0))
    run.best = -math.inf
    _validate(run, config, validation, out)
    return out / BEST


def _figures(run: Run, config: TrainConfig, validation: list[Batch]) -> dict[str, float]:
    """What the selector's gates and weights do on the first validation batch."""
    if config.model.selector == "identity" or config.objective == "reconstruction" or not validation:
        return {}
    with torch.no_grad(), autocast(config, run.fabric):
        outputs = run_batch(run.net, run.fabric.to_device(validation[0]))
    return selector_log(outputs.far.trace)


def _checked(
    run: Run, config: TrainConfig, validation: list[Batch], out: Path, recent: list[dict[str, float]]
) -> dict[str, Any]:
    """Validate and log; gives the log's entry with a message for people."""
    scores = _validate(run, config, validation, out)
    names = dict.fromkeys(name for step in recent for name in step)
    means = {name: fmean(step[name] for step in recent if name in step) for name in names}
    entry: dict[str, Any] = {"step": run.step, "train": means, "validation": scores.as_dict()}
    if config.losses.balancing != "fixed":
        entry["weights"] = run.balancer.current()
    if figures := _figures(run, config, validation):
        entry["parts"] = figures
    if run.leads:
        append_entry(out, entry)
    return entry | {"message": str(scores)}
