"""One step of training: losses, their balance, gradients, weights; a batch that does not fit is cut in two."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import JobError
from napari_hicstruct.training.conflict import TaskGradients, conflict_weighting
from napari_hicstruct.training.samples import Batch
from napari_hicstruct.training.state import Run

Settings = TrainConfig | SegmentationConfig
"""Of maps, or of pictures: both say how fast, how long and in which balance."""

KINDS = ("fine", "coarse")
"""Windows of a batch; pictures have fine ones only."""


def learning_rate(step: int, config: Settings) -> float:
    """Linear warm-up, then cosine to 1 % of the peak."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    part = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, part))))


def autocast(config: Settings, fabric: Fabric) -> AbstractContextManager[Any]:
    """bfloat16 where the recipe wants it."""
    return torch.autocast(fabric.device.type, torch.bfloat16) if config.bf16 else nullcontext()


def cut(batch: Batch, parts: int) -> list[Batch]:
    """A batch in ``parts`` pieces; the strip stays with the first, whose coarse window it belongs to.

    Fine and coarse windows over one place may come into two pieces: pairs are for whole batches.
    """
    pieces: list[Batch] = [{} for _ in range(parts)]
    for kind in _kinds(batch):
        chunks = {key: value.tensor_split(parts) for key, value in batch[kind].items()}
        for k, piece in enumerate(pieces):
            piece[kind] = {key: chunk[k] for key, chunk in chunks.items()}
    for piece in pieces if "support" in batch else ():
        piece["support"] = batch["support"]
    if "strip" in batch:
        pieces[0]["strip"] = batch["strip"]
    if parts == 1 and "pair" in batch:
        pieces[0]["pair"] = batch["pair"]
    return pieces


def _kinds(batch: Batch) -> list[str]:
    return [kind for kind in KINDS if kind in batch]


def update(run: Run, batches: list[Batch], config: Settings) -> dict[str, float]:
    """Weights after one more step over ``batches`` (their gradients are averaged); gives the losses by name.

    Raises
    ------
    JobError
        If a loss is not finite, or not even the smallest pieces of a batch fit into memory.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate(run.step, config) * group["scale"]
    while True:
        try:
            losses = _gradients(run, batches, config)
            break
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            _halve(run, batches, error)
    run.fabric.clip_gradients(run.module, run.optimizer, max_norm=config.clip)
    run.optimizer.step()
    run.average.update_parameters(run.net)
    run.step += 1
    return losses


def out_of_memory(error: RuntimeError) -> bool:
    """True if torch says that memory is used up, on a GPU or here."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text


def _halve(run: Run, batches: list[Batch], error: RuntimeError) -> None:
    most = min(len(batch[kind]["x"]) for batch in batches for kind in _kinds(batch))  # a piece holds both kinds
    if run.parts >= most:
        raise JobError(
            f"out of memory at step {run.step}, even with batches in {run.parts} pieces ({error}).",
            hint="Give smaller windows (coarse_size, model.windows), fewer of them (fine_batch), fewer channels, or a "
            "device with more memory.",
        ) from error
    run.parts = min(2 * run.parts, most)
    run.said.append(f"Out of memory at step {run.step}: batches are cut into {run.parts} pieces from here on.")
    if run.fabric.device.type == "cuda":
        torch.cuda.empty_cache()


def _gradients(run: Run, batches: list[Batch], config: Settings) -> dict[str, float]:
    run.optimizer.zero_grad(set_to_none=True)
    pieces = [piece for batch in batches for piece in cut(run.fabric.to_device(batch), run.parts)]
    shares = Shares(1 / len(batches), 1 / len(pieces), frozenset({*run.net.tasks_of("boundary"), "boundary_prior"}))
    log = _resolved(run, pieces, config, shares) if _separate(config) else _summed(run, pieces, shares)
    run.balancer.end_step(partial(run.fabric.all_reduce, reduce_op="mean"))
    return log


def _separate(config: Settings) -> bool:
    return config.losses.conflict != "none" or config.losses.conflict_buckets


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of one piece in a step: what comes from the strip comes once per batch, the rest once per piece."""

    batch: float
    piece: float
    once: frozenset[str]

    def of(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses of one piece times their shares."""
        return {name: loss * (self.batch if name in self.once else self.piece) for name, loss in losses.items()}


def _losses(run: Run, piece: Batch, config: Settings) -> dict[str, dict[Any, Tensor]]:
    with autocast(config, run.fabric):
        losses = run.module(piece)
    everything = losses["tasks"] | losses["extras"]
    bad = ", ".join(name for name, loss in everything.items() if not torch.isfinite(loss))
    if bad:
        hint = "Lower learning_rate or clip, and train into a new folder."
        raise JobError(f"the loss of {bad} became NaN at step {run.step}.", hint=hint)
    return losses


def _summed(run: Run, pieces: list[Batch], shares: Shares) -> dict[str, float]:
    """Gradients of the weighted sum of all losses."""
    module, seen = run.module.module, _Means()
    for k, piece in enumerate(pieces):
        with run.fabric.no_backward_sync(run.module, enabled=k + 1 < len(pieces)):
            losses = _losses(run, piece, module.config)
            weighted = run.balancer.weigh(losses["tasks"], module.last_shared())
            run.fabric.backward(torch.stack(list(shares.of(weighted | losses["extras"]).values())).sum())
        seen.add(losses["tasks"] | losses["extras"])
    return seen.means()


def _resolved(run: Run, pieces: list[Batch], config: Settings, shares: Shares) -> dict[str, float]:
    """Gradients task by task (and bucket by bucket), made to agree on the shared weights."""
    module, seen = run.module.module, _Means()
    shared = module.shared()
    ids = {id(p) for p in shared}
    own = [p for p in (*run.net.parameters(), *run.balancer.own_parameters()) if id(p) not in ids]
    gradients = TaskGradients(shared, own)
    for piece in pieces:
        with run.fabric.no_backward_sync(run.module):
            losses = _losses(run, piece, config)
        weighted = run.balancer.weigh(losses["tasks"], module.last_shared())
        rows = {(name, ""): loss for name, loss in shares.of(weighted).items()}
        if losses["rows"]:
            factor = shares.of({name: torch.tensor(w) for name, w in run.balancer.current().items()})
            rows = {row: factor[row[0]] * loss for row, loss in losses["rows"].items()}
        extras = list(shares.of(losses["extras"]).values())
        gradients.add(rows, torch.stack(extras).sum() if extras else None)
        seen.add(losses["tasks"] | losses["extras"])
    weighting = conflict_weighting(config.losses.conflict, radius=config.losses.conflict_radius)
    reduce = partial(run.fabric.all_reduce, reduce_op="mean")
    return seen.means() | gradients.resolve(weighting, seed=run.step, reduce=reduce).as_dict()


class _Means:
    """Mean of every loss over the pieces that have it."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add(self, losses: dict[str, Tensor]) -> None:
        for name, loss in losses.items():
            self._values.setdefault(name, []).append(float(loss.detach()))

    def means(self) -> dict[str, float]:
        return {name: sum(values) / len(values) for name, values in self._values.items()}
