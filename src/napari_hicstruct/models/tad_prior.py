"""What is known of boundaries, as a small learnable bias of the other tasks' logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext


def corner_mask(rows: Tensor, cols: Tensor) -> Tensor:
    """``corner(i, j) = p_i · p_j``: ``(B, H), (B, W) → (B, 1, H, W)``."""
    return (rows[:, :, None] * cols[:, None, :])[:, None]


def band_mask(rows: Tensor, cols: Tensor) -> Tensor:
    """``band(i, j) = max(p_i, p_j)``, the rows and columns of boundaries: ``(B, H), (B, W) → (B, 1, H, W)``."""
    return torch.maximum(rows[:, :, None], cols[:, None, :])[:, None]


class TadPrior(nn.Module):
    """``logit + a · corner`` for point tasks, ``logit + a · band`` for mask tasks; ``a`` per task, from 0.

    Boundary probabilities are detached (they come with the window's context), so the prior never trains the TADs.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        kinds = {task.name: task.head for task in config.tasks if task.head != "boundary"}
        self.masks = {name: corner_mask if head == "point" else band_mask for name, head in kinds.items()}
        self.scale = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in kinds})

    def forward(self, output: Tensor, task: str, scale: str, context: WindowContext) -> Tensor:
        """``(B, K, H, W)`` output of a dense head with its first channel, the logit, shifted."""
        bias = self.scale[task] * self.masks[task](*context.boundaries(scale))
        return torch.cat([output[:, :1] + bias, output[:, 1:]], 1)
