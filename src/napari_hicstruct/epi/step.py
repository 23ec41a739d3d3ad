"""One step of training: the task's loss, the gate's losses, their weights, one update."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.config.gating import GateLossConfig
from napari_hicstruct.epi.batches import PairBatch
from napari_hicstruct.epi.rules import LossWeights
from napari_hicstruct.errors import JobError
from napari_hicstruct.losses.gating.align import contrastive_alignment, mean_square_alignment
from napari_hicstruct.losses.gating.entropy import entropy_sign, gate_entropy
from napari_hicstruct.losses.gating.immax import immax
from napari_hicstruct.losses.gating.smooth import rbf_smoothness
from napari_hicstruct.losses.gating.sparse import l1, outside_band, participation
from napari_hicstruct.models.epi.network import EpiNet, PairOutput


@dataclass(slots=True)
class EpiRun:
    """A run between two steps.

    Attributes
    ----------
    module : the wrapped network
    net : EpiNet
    margins : (float, float)
        Of positives and negatives.
    share_open : float
        Running mean of the share of open dimensions: decides the sign of the entropy.
    started : str
        Where a new run's filters start, for people; empty where a run goes on.
    """

    fabric: Fabric
    module: Any
    net: EpiNet
    optimizer: Any
    margins: tuple[float, float]
    weights: LossWeights
    step: int = 0
    best: float = -math.inf
    since_best: int = 0
    share_open: float = 0.2
    started: str = ""


def learning_rate(step: int, steps: int, config: EpiConfig) -> float:
    """Linear warm-up, then cosine to 1 % of the peak."""
    train = config.train
    if step < train.warmup:
        return train.learning_rate * (step + 1) / train.warmup
    part = (step - train.warmup) / max(1, steps - train.warmup)
    return train.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, part))))


def gate_losses(output: PairOutput, batch: PairBatch, config: GateLossConfig, share_open: float) -> dict[str, Tensor]:
    """The four terms, before their weights; the entropy with the sign that the share open demands."""
    raw = output.lines.raw
    if config.align_form == "contrastive":
        align = contrastive_alignment(output.modulated, batch.labels, batch.of_line, temperature=config.temperature)
    else:
        align = mean_square_alignment(output.modulated, batch.labels, batch.of_line)
    forms = {"l1": l1, "participation": participation}
    if config.sparse_form == "band":
        sparse = outside_band(raw, config.share_open, output.lines.share_open)
    else:
        sparse = forms[config.sparse_form](raw)
    sign = entropy_sign(config.entropy_sign, share_open, config.share_open)
    return {
        "align": align,
        "sparse": sparse,
        "entropy": sign * gate_entropy(raw),
        "smooth": rbf_smoothness(output.lines.code, output.lines.gate, width=config.rbf_width),
    }


def batch_loss(run: EpiRun, batch: PairBatch, config: EpiConfig, share: float) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch, and everything that is logged of it."""
    output: PairOutput = run.module(batch.enhancers, batch.promoters, batch.of_line, batch.inputs, share)
    task = immax(output.logits, batch.labels, run.margins)
    logged = {"task": float(task.detach())}
    if output.line_logits is not None:
        assert batch.inputs.identity is not None
        hidden = functional.cross_entropy(output.line_logits, batch.inputs.identity[batch.of_line])
        return task + config.train.adversarial * hidden, logged | {"domain": float(hidden.detach())}
    if config.control != "gate":
        return task, logged
    terms = gate_losses(output, batch, config.losses, run.share_open)
    weights = run.weights.to_dict()
    total = task + share * torch.stack([weights[name] * term for name, term in terms.items()]).sum()
    return total, logged | _gate_log(output, batch, terms)


def _gate_log(output: PairOutput, batch: PairBatch, terms: dict[str, Tensor]) -> dict[str, float]:
    """What is logged of a step's gates: losses, share open, how much lines differ."""
    with torch.no_grad():
        gates = output.lines.gate
        apart = torch.pdist(gates, p=1) / (2 * gates.shape[1])
        return {
            "align": float(terms["align"].detach()),
            "sparse": float(terms["sparse"].detach()),
            "entropy": float(gate_entropy(output.lines.raw)),
            "smooth": float(terms["smooth"].detach()),
            "disagreement": float(mean_square_alignment(output.modulated, batch.labels, batch.of_line)),
            "share_open": float(output.lines.share_open.mean()),
            "distance": float(apart.mean()) if len(apart) else 1.0,
        }


def update(run: EpiRun, batch: PairBatch, config: EpiConfig, *, share: float, steps: int) -> dict[str, float]:
    """Weights after one more step; gives what is logged.

    Raises
    ------
    JobError
        If the loss is not finite.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = group["share"] * learning_rate(run.step, steps, config)
    loss, logged = batch_loss(run, batch.to(run.fabric.device), config, share)
    if not bool(torch.isfinite(loss)):
        hint = "Lower train.learning_rate, or start the command again: it goes on from the last checkpoint."
        raise JobError(f"the loss is no number at step {run.step:,}.", hint=hint)
    run.optimizer.zero_grad()
    run.fabric.backward(loss)
    run.fabric.clip_gradients(run.module, run.optimizer, max_norm=config.train.clip)
    run.optimizer.step()
    run.step += 1
    if "share_open" in logged:
        run.share_open += 0.05 * (logged["share_open"] - run.share_open)
    return logged
