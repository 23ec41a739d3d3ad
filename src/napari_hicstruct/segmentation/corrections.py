"""Corrections of one picture: what is learnt from, what judges, and how both models do on what judges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.segmentation.apply import PlaneOutput
from napari_hicstruct.segmentation.planes import Floats, Plane

TILE_PX = 32
"""Side of the tiles that judge, or are learnt from, as a whole."""

MARGIN_PX = 12
"""Around what was changed, where nobody said what was looked at: whoever paints there sees so much beside it."""

CORRECTED_WEIGHT = 3.0
"""Of a pixel that was changed, against one that was looked at and left."""

MIN_TILES = 6
"""With fewer nothing can be said of what was not learnt from."""

_MIN_REVIEWED = 0.2
"""Share of a tile that was looked at, from which it counts."""

_HELD_OUT = 1 / 3


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of a plane: its number, place, and whether anything was corrected there."""

    plane: int
    at: tuple[slice, slice]
    corrected: bool


def reviewed_around(changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What was changed, and :data:`MARGIN_PX` around it."""
    from scipy import ndimage

    if not changed.any():
        return changed
    return np.asarray(ndimage.distance_transform_edt(~changed) <= MARGIN_PX)


def tiles_of(reviewed: Sequence[NDArray[np.bool_]], changed: Sequence[NDArray[np.bool_]]) -> list[Tile]:
    """Tiles that were looked at."""
    found = []
    for k, (seen, new) in enumerate(zip(reviewed, changed, strict=True)):
        for top in range(0, seen.shape[0], TILE_PX):
            for left in range(0, seen.shape[1], TILE_PX):
                at = (slice(top, top + TILE_PX), slice(left, left + TILE_PX))
                if seen[at].mean() >= _MIN_REVIEWED:
                    found.append(Tile(k, at, bool(new[at].any())))
    return found


def split_tiles(tiles: Sequence[Tile], seed: int) -> tuple[list[Tile], list[Tile]]:
    """Tiles to learn from and tiles that judge: a third of those with corrections, a third of those without."""
    rng = np.random.default_rng(seed)
    learn: list[Tile] = []
    judge: list[Tile] = []
    for corrected in (True, False):
        mine = [tile for tile in tiles if tile.corrected is corrected]
        order = rng.permutation(len(mine))
        n = round(_HELD_OUT * len(mine)) if len(mine) > 1 else 0
        judge += [mine[k] for k in order[:n]]
        learn += [mine[k] for k in order[n:]]
    return learn, judge


def tile_errors(output: PlaneOutput, plane: Plane, tile: Tile, truncate: float) -> tuple[float, float, float]:
    """Mean errors of a tile's known pixels: log loss of the mask, |distance| over the truncation, log loss of borders.

    NaN where the model says nothing of it.
    """
    weight = np.maximum(plane.known, plane.held_out)[tile.at]
    total = float(weight.sum())
    if not total:
        return (math.nan,) * 3
    mask = plane.mask[tile.at]
    p = output.probability[(slice(None), *tile.at)]
    own = np.where(mask > 0, np.take_along_axis(p, np.maximum(mask - 1, 0)[None].astype(np.int64), 0)[0], 1 - p.max(0))
    found = [_mean(-np.log(np.clip(own, 1e-4, 1)), weight, total)]
    if output.distance is None:
        found.append(math.nan)
    else:
        found.append(_mean(np.abs(output.distance[tile.at] / truncate - plane.sdf[tile.at]), weight, total))
    if output.boundary is None:
        found.append(math.nan)
    else:
        b, target = np.clip(output.boundary[tile.at], 1e-4, 1 - 1e-4), plane.boundary[tile.at]
        found.append(_mean(-(target * np.log(b) + (1 - target) * np.log(1 - b)), weight, total))
    return found[0], found[1], found[2]


def _mean(values: NDArray[Any], weight: Floats, total: float) -> float:
    return float((values * weight).sum() / total)


def relative_change(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change of each tile's errors over the mean error before, mean over tasks: below 0 is better; shape (n,).

    Parameters
    ----------
    before, after : float64, shape (n, tasks)
    """
    with np.errstate(invalid="ignore"):
        change = (after - before) / np.maximum(np.nanmean(before, 0), 1e-6)
    return np.asarray(np.nanmean(change[:, ~np.isnan(before).all(0)], 1))


def run_plane(net: Any, x: Floats, config: SegmentationConfig, device: torch.device) -> PlaneOutput:
    """One plane to its end."""
    from napari_hicstruct.segmentation.apply import iter_plane

    steps = iter_plane(net, x, config, device)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: PlaneOutput = end.value
            return found
