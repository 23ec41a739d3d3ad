"""Training of a fusion network on pairs: steps, running mean of weights, validation, checkpoints, log."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from napari_hicstruct.config.fusion import FusionConfig, FusionLossConfig, FusionTrainConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.models.fusion.network import Fused, HybridFusionNet
from napari_hicstruct.training.checkpoint import load_checkpoint, save_checkpoint
from napari_hicstruct.training.log import append_entry, cut_log

CHECKPOINT = "checkpoint.pt"
VALIDATION_BATCHES = 6


class Batch(Protocol):
    """Pairs: what is read, what is blended, and the prior of the mask."""

    a: Tensor
    b: Tensor
    values: tuple[Tensor, Tensor]
    prior: Tensor | None


class PairSource(Protocol):
    """Gives the pairs of each step, the same ones whenever it is asked."""

    def batch(self, step: int, *, validation: bool = False) -> Any:
        """Pairs of ``step``; those of validation are none of training."""


Terms = Callable[[Fused, Any, FusionLossConfig], dict[str, Tensor]]
"""Terms of the loss by their names in :class:`FusionLossConfig`, unweighted."""


@dataclass(frozen=True, slots=True)
class FusionTrainOptions:
    """Where and how a training runs.

    Attributes
    ----------
    folder : Path
        Gets ``checkpoint.pt`` and ``log.jsonl``.
    resume : bool
        Go on from the folder's checkpoint.
    device : torch.device
    token : CancelToken
        Cancel: nothing comes of it, but the run can be resumed.
    stop : CancelToken, optional
        End the training now, with what was learnt so far.
    start : dict of Tensor, optional
        Weights to begin with.
    """

    folder: Path
    resume: bool = False
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    token: CancelToken = field(default_factory=CancelToken)
    stop: CancelToken | None = None
    start: dict[str, Tensor] | None = None


def iter_train_fusion(
    config: FusionConfig, source: PairSource, terms: Terms, options: FusionTrainOptions
) -> Generator[Progress, None, tuple[HybridFusionNet, dict[str, float]]]:
    """Train; a generator of Progress, whose payload is each step's losses, and what validation gave.

    Returns
    -------
    net : HybridFusionNet
        With the running mean of the weights.
    figures : dict
        Of the last validation.

    Raises
    ------
    ModelError
        If the folder's checkpoint is damaged or of other settings.
    OutputError
        If the folder cannot be written.
    """
    run = _Run(config, terms, options)
    first = run.load() if options.resume else 0
    train, clock, figures = config.train, Clock(), dict[str, float]()
    for step in range(first, train.steps):
        options.token.check()
        if options.stop is not None and options.stop.cancelled:
            break
        losses = run.step(step, source.batch(step))
        done = step + 1
        if done % train.validate_every == 0 or done == train.steps:
            figures = run.validate(source)
            losses |= {f"validation_{name}": value for name, value in figures.items()}
        append_entry(options.folder, {"step": done} | {key: float(f"{value:.5g}") for key, value in losses.items()})
        yield clock.step("train", done, train.steps, f"loss {losses['loss']:.4f}", losses)
        if done % train.checkpoint_every == 0 or done == train.steps:
            run.save(done)
    return run.averaged.module.eval(), figures or run.validate(source)


class _Run:
    """A network, its optimizer and the running mean of its weights."""

    def __init__(self, config: FusionConfig, terms: Terms, options: FusionTrainOptions) -> None:
        torch.manual_seed(config.train.seed)
        self.config, self.terms, self.options = config, terms, options
        self.net = HybridFusionNet(config.network).to(options.device)
        if options.start is not None:
            self.net.load_state_dict(options.start)
        train = config.train
        self.averaged = AveragedModel(self.net, multi_avg_fn=get_ema_multi_avg_fn(train.average))
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=train.learning_rate, weight_decay=train.weight_decay
        )

    def step(self, step: int, batch: Batch) -> dict[str, float]:
        """One step of the optimizer; its losses."""
        self.net.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.train.learning_rate * rate_at(step, self.config.train)
        loss, parts = self._losses(self.net, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.train.clip)
        self.optimizer.step()
        self.averaged.update_parameters(self.net)
        return parts

    def validate(self, source: PairSource) -> dict[str, float]:
        """Mean losses of the running mean of weights, on pairs that no step has."""
        self.averaged.eval()
        with torch.no_grad():
            found = [
                self._losses(self.averaged.module, source.batch(k, validation=True))[1]
                for k in range(VALIDATION_BATCHES)
            ]
        return {name: sum(one[name] for one in found) / len(found) for name in found[0]}

    def _losses(self, net: HybridFusionNet, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        device = self.options.device
        if device.type != "cpu":
            batch = _moved(batch, device)
        made = net(batch.a, batch.b, values=batch.values, prior=batch.prior)
        weights = self.config.losses
        terms = self.terms(made, batch, weights)
        loss = torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
        parts = {"loss": float(loss.detach())} | {name: float(value.detach()) for name, value in terms.items()}
        return loss, parts

    def save(self, done: int) -> None:
        """Write the checkpoint in one step."""
        state = {
            "done": done,
            "config": self.config.model_dump_json(),
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        save_checkpoint(self.options.folder / CHECKPOINT, state)

    def load(self) -> int:
        """Go on from the checkpoint; steps that are done."""
        path = self.options.folder / CHECKPOINT
        if not path.exists():
            return 0
        state = load_checkpoint(path)
        if state["config"] != self.config.model_dump_json():
            hint = "Give the settings of that run, or another folder."
            raise ModelError("was begun with other settings.", where=path, hint=hint)
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        cut_log(self.options.folder, int(state["done"]))
        return int(state["done"])


def rate_at(step: int, config: FusionTrainConfig) -> float:
    """Share of the highest learning rate: a rise, then half a cosine down to ``final_rate``."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    part = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.final_rate + (1 - config.final_rate) * (1 + math.cos(math.pi * part)) / 2


def _moved(batch: Any, device: torch.device) -> Any:
    """A batch with all its tensors on the device."""

    def move(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(move, value))
        return value.to(device) if isinstance(value, Tensor) else value

    return replace(batch, **{one.name: move(getattr(batch, one.name)) for one in fields(batch)})
