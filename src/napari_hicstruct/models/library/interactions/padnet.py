"""``padnet``: what a map looks like nearby (insulation, direction, corners, stripes) is predicted, then distilled.

Source: Xu et al. 2018 (*PAD-Net: multi-tasks guided prediction-and-distillation network*, its module C).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.distill import Distill

AUXILIARY = ("insulation", "directionality", "cornerness", "stripeness")
"""Maps predicted; equals ``losses.auxiliary_maps.NAMES`` (a test holds them together)."""

SCALE = "f3"

_WIDTH = 8


class PadNet(Interaction):
    """``a_k = P_k ∗ [x_1 … x_T]``, ``F_k = ReLU(3×3 ∗ a_k)``, ``x_t ← x_t + Σ_k σ(G_kt ∗ x_t) ⊙ (W_kt ∗ F_k)`` at f3.

    ``F_k`` is 8 channels wide, P 1×1.  The maps are left in the trace as ``auxiliary/<name>/f3``, to be supervised with
    ``losses/auxiliary_maps.py``: their targets follow from the input and need no labels.
    """

    exchanges = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        width = {task.name: config.width(task, SCALE) for task in config.tasks}
        self.predict = nn.Conv2d(sum(width.values()), len(AUXILIARY), 1)
        self.feature = nn.ModuleDict(
            {name: nn.Sequential(nn.Conv2d(1, _WIDTH, 3, padding=1), nn.ReLU()) for name in AUXILIARY}
        )
        self.tell = nn.ModuleDict(
            {f"{name}-{task}": Distill(_WIDTH, c) for name in AUXILIARY for task, c in width.items()}
        )

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Features of every task plus what it distils from the predicted maps."""
        if scale != SCALE:
            return maps
        out = dict(maps)
        predicted = self.predict(torch.cat([maps[task.name] for task in self.config.tasks], 1)).split(1, 1)
        for name, value in zip(AUXILIARY, predicted, strict=True):
            if context.trace is not None:
                context.trace.show(f"auxiliary/{name}/{scale}", value)
            feature = self.feature[name](value)
            for task in maps:
                out[task] = out[task] + self.tell[f"{name}-{task}"](maps[task], feature)
        return out
