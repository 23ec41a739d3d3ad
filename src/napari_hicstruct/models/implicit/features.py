"""Positional features of points in a box: fixed Fourier waves, or learnt grids of several scales."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_hicstruct.config.repair import FunctionConfig

MIN_CYCLES = 0.5
"""Lowest frequency: half a wave over the box."""
GRID_SPREAD = 1e-2
"""Standard deviation of a grid's first values: almost flat, so that a new function is smooth."""


class FourierFeatures(nn.Module):
    """Sines and cosines of plane waves in every direction, from half a cycle over the box up to the bandwidth.

    Random directions instead of waves along the axes (Tancik et al. 2020): no direction is preferred, and 64 features
    need not be a multiple of the dimensions.  Frequencies are spaced by equal ratios.

    Parameters
    ----------
    dimensions : int
        2 or 3.
    features : int
        Even; half of them are sines.
    bandwidth : float
        Highest frequency, cycles over the box.
    seed : int
        Of the directions.
    """

    def __init__(self, dimensions: int, features: int, bandwidth: float, seed: int = 0) -> None:
        super().__init__()
        waves = features // 2
        random = torch.Generator().manual_seed(seed)
        directions = F.normalize(torch.randn(dimensions, waves, generator=random), dim=0)
        lowest = min(MIN_CYCLES, bandwidth)
        cycles = torch.logspace(math.log10(lowest), math.log10(bandwidth), waves)
        self.frequencies: Tensor
        self.register_buffer("frequencies", directions * cycles * math.pi)  # the box is 2 long

    def forward(self, points: Tensor) -> Tensor:
        """Features ``(…, features)`` of points ``(…, dimensions)`` in [-1, 1]."""
        phase = points @ self.frequencies
        return torch.cat([phase.sin(), phase.cos()], -1)


class GridFeatures(nn.Module):
    """Values of learnt grids of several scales, interpolated linearly; each scale gives an equal share of features.

    Parameters
    ----------
    dimensions : int
        2 or 3.
    features : int
        A multiple of the number of grids.
    nodes : tuple of int
        Nodes along each axis, one grid each.
    """

    def __init__(self, dimensions: int, features: int, nodes: tuple[int, ...]) -> None:
        super().__init__()
        channels = features // len(nodes)
        self.grids = nn.ParameterList(
            [nn.Parameter(GRID_SPREAD * torch.randn(1, channels, *([n] * dimensions))) for n in nodes]
        )

    def forward(self, points: Tensor) -> Tensor:
        """Features ``(…, features)`` of points ``(…, dimensions)`` in [-1, 1]; beyond, the value at the border."""
        dimensions = points.shape[-1]
        places = points.reshape(1, -1, *([1] * (dimensions - 1)), dimensions).flip(-1)  # x before y before z
        values = [
            F.grid_sample(grid, places, mode="bilinear", padding_mode="border", align_corners=True)
            for grid in self.grids
        ]
        return torch.cat(values, 1).flatten(2)[0].T.reshape(*points.shape[:-1], -1)


def make_features(config: FunctionConfig, dimensions: int) -> nn.Module:
    """The kind of features that the settings name."""
    if config.kind == "grid":
        return GridFeatures(dimensions, config.features, config.grids)
    return FourierFeatures(dimensions, config.features, config.bandwidth)
