"""``sluice``: tasks' features in two halves, one to share and one to keep, mixed half by half; scales mixed at the end.

Source: Ruder et al. 2019 (*Latent multi-task architecture learning*; sluice networks).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.mixing import mixed, share
from napari_hicstruct.models.library.interactions.pairs import meetings


class Sluice(Interaction):
    """``[x̃_t,1, x̃_t,2] = α [x_1,1, x_1,2 … x_T,2]`` per scale; at the last one ``y_t = Σ_k β_tk P_k ∗ x̃_t at scale k``.

    ``4·K·M²`` weights α and ``K·M`` weights β (K scales, M tasks).  P brings earlier scales to the last one's width
    (1×1, shared by the tasks; the paper's layers are equally wide); it is I at the last scale.  β starts as 1 for the
    last scale and 0 for others.  Penalty: halves of a task's features shall not say the same, ``λ ‖G_1ᵀ G_2 / n‖²``.
    """

    exchanges = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.tasks = meetings(config, config.interaction_options.scales)
        width = {scale: config.width(tasks[0], scale) for scale, tasks in self.tasks.items()}
        if odd := [scale for scale, c in width.items() if c % 2]:
            raise ConfigError(f"interaction 'sluice' halves features, but tasks are {width[odd[0]]} wide at {odd[0]}.")
        self.alpha = nn.ParameterDict({s: nn.Parameter(share(2 * len(tasks))) for s, tasks in self.tasks.items()})
        *before, last = width or [""]
        start = torch.tensor([0.0] * len(before) + [1.0])
        self.beta = nn.ParameterDict({task.name: nn.Parameter(start.clone()) for task in self.tasks.get(last, ())})
        self.project = nn.ModuleDict({scale: nn.Conv2d(width[scale], width[last], 1, bias=False) for scale in before})

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Halves of the tasks' features mixed with each other; at the last scale with what was there before."""
        if scale not in self.tasks:
            return maps
        names = [task.name for task in self.tasks[scale]]
        self._penalise([maps[name] for name in names], context)
        halves = mixed(self.alpha[scale], [half for name in names for half in maps[name].chunk(2, 1)])
        out = {name: torch.cat(halves[2 * k : 2 * k + 2], 1) for k, name in enumerate(names)}
        if scale == list(self.tasks)[-1]:
            return {name: self._over_scales(name, x, context) for name, x in out.items()}
        context.memory.update({f"{name}/{scale}": x for name, x in out.items()})
        return out

    def _over_scales(self, name: str, x: Tensor, context: WindowContext) -> Tensor:
        beta = self.beta[name].to(x.dtype)
        out = beta[-1] * x
        for b, (scale, project) in zip(beta, self.project.items(), strict=False):
            # a 1×1 and a repetition commute: project first, the scales before are small
            small = project(context.memory[f"{name}/{scale}"])
            out = out + b * functional.interpolate(small, size=x.shape[2:], mode="nearest")
        return out

    def _penalise(self, maps: list[Tensor], context: WindowContext) -> None:
        weight = self.config.interaction_options.orthogonality
        if context.trace is None or not weight:
            return
        for x in maps:
            first, second = (half.flatten(2) for half in x.chunk(2, 1))
            product = (first @ second.mT).float() / first.shape[2]
            context.trace.penalty("orthogonality", weight * product.square().sum((1, 2)).mean())
