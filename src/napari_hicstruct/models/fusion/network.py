"""HybridFusionNet: two pictures of one thing in, a decision mask and their blend out.

The mask is antisymmetric by construction: one network g reads the pictures in both orders, and the mask is
sigmoid(g(A, B) − g(B, A) + prior), so that who comes first can decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.fusion import FusionNetConfig
from napari_hicstruct.models.fusion.cnn import DilatedBranch
from napari_hicstruct.models.fusion.swin_v2 import ContentAttention, GridAttention, SwinBlock


@dataclass
class Fused:
    """What a fusion gives.

    Attributes
    ----------
    mask : Tensor
        ``(B, 1, H, W)`` in [0, 1]: share of A.
    fused : Tensor
        ``(B, C, H, W)``: mask · A + (1 − mask) · B, and the residual.
    residual : Tensor or None
        What the network adds, where it may.
    logit : Tensor
        Of the mask.
    """

    mask: Tensor
    fused: Tensor
    residual: Tensor | None
    logit: Tensor


def reflected(n: int, total: int, device: torch.device | None = None) -> Tensor:
    """Places 0 … ``total`` of an axis of ``n``, mirrored at its ends as often as needed."""
    if n == 1:
        return torch.zeros(total, dtype=torch.long, device=device)
    place = torch.arange(total, device=device) % (2 * n - 2)
    return torch.where(place < n, place, 2 * n - 2 - place)


def pad_to(x: Tensor, multiple: int) -> Tensor:
    """``x`` with right and lower borders padded by reflection, until ``multiple`` divides both sides."""
    for axis in (2, 3):
        n = x.shape[axis]
        total = -(-n // multiple) * multiple
        if total != n:
            x = x.index_select(axis, reflected(n, total, x.device))
    return x


class HybridFusionNet(nn.Module):
    """Pixels (stem), dilated convolutions and Swin-V2 on patches, joined; see :class:`FusionNetConfig`."""

    def __init__(self, config: FusionNetConfig) -> None:
        super().__init__()
        self.config = config
        width, fine = config.width, config.width // 2
        self.stem = nn.Sequential(
            nn.Conv2d(2 * config.in_channels, fine, 3, padding=1), nn.SiLU(), nn.Conv2d(fine, fine, 3, padding=1)
        )
        self.patches = nn.Conv2d(fine, width, config.patch, stride=config.patch)
        self.cnn = DilatedBranch(width, config.dilations)
        self.swin = nn.Sequential(*_blocks(config))
        self.join = nn.Sequential(nn.Conv2d(2 * width, width, 1), nn.SiLU(), nn.Conv2d(width, fine, 3, padding=1))
        self.head = nn.Sequential(nn.SiLU(), nn.Conv2d(2 * fine, fine, 3, padding=1), nn.SiLU())
        outs = 1 + (config.value_channels if config.residual else 0)
        self.last = nn.Conv2d(fine, outs, 1)
        # silent at first: the mask is the prior, the blend the mean
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing changes what a pixel gets; a multiple of the grid."""
        config = self.config
        wide = config.window * (2 if config.windows == "content" else 1)
        patches = 2 + max(sum(config.dilations), 2 * config.depth * wide)
        return -(-(patches * config.patch + 4) // config.grid) * config.grid

    def forward(
        self,
        a: Tensor,
        b: Tensor,
        *,
        values: tuple[Tensor, Tensor] | None = None,
        prior: Tensor | None = None,
    ) -> Fused:
        """Fuse.

        Parameters
        ----------
        a, b : Tensor
            What is read, ``(B, in_channels, H, W)``; any H and W.
        values : pair of Tensor, optional
            What is blended, ``(B, C, H, W)``.  Default: the first channels of what is read.
        prior : Tensor, optional
            ``(B, 1, H, W)``, added to the mask's logit: a network that has nothing to say leaves it as it is.
        """
        n = self.config.value_channels
        value_a, value_b = values if values is not None else (a[:, :n], b[:, :n])
        height, width = a.shape[-2:]
        ab, ba = (one[..., :height, :width] for one in self._both_orders(a, b))
        logit = ab[:, :1] - ba[:, :1]
        if prior is not None:
            logit = logit + prior
        mask = torch.sigmoid(logit)
        fused = mask * value_a + (1 - mask) * value_b
        residual = None
        if self.config.residual:
            residual = (ab[:, 1:] + ba[:, 1:]) / 2
            fused = fused + residual
        return Fused(mask, fused, residual, logit)

    def _both_orders(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """g(A, B) and g(B, A), padded."""
        a, b = pad_to(a, self.config.grid), pad_to(b, self.config.grid)
        first, second = torch.cat([a, b], 1), torch.cat([b, a], 1)
        if not torch.is_grad_enabled():  # one after the other takes half the memory
            return self.read(first), self.read(second)
        ab, ba = self.read(torch.cat([first, second])).chunk(2)
        return ab, ba

    def read(self, pair: Tensor) -> Tensor:
        """g of a pair in one order: ``(B, 2 · in_channels, H, W) → (B, outs, H, W)``."""
        pixels = self.stem(pair)
        patches = self.patches(pixels)
        attended = self.swin(patches.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        joined = self.join(torch.cat([self.cnn(patches), attended], 1))
        if self.config.patch > 1:
            joined = functional.interpolate(
                joined, scale_factor=self.config.patch, mode="bilinear", align_corners=False
            )
        return self.last(self.head(torch.cat([pixels, joined], 1)))


def _blocks(config: FusionNetConfig) -> list[nn.Module]:
    """A regular and a shifted block for each step of depth."""
    kind = ContentAttention if config.windows == "content" else GridAttention
    width, window = config.width, config.window
    return [
        SwinBlock(width, kind(width, window, config.heads, shift), mlp_ratio=config.mlp_ratio)
        for _ in range(config.depth)
        for shift in (0, window // 2)
    ]
