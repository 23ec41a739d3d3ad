"""``xtam``: each task looks for what answers its own features in each other task, by attention and by a mask.

Source: Lopes, Vu & de Charette 2023 (*Cross-task attention mechanism for dense multi-task learning*).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.deep import DeepHeads
from napari_hicstruct.models.library.interactions.norm import Norm
from napari_hicstruct.models.library.interactions.pairs import meetings

SCALE = "f3"
"""Before the last level that all decoders have."""

_POOL = 4
"""Bins of f3 per side of what attends and is attended to: f5's bins, 16² to 40² in a window."""


class Directed(nn.Module):
    """What task i takes from task j: ``[α ⊙ softmax(Q_i K_jᵀ / √d) V_j , (F ∗ f_j) ⊙ σ(M ∗ f_j)]``.

    Q, K, V, F, M are 1×1; d = C/2, at least 4.  ``α`` (per channel) starts at 0: first the mask, then correlations.
    """

    def __init__(self, c_from: int, c_to: int) -> None:
        super().__init__()
        width = max(4, c_to // 2)
        self.query, self.key = nn.Conv2d(c_to, width, 1), nn.Conv2d(c_from, width, 1)
        self.value = nn.Conv2d(c_from, c_to, 1)
        self.alpha = nn.Parameter(torch.zeros(c_to))
        self.feature, self.mask = nn.Conv2d(c_from, c_to, 1), nn.Conv2d(c_from, c_to, 1)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """``(B, c_to, h, w), (B, c_from, h, w) → (B, 2·c_to, h, w)``; h and w multiples of 4."""
        # averages and 1×1 convolutions commute: pool first
        small, small_other = functional.avg_pool2d(own, _POOL), functional.avg_pool2d(other, _POOL)
        read = functional.scaled_dot_product_attention(
            *(x.flatten(2).mT for x in (self.query(small), self.key(small_other), self.value(small_other)))
        )
        read = read.mT.unflatten(2, small.shape[2:]) * self.alpha.to(read.dtype)[:, None, None]
        correlated = functional.interpolate(read, scale_factor=_POOL, mode="nearest")
        return torch.cat([correlated, self.feature(other) * torch.sigmoid(self.mask(other))], 1)


class XTam(Interaction):
    """``f_i ← f_i + ReLU(BN(W_i ∗ [taken from every other j]))`` at f3, with first predictions supervised there."""

    exchanges = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        (tasks,) = meetings(config, [SCALE]).values()
        width = {task.name: config.width(task, SCALE) for task in tasks}
        self.pairs = [(to, other) for to in width for other in width if to != other]
        self.take = nn.ModuleDict({f"{other}-{to}": Directed(width[other], width[to]) for to, other in self.pairs})
        self.join = nn.ModuleDict(
            {
                to: nn.Sequential(nn.Conv2d(2 * c * (len(width) - 1), c, 1, bias=False), Norm(c, config), nn.ReLU())
                for to, c in width.items()
            }
        )
        self.deep = DeepHeads(config, [SCALE])

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Features of every task plus what it takes from the others."""
        if scale != SCALE:
            return maps
        self.deep(scale, maps, context)
        taken: dict[str, list[Tensor]] = {to: [] for to in self.join}
        for to, other in self.pairs:
            taken[to].append(self.take[f"{other}-{to}"](maps[to], maps[other]))
        return {to: maps[to] + join(torch.cat(taken[to], 1)) for to, join in self.join.items()}
