"""The band branch: boundary probability along the diagonal, so that domains of any size are never cut by a window."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_hicstruct.models.heads import PRIOR


def unfold_diagonal(features: Tensor, n_diagonals: int, margin: int) -> Tensor:
    """Read a window on the diagonal as a strip.

    Parameters
    ----------
    features : Tensor, shape (B, C, S, S)
        Decoder features of an on-diagonal window.
    n_diagonals : int
        Distances 0 … n_diagonals - 1 (bins) to read.
    margin : int
        Bins left out at both ends; at least ``n_diagonals / 2``.

    Returns
    -------
    Tensor, shape (B, C, n_diagonals, S - 2·margin)
        Entry ``[..., d, x]`` is the pixel at distance ``d`` centred on bin ``margin + x``, as in
        ``contacts.channels.strip_channels``.
    """
    size = features.shape[-1]
    x = torch.arange(margin, size - margin, device=features.device)
    d = torch.arange(n_diagonals, device=features.device)[:, None]
    rows = x[None, :] - d // 2
    return features[:, :, rows, rows + d]


class LinearAttention(nn.Module):
    """Global context in linear time (Katharopoulos et al. 2020, elu + 1 feature map), residual.

    ``(B, C, L) → (B, C, L)``.
    """

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1, bias=False)
        self.out = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Adds to every bin what the whole strip says."""
        batch, channels, length = x.shape
        q, k, v = self.qkv(self.norm(x)).float().reshape(batch, 3, self.heads, -1, length).unbind(1)
        q, k = nn.functional.elu(q) + 1, nn.functional.elu(k) + 1
        context = torch.einsum("bhkl,bhvl->bhkv", k, v) / length
        norm = torch.einsum("bhkl,bhk->bhl", q, k.mean(-1)).clamp_min(1e-6)
        y = torch.einsum("bhkl,bhkv->bhvl", q, context) / norm[:, :, None]
        return x + self.out(y.reshape(batch, channels, length).to(x.dtype))


class Dilated(nn.Module):
    """Residual dilated convolution along the diagonal, group norm, SiLU: ``(B, C, L) → (B, C, L)``."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.GroupNorm(max(1, channels // 8), channels),
            nn.SiLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Adds what the neighbours at the dilation say."""
        return x + self.block(x)


class BoundaryHead(nn.Module):
    """Boundary logit per bin from the strip's own channels joined with shared features read along the diagonal.

    Parameters
    ----------
    in_channels : int
        Channels of the strip (``contacts.channels.CHANNELS``).
    feature_channels : int
        Channels of the decoder's features.
    width : int
    n_diagonals : int
    """

    def __init__(self, in_channels: int, feature_channels: int, width: int, n_diagonals: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, 16, 3, padding=1), nn.SiLU(inplace=True), nn.Conv2d(16, 8, 3, padding=1)
        )
        self.read_stem = nn.Conv1d(8 * n_diagonals, width, 1)
        self.read_features = nn.Conv1d(feature_channels * n_diagonals, width, 1)
        self.join = nn.Conv1d(2 * width, width, 1)
        self.pyramid = nn.Sequential(*[Dilated(width, dilation) for dilation in (1, 2, 4, 8)])
        self.attention = LinearAttention(width)
        self.out = nn.Conv1d(width, 1, 3, padding=1)
        nn.init.constant_(self.out.bias, PRIOR / 2)

    def forward(self, strip: Tensor, features: Tensor) -> Tensor:
        """``(B, C, D, L), (B, F, D, L) → (B, L)`` boundary logits."""
        own = self.read_stem(self.stem(strip).flatten(1, 2))
        shared = self.read_features(features.flatten(1, 2))
        x = nn.functional.silu(self.join(torch.cat([own, shared], 1)))
        return self.out(self.attention(self.pyramid(x)))[:, 0]


class WindowBoundaryHead(nn.Module):
    """Boundary logit per bin from the window's features at that bin alone: what is left without the band branch.

    Parameters
    ----------
    in_channels : int
        Of the strip, which is not read.
    feature_channels, width, n_diagonals : int
        As in :class:`BoundaryHead`.
    """

    def __init__(self, in_channels: int, feature_channels: int, width: int, n_diagonals: int) -> None:
        super().__init__()
        self.read_features = nn.Conv1d(feature_channels * n_diagonals, width, 1)
        self.out = nn.Conv1d(width, 1, 1)
        nn.init.constant_(self.out.bias, PRIOR / 2)

    def forward(self, strip: Tensor, features: Tensor) -> Tensor:
        """``(B, C, D, L), (B, F, D, L) → (B, L)`` boundary logits."""
        return self.out(nn.functional.silu(self.read_features(features.flatten(1, 2))))[:, 0]
