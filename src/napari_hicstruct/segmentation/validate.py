"""Scores of a network on crops that are held out: by task, and what selectors do there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.losses.segmentation.distance import distance_l1
from napari_hicstruct.losses.segmentation.mask import class_planes, probabilities
from napari_hicstruct.losses.segmentation.overlap import soft_dice
from napari_hicstruct.models.library.selectors.logs import selector_log
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.segmentation.step import Outputs, Sample, losses_of, run_crops
from napari_hicstruct.training.samples import Batch


@dataclass(frozen=True, slots=True)
class CropScores:
    """Figures of one validation.

    Attributes
    ----------
    losses : dict of str to float
        By task.
    goodness : dict of str to float
        By task, 1 is best: Dice of a mask (mean over classes), 1 − mean error of a distance, soft Dice of a border.
    dice : dict of str to float
        By class.
    parts : dict of str to float
        What the selector did (:func:`~napari_hicstruct.models.library.selectors.logs.selector_log`).
    """

    losses: dict[str, float]
    goodness: dict[str, float]
    dice: dict[str, float]
    parts: dict[str, float]

    @property
    def total(self) -> float:
        """What the best checkpoint maximises: the mean over tasks."""
        return float(np.mean(list(self.goodness.values())))

    @property
    def finite(self) -> bool:
        """False if a loss left the numbers."""
        return all(math.isfinite(value) for value in self.losses.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the log."""
        return {"losses": self.losses, "goodness": self.goodness, "dice": self.dice, "total": self.total}

    def __str__(self) -> str:
        shown = {name: value for name, value in self.dice.items() if not math.isnan(value)}
        parts = [f"Dice of {name} {value:.3f}" for name, value in list(shown.items())[:4]]
        return ", ".join(parts + [f"{name} loss {value:.3f}" for name, value in self.losses.items()])


def found_classes(output: Tensor, *, softmax: bool) -> Tensor:
    """Number of the class of each pixel, 0 background: the likeliest, ``(B, H, W)``."""
    if softmax:
        return output.argmax(1)
    best, number = output.max(1)
    return torch.where(best > 0, number + 1, 0)


def validate_crops(net: MultiTaskNet, batches: list[Batch], config: SegmentationConfig) -> CropScores:
    """Figures of ``net``; leaves its mode as it was."""
    training = net.training
    net.eval()
    losses: dict[str, list[float]] = {}
    goodness: dict[str, list[float]] = {}
    counts = torch.zeros(2, max(1, len(config.classes)), dtype=torch.float64)
    parts: list[dict[str, float]] = []
    with torch.no_grad():
        for batch in batches:
            sample = batch["fine"]
            said = run_crops(net, sample["x"])
            for name, loss in losses_of(net, said, sample, config)["tasks"].items():
                losses.setdefault(name, []).append(float(loss))
            _measure(net, said, sample, config, counts, goodness)
            parts.append(selector_log(said.trace))
    net.train(training)
    by_class = torch.where(counts[1] > 0, counts[0] / counts[1].clamp_min(1e-9), math.nan).tolist()
    seen = [value for value in by_class if not math.isnan(value)]
    for task in net.config.tasks:
        if task.head == "segmentation":
            goodness[task.name] = [float(np.mean(seen)) if seen else 0.0]
    return CropScores(
        {name: float(np.mean(values)) for name, values in losses.items()},
        {name: float(np.mean(values)) for name, values in goodness.items()},
        dict(zip(config.classes or ("object",), by_class, strict=True)),
        {name: float(np.mean([one[name] for one in parts])) for name in parts[0]} if parts else {},
    )


def _measure(
    net: nn.Module,
    said: Outputs,
    sample: Sample,
    config: SegmentationConfig,
    counts: Tensor,
    goodness: dict[str, list[float]],
) -> None:
    known = sample["known"][:, None]
    for task in net.config.tasks:
        output = said.fine[task.name]
        if task.head == "segmentation":
            n = counts.shape[1]
            found = class_planes(found_classes(output, softmax=config.activation == "softmax"), n)
            truth = class_planes(sample["mask"], n)
            counts[0] += 2 * (found * truth * known).sum((0, 2, 3)).cpu()
            counts[1] += ((found + truth) * known).sum((0, 2, 3)).cpu()
        elif task.head == "signed_distance":
            goodness.setdefault(task.name, []).append(1 - float(distance_l1(output, sample["sdf"][:, None], known)))
        else:
            p, target = probabilities(output, softmax=False), sample["boundary"][:, None]
            goodness.setdefault(task.name, []).append(float(soft_dice(p, target, known)[0]))
