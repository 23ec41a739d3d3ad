"""One forward pass of a training batch through the network and its losses; shared by training and validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.losses.boundary import boundary_loss
from napari_hicstruct.losses.buckets import distance_parts, only
from napari_hicstruct.losses.mask import mask_loss
from napari_hicstruct.losses.point import point_loss
from napari_hicstruct.losses.weak import weak_loss
from napari_hicstruct.models.context import BoundaryPrior
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.boundary_prior import boundary_prior_loss, tile_priors, window_prior
from napari_hicstruct.training.extras import anchor_losses, extra_losses, pair_losses
from napari_hicstruct.training.reconstruct import reconstruction
from napari_hicstruct.training.samples import Batch
from napari_hicstruct.training.windows import Pass

AUXILIARY = 0.5
"""Weight of a point task's coarse head inside fine windows (its target is the 2×2 block of the fine one)."""

Sample = dict[str, Tensor]
Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Losses:
    """Losses of one batch.

    Attributes
    ----------
    tasks : dict of str to Tensor
        By task, unweighted; what balancing and conflict methods work on.
    extras : dict of str to Tensor
        Regularisers, consistency and boundary prior: simply added, their weights are in them.
    rows : dict of (str, str) to Tensor
        By task and distance bucket, where asked for: the same values, the gradient only the bucket's.
    """

    tasks: dict[str, Tensor]
    extras: dict[str, Tensor] = field(default_factory=dict)
    rows: dict[Row, Tensor] = field(default_factory=dict)

    def all(self) -> dict[str, Tensor]:
        """Tasks and extras under one roof, for the log and the check for NaN."""
        return self.tasks | self.extras


