"""The one training engine (Lightning Fabric): resumable to the step, seeded, keeps the best."""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import JobError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.average import WeightAverage
from napari_hicstruct.training.checkpoint import load_checkpoint, save_checkpoint
from napari_hicstruct.training.samples import Batch, SampleStream
from napari_hicstruct.training.step import batch_losses
from napari_hicstruct.training.validate import Scores, validate

CHECKPOINT, BEST, LOG = "last.ckpt", "best.ckpt", "log.jsonl"


@dataclass(slots=True)
class _Run:
    fabric: Fabric
    net: Any
    optimizer: Any
    average: WeightAverage
    step: int = 0
    best: float = -math.inf
    since_best: int = 0


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then cosine to 1 % of the peak."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    part = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, part))))


def _groups(net: MultiTaskNet) -> list[dict[str, Any]]:
    """Parameter groups: interactions may learn faster than the rest (cross-stitch, NDDR: × 100)."""
    own = {id(p) for p in net.interaction.parameters()}
    rest = [p for p in net.parameters() if id(p) not in own]
    groups = [{"params": rest, "scale": 1.0}]
    if own:
        groups.append({"params": list(net.interaction.parameters()), "scale": net.interaction.learning_rate_scale})
    return groups


def _start(config: TrainConfig, out: Path, device: str) -> _Run:
    fabric = Fabric(accelerator=device, devices=1)
    fabric.seed_everything(config.seed, verbose=False)
    net = MultiTaskNet(config.model).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(_groups(net), lr=config.learning_rate, weight_decay=config.weight_decay)
    average = WeightAverage(net, config.average)
    run = _Run(fabric, net, optimizer, average)
    saved = load_checkpoint(out / CHECKPOINT) if (out / CHECKPOINT).exists() else None
    if saved is not None:
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        average.load(saved["average"])
        run.step, run.best, run.since_best = saved["step"], saved["best"], saved["since_best"]
    run.net, run.optimizer = fabric.setup(net, optimizer)
    for name in ("fine", "coarse", "strip", "read_diagonal", "hint"):
        run.net.mark_forward_method(name)
    average.state = {key: value.to(fabric.device) for key, value in average.state.items()}
    return run


def _autocast(config: TrainConfig, fabric: Fabric) -> AbstractContextManager[Any]:
    return torch.autocast(fabric.device.type, torch.bfloat16) if config.bf16 else nullcontext()


def _save(run: _Run, out: Path) -> None:
    state = {
        "net": run.net.module.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "average": run.average.state,
        "step": run.step,
        "best": run.best,
        "since_best": run.since_best,
    }
    save_checkpoint(out / CHECKPOINT, state)


def _batches(config: TrainConfig, paths: list[Path], first: int) -> Iterator[Batch]:
    stream = SampleStream(config, paths, first_step=first, last_step=config.steps, seed=config.seed)
    # one spawned worker draws maps while the network works; spawn, because forked HDF5 and torch threads hang
    return iter(DataLoader(stream, batch_size=None, num_workers=1, multiprocessing_context="spawn", prefetch_factor=4))


def _train_step(run: _Run, batch: Batch, config: TrainConfig) -> dict[str, float]:
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(run.step, config) * group["scale"]
    batch = run.fabric.to_device(batch)
    with _autocast(config, run.fabric):
        losses = batch_losses(run.net, batch)
    parts: list[Tensor] = [config.task_weights.get(name, 1.0) * loss for name, loss in losses.tasks.items()]
    total = torch.stack([*parts, *losses.extras.values()]).sum()
    if not torch.isfinite(total):
        bad = ", ".join(name for name, loss in losses.all().items() if not torch.isfinite(loss)) or "the sum"
        raise JobError(f"The loss of {bad} became NaN at step {run.step}; the best model so far is kept.")
    run.optimizer.zero_grad(set_to_none=True)
    run.fabric.backward(total)
    run.fabric.clip_gradients(run.net, run.optimizer, max_norm=config.clip)
    run.optimizer.step()
    run.average.update(run.net.module, run.step)
    run.step += 1
    return {name: float(loss.detach()) for name, loss in losses.all().items()}


def _validate(run: _Run, config: TrainConfig, batches: list[Batch], out: Path) -> Scores:
    own = {key: value.detach().clone() for key, value in run.net.module.state_dict().items()}
    run.net.module.load_state_dict(run.average.state)
    try:
        with _autocast(config, run.fabric):
            scores = validate(run.net, [run.fabric.to_device(batch) for batch in batches])
    finally:
        run.net.module.load_state_dict(own)
    run.since_best += 1
    if scores.total > run.best:
        run.best, run.since_best = scores.total, 0
        save_checkpoint(out / BEST, {"net": run.average.state, "step": run.step, "scores": scores.as_dict()})
    return scores


def iter_train(
    config: TrainConfig,
    out: Path,
    *,
    train_paths: list[Path],
    validation: list[Batch],
    device: str = "auto",
    token: CancelToken,
) -> Generator[Progress, None, Path]:
    """Train, or go on where ``out`` stopped; gives the path of the best checkpoint.

    Every step yields a :class:`Progress` whose payload is the losses by task.  Cancelling keeps the last checkpoint
    and the best.  Log lines go to ``out/log.jsonl``.

    Raises
    ------
    JobError
        If a loss becomes NaN.
    OutputError
        If a checkpoint cannot be written; the previous one stays whole.
    """
    run, clock = _start(config, out, device), Clock()
    first = run.step
    recent: list[dict[str, float]] = []
    for batch in _batches(config, train_paths, run.step) if run.step < config.steps else ():
        if token.cancelled:
            _save(run, out)
            token.check()
        recent.append(_train_step(run, batch, config))
        yield clock.step("train", run.step - first, config.steps - first, payload=recent[-1])
        if run.step % config.validate_every == 0 or run.step == config.steps:
            scores = _validate(run, config, validation, out)
            means = {name: sum(r[name] for r in recent) / len(recent) for name in recent[0]}
            entry = {"step": run.step, "train": means, "validation": scores.as_dict()}
            _log(out, entry)
            recent = []
            yield clock.step("train", run.step - first, config.steps - first, message=str(scores), payload=entry)
        if run.step % config.checkpoint_every == 0 or run.step == config.steps:
            _save(run, out)
        if config.patience and run.since_best >= config.patience:
            break
    return out / BEST


def _log(out: Path, entry: dict[str, Any]) -> None:
    with (out / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
