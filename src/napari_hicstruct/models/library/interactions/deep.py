"""First predictions inside the decoders, by which deep supervision teaches what is about to be exchanged."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.heads import PRIOR

OUTPUTS = {"point": 3, "mask": 2, "segmentation": 0, "signed_distance": 1, "edge": 1}
"""Channels of the dense heads, 0: as many as the task's ``outputs``; boundaries are read from the strip and have no
dense target."""

RARE = ("point", "mask", "edge")
"""Heads of what most pixels have not."""


class DeepHeads(nn.Module):
    """One 1×1 convolution per scale and task with a dense head, run in training (with a trace) only."""

    def __init__(self, config: ModelConfig, scales: Iterable[str]) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(
            {
                f"{task.name}-{scale}": nn.Conv2d(config.width(task, scale), OUTPUTS[task.head] or task.outputs, 1)
                for scale in scales
                for task in config.tasks
                if task.head in OUTPUTS
            }
        )
        heads = {task.name: task.head for task in config.tasks}
        with torch.no_grad():
            for name, head in self.heads.items():
                if heads[name.rpartition("-")[0]] in RARE:
                    head.bias[0] = PRIOR

    def forward(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> None:
        """Leave each task's logits in ``context.trace.auxiliary``."""
        if context.trace is None:
            return
        for name, x in maps.items():
            if f"{name}-{scale}" in self.heads:
                context.trace.auxiliary[name, scale] = self.heads[f"{name}-{scale}"](x)
