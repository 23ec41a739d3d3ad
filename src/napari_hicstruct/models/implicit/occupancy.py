"""The network of an implicit function, and the function with a latent vector for every sample."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.config.repair import FunctionConfig
from napari_hicstruct.models.implicit.features import make_features

WIDTHS = (256, 256, 128, 64)
"""Outputs of fc1 … fc4; fc3 reads fc2's output and, once more, the whole input."""
LATENT_SPREAD = 1e-2
"""Standard deviation of the first latent vectors."""


class OccupancyMLP(nn.Module):
    """Fully connected network: latent vector and point in, one logit of occupancy per class out.

    ``fc1`` input → 256, ``fc2`` 256 → 256, ``fc3`` [256, input] → 128, ``fc4`` 128 → 64, ``out`` 64 → classes, ReLU
    between them.  The input is [latent, point]: 256 + 67 = 323 in 3-D.  The latent vector is one for all points of a
    sample, so its share of ``fc1`` and ``fc3`` is multiplied once per sample and added to every point: the same
    function with half the multiplications.

    Parameters
    ----------
    latent : int
        Length of the latent vector.
    point : int
        Length of what describes a point: features and coordinates.
    classes : int
    """

    def __init__(self, latent: int, point: int, classes: int = 1) -> None:
        super().__init__()
        width = latent + point
        self.latent = latent
        self.fc1 = nn.Linear(width, WIDTHS[0])
        self.fc2 = nn.Linear(WIDTHS[0], WIDTHS[1])
        self.fc3 = nn.Linear(WIDTHS[1] + width, WIDTHS[2])
        self.fc4 = nn.Linear(WIDTHS[2], WIDTHS[3])
        self.out = nn.Linear(WIDTHS[3], classes)

    def forward(self, latent: Tensor, points: Tensor) -> Tensor:
        """Logits ``(rows, points, classes)`` of ``points`` ``(rows, points, point)``; ``latent``: one vector a row."""
        samples = len(points)
        of_latent, of_point = self.fc1.weight.split([self.latent, points.shape[-1]], 1)
        per_sample = torch.addmm(self.fc1.bias, latent, of_latent.T)[:, None]
        hidden = torch.baddbmm(per_sample, points, of_point.T.expand(samples, -1, -1)).relu_()
        hidden = self.fc2(hidden).relu_()
        of_hidden, of_latent, of_point = self.fc3.weight.split([WIDTHS[1], self.latent, points.shape[-1]], 1)
        per_sample = torch.addmm(self.fc3.bias, latent, of_latent.T)[:, None]
        skipped = torch.baddbmm(per_sample, points, of_point.T.expand(samples, -1, -1))
        hidden = torch.baddbmm(skipped, hidden, of_hidden.T.expand(samples, -1, -1)).relu_()
        return self.out(self.fc4(hidden).relu_())


class ImplicitField(nn.Module):
    """F_Θ with the latent vectors z_i of its samples.

    Parameters
    ----------
    config : FunctionConfig
    dimensions : int
        2 or 3.
    samples : int
    classes : int
    """

    def __init__(self, config: FunctionConfig, dimensions: int, samples: int, classes: int = 1) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.features = make_features(config, dimensions)
        self.mlp = OccupancyMLP(config.latent, config.features + dimensions, classes)
        self.latent = nn.Parameter(LATENT_SPREAD * torch.randn(samples, config.latent))

    def forward(self, samples: Tensor, points: Tensor) -> Tensor:
        """Logits of occupancy.

        Parameters
        ----------
        samples : Tensor
            Which sample each row of ``points`` belongs to, shape (rows,).
        points : Tensor
            Coordinates in the box, -1 … 1, in the order of the labels' axes; shape (rows, points, dimensions).

        Returns
        -------
        Tensor
            Shape (rows, points, classes).
        """
        return self.mlp(self.latent[samples], torch.cat([self.features(points), points], -1))
