"""Coarse windows that lie around a fine one, so that both heads are asked about one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_hicstruct.config.training import TrainConfig


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window lies: bins (its own) of its first row and column, and whether both are swapped."""

    corner: tuple[int, int]
    transposed: bool


def around(
    fine: Place, index: int, coarse_index: int, config: TrainConfig, rng: np.random.Generator
) -> tuple[Place, tuple[int, int, int, int]]:
    """A coarse window whose supervised centre holds a fine window whole, and how the two belong together.

    Parameters
    ----------
    fine : Place
        On a coarse bin, in fine bins.
    index, coarse_index : int
        Which of the batch's fine and coarse windows they are.

    Returns
    -------
    Place, tuple of int
        The coarse window, transposed as the fine one is; ``(index, coarse_index, row, col)`` of the fine window's first
        coarse bin inside it, after the transposition.
    """
    margin, half = config.model.windows.coarse_margin, config.model.windows.fine_size // 2
    row, col = (int(k) for k in rng.integers(margin, config.coarse_size - margin - half + 1, 2))
    first, second = (k // 2 for k in fine.corner)
    if second - col < first - row:  # windows lie above the diagonal or on it
        col = row
    place = Place((first - row, second - col), fine.transposed)
    return place, (index, coarse_index, *((col, row) if fine.transposed else (row, col)))


def block(coarse: Tensor, pairs: Tensor, size: int) -> Tensor:
    """The part ``(P, size, size)`` of coarse maps ``(B, H, W)`` that the fine windows of ``pairs`` lie over."""
    steps = torch.arange(size, device=pairs.device)
    rows, cols = (pairs[:, k, None] + steps for k in (2, 3))
    return coarse[pairs[:, 1, None, None], rows[:, :, None], cols[:, None, :]]
