"""Selectors E2 ``low_rank_free`` and ``low_rank_free_low``: tasks mix K shared depthwise experts."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from napari_hicstruct.models.library.selectors.experts import ExpertMixture, free_experts
from napari_hicstruct.models.library.selectors.scalewise import ScalewiseSelector


class LowRankFree(ScalewiseSelector):
    """E2: experts at all scales.

    Attributes
    ----------
    scales : tuple of str
        Where experts stand, unless ``selector_options.expert_scales`` says otherwise; other scales are passed through.
    make : callable
        ``(channels, K)`` → the experts of one scale.
    """

    scales: tuple[str, ...] = ("f1", "f2", "f3", "f4", "f5")
    make: Callable[[int, int], list[nn.Module]] = staticmethod(free_experts)

    def unit(self, scale: str, channels: int, tasks: list[str]) -> nn.Module | None:
        """A mixture of experts where they stand."""
        options = self.config.selector_options
        if scale not in (options.expert_scales or self.scales):
            return None
        return ExpertMixture(self.make(channels, options.experts), channels, tasks, options)


class LowRankFreeLow(LowRankFree):
    """E2_low: experts at f1 – f3; f4 and f5 pass through (the recommended, stabler variant)."""

    scales = ("f1", "f2", "f3")
