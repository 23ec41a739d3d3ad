"""Learnable row and column encodings: where in its window a pixel lies."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import ModelConfig

BLOCK = 8
"""Coarse bins that share an encoding: one bin of f5."""


class PositionEncoding(nn.Module):
    """``f2(i, j) + r(i) + c(j)``: one vector per block of 8 coarse bins, counted from the window's centre; from 0.

    Windows of other sizes share the inner encodings, so what training never saw (a larger window's border) stays 0.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        half = -(-max(config.windows.coarse_size, config.windows.fine_size // 2) // (2 * BLOCK))
        self.rows = nn.Parameter(torch.zeros(config.channels[1], 2 * half))
        self.cols = nn.Parameter(torch.zeros(config.channels[1], 2 * half))

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """``f2`` with the encodings added; the other scales as they are."""
        x = features["f2"]
        rows, cols = self._spread(self.rows, x.shape[-2]), self._spread(self.cols, x.shape[-1])
        return features | {"f2": x + rows[:, :, None] + cols[:, None, :]}

    @staticmethod
    def _spread(table: Tensor, size: int) -> Tensor:
        """The encodings of ``size`` bins, ``(C, size)``: repeated, and cut around the middle."""
        every = table.repeat_interleave(BLOCK, -1)
        first = (every.shape[-1] - size) // 2
        return every[:, first : first + size]
