"""Encoder ``swin``: four stages of shifted-window attention on genomic scales (10 … 80 kb).

Sources: Liu et al. 2021; widths and depths after Swin UNETR (Hatamizadeh et al. 2022), windows of 8×8 bins, which
divide ours.  Blocks and merging are MONAI's; no trained weights are loaded.
"""

from __future__ import annotations

from torch import Tensor, nn

from napari_hicstruct.models.blocks import PixelNorm
from napari_hicstruct.models.library.encoders.staged import StagedEncoder, require

WIDTHS, DEPTHS, HEADS = (48, 96, 192, 384), (2, 2, 2, 2), (3, 6, 12, 24)
WINDOW = (8, 8)


class SwinStage(nn.Module):
    """Merge 2×2 bins (but in the first stage), then pairs of plain and shifted-window attention blocks."""

    def __init__(self, width: int, depth: int, heads: int, *, merge: bool) -> None:
        super().__init__()
        swin = require("monai.networks.nets.swin_unetr", "swin")
        self.merge = swin.PatchMergingV2(width // 2, spatial_dims=2) if merge else None
        self.blocks = swin.BasicLayer(width, depth, heads, WINDOW, drop_path=[0.0] * depth, qkv_bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, H, W) → (B, width, H', W')`` with H' half of H where bins are merged."""
        if self.merge is not None:
            x = self.merge(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.blocks(x)


class Swin(StagedEncoder):
    """Stages of 48, 96, 192, 384 channels, two blocks each; the stem is the patch embedding, of one coarse bin."""

    def __init__(self, in_channels: int, channels: tuple[int, int, int, int, int]) -> None:
        kinds = zip(WIDTHS, DEPTHS, HEADS, strict=True)
        stages = [SwinStage(*kind, merge=k > 0) for k, kind in enumerate(kinds)]
        super().__init__(in_channels, channels, stem=WIDTHS[0], stages=stages, widths=WIDTHS)
        # blocks add to what they read, so features grow from stage to stage
        norms = [PixelNorm(width, elementwise_affine=False) for width in WIDTHS]
        self.project = nn.ModuleList(nn.Sequential(*pair) for pair in zip(norms, self.project, strict=True))
