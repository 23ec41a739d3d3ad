"""Features, contexts and weights for the tests of interactions."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import HIC_TASKS, ModelConfig
from tests.unit.model.model_kit import TASKS, WIDTH, small

M = TypeVar("M", bound=nn.Module)

WIDE = {"loop": (12, 10, 6), "stripe": (8, 8, 4), "tad": (6, 4, 8)}
"""Different widths per task, where an interaction allows it."""


def config(interaction: str, *, wide: bool = False, **options: object) -> ModelConfig:
    """The small model with an interaction; with tasks of different widths if ``wide``."""
    tasks = [
        task.model_dump() | {"widths": WIDE[task.name] if wide else (WIDTH,) * 3, "fine": task.fine}
        for task in HIC_TASKS
    ]
    return small(interaction=interaction, interaction_options=options, tasks=tasks)


def loud(module: M, seed: int = 1) -> M:
    """With every weight and statistic away from where it starts, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=generator))
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.add_(0.2)
                part.running_var.mul_(1.7)
    return module.eval()


def maps(model: ModelConfig, scale: str, size: int = 8, seed: int = 0, batch: int = 2) -> dict[str, Tensor]:
    """Random decoder features of every task at ``scale``."""
    generator = torch.Generator().manual_seed(seed)
    return {
        task.name: torch.randn(batch, model.width(task, scale), size, size, generator=generator, requires_grad=True)
        for task in model.tasks
    }


def count(module: nn.Module) -> int:
    """Learnable numbers."""
    return sum(p.numel() for p in module.parameters())


def others(task: str) -> list[str]:
    """All tasks but one, in order."""
    return [name for name in TASKS if name != task]
