"""The multitask network: shared encoder → selector → decoder per task → interaction → heads."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig, TaskConfig
from napari_hicstruct.models import registry
from napari_hicstruct.models.blocks import Decoder
from napari_hicstruct.models.strip import unfold_diagonal

IN_CHANNELS = 5
"""Input channels; equals ``len(contacts.channels.CHANNELS)`` (a test holds them together: models know no files)."""


class MultiTaskNet(nn.Module):
    """Everything between input channels and logits; tasks are configuration, none is hard-coded.

    Parameters
    ----------
    config : ModelConfig
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = registry.resolve(registry.ENCODERS, config.encoder, "encoder")(IN_CHANNELS, config.channels)
        self.selector = registry.resolve(registry.SELECTORS, config.selector, "selector")()
        self.interaction = registry.resolve(registry.INTERACTIONS, config.interaction, "interaction")()
        self.decoders = nn.ModuleDict(
            {task.name: Decoder(config.channels, task.widths, fine=task.fine) for task in config.tasks}
        )
        self.heads = nn.ModuleDict({task.name: self._head(task, task.widths[2]) for task in config.tasks})
        self.fine_heads = nn.ModuleDict(
            {task.name: self._head(task, config.channels[0]) for task in config.tasks if task.fine}
        )

    def _head(self, task: TaskConfig, width: int) -> nn.Module:
        kind = registry.resolve(registry.HEADS, task.head, "head")
        if task.head == "boundary":
            return kind(IN_CHANNELS, width, self.config.strip_channels, self.config.windows.strip_diagonals)
        return kind(width)

    def tasks_of(self, head: str) -> list[str]:
        """Names of the tasks whose head is ``head``."""
        return [task.name for task in self.config.tasks if task.head == head]

    def fine(self, x: Tensor, tasks: Iterable[str]) -> dict[str, dict[str, Tensor]]:
        """Fine window ``(B, C, H, H)`` → per task ``{"fine": logits at fine bins, "coarse": at 2×2 blocks}``."""
        decoded = self._decode(self.encoder.fine(x), [name for name in tasks if name in self.fine_heads])
        return {
            name: {"fine": self.fine_heads[name](maps["f1"]), "coarse": self.heads[name](maps["f2"])}
            for name, maps in decoded.items()
        }

    def coarse(self, x: Tensor, tasks: Iterable[str]) -> dict[str, Tensor]:
        """Coarse window ``(B, C, H, H)`` → per task its dense logits, or its features where the head reads strips."""
        decoded = self._decode(self.encoder.coarse(x), tasks)
        strips = self.tasks_of("boundary")
        return {name: maps["f2"] if name in strips else self.heads[name](maps["f2"]) for name, maps in decoded.items()}

    def read_diagonal(self, features: Tensor, margin: int) -> Tensor:
        """Features of an on-diagonal coarse window as a strip ``(B, C, D, H - 2·margin)``."""
        return unfold_diagonal(features, self.config.windows.strip_diagonals, margin)

    def strip(self, x: Tensor, features: Tensor, task: str) -> Tensor:
        """Strip channels and diagonal features ``(B, ·, D, L)`` → logits ``(B, L)``."""
        return self.heads[task](x, features)

    def _decode(self, features: dict[str, Tensor], tasks: Iterable[str]) -> dict[str, dict[str, Tensor]]:
        decoded = {name: self.decoders[name](self.selector(features, name)) for name in tasks}
        return dict(self.interaction(decoded))
