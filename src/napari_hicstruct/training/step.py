"""One forward pass of a training batch through the network and its losses; shared by training and validation."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from napari_hicstruct.losses.boundary import boundary_loss
from napari_hicstruct.losses.mask import mask_loss
from napari_hicstruct.losses.point import point_loss
from napari_hicstruct.models.context import Hint, Trace
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.hints import hint_loss, tile_hints, window_hint
from napari_hicstruct.training.samples import Batch

AUXILIARY = 0.5
"""Weight of a point task's coarse head inside fine windows (its target is the 2×2 block of the fine one)."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Losses of one batch.

    Attributes
    ----------
    tasks : dict of str to Tensor
        By task, unweighted; what balancing and conflict methods work on.
    extras : dict of str to Tensor
        Regularisers, consistency and hints: simply added, their weights are in them.
    """

    tasks: dict[str, Tensor]
    extras: dict[str, Tensor] = field(default_factory=dict)

    def all(self) -> dict[str, Tensor]:
        """Tasks and extras under one roof, for the log and the check for NaN."""
        return self.tasks | self.extras


def _dense(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def batch_losses(net: MultiTaskNet, batch: Batch) -> Losses:
    """Losses of every task of the network on one batch.

    The strip is tiled by on-diagonal windows; gradients flow through the chosen one (the first coarse window of
    the batch), the others are computed without (MODEL.md §2).  A piece of a batch may come without a strip.
    """
    points, masks, strips = (net.tasks_of(head) for head in ("point", "mask", "boundary"))
    fine, coarse = batch["fine"], batch["coarse"]
    trace = Trace()
    losses: dict[str, Tensor] = {}
    dense = net.coarse(_dense(coarse["x"]), [*points, *masks, *strips], hint=window_hint(net, coarse), trace=trace)
    around = net.fine(_dense(fine["x"]), points, hint=window_hint(net, fine), trace=trace)
    for task in points:
        losses[task] = point_loss(dense[task], coarse["heat"], coarse["offset"], coarse["known"])
        if task in around:
            out = around[task]
            losses[task] = losses[task] + point_loss(out["fine"], fine["heat"], fine["offset"], fine["known"])
            losses[task] = losses[task] + AUXILIARY * point_loss(
                out["coarse"], fine["coarse_heat"], fine["coarse_offset"], fine["coarse_known"]
            )
    for task in masks:
        losses[task] = mask_loss(dense[task], coarse["mask"], coarse["down"], coarse["mask_known"])
    extras = dict(trace.penalties)
    if strip := batch.get("strip"):
        tiles = tile_hints(net, strip)
        losses |= {task: _strip_loss(net, strip, dense[task][:1], task, tiles) for task in strips}
        if "hint" in strip:
            extras["hint"] = hint_loss(net, strip)
    return Losses(losses, extras)


def _strip_loss(
    net: MultiTaskNet, strip: dict[str, Tensor], live: Tensor, task: str, hints: list[Hint | None]
) -> Tensor:
    margin, chosen = net.config.windows.coarse_margin, int(strip["chosen"][0])
    tiles = strip["tiles"][0]
    parts = []
    for k in range(len(tiles)):
        if k == chosen:
            parts.append(net.read_diagonal(live, margin))
            continue
        with torch.no_grad():
            features = net.coarse(_dense(tiles[k : k + 1]), [task], hint=hints[k])[task]
            parts.append(net.read_diagonal(features, margin))
    logits = net.strip(strip["x"], torch.cat(parts, -1), task)
    return boundary_loss(logits, strip["target"], strip["known"])
