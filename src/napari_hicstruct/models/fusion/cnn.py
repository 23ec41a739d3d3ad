"""The branch of convolutions: dilated ones, so that a patch sees far without being shrunk."""

from __future__ import annotations

from torch import Tensor, nn


class DilatedBlock(nn.Module):
    """x + 1×1(SiLU(3×3 dilated(SiLU(x))))."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation),
            nn.SiLU(),
            nn.Conv2d(width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return x + self.layers(x)


class DilatedBranch(nn.Sequential):
    """A block for each dilation, one after the other."""

    def __init__(self, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__(*(DilatedBlock(width, dilation) for dilation in dilations))
