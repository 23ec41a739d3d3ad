"""Attention ``band``: as ``axial``, but within a window that slides along the diagonal: ``|i − j| ≤ reach``.

Sources: Ho et al. 2019 (axial attention), Beltagy et al. 2020 (sliding windows).  Far from the diagonal contacts are
few and say little: they are neither read nor changed.  Each row's run of band pixels is gathered first, so the price
is ``2 · reach + 1`` keys per pixel however large the window is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.plugs import AttentionConfig
from napari_hicstruct.models.attention_axial import AxialAttention, RowAttention
from napari_hicstruct.models.context import SCALES, WindowContext

CLOSED = -1e4
"""Logit of what must not be read; within the range of half-precision floats."""


def band_pixels(context: WindowContext, scale: str, reach: float) -> Tensor:
    """True where a pixel of ``scale`` lies in the chromosome and its anchors are at most ``reach`` bp apart.

    ``(B, H, W)``.  Outside the chromosome the distance channel is 0 and nothing is valid.
    """
    far = context.distance(scale)
    inside = (far > 0) | (context.pooled("valid", scale) > 0)
    return (inside & (far <= reach))[:, 0]


class BandRowAttention(RowAttention):
    """Row attention among the band's pixels of each row: one run of at most ``2 · reach + 1`` columns, gathered."""

    def __init__(self, channels: int, options: AttentionConfig) -> None:
        super().__init__(channels, options)
        self.longest = 2 * options.reach + 1

    def forward(self, x: Tensor, oe: Tensor | None, band: Tensor | None) -> Tensor:
        """``(B, C, H, W)``, contacts or None, band ``(B, H, W)`` → ``(B, C, H, W)``."""
        assert band is not None
        batch, _, height, width = x.shape
        run = min(self.longest, width)
        first = band.to(torch.uint8).argmax(-1).clamp(max=width - run)
        at = first[..., None] + torch.arange(run, device=x.device)  # (B, H, run)
        inside = band.gather(-1, at)[:, None]
        bias = self.bias(None if oe is None else oe.gather(-1, at[:, None]))
        closed = torch.where(inside, 0.0, CLOSED).expand(-1, self.heads, -1, -1)
        # whole pixels are gathered and laid back, so channels stay innermost
        windows, rows = (torch.arange(n, device=x.device) for n in (batch, height))
        place = windows[:, None, None], rows[:, None], at
        qkv = self.qkv(self.norm(x)).permute(0, 2, 3, 1)[place].permute(0, 3, 1, 2)
        said = self.out(self.read(qkv, closed if bias is None else closed + bias)) * inside
        added = torch.zeros_like(x, dtype=said.dtype).permute(0, 2, 3, 1).index_put(place, said.permute(0, 2, 3, 1))
        return x + added.permute(0, 3, 1, 2)


class BandAttention(AxialAttention):
    """Row and column attention in the band; pixels outside it are passed on untouched."""

    row_attention = BandRowAttention

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        # half a bin more: the distance of a pooled pixel is a mean
        self.reach = (config.attention.reach + 0.5) * config.coarse_resolution

    def band(self, context: WindowContext, scale: str) -> Tensor | None:
        """Pixels whose anchors are at most ``reach`` bins of ``scale`` apart."""
        return band_pixels(context, scale, self.reach * 2.0 ** (SCALES.index(scale) - 1))
