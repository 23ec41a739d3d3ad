"""A sequence in, d features out, the same for both strands."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from napari_hicstruct.config.epi import EncoderConfig

LETTERS = 5
"""Codes of bases: A C G T 0 … 3, and 4 for N and for what lies beyond a chromosome's end."""


LEAK = 0.01
"""Slope below 0: a maximum over a sequence gives plain ReLUs no gradient once a feature is below 0 everywhere, and a
network whose features have all gone that way never learns again (measured, with a high learning rate)."""


def one_hot(codes: Tensor) -> Tensor:
    """``(n, length)`` of codes → ``(n, 4, length)``; N is a quarter of each base."""
    table = torch.cat([torch.eye(4), torch.full((1, 4), 0.25)]).to(codes.device)
    return table[codes.long()].transpose(1, 2)


def reverse_complement(bases: Tensor) -> Tensor:
    """Of ``(n, 4, length)`` in the order A C G T."""
    return bases.flip(1, 2)


class _Dilated(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(1, channels),
            nn.GELU(),
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class SequenceEncoder(nn.Module):
    """Motif filters, dilated residual convolutions, ``d`` local features, their maximum along the sequence.

    Both strands are read with the same weights and the larger value is kept, so that a sequence and its reverse
    complement give the same features exactly.

    Parameters
    ----------
    config : EncoderConfig
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.stem = nn.Conv1d(4, config.filters, config.kernel, padding=config.kernel // 2)
        self.pool = nn.MaxPool1d(config.pool)
        self.trunk = nn.Sequential(*(_Dilated(config.filters, dilation) for dilation in config.dilations))
        self.features = nn.Conv1d(config.filters, config.dims, 1)

    def filters_along(self, codes: Tensor) -> Tensor:
        """Activations of the motif filters on the given strand, ``(n, filters, length)``."""
        return self.stem(one_hot(codes)).relu()

    def forward(self, codes: Tensor) -> Tensor:
        """``(n, length)`` of codes → ``(n, dims)``, about 0 where a feature finds nothing."""
        bases = one_hot(codes)
        both = self._strand(torch.cat([bases, reverse_complement(bases)]))
        return torch.maximum(*both.chunk(2))

    def _strand(self, bases: Tensor) -> Tensor:
        x = self.trunk(self.pool(leaky_relu(self.stem(bases), LEAK)))
        return leaky_relu(self.features(x), LEAK).amax(2)
