"""Swin-V2 blocks: cosine attention in windows, log-spaced continuous position bias, norms after the branches.

Liu et al., *Swin Transformer V2: Scaling Up Capacity and Resolution*, CVPR 2022, equations (1) to (4).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

MAX_SCALE = 100.0
"""1/τ is learnt and clamped here: a temperature τ below 0.01 makes the softmax one-hot."""

MAX_BIAS = 16.0
"""The position bias is 16 · sigmoid of the MLP, as in the authors' code."""

FAR = -100.0
"""Added to the logits of two patches that only the cyclic shift brought together."""

WINDOWS_AT_ONCE = 512
"""Without gradients windows are attended to in so large portions, which bounds memory."""


def split_windows(x: Tensor, window: int) -> Tensor:
    """``(B, H, W, C) → (B · windows, window², C)``, windows row by row."""
    b, h, w, c = x.shape
    x = x.view(b, h // window, window, w // window, window, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window * window, c)


def join_windows(windows: Tensor, window: int, size: tuple[int, int]) -> Tensor:
    """The reverse of :func:`split_windows`: ``(B, H, W, C)``."""
    h, w = size
    c = windows.shape[-1]
    x = windows.view(-1, h // window, w // window, window, window, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, h, w, c)


def shift_mask(size: tuple[int, int], window: int, shift: int) -> Tensor:
    """What is added to the logits of each window of a shifted grid: ``(windows, window², window²)``, 0 or FAR.

    After the cyclic shift the last windows of a row or column hold patches of opposite borders: those see only
    patches of their own side.
    """
    sides = []
    for length in size:
        place = torch.arange(length)
        sides.append((place >= length - window).long() + (place >= length - shift).long())
    region = (sides[0][:, None] * 3 + sides[1][None, :]).float()
    of_window = split_windows(region[None, :, :, None], window)[..., 0]
    return torch.where(of_window[:, :, None] == of_window[:, None, :], 0.0, FAR)


def log_coordinates(window: int) -> Tensor:
    """Differences of rows and columns, log-spaced to ±1: ``((2·window − 1)², 2)``.

    sign(Δ) · log2(1 + |8 Δ / (window − 1)|) / log2 8, equation (4) with the authors' normalisation.
    """
    steps = torch.arange(-(window - 1), window, dtype=torch.float32) * (8 / max(window - 1, 1))
    axis = torch.sign(steps) * torch.log2(1 + steps.abs()) / math.log2(8)
    return torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)


def relative_index(window: int) -> Tensor:
    """Row of :func:`log_coordinates` of each pair of patches: ``(window², window²)``."""
    axis = torch.arange(window)
    y, x = (one.reshape(-1) for one in torch.meshgrid(axis, axis, indexing="ij"))
    dy, dx = y[:, None] - y[None, :] + window - 1, x[:, None] - x[None, :] + window - 1
    return dy * (2 * window - 1) + dx


class PositionBias(nn.Module):
    """A small MLP gives the bias of each head from log-spaced differences of places."""

    def __init__(self, window: int, heads: int, hidden: int = 64) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, heads, bias=False))
        self.register_buffer("coordinates", log_coordinates(window), persistent=False)
        self.register_buffer("index", relative_index(window), persistent=False)

    def forward(self) -> Tensor:
        """``(heads, window², window²)``."""
        table = self.mlp(self.coordinates)
        return MAX_BIAS * torch.sigmoid(table[self.index].permute(2, 0, 1))


