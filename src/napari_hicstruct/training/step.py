"""One forward pass of a training batch through the network and its losses; shared by training and validation."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_hicstruct.losses.boundary import boundary_loss
from napari_hicstruct.losses.mask import mask_loss
from napari_hicstruct.losses.point import point_loss
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.samples import Batch

AUXILIARY = 0.5
"""Weight of a point task's coarse head inside fine windows (its target is the 2×2 block of the fine one)."""


def _dense(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def batch_losses(net: MultiTaskNet, batch: Batch) -> dict[str, Tensor]:
    """Loss of every task of the network on one batch, by task name (unweighted).

    The strip is tiled by on-diagonal windows; gradients flow through the chosen one (the first coarse window of
    the batch), the others are computed without (MODEL.md §2).
    """
    points, masks, strips = (net.tasks_of(head) for head in ("point", "mask", "boundary"))
    fine, coarse = batch["fine"], batch["coarse"]
    losses: dict[str, Tensor] = {}
    dense = net.coarse(_dense(coarse["x"]), [*points, *masks, *strips])
    around = net.fine(_dense(fine["x"]), points)
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
    for task in strips:
        losses[task] = _strip_loss(net, batch["strip"], dense[task][:1], task)
    return losses


def _strip_loss(net: MultiTaskNet, strip: dict[str, Tensor], live: Tensor, task: str) -> Tensor:
    margin, chosen = net.config.windows.coarse_margin, int(strip["chosen"][0])
    tiles = strip["tiles"][0]
    parts = []
    for k in range(len(tiles)):
        if k == chosen:
            parts.append(net.read_diagonal(live, margin))
            continue
        with torch.no_grad():
            parts.append(net.read_diagonal(net.coarse(_dense(tiles[k : k + 1]), [task])[task], margin))
    logits = net.strip(strip["x"], torch.cat(parts, -1), task)
    return boundary_loss(logits, strip["target"], strip["known"])
