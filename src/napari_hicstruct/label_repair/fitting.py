"""Fitting one function: on one device or many, resumable to the step, the best is kept, NaN ends it.

Points depend on the seed and the step alone, so a run that was stopped draws what it would have drawn.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.training.checkpoint import load_checkpoint, save_checkpoint

Batch = tuple[Tensor, ...]
MAX_UNREAD_LOSSES = 10
"""Steps whose losses are gathered before they are read from the device, and a NaN is seen."""


class Problem(Protocol):
    """What is fitted, and to what."""

    @property
    def module(self) -> nn.Module:
        """Its forward pass takes a batch and gives the loss."""

    def batch(self, step: int) -> Batch:
        """Points of one step, on the processor; the first dimension but one of each tensor is shared among devices."""

    def validate(self, module: nn.Module, device: torch.device) -> float:
        """Dice on the validation points, which are the same each time."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast.

    Attributes
    ----------
    steps : int
    learning_rate, final_rate : float
        At first, and the share of it that is left at the last step; a cosine between them.
    validate_every, checkpoint_every : int
        Steps.
    """

    steps: int
    learning_rate: float
    final_rate: float
    validate_every: int
    checkpoint_every: int

    def rate(self, step: int) -> float:
        """Learning rate of ``step`` (from 0)."""
        falling = (1 + math.cos(math.pi * step / max(1, self.steps - 1))) / 2
        return self.learning_rate * (self.final_rate + (1 - self.final_rate) * falling)


@dataclass(frozen=True, slots=True)
class FitContext:
    """Where a fit runs and what ends it.

    Attributes
    ----------
    fabric : Fabric
    token : CancelToken
        Cancel: a checkpoint is written, then Cancelled is raised.
    stop : CancelToken or None
        The fit ends now, with the best so far.
    """

    fabric: Fabric
    token: CancelToken
    stop: CancelToken | None = None

    @property
    def stopped(self) -> bool:
        """True if somebody asked to go on with the best so far; the same on all devices, which all must ask at once."""
        asked = self.stop is not None and self.stop.cancelled
        return bool(self.fabric.broadcast(asked)) if self.fabric.world_size > 1 else asked


@dataclass(frozen=True, slots=True)
class FitStep:
    """One step done; ``loss`` is the mean since the last one that was reported, None between."""

    step: int
    loss: float | None = None
    dice: float | None = None


@dataclass(slots=True)
class Fit:
    """A fit between two steps.

    Attributes
    ----------
    best : dict
        The module's state at the best validation; at first the one it starts with.
    best_dice : float
        -1 before the first validation.
    ended : str
        Why it ended early: ``"stopped"``, ``"nan"``; empty if it did not.
    """

    step: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)
    best_dice: float = -1.0
    ended: str = ""


def iter_fit(
    problem: Problem, schedule: Schedule, context: FitContext, checkpoint: Path | None = None
) -> Generator[FitStep, None, Fit]:
    """Fit, or go on where ``checkpoint`` stopped; the problem's module holds the best state afterwards.

    Raises
    ------
    OutputError
        If a checkpoint cannot be written; the previous one stays whole.
    Cancelled
    """
    plain, fabric = problem.module, context.fabric
    trained = [value for value in plain.parameters() if value.requires_grad]
    optimizer: Any = torch.optim.Adam(trained, lr=schedule.learning_rate)
    fit = _resumed(plain, optimizer, checkpoint)
    module, optimizer = fabric.setup(plain, optimizer)
    losses: list[Tensor] = []
    while fit.step < schedule.steps and not fit.ended:
        if context.token.cancelled:
            _save(fit, plain, optimizer, checkpoint, fabric)
            context.token.check()
        losses.append(_step(problem, module, optimizer, schedule.rate(fit.step), fit.step, fabric))
        fit.step += 1
        last = fit.step == schedule.steps
        report = _checked(fit, problem, plain, losses, fit.step % schedule.validate_every == 0 or last, context)
        yield report
        if fit.step % schedule.checkpoint_every == 0 or last or fit.ended:
            _save(fit, plain, optimizer, checkpoint, fabric)
    plain.load_state_dict(fit.best)
    return fit


def _state(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}


def _resumed(module: nn.Module, optimizer: Any, checkpoint: Path | None) -> Fit:
    if checkpoint is None or not checkpoint.exists():
        return Fit(best=_state(module))
    saved = load_checkpoint(checkpoint)
    module.load_state_dict(saved["module"])
    optimizer.load_state_dict(saved["optimizer"])
    # who stopped a run to have a result and resumes it wants the rest of it; a loss that was NaN would be so again
    ended = saved["ended"] if saved["ended"] != "stopped" else ""
    return Fit(saved["step"], saved["best"], saved["best_dice"], ended)


def _save(fit: Fit, module: nn.Module, optimizer: Any, checkpoint: Path | None, fabric: Fabric) -> None:
    """Write the checkpoint to go on from, in the one process that writes."""
    if checkpoint is None or not fabric.is_global_zero:
        return
    state = {"module": module.state_dict(), "optimizer": optimizer.state_dict()}
    said = {"step": fit.step, "best": fit.best, "best_dice": fit.best_dice, "ended": fit.ended}
    save_checkpoint(checkpoint, state | said)


def _step(problem: Problem, module: Any, optimizer: Any, rate: float, step: int, fabric: Fabric) -> Tensor:
    """One update; gives the loss, still on the device."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    world, rank = fabric.world_size, fabric.global_rank
    batch = problem.batch(step)
    if world > 1:  # every device takes its part of each sample's points
        batch = tuple(part if part.ndim < 2 else part[:, rank::world].contiguous() for part in batch)
    loss = module(*fabric.to_device(batch))
    optimizer.zero_grad(set_to_none=True)
    fabric.backward(loss)
    optimizer.step()
    return loss.detach()


def _checked(
    fit: Fit, problem: Problem, module: nn.Module, losses: list[Tensor], validate: bool, context: FitContext
) -> FitStep:
    """Read the losses now and then, validate when it is due; marks a fit that must end."""
    stopped = context.stopped
    if not (validate or stopped or len(losses) >= MAX_UNREAD_LOSSES):
        return FitStep(fit.step)
    loss = float(context.fabric.all_reduce(torch.stack(losses).mean(), reduce_op="mean"))
    losses.clear()
    if not math.isfinite(loss):
        fit.ended = "nan"
        return FitStep(fit.step, loss)
    dice = None
    if validate or stopped:
        dice = problem.validate(module, context.fabric.device)
        if dice > fit.best_dice:
            fit.best_dice = dice
            fit.best = _state(module)
    if stopped:
        fit.ended = "stopped"
    return FitStep(fit.step, loss, dice)
