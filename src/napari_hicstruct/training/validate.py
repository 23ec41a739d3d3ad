"""Scores of a network on fixed validation batches."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.evaluation.ranking import average_precision_of
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.samples import Batch
from napari_hicstruct.training.step import Outputs, batch_losses, losses_of, run_batch

_FLOOR = 0.02
_CENTRE = 0.999
_STRONG, _FAINT = 0.15, 0.05
"""Boundaries at least as strong count as truth; fainter ones, down to the second, are neither right nor wrong."""

_PIXELS = 4_000  # drawn of each window for the masks' average precision


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean loss by task and average precision: of peaks within one bin (points at coarse and fine bins, boundaries),
    of pixels (masks); of what the validation maps have labels for."""

    losses: dict[str, float]
    precision: dict[str, float]

    @property
    def total(self) -> float:
        """What the best checkpoint maximises: the mean over tasks of their average precisions, or minus the loss."""
        tasks = {name.partition("/")[0] for name in self.precision}
        if not tasks:
            return -sum(self.losses.values())
        own = [[v for name, v in self.precision.items() if name.partition("/")[0] == task] for task in tasks]
        return float(np.mean([np.mean(values) for values in own]))

    @property
    def finite(self) -> bool:
        """False if a loss is NaN or infinite: such weights are no candidates."""
        return all(math.isfinite(value) for value in self.losses.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the log."""
        return {"losses": self.losses, "average_precision": self.precision, "total": self.total}

    def __str__(self) -> str:
        parts = [f"{name} loss {value:.4f}" for name, value in self.losses.items()]
        return ", ".join(parts + [f"{name} AP {value:.3f}" for name, value in self.precision.items()])


@dataclass(slots=True)
class _Ranking:
    """Calls of one output over all batches: score and hit; and how many truths there are."""

    scores: list[NDArray[np.float32]] = field(default_factory=list)
    hits: list[NDArray[np.bool_]] = field(default_factory=list)
    truths: int = 0

    def add(self, score: Tensor, hit: Tensor, truths: int) -> None:
        self.scores.append(score.float().cpu().numpy())
        self.hits.append(hit.cpu().numpy().astype(bool))
        self.truths += truths

    def precision(self) -> float:
        score, hit = np.concatenate(self.scores), np.concatenate(self.hits)
        return average_precision_of(hit[np.argsort(-score, kind="stable")], self.truths)


def validate(net: MultiTaskNet, batches: list[Batch], config: TrainConfig) -> Scores:
    """Losses and average precisions of ``net`` on ``batches``; leaves its mode as it was."""
    training = net.training
    net.eval()
    losses: dict[str, list[float]] = {}
    rankings: dict[str, _Ranking] = {}
    with torch.no_grad():
        for batch in batches:
            if config.objective == "reconstruction":
                found = batch_losses(net, batch, config).tasks
            else:
                outputs = run_batch(net, batch)
                found = losses_of(net, outputs, batch, config.judged()).tasks
                _rank(net, outputs, batch, rankings)
            for name, loss in found.items():
                losses.setdefault(name, []).append(float(loss))
    net.train(training)
    # what nobody labelled can neither be found nor missed: it has no average precision, least of all 0
    precision = {name: ranking.precision() for name, ranking in rankings.items() if ranking.truths}
    return Scores({name: float(np.mean(values)) for name, values in losses.items()}, precision)


def _rank(net: MultiTaskNet, outputs: Outputs, batch: Batch, rankings: dict[str, _Ranking]) -> None:
    fine, coarse = batch["fine"], batch["coarse"]
    for task in net.tasks_of("point"):
        calls = match_peaks(outputs.far.outputs[task], coarse["heat"], coarse["known"])
        rankings.setdefault(f"{task}/coarse", _Ranking()).add(*calls)
        if task in outputs.near.pairs:
            calls = match_peaks(outputs.near.pairs[task]["fine"], fine["heat"], fine["known"])
            rankings.setdefault(f"{task}/fine", _Ranking()).add(*calls)
    for task in net.tasks_of("mask"):
        calls = rank_pixels(outputs.far.outputs[task], coarse["mask"], coarse["mask_known"])
        rankings.setdefault(task, _Ranking()).add(*calls)
    for task, logits in outputs.strips.items():
        calls = match_boundaries(logits, batch["strip"]["target"], batch["strip"]["known"])
        rankings.setdefault(task, _Ranking()).add(*calls)


def match_peaks(output: Tensor, heat: Tensor, known: Tensor) -> tuple[Tensor, Tensor, int]:
    """Local maxima above a floor: probability, is a truth centre within one bin; and the number of truths."""
    p = torch.sigmoid(output[:, 0].float())
    top = functional.max_pool2d(p[:, None], 5, 1, 2)[:, 0]
    at = (p >= top) & (p > _FLOOR) & (known > 0)
    centre = ((heat >= _CENTRE) & (known > 0)).float()
    near = functional.max_pool2d(centre[:, None], 3, 1, 1)[:, 0]
    return p[at], near[at] > 0, int(centre.sum())


def rank_pixels(output: Tensor, mask: Tensor, known: Tensor) -> tuple[Tensor, Tensor, int]:
    """Evenly drawn known pixels: probability, inside the mask; and how many are inside."""
    p = torch.sigmoid(output[:, 0].float())
    score, hit = p[known > 0], mask[known > 0] > 0
    step = max(1, len(score) // (_PIXELS * len(p)))
    return score[::step], hit[::step], int(hit[::step].sum())


def match_boundaries(logits: Tensor, target: Tensor, known: Tensor) -> tuple[Tensor, Tensor, int]:
    """Peaks of the track: probability, a boundary within one bin; faint boundaries are left out."""
    p = torch.sigmoid(logits.float())

    def peaks(track: Tensor, floor: float) -> Tensor:
        return (track >= functional.max_pool1d(track[:, None], 5, 1, 2)[:, 0]) & (track > floor) & (known > 0)

    truth = (peaks(target, _STRONG)).float()
    near = functional.max_pool1d(truth[:, None], 3, 1, 1)[:, 0] > 0
    faint = functional.max_pool1d((peaks(target, _FAINT)).float()[:, None], 3, 1, 1)[:, 0] > 0
    at = peaks(p, _FLOOR) & (near | ~faint)
    return p[at], near[at], int(truth.sum())
