"""``cross_stitch``: every channel of a task is a learnt mixture of the same channel of all tasks.

Source: Misra et al. 2016 (*Cross-stitch networks for multi-task learning*).
"""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.mixing import mixed, share
from napari_hicstruct.models.library.interactions.pairs import meetings


class CrossStitch(Interaction):
    """``x̃_t^c = Σ_s α_ts^c x_s^c``; ``α`` from 0.9 (own) and 0.1 shared by the others.  ``T²·C`` weights per scale.

    Weights of mixtures are few and move little: they learn a hundred times as fast.
    """

    exchanges = True
    learning_rate_scale = 100.0

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.tasks = meetings(config, config.interaction_options.scales)
        self.weight = nn.ParameterDict(
            {
                scale: nn.Parameter(share(len(tasks))[..., None].repeat(1, 1, config.width(tasks[0], scale)))
                for scale, tasks in self.tasks.items()
            }
        )

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Mixtures of the tasks' features."""
        if scale not in self.tasks:
            return maps
        names = [task.name for task in self.tasks[scale]]
        return dict(zip(names, mixed(self.weight[scale], [maps[name] for name in names]), strict=True))
