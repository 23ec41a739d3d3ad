"""What E1 – E5 have in common: every scale has its own unit, and a scale without one is passed through untouched."""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import SCALES, WindowContext
from napari_hicstruct.models.selector import Selector


def readers(config: ModelConfig, scale: str) -> list[str]:
    """Names of the tasks whose decoder reads ``scale``; f1 is read by fine tasks only."""
    return [task.name for task in config.tasks if task.fine or scale != "f1"]


class ScalewiseSelector(Selector):
    """A selector that treats scales one by one; subclasses say what stands at each.

    A unit maps ``(x, task, scale, context) → x'`` of the same shape, ``(B, C, h, w)``.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.readers = {scale: tasks for scale in SCALES if (tasks := readers(config, scale))}
        units = {
            scale: self.unit(scale, channels, self.readers[scale])
            for scale, channels in zip(SCALES, config.channels, strict=True)
            if scale in self.readers
        }
        self.units = nn.ModuleDict({scale: unit for scale, unit in units.items() if unit is not None})

    def unit(self, scale: str, channels: int, tasks: list[str]) -> nn.Module | None:
        """What stands at ``scale`` for ``tasks``; None passes its features on."""
        return None

    def forward(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """Features of the same shapes, each scale through its unit."""
        return {
            scale: self.units[scale](x, task, scale, context)
            if scale in self.units and task in self.readers[scale]
            else x
            for scale, x in features.items()
        }
