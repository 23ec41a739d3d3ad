"""Selectors E4 ``hybrid_high`` and E5 ``hybrid_mid_high``: weights per task at fine scales, experts at coarse ones."""

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


class HybridMidHigh(HybridHigh):
    """E5: as E4, with experts from f4 on."""

    scales = ("f4", "f5")
