"""Batch normalisation that can be held fast."""

from __future__ import annotations

from torch import nn

from napari_hicstruct.config.model import ModelConfig


class Norm(nn.BatchNorm2d):
    """Batch norm where a paper has one; ``interaction_options.frozen_norm`` keeps its statistics, also in training.

    In batches of one or two windows the statistics are noise: then frozen (from mean 0, variance 1, a learnt scale and
    shift per channel) is the better choice.  At inference statistics are fixed in any case.
    """

    def __init__(self, channels: int, config: ModelConfig) -> None:
        super().__init__(channels)
        self.frozen = config.interaction_options.frozen_norm
        self.train()

    def train(self, mode: bool = True) -> Norm:
        """Never to training where frozen."""
        return super().train(mode and not self.frozen)
