"""``nddr``: all tasks' features side by side, brought back to each task's width by its own 1×1 convolution.

Source: Gao et al. 2019 (*NDDR-CNN: layerwise feature fusing in multi-task CNNs by neural discriminative dimensionality
reduction*), with and without its shortcut.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.mixing import OWN
from napari_hicstruct.models.library.interactions.norm import Norm
from napari_hicstruct.models.library.interactions.pairs import meetings


def diagonal(shares: list[tuple[int, float]], c_to: int) -> Tensor:
    """``(c_to, Σ C, 1, 1)``: blocks ``share · I`` for the inputs ``(C, share)``; cut where widths differ."""
    return torch.cat([share * torch.eye(c_to, c) for c, share in shares], 1)[..., None, None]


def linear(shares: list[tuple[int, float]], c_to: int) -> nn.Conv2d:
    """1×1 convolution without bias that starts as :func:`diagonal`."""
    layer = nn.Conv2d(sum(c for c, _ in shares), c_to, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(diagonal(shares, c_to))
    return layer


class Nddr(Interaction):
    """``y_t = BN(W_t ∗ [x_1 … x_T])``, ``W_t`` from 0.9·I for the own features and 0.1 shared by the others.

    With shortcut, at the last, ``y_t ← S_t ∗ [y_t at the scales before, repeated; y_t]``, ``S_t`` from ``[0, I]``.
    """

    exchanges = True
    learning_rate_scale = 100.0

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.tasks = meetings(config, config.interaction_options.scales)
        self.mix, self.shortcut = nn.ModuleDict(), nn.ModuleDict()
        for scale, tasks in self.tasks.items():
            rest = (1 - OWN) / (len(tasks) - 1)
            for to in tasks:
                shares = [(config.width(task, scale), OWN if task is to else rest) for task in tasks]
                width = config.width(to, scale)
                self.mix[f"{to.name}-{scale}"] = nn.Sequential(linear(shares, width), Norm(width, config))
        if config.interaction_options.shortcut and len(self.tasks) > 1:
            *before, last = self.tasks
            for to in self.tasks[last]:
                shares = [(config.width(to, scale), 0.0) for scale in before] + [(config.width(to, last), 1.0)]
                self.shortcut[to.name] = linear(shares, config.width(to, last))

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """What is left of all tasks' features for each of them."""
        if scale not in self.tasks:
            return maps
        everything = torch.cat([maps[task.name] for task in self.tasks[scale]], 1)
        out = {task.name: self.mix[f"{task.name}-{scale}"](everything) for task in self.tasks[scale]}
        if not self.shortcut:
            return out
        if scale == list(self.tasks)[-1]:
            return {name: self._with_earlier(name, x, context) for name, x in out.items()}
        context.memory.update({f"{name}/{scale}": x for name, x in out.items()})
        return out

    def _with_earlier(self, name: str, x: Tensor, context: WindowContext) -> Tensor:
        earlier = [context.memory[f"{name}/{scale}"] for scale in list(self.tasks)[:-1]]
        same = [functional.interpolate(y, size=x.shape[2:], mode="nearest") for y in earlier]
        return self.shortcut[name](torch.cat([*same, x], 1))