def dense(x: Tensor) -> Tensor:
    """The memory layout in which convolutions are fast."""
    return x.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says of one batch: fine windows, coarse windows, boundary logits of the strip by task."""

    near: Pass
    far: Pass
    strips: dict[str, Tensor]


def batch_losses(net: MultiTaskNet, batch: Batch, config: TrainConfig) -> Losses:
    """Losses of every task of the network on one batch; of the reconstruction alone where that is the objective."""
    if config.objective == "reconstruction":
        return Losses({"reconstruction": reconstruction(net, batch["coarse"], config)})
    return losses_of(net, run_batch(net, batch), batch, config)


def run_batch(net: MultiTaskNet, batch: Batch) -> Outputs:
    """One batch through the network.

    The strip is tiled by on-diagonal windows; gradients flow through the chosen one (the first coarse window of
    the batch), the others are computed without.  A piece of a batch may come without a strip.
    """
    if net.config.selector == "cell_gate":
        net.adapt(batch["support"]["x"] if "support" in batch else None)
    near, far = _passes(net, batch)
    strips = {}
    if strip := batch.get("strip"):
        tiles = tile_priors(net, strip)
        for task in net.tasks_of("boundary"):
            strips[task] = strip_logits(net, strip, far.outputs[task][:1], task, tiles)
    return Outputs(near, far, strips)


def losses_of(net: MultiTaskNet, outputs: Outputs, batch: Batch, config: TrainConfig) -> Losses:
    """Losses of what the network said of a batch."""
    near, far = outputs.near, outputs.far
    losses = _dense_losses(net, near, far, config, lambda output, _: output)
    extras = extra_losses(net, near, far, config) | _between(net, outputs, batch, config)
    rows = _rows(net, near, far, config) if config.losses.conflict_buckets else {}
    for task, logits in outputs.strips.items():
        losses[task] = _boundaries(logits, batch["strip"], config)
        if rows:
            rows[task, ""] = losses[task]
    if "prior" in batch.get("strip", {}):
        extras["boundary_prior"] = boundary_prior_loss(net, batch["strip"])
    if config.losses.reconstruction:
        extras["reconstruction"] = config.losses.reconstruction * reconstruction(net, batch["coarse"], config)
    return Losses(losses, extras, rows)


def _between(net: MultiTaskNet, outputs: Outputs, batch: Batch, config: TrainConfig) -> dict[str, Tensor]:
    """What windows over one place, and boundaries and anchors of a tile, should agree on; a cut batch has no pairs."""
    options = config.losses.consistency
    extras: dict[str, Tensor] = {}
    if options.pair and "pair" in batch:
        extras |= pair_losses(outputs.near, outputs.far, batch["pair"]["at"], options)
    if options.anchors and outputs.strips:
        extras |= anchor_losses(net, outputs.far, outputs.strips, batch["strip"], options)
    return extras


def _passes(net: MultiTaskNet, batch: Batch) -> tuple[Pass, Pass]:
    """The fine and the coarse windows through the network."""
    points, every = net.tasks_of("point"), [task.name for task in net.config.tasks]
    fine, coarse = batch["fine"], batch["coarse"]
    far = Pass(coarse, "f2", window_prior(net, coarse), net.config)
    far.outputs = net.coarse(dense(coarse["x"]), every, prior=far.prior, trace=far.trace)
    near = Pass(fine, "f1", window_prior(net, fine), net.config)
    near.pairs = net.fine(dense(fine["x"]), points, prior=near.prior, trace=near.trace)
    return near, far


def _dense_losses(
    net: MultiTaskNet, near: Pass, far: Pass, config: TrainConfig, seen: Callable[[Tensor, Tensor], Tensor]
) -> dict[str, Tensor]:
    """Losses of point and mask tasks; ``seen(output, distance)`` may let gradients through in places only."""
    losses: dict[str, Tensor] = {}
    fine, coarse, options = near.sample, far.sample, config.losses
    for task in net.tasks_of("point"):
        out = seen(far.outputs[task], far.distance("f2"))
        losses[task] = point_loss(out, coarse["heat"], coarse["offset"], coarse["known"], options.point)
        if task in near.pairs:
            pair = near.pairs[task]
            out = seen(pair["fine"], near.distance("f1"))
            losses[task] = losses[task] + point_loss(out, fine["heat"], fine["offset"], fine["known"], options.point)
            out = seen(pair["coarse"], near.distance("f2"))
            losses[task] = losses[task] + AUXILIARY * point_loss(
                out, fine["coarse_heat"], fine["coarse_offset"], fine["coarse_known"], options.point
            )
    for task in net.tasks_of("mask"):
        out = seen(far.outputs[task], far.distance("f2"))
        losses[task] = mask_loss(out, coarse["mask"], coarse["along"], coarse["mask_known"], options.mask)
    return losses


def _rows(net: MultiTaskNet, near: Pass, far: Pass, config: TrainConfig) -> dict[Row, Tensor]:
    """One loss per task and distance bucket: the whole task's in value, the bucket's in gradient."""
    rows: dict[Row, Tensor] = {}
    for bucket in distance_parts(far.distance("f2")):

        def part(output: Tensor, distance: Tensor, bucket: str = bucket) -> Tensor:
            return only(output, distance_parts(distance)[bucket])

        rows |= {(task, bucket): loss for task, loss in _dense_losses(net, near, far, config, part).items()}
    return rows


def strip_logits(
    net: MultiTaskNet, strip: Sample, live: Tensor, task: str, priors: list[BoundaryPrior | None]
) -> Tensor:
    """Boundary logits ``(1, L)`` of a strip from its tiles; ``live`` is the chosen tile, with gradients."""
    margin, chosen = net.config.windows.coarse_margin, int(strip["chosen"][0])
    tiles = strip["tiles"][0]
    parts = []
    for k in range(len(tiles)):
        if k == chosen:
            parts.append(net.read_diagonal(live, margin))
            continue
        with torch.no_grad():
            features = net.coarse(dense(tiles[k : k + 1]), [task], prior=priors[k])[task]
            parts.append(net.read_diagonal(features, margin))
    return net.strip(strip["x"], torch.cat(parts, -1), task)


def _boundaries(logits: Tensor, strip: Sample, config: TrainConfig) -> Tensor:
    """Loss against the labels, or, without any, against what the map itself says."""
    if config.weak.enabled:
        return weak_loss(logits, strip, config.weak)
    return boundary_loss(logits, strip["target"], strip["known"], config.losses.boundary)
