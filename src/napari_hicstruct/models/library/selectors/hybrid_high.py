"""Selector E4 ``hybrid_high``: tasks weigh f1 – f4 for themselves and mix shared experts at f5."""

from __future__ import annotations

from torch import nn

from napari_hicstruct.models.library.selectors.low_rank_free import LowRankFree
from napari_hicstruct.models.library.selectors.task_dw import TaskWeights


class HybridHigh(LowRankFree):
    """E4: E1 where scales are fine, E2 where they are coarse; ``scales`` are those with experts."""

    scales: tuple[str, ...] = ("f5",)

    def unit(self, scale: str, channels: int, tasks: list[str]) -> nn.Module:
        """Experts at ``scales``, weights elsewhere."""
        return super().unit(scale, channels, tasks) or TaskWeights(channels, tasks)
