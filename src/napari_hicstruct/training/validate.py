"""Scores of a network on fixed validation batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.evaluation.ranking import average_precision_of
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.hints import window_hint
from napari_hicstruct.training.samples import Batch
from napari_hicstruct.training.step import batch_losses

_FLOOR = 0.02


@dataclass(frozen=True, slots=True)
class Scores:
    """Mean loss by task, and average precision of point tasks at coarse and fine bins (peaks within one bin)."""

    losses: dict[str, float]
    precision: dict[str, float]

    @property
    def total(self) -> float:
        """What the best checkpoint maximises: average precisions minus a tenth of the other tasks' losses."""
        heads = {name.partition("/")[0] for name in self.precision}
        return sum(self.precision.values()) - sum(0.3 * v for name, v in self.losses.items() if name not in heads)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the log."""
        return {"losses": self.losses, "average_precision": self.precision, "total": self.total}

    def __str__(self) -> str:
        parts = [f"{name} loss {value:.4f}" for name, value in self.losses.items()]
        return ", ".join(parts + [f"{name} AP {value:.3f}" for name, value in self.precision.items()])


def validate(net: MultiTaskNet, batches: list[Batch]) -> Scores:
    """Losses and average precisions of ``net`` on ``batches``; leaves its mode as it was."""
    training = net.training
    net.eval()
    losses: dict[str, list[float]] = {}
    peaks: dict[str, list[tuple[float, bool]]] = {}
    truths: dict[str, int] = {}
    with torch.no_grad():
        for batch in batches:
            for name, loss in batch_losses(net, batch).tasks.items():
                losses.setdefault(name, []).append(float(loss))
            _score_points(net, batch, peaks, truths)
    net.train(training)
    precision = {}
    for name, found in peaks.items():
        hits = np.array([hit for _, hit in sorted(found, key=lambda pair: -pair[0])], bool)
        precision[name] = average_precision_of(hits, truths[name])
    return Scores({name: float(np.mean(values)) for name, values in losses.items()}, precision)


def _score_points(
    net: MultiTaskNet, batch: Batch, peaks: dict[str, list[tuple[float, bool]]], truths: dict[str, int]
) -> None:
    tasks = net.tasks_of("point")
    fine, coarse = batch["fine"], batch["coarse"]
    near, far = (window_hint(net, sample) for sample in (fine, coarse))
    outputs = {f"{task}/coarse": (out, coarse) for task, out in net.coarse(coarse["x"], tasks, hint=far).items()}
    outputs |= {f"{task}/fine": (out["fine"], fine) for task, out in net.fine(fine["x"], tasks, hint=near).items()}
    for name, (out, target) in outputs.items():
        found, count = _match_peaks(torch.sigmoid(out[:, 0].float()), target["heat"], target["known"])
        peaks.setdefault(name, []).extend(found)
        truths[name] = truths.get(name, 0) + count


def _match_peaks(p: Tensor, heat: Tensor, known: Tensor) -> tuple[list[tuple[float, bool]], int]:
    """Local maxima above a floor: (probability, is a truth centre within one bin); and the number of truths."""
    top = functional.max_pool2d(p[:, None], 5, 1, 2)[:, 0]
    at = (p >= top) & (p > _FLOOR) & (known > 0)
    centre = ((heat >= 0.999) & (known > 0)).float()
    near = functional.max_pool2d(centre[:, None], 3, 1, 1)[:, 0]
    found = [(float(score), bool(hit)) for score, hit in zip(p[at], near[at] > 0, strict=True)]
    return found, int(centre.sum())
