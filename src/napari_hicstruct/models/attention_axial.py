"""Attention ``axial``: every pixel reads its row, then its column.

Source: Ho et al. 2019.  In a contact map a row is all that one anchor touches, so a loop sees the stripe and the
domain border it belongs to at the price of ``H + W`` keys instead of ``H · W``.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.plugs import AttentionConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.attention import NoAttention
from napari_hicstruct.models.blocks import PixelNorm
from napari_hicstruct.models.context import SCALES, WindowContext


class RowAttention(nn.Module):
    """Multi-head attention of each pixel to others of its row; the residual starts at 0, so the block as identity.

    ``y(i, j) = Σ_k softmax_k(q(i, j) · k(i, k) / √d + s · oe(i, k)) v(i, k)``, with one learnable ``s`` per head from 0
    where contacts are given.
    """

    def __init__(self, channels: int, options: AttentionConfig) -> None:
        super().__init__()
        heads = options.heads
        if channels % heads:
            raise ConfigError(f"key 'attention.heads': {channels} channels cannot be shared by {heads} heads.")
        self.heads = heads
        self.norm = PixelNorm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)
        self.contact_scale = nn.Parameter(torch.zeros(heads)) if options.contact_bias else None
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, oe: Tensor | None, band: Tensor | None) -> Tensor:
        """``(B, C, H, W)`` and contacts ``(B, 1, H, W)`` or None → ``(B, C, H, W)``; the whole row is read."""
        return x + self.out(self.read(self.qkv(self.norm(x)), self.bias(oe)))

    def bias(self, oe: Tensor | None) -> Tensor | None:
        """What contacts add to the logits, ``(B, heads, H, W)``; None without."""
        return None if self.contact_scale is None or oe is None else self.contact_scale[:, None, None] * oe

    def read(self, qkv: Tensor, bias: Tensor | None) -> Tensor:
        """Queries, keys, values ``(B, 3C, H, W)`` and a bias per key → what is read, ``(B, C, H, W)``."""
        batch, _, height, width = qkv.shape
        # rows become the batch, channels stay innermost: (3, B·H, heads, W, d)
        parts = qkv.permute(0, 2, 3, 1).reshape(batch, height, width, 3, self.heads, -1).permute(3, 0, 1, 4, 2, 5)
        mask = None
        if bias is not None:
            mask = bias.to(qkv.dtype).transpose(1, 2).flatten(0, 1)[:, :, None].expand(-1, -1, width, -1)
        y = functional.scaled_dot_product_attention(*parts.flatten(1, 2).unbind(0), attn_mask=mask)
        return y.transpose(1, 2).reshape(batch, height, width, -1).permute(0, 3, 1, 2)


class AxialAttention(NoAttention):
    """Row attention, then column attention, at the scales of ``config.attention.scales`` that a window has."""

    row_attention = RowAttention

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        options = config.attention
        self.contacts = options.contact_bias
        if self.contacts and "oe" not in config.inputs:
            raise ConfigError("key 'attention.contact_bias': the model does not read 'oe'.", hint="Add it to inputs.")
        widths = dict(zip(SCALES, config.channels, strict=True))
        self.blocks = nn.ModuleDict(
            {s: nn.ModuleList(self.row_attention(widths[s], options) for _ in range(2)) for s in options.scales}
        )

    def band(self, context: WindowContext, scale: str) -> Tensor | None:
        """Pixels that take part, ``(B, H, W)``; None for all."""
        return None

    def forward(self, features: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Features of the same shapes; scales without attention are passed on untouched."""
        out = dict(features)
        for scale, (rows, cols) in self.blocks.items():
            if scale in features:
                oe = context.pooled("oe", scale) if self.contacts else None
                band = self.band(context, scale)
                turned = (None if t is None else t.mT for t in (oe, band))
                out[scale] = cols(rows(features[scale], oe, band).mT, *turned).mT
        return out
