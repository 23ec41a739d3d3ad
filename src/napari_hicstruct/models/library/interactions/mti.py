"""``mti``: tasks distil from each other at every scale, and 5 kb and 10 kb features of a task from one another.

Source: Vandenhende, Georgoulis & Van Gool 2020 (*MTI-Net: multi-scale task interaction networks*).  Its propagation of
features from coarse to fine is what our decoders do anyway: they go on from the exchanged features.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.deep import DeepHeads
from napari_hicstruct.models.library.interactions.distill import Distill
from napari_hicstruct.models.library.interactions.pairs import meetings


class Mti(Interaction):
    """``x_t ← x_t + Σ_s σ(G_st ∗ x_t) ⊙ (W_st ∗ x_s)`` at f4, f3, f2 (and f1 where two tasks are fine).

    Encoder features of fine tasks in fine windows likewise: f1 from f2 repeated, f2 from f1 averaged.  At f4 and f3
    first predictions are supervised; f2 has the heads themselves.
    """

    exchanges = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.tasks = meetings(config, ("f4", "f3", "f2", "f1"))
        self.tell = nn.ModuleDict(
            {
                f"{other.name}-{to.name}-{scale}": Distill(config.width(other, scale), config.width(to, scale))
                for scale, tasks in self.tasks.items()
                for to in tasks
                for other in tasks
                if to is not other
            }
        )
        f1, f2, *_ = config.channels
        fine = [task.name for task in config.tasks if task.fine]
        self.refine = nn.ModuleDict({name: Distill(f2, f1) for name in fine})
        self.coarsen = nn.ModuleDict({name: Distill(f1, f2) for name in fine})
        self.deep = DeepHeads(config, ["f4", "f3"])

    def share(self, features: dict[str, Tensor], task: str, context: WindowContext) -> dict[str, Tensor]:
        """f1 and f2, each with what the other has, where there are both and the task reads both."""
        if "f1" not in features or task not in self.refine:
            return features
        f1, f2 = features["f1"], features["f2"]
        finer = self.refine[task](f1, functional.interpolate(f2, scale_factor=2, mode="nearest"))
        coarser = self.coarsen[task](f2, functional.avg_pool2d(f1, 2))
        return features | {"f1": f1 + finer, "f2": f2 + coarser}

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Features of every task plus what it distils from the others."""
        self.deep(scale, maps, context)
        out = dict(maps)
        for to in maps:
            for other in maps:
                if to != other:
                    out[to] = out[to] + self.tell[f"{other}-{to}-{scale}"](maps[to], maps[other])
        return out