class WindowAttention(nn.Module):
    """softmax(cos(q, k) / τ + B) v within windows; τ is learnt for each head."""

    def __init__(self, width: int, window: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))  # a bias of k would cancel in the softmax's rows but for cosine
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.log_scale = nn.Parameter(torch.full((heads, 1, 1), math.log(10.0)))
        self.position = PositionBias(window, heads)
        self.out = nn.Linear(width, width)

    @property
    def scale(self) -> Tensor:
        """1/τ of each head, at most :data:`MAX_SCALE`."""
        return self.log_scale.clamp(max=math.log(MAX_SCALE)).exp()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """``(B · windows, N, C)`` → the same; ``mask`` is ``(windows, N, N)``, added to the logits."""
        bias = self.position()
        if torch.is_grad_enabled() or len(x) <= WINDOWS_AT_ONCE:
            return self._attend(x, bias, None if mask is None else mask.repeat(len(x) // len(mask), 1, 1))
        out = torch.empty_like(x)
        for start in range(0, len(x), WINDOWS_AT_ONCE):
            part = slice(start, start + WINDOWS_AT_ONCE)
            places = None if mask is None else mask[torch.arange(len(x), device=x.device)[part] % len(mask)]
            out[part] = self._attend(x[part], bias, places)
        return out

    def _attend(self, x: Tensor, bias: Tensor, mask: Tensor | None) -> Tensor:
        n, length, width = x.shape
        biases = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        qkv = functional.linear(x, self.qkv.weight, biases)
        q, k, v = qkv.view(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q = functional.normalize(q, dim=-1) * self.scale
        logits = q @ functional.normalize(k, dim=-1).transpose(-2, -1) + bias
        if mask is not None:
            logits = logits + mask[:, None]
        found = logits.softmax(-1) @ v
        return self.out(found.transpose(1, 2).reshape(n, length, width))


class GridAttention(nn.Module):
    """Attention in the windows of a grid, which may be shifted: ``(B, H, W, C)``, sides multiples of the window."""

    def __init__(self, width: int, window: int, heads: int, shift: int = 0) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.attention = WindowAttention(width, window, heads)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        size = (x.shape[1], x.shape[2])
        # one window is all there is: nothing lies across its border
        shift = 0 if min(size) <= self.window else self.shift
        if shift:
            x = torch.roll(x, (-shift, -shift), (1, 2))
        mask = shift_mask(size, self.window, shift).to(x) if shift else None
        x = join_windows(self.attention(split_windows(x, self.window), mask), self.window, size)
        return torch.roll(x, (shift, shift), (1, 2)) if shift else x


class ContentAttention(nn.Module):
    """Windows of one and of two sizes, mixed by how much there is to see in each window.

    The wider window holds means of 2 × 2 patches, so that it costs less than the narrow one.  The share of the narrow
    one is a sigmoid of the log of the variance of patches in it, with a slope and an offset that are learnt.
    """

    def __init__(self, width: int, window: int, heads: int, shift: int = 0) -> None:
        super().__init__()
        self.window = window
        self.near = GridAttention(width, window, heads, shift)
        self.far = GridAttention(width, window, heads, shift)
        self.slope, self.offset = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, H, W, C)``, sides multiples of two windows → the same."""
        maps = x.permute(0, 3, 1, 2)
        far = self.far(functional.avg_pool2d(maps, 2).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        far = functional.interpolate(far, scale_factor=2, mode="nearest").permute(0, 2, 3, 1)
        share = self.share_of_near(maps).permute(0, 2, 3, 1)
        return share * self.near(x) + (1 - share) * far

    def share_of_near(self, maps: Tensor) -> Tensor:
        """Share of the narrow window at each patch, one value in each window: ``(B, C, H, W) → (B, 1, H, W)``."""
        mean = functional.avg_pool2d(maps, self.window)
        variance = (functional.avg_pool2d(maps * maps, self.window) - mean * mean).clamp(min=0).mean(1, keepdim=True)
        share = torch.sigmoid(self.slope * (variance + 1e-6).log() + self.offset)
        return functional.interpolate(share, scale_factor=self.window, mode="nearest")


class SwinBlock(nn.Module):
    """x + norm(attention(x)), then x + norm(MLP(x)): norms stand after the branches (res-post-norm)."""

    def __init__(self, width: int, attend: nn.Module, *, mlp_ratio: int = 2) -> None:
        super().__init__()
        self.attend = attend
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        hidden = mlp_ratio * width
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, H, W, C)``, sides multiples of the window → the same."""
        x = x + self.norm1(self.attend(x))
        return x + self.norm2(self.mlp(x))
