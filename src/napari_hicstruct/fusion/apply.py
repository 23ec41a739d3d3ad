"""A fusion network on arrays of any size: tile by tile with margins, so that tiles leave no seams."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.jobs import Clock, Progress, drain
from napari_hicstruct.models.fusion.network import HybridFusionNet

TILE = 512
"""Pixels along an edge of what is fused at once, without its margins."""

Floats = NDArray[np.float32]
Pair = tuple[NDArray[Any], NDArray[Any]]


def fuse_arrays(
    net: HybridFusionNet,
    a: NDArray[Any],
    b: NDArray[Any],
    values: Pair | None = None,
    prior: NDArray[Any] | None = None,
    *,
    tile: int = TILE,
) -> tuple[Floats, Floats]:
    """The decision mask and the blend of two arrays, as :func:`iter_fuse_arrays` without its progress."""
    return drain(iter_fuse_arrays(net, a, b, values, prior, tile=tile))


def iter_fuse_arrays(
    net: HybridFusionNet,
    a: NDArray[Any],
    b: NDArray[Any],
    values: Pair | None = None,
    prior: NDArray[Any] | None = None,
    *,
    tile: int = TILE,
) -> Generator[Progress, None, tuple[Floats, Floats]]:
    """Fuse two arrays on the network's device; a generator of Progress, one step for each tile.

    Margins are as wide as the network sees, and tiles lie on its grid: the result is that of one piece.

    Parameters
    ----------
    net : HybridFusionNet
    a, b : ndarray
        What is read, ``(in_channels, H, W)``.
    values : pair of ndarray, optional
        What is blended, ``(C, H, W)``.  Default: the first channels of what is read.
    prior : ndarray, optional
        ``(H, W)``, added to the mask's logit.
    tile : int
        Pixels along an edge, rounded up to the network's grid.

    Returns
    -------
    mask : ndarray
        ``(H, W)``: share of A.
    fused : ndarray
        ``(C, H, W)``.
    """
    n = net.config.value_channels
    value_a, value_b = values if values is not None else (a[:n], b[:n])
    mask = np.empty(a.shape[-2:], np.float32)
    fused = np.empty(value_a.shape, np.float32)
    tiles = _tiles(a.shape[-2:], net, tile)
    clock = Clock()
    for k, (inner, outer) in enumerate(tiles):
        yield clock.step("fuse", k, len(tiles))
        made = _fuse_tile(net, (a, b, value_a, value_b, prior), outer)
        crop = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
        mask[inner] = made[0][crop]
        fused[(slice(None), *inner)] = made[1][(slice(None), *crop)]
    yield clock.step("fuse", len(tiles), len(tiles))
    return mask, fused


Window = tuple[slice, slice]


def _tiles(shape: tuple[int, ...], net: HybridFusionNet, tile: int) -> list[tuple[Window, Window]]:
    """Each tile without and with its margins."""
    grid, margin = net.config.grid, net.reach
    step = max(-(-tile // grid) * grid, grid)
    axes = []
    for length in shape:
        # what is little larger than a tile is one: margins would cost more
        cuts = [0] if length <= step + margin else list(range(0, length, step))
        pieces = []
        for start, stop in zip(cuts, [*cuts[1:], length], strict=True):
            pieces.append((slice(start, stop), slice(max(start - margin, 0), min(stop + margin, length))))
        axes.append(pieces)
    return [((y[0], x[0]), (y[1], x[1])) for y in axes[0] for x in axes[1]]


def _fuse_tile(net: HybridFusionNet, arrays: tuple[Any, ...], window: Window) -> tuple[Floats, Floats]:
    device = next(net.parameters()).device
    a, b, value_a, value_b, prior = arrays

    def tensor(array: NDArray[Any]) -> torch.Tensor:
        part = np.ascontiguousarray(array[(..., *window)], dtype=np.float32)
        return torch.from_numpy(part.reshape(-1, *part.shape[-2:])[None]).to(device)

    with torch.inference_mode():
        made = net(
            tensor(a),
            tensor(b),
            values=(tensor(value_a), tensor(value_b)),
            prior=None if prior is None else tensor(prior),
        )
        return made.mask[0, 0].float().cpu().numpy(), made.fused[0].float().cpu().numpy()
