"""A picture's plane through the network, tile by tile: blended where tiles overlap, so that no seam shows."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.inference.device import precision
from napari_hicstruct.losses.segmentation.mask import probabilities
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.segmentation.planes import Floats, padded_input

MULTIPLE = 16
"""Sides of tiles: the encoder halves them four times."""

MIN_SIDE_PX = 64
"""What is smaller is filled up: the coarsest scale would be a pixel or two."""


@dataclass(frozen=True, slots=True)
class PlaneOutput:
    """What the network says of one plane.

    Attributes
    ----------
    probability : float32, shape (C, Y, X)
    distance : float32, shape (Y, X), or None
        Pixels; None without such a task.
    boundary : float32, shape (Y, X), or None
    """

    probability: Floats
    distance: Floats | None
    boundary: Floats | None


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """First pixels of tiles that cover ``length`` and share at least ``overlap`` with the next; one if it fits."""
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(k * (length - tile) / (count - 1)) for k in range(count)]


def ramp(length: int, overlap: int, *, first: bool, last: bool) -> Floats:
    """Weight of a tile's pixels along one axis: 1, and where it meets another tile from nearly 0 over ``overlap``."""
    line = np.ones(length, np.float32)
    rise = (np.arange(overlap) + 0.5) / max(1, overlap)
    smooth = (rise * rise * (3 - 2 * rise)).astype(np.float32)
    if not first:
        line[:overlap] = np.minimum(line[:overlap], smooth)
    if not last:
        line[length - overlap :] = np.minimum(line[length - overlap :], smooth[::-1])
    return np.maximum(line, 1e-4)


def count_tiles(shape: tuple[int, int], config: SegmentationConfig) -> int:
    """Tiles of a plane."""
    rows, cols = (len(starts(n, config.tile, config.overlap)) for n in shape)
    return rows * cols


def iter_plane(
    net: MultiTaskNet, x: Floats, config: SegmentationConfig, device: torch.device
) -> Generator[None, None, PlaneOutput]:
    """One plane ``(C + 1, Y, X)``; yields after each tile.

    Tiles are blended where they overlap, because norms read the whole tile and give each its own view.
    """
    shape = (x.shape[1], x.shape[2])
    channels = max(1, len(config.classes)) + 2
    total, weight = np.zeros((channels, *shape), np.float32), np.zeros(shape, np.float32)
    side = config.tile
    rows, cols = (starts(n, side, config.overlap) for n in shape)
    for i, top in enumerate(rows):
        for j, left in enumerate(cols):
            part = x[:, top : top + side, left : left + side]
            blend = np.outer(
                ramp(part.shape[1], config.overlap, first=i == 0, last=i == len(rows) - 1),
                ramp(part.shape[2], config.overlap, first=j == 0, last=j == len(cols) - 1),
            )
            at = (slice(top, top + side), slice(left, left + side))
            total[(slice(None), *at)] += blend * _tile(net, part, config, device)
            weight[at] += blend
            yield
    total /= weight
    heads = {task.head for task in net.config.tasks}
    return PlaneOutput(
        total[:-2],
        total[-2] * config.targets.truncate if "signed_distance" in heads else None,
        total[-1] if "edge" in heads else None,
    )


def _tile(net: MultiTaskNet, part: Floats, config: SegmentationConfig, device: torch.device) -> NDArray[np.float32]:
    """Probabilities of classes, distance over truncation, probability of a border: ``(C + 2, h, w)``."""
    height, width = part.shape[1:]
    full = tuple(-(-max(n, MIN_SIDE_PX) // MULTIPLE) * MULTIPLE for n in (height, width))
    x = torch.from_numpy(padded_input(part, (full[0], full[1])))[None].to(device)
    x = x.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), precision(device):
        said = net.fine(x, [task.name for task in net.config.tasks])
    out = np.zeros((max(1, len(config.classes)) + 2, height, width), np.float32)
    seen: set[str] = set()
    for task in net.config.tasks:
        if task.head in seen:  # the first of a kind counts
            continue
        seen.add(task.head)
        value = said[task.name]["fine"][:, :, :height, :width].float()
        if task.head == "segmentation":
            out[:-2] = probabilities(value, softmax=config.activation == "softmax")[0].cpu().numpy()
        elif task.head == "signed_distance":
            out[-2] = value[0, 0].cpu().numpy()
        else:
            out[-1] = torch.sigmoid(value)[0, 0].cpu().numpy()
    return out
