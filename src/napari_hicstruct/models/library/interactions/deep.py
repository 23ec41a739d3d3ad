"""First predictions inside the decoders, by which deep supervision teaches what is about to be exchanged."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.heads import PRIOR

OUTPUTS = {"point": 3, "mask": 2}
"""Channels of the dense heads; boundaries are read from the strip and have no dense target."""


class DeepHeads(nn.Module):
    """One 1×1 convolution per scale and task with a dense head, run in training (with a trace) only."""

    def __init__(self, config: ModelConfig, scales: Iterable[str]) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(
            {
                f"{task.name}-{scale}": nn.Conv2d(config.width(task, scale), OUTPUTS[task.head], 1)
                for scale in scales
                for task in config.tasks
                if task.head in OUTPUTS
            }
        )
        with torch.no_grad():
            for head in self.heads.values():
                head.bias[0] = PRIOR

    def forward(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> None:
        """Leave each task's logits in ``context.trace.auxiliary``."""
        if context.trace is None:
            return
        for name, x in maps.items():
            if f"{name}-{scale}" in self.heads:
                context.trace.auxiliary[name, scale] = self.heads[f"{name}-{scale}"](x)
