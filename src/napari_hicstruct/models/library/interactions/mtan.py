"""``mtan``: every task masks the shared encoder's features, each scale's mask knowing what passed the finer one's.

Source: Liu, Johns & Davison 2019 (*End-to-end multi-task learning with attention*).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import SCALES, WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.norm import Norm

CHAIN = SCALES[1:]
"""f2 … f5: there in every window."""


class Mtan(Interaction):
    """``â_i = a_i ⊙ f_i``, ``a_i = σ(BN(W2 ∗ ReLU(BN(W1 ∗ [f_i, pool(ReLU(BN(E_i ∗ â_{i-1})))]))))``.

    W1, W2 are 1×1 per task and scale, E 3×3 per scale for all tasks.  The chain starts at f2, so that coarse and fine
    windows go the same way; f1, which coarse windows lack, has a mask of its own for fine tasks.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        width = dict(zip(SCALES, config.channels, strict=True))

        def mask(scale: str, c_in: int) -> nn.Sequential:
            c = width[scale]
            first = (nn.Conv2d(c_in, c, 1), Norm(c, config), nn.ReLU())
            return nn.Sequential(*first, nn.Conv2d(c, c, 1), Norm(c, config), nn.Sigmoid())

        self.mask, self.carry = nn.ModuleDict(), nn.ModuleDict()
        for task in config.tasks:
            for scale in SCALES if task.fine else CHAIN:
                c = width[scale]
                self.mask[f"{task.name}-{scale}"] = mask(scale, c if scale in ("f1", "f2") else 2 * c)
        for finer, scale in pairwise(CHAIN):
            c = width[scale]
            self.carry[scale] = nn.Sequential(
                nn.Conv2d(width[finer], c, 3, padding=1), Norm(c, config), nn.ReLU(), nn.MaxPool2d(2)
            )

    def share(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """Features as they pass the task's masks."""
        out = dict(features)
        if f"{task}-f1" in self.mask and "f1" in features:
            out["f1"] = self._masked(task, "f1", features["f1"], features["f1"], context)
        for k, scale in enumerate(CHAIN):
            x = features[scale]
            seen = torch.cat([x, self.carry[scale](out[CHAIN[k - 1]])], 1) if k else x
            out[scale] = self._masked(task, scale, x, seen, context)
        return out

    def _masked(self, task: str, scale: str, x: Tensor, seen: Tensor, context: WindowContext) -> Tensor:
        mask = self.mask[f"{task}-{scale}"](seen)
        if context.trace is not None:
            context.trace.show(f"mask/{task}/{scale}", mask.mean(1, keepdim=True))
        return mask * x
