"""Convolution blocks shared by encoders, decoders and heads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvBlock(nn.Sequential):
    """Twice 3×3 convolution, group norm (small batches), SiLU: ``(B, c_in, H, W) → (B, c_out, H, W)``."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__(
            nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),
            nn.GroupNorm(max(1, c_out // 8), c_out),
            nn.SiLU(inplace=True),
            nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
            nn.GroupNorm(max(1, c_out // 8), c_out),
            nn.SiLU(inplace=True),
        )


class PixelNorm(nn.LayerNorm):
    """Layer norm of every pixel's channels, ``(B, C, H, W)``: no pixel knows of another."""

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Up(nn.Module):
    """Repeat each bin 2×2, join the finer scale's features, convolve.  Bins are genome: never interpolated."""

    def __init__(self, c_below: int, c_skip: int, c_out: int) -> None:
        super().__init__()
        self.block = ConvBlock(c_below + c_skip, c_out)

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        """``(B, c_below, H/2, W/2), (B, c_skip, H, W) → (B, c_out, H, W)``."""
        return self.block(torch.cat([functional.interpolate(below, scale_factor=2, mode="nearest"), skip], 1))


class Decoder(nn.Module):
    """From f5 up to f2 (coarse bins) and, for fine tasks, on to f1 (fine bins).

    Parameters
    ----------
    channels : tuple of int
        Encoder channels f1 … f5.
    widths : tuple of int
        Decoder channels at f4, f3, f2; f1 gets the encoder's own width.
    fine : bool
    """

    def __init__(self, channels: tuple[int, ...], widths: tuple[int, int, int], *, fine: bool) -> None:
        super().__init__()
        _, c2, c3, c4, c5 = channels
        self.up4 = Up(c5, c4, widths[0])
        self.up3 = Up(widths[0], c3, widths[1])
        self.up2 = Up(widths[1], c2, widths[2])
        self.up1 = Up(widths[2], channels[0], channels[0]) if fine else None

    @property
    def scales(self) -> tuple[str, ...]:
        """Scales from coarse to fine; ``f1`` only where the task is fine."""
        return ("f4", "f3", "f2", "f1") if self.up1 is not None else ("f4", "f3", "f2")

    def step(self, scale: str, below: Tensor, skip: Tensor) -> Tensor:
        """One scale up: ``below`` at half the bins, ``skip`` the encoder's (selected) features at ``scale``."""
        return getattr(self, f"up{scale[1]}")(below, skip)
