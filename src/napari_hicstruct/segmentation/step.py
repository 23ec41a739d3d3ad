"""One forward pass of crops through the network and its losses, by the heads of the tasks: none is named here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from napari_hicstruct.config.model import TaskConfig
from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.losses.auxiliary_maps import auxiliary_map_losses
from napari_hicstruct.losses.segmentation.distance import distance_loss
from napari_hicstruct.losses.segmentation.edge import edge_loss
from napari_hicstruct.losses.segmentation.mask import class_planes, segmentation_loss
from napari_hicstruct.models.context import Trace, WindowContext
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.samples import Batch
from napari_hicstruct.training.state import LossModule
from napari_hicstruct.training.step import dense

Sample = dict[str, Tensor]
"""``x`` (B, C + 1, H, W), ``mask`` (B, H, W) class numbers, ``sdf``, ``boundary``, ``known`` (B, H, W)."""


@dataclass(slots=True)
class Outputs:
    """What the network says of a batch of crops, by task: at the pixels, and at blocks of 2 × 2."""

    fine: dict[str, Tensor]
    coarse: dict[str, Tensor]
    trace: Trace = field(default_factory=Trace)


def run_crops(net: MultiTaskNet, x: Tensor) -> Outputs:
    """Crops ``(B, C + 1, H, W)`` through the network; sides are multiples of 16."""
    trace = Trace()
    said = net.fine(dense(x), [task.name for task in net.config.tasks], trace=trace)
    return Outputs({t: p["fine"] for t, p in said.items()}, {t: p["coarse"] for t, p in said.items()}, trace)


def task_loss(task: TaskConfig, output: Tensor, sample: Sample, config: SegmentationConfig, factor: int = 1) -> Tensor:
    """Loss of one task's output, against the targets averaged over blocks of ``factor`` pixels."""
    known = _pooled(sample["known"][:, None], factor)
    options = config.losses
    if task.head == "segmentation":
        planes = class_planes(sample["mask"], max(1, len(config.classes)))
        return segmentation_loss(output, _pooled(planes, factor), known, options)
    if task.head == "signed_distance":
        target = _pooled(sample["sdf"][:, None], factor)
        return distance_loss(output, target, known, config.targets.truncate / factor, options)
    # a border in any pixel of a block is one of the block
    target = sample["boundary"][:, None]
    target = functional.max_pool2d(target, factor) if factor > 1 else target
    return edge_loss(output, target, known, options)


def _pooled(x: Tensor, factor: int) -> Tensor:
    return functional.avg_pool2d(x, factor) if factor > 1 else x


def crop_losses(net: MultiTaskNet, sample: Sample, config: SegmentationConfig) -> dict[str, dict[Any, Tensor]]:
    """``tasks``, ``extras`` and ``rows`` of one batch, as the training engine reads them."""
    said = run_crops(net, sample["x"])
    return losses_of(net, said, sample, config)


def losses_of(
    net: MultiTaskNet, said: Outputs, sample: Sample, config: SegmentationConfig
) -> dict[str, dict[Any, Tensor]]:
    """Losses of what the network said of a batch."""
    tasks, extras = {}, dict(said.trace.penalties)
    by_name = {task.name: task for task in net.config.tasks}
    options = config.losses
    for name, task in by_name.items():
        tasks[name] = task_loss(task, said.fine[name], sample, config)
        if options.coarse:
            extras[f"coarse/{name}"] = options.coarse * task_loss(task, said.coarse[name], sample, config, 2)
    context = WindowContext(sample["x"], "f1", None, said.trace, net.config.inputs)
    if options.deep:
        for (name, scale), output in said.trace.auxiliary.items():
            output = torch.tanh(output) if by_name[name].head == "signed_distance" else output
            loss = task_loss(by_name[name], output, sample, config, context.factor(scale))
            extras[f"deep/{name}/{scale}"] = options.deep * loss
        for name, loss in auxiliary_map_losses(said.trace.live, context).items():
            extras[f"deep/{name}"] = options.deep * loss
    return {"tasks": tasks, "extras": extras, "rows": {}}


class CropModule(LossModule):
    """The network with its losses on crops as one forward pass."""

    def forward(self, batch: Batch) -> dict[str, dict[Any, Tensor]]:
        """Losses of ``batch["fine"]``."""
        return crop_losses(self.net, batch["fine"], self.config)
