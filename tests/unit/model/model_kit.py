"""Small networks and windows for the tests of models and their parts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from napari_hicstruct.config.model import HIC_TASKS, ModelConfig, WindowConfig
from napari_hicstruct.models.context import BoundaryPrior, Trace, WindowContext
from napari_hicstruct.models.network import MultiTaskNet

WIDTH = 8
SMALL = ModelConfig(
    channels=(WIDTH,) * 5,
    tasks=tuple(task.model_copy(update={"widths": (WIDTH,) * 3}) for task in HIC_TASKS),
    strip_channels=8,
    windows=WindowConfig(
        fine_size=32,
        fine_margin=8,
        coarse_size=64,
        coarse_margin=16,
        strip_length=128,
        strip_margin=32,
        strip_diagonals=16,
    ),
)
TASKS = [task.name for task in SMALL.tasks]


def small(**changes: Any) -> ModelConfig:
    """The small configuration with changes, checked anew."""
    return ModelConfig.model_validate(SMALL.model_dump() | changes)


def net(config: ModelConfig = SMALL, seed: int = 0) -> MultiTaskNet:
    """A network whose first weights depend on the seed alone."""
    torch.manual_seed(seed)
    return MultiTaskNet(config)


def window(size: int, seed: int = 0, batch: int = 2, config: ModelConfig = SMALL) -> Tensor:
    """Random channels with a believable distance channel and a few bad bins."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, config.in_channels, size, size, generator=generator)
    bins = torch.arange(size)
    bp = (bins[:, None] - bins[None, :]).abs() * 10_000.0
    x[:, config.inputs.index("distance")] = torch.log2(1 + bp / 10_000.0) / 8
    valid = (torch.rand(batch, size, generator=generator) > 0.05).float()
    x[:, config.inputs.index("valid")] = valid[:, :, None] * valid[:, None, :]
    return x


def prior(size: int, seed: int = 0, batch: int = 2) -> BoundaryPrior:
    """Random boundary probabilities of ``size`` coarse bins."""
    generator = torch.Generator().manual_seed(seed + 100)
    return BoundaryPrior(
        torch.rand(batch, size, generator=generator) ** 3, torch.rand(batch, size, generator=generator) ** 3
    )


def context(size: int = 64, finest: str = "f2", trace: Trace | None = None, seed: int = 0) -> WindowContext:
    """A window's context for testing one part alone."""
    return WindowContext(window(size, seed), finest, prior(size if finest == "f2" else size // 2, seed), trace)


def features(finest: str = "f2", size: int = 64, seed: int = 0, width: int = WIDTH) -> dict[str, Tensor]:
    """Random encoder features from ``finest`` to f5, as an encoder of the small network gives them."""
    generator = torch.Generator().manual_seed(seed + 7)
    scales = ("f1", "f2", "f3", "f4", "f5")[0 if finest == "f1" else 1 :]
    return {
        name: torch.randn(2, width, size >> k, size >> k, generator=generator, requires_grad=True)
        for k, name in enumerate(scales)
    }
