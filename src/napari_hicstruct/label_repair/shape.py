"""Stage 1: one function for each class, of its shape alone, in the box around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_hicstruct.config.repair import ShapeConfig
from napari_hicstruct.label_repair.boxes import Box, class_box, interpolation, weighted
from napari_hicstruct.label_repair.fitting import Batch, Schedule
from napari_hicstruct.label_repair.masks import Mask, surface_band
from napari_hicstruct.label_repair.slices import Edges, middles, slice_means
from napari_hicstruct.losses.occupancy import dice_focal, latent_penalty
from napari_hicstruct.models.implicit.occupancy import ImplicitField

MIN_EPOCH_STEPS = 2
"""Few samples are drawn again within an epoch: 300 steps are too few for any shape."""
MIN_POINTS = 32
"""Of each sample and step: with fewer, steps go anywhere."""
VALIDATION = 1 << 31
"""Stands for the step where validation points are drawn."""


@dataclass(frozen=True, slots=True)
class ShapeTarget:
    """One class in one sample, as it is known at the nodes of its box that lie in the image.

    Attributes
    ----------
    row : int
        Its latent vector.
    box : Box
    axes : tuple of ndarray
        Coordinates of the nodes along each axis, -1 … 1 over the box; along thick slices, their middles.
    values : ndarray
        Occupancy 0–255 at the nodes, flat; linear interpolation of the mask keeps its surface where it was.
    band : ndarray
        Nodes of the boundary band, flat numbers.
    """

    row: int
    box: Box
    axes: tuple[NDArray[np.float32], ...]
    values: NDArray[np.uint8]
    band: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Nodes along each axis."""
        return tuple(len(axis) for axis in self.axes)


def shape_target(
    mask: Mask,
    row: int,
    config: ShapeConfig,
    box: Box | None = None,
    slices: Sequence[Edges | None] | None = None,
) -> ShapeTarget | None:
    """A class of one sample as training reads it; None where the class is empty.

    Parameters
    ----------
    box : Box, optional
        Default: around all of its parts that are not small.
    slices : sequence of ndarray or None, optional
        Edges of thick slices along each axis, as :func:`thick_slices` finds them.  Such a slice is one layer of nodes,
        the mean of its voxels: their labels are one drawing, and what differs within it is no shape.
    """
    box = box or class_box(mask, config.margin, config.box_share)
    if box is None:
        return None
    axes, weights, flat = [], [], []
    edges_of = slices or (None,) * mask.ndim
    for axis, (at, part) in enumerate(zip(box.nodes(config.train_size), box.inside, strict=True)):
        n, edges = part.stop - part.start, edges_of[axis]
        if edges is None:
            known = at[(at >= 0) & (at < mask.shape[axis])]
            weights.append(interpolation(known - part.start, n))
        else:
            within = np.unique(np.clip(edges - part.start, 0, n))
            known = part.start + middles(within)
            weights.append(slice_means(within))
            flat.append(axis)
        axes.append(box.to_unit(known, axis))
    values = np.rint(255 * weighted(mask[box.inside].astype(np.float32), weights)).astype(np.uint8)
    band = surface_band(values >= 128, config.band_radius, flat)
    return ShapeTarget(row, box, tuple(axes), values.ravel(), np.flatnonzero(band))


class ShapeLoss(nn.Module):
    """A class's function with its loss as one forward pass, which several devices can share."""

    def __init__(self, field: ImplicitField, config: ShapeConfig) -> None:
        super().__init__()
        self.field, self.config = field, config

    def forward(self, rows: Tensor, points: Tensor, target: Tensor) -> Tensor:
        """Loss of ``points`` (rows, points, dimensions) with occupancies ``target`` (rows, points)."""
        logits = self.field(rows, points)[..., 0]
        if self.config.loss == "bce":
            loss = F.binary_cross_entropy_with_logits(logits, target)
        else:
            loss = dice_focal(logits, target, self.config.focal_gamma)
        return loss + self.config.latent_weight * latent_penalty(self.field.latent[rows])


class ShapeProblem:
    """Fit the function of one class to its masks in all samples that have it.

    Parameters
    ----------
    targets : sequence of ShapeTarget
        Their rows are 0, 1, …
    field : ImplicitField
        Has a latent vector for every target.
    seed : tuple of int
        Of points; the class must be part of it.
    """

    def __init__(
        self, targets: Sequence[ShapeTarget], field: ImplicitField, config: ShapeConfig, seed: tuple[int, ...]
    ) -> None:
        self.targets, self.field, self.config, self.seed = list(targets), field, config, seed
        self._loss = ShapeLoss(self.field, config)
        self._validation: tuple[Batch, ...] | None = None

    @property
    def module(self) -> nn.Module:
        """The function with its loss."""
        return self._loss

    @property
    def epoch_steps(self) -> int:
        """Steps in which every sample is drawn once."""
        return max(MIN_EPOCH_STEPS, -(-len(self.targets) // self.config.batch))

    @property
    def schedule(self) -> Schedule:
        """Epochs of the settings as steps."""
        config, each = self.config, self.epoch_steps
        return Schedule(
            config.epochs * each,
            config.learning_rate,
            config.final_rate,
            config.validate_every * each,
            config.checkpoint_every * each,
        )

    def batch(self, step: int) -> Batch:
        """Rows, points and occupancies of one step; every sample has the same number of points."""
        epoch, part = divmod(step, self.epoch_steps)
        order = np.random.default_rng([*self.seed, epoch, 0]).permutation(len(self.targets))
        count = self.config.batch  # fewer samples than that: they are drawn more than once
        chosen = np.resize(order, self.epoch_steps * count)[part * count : (part + 1) * count]
        random = np.random.default_rng([*self.seed, step, 1])
        share = self.config.biased_share(epoch)
        return self._points([self.targets[k] for k in chosen], random, self.points, share)

    @property
    def points(self) -> int:
        """Of each sample and step: fewer in small boxes and few samples, whose holes would be drawn time and again."""
        voxels = float(np.mean([math.prod(part.stop - part.start for part in one.box.inside) for one in self.targets]))
        draws = self.config.epochs * self.epoch_steps * self.config.batch / len(self.targets)
        return int(
            np.clip(self.config.passes * voxels / draws, min(MIN_POINTS, self.config.points), self.config.points)
        )

    def _points(self, targets: Sequence[ShapeTarget], random: np.random.Generator, count: int, share: float) -> Batch:
        """``count`` points of each target, ``share`` of them from its boundary band, the others anywhere in its box."""
        points, values = [], []
        for target in targets:
            of_band = round(share * count) if len(target.band) else 0
            at = random.integers(0, target.shape, (count - of_band, len(target.shape)))
            nodes = np.ravel_multi_index(tuple(at.T), target.shape)
            if of_band:
                nodes = np.concatenate([random.choice(target.band, of_band), nodes])
            places = np.unravel_index(nodes, target.shape)
            points.append(np.stack([axis[at] for axis, at in zip(target.axes, places, strict=True)], -1))
            values.append(target.values[nodes])
        rows = torch.tensor([target.row for target in targets])
        return rows, torch.from_numpy(np.stack(points)), torch.from_numpy(np.stack(values)).float() / 255

    def validate(self, module: nn.Module, device: torch.device) -> float:
        """Mean over samples of the Dice coefficient on points that are the same each time, half of them of the band."""
        if self._validation is None:
            count = self.config.validation_points
            self._validation = tuple(
                self._points([target], np.random.default_rng([*self.seed, VALIDATION, target.row]), count, 0.5)
                for target in self.targets
            )
        scores = []
        with torch.inference_mode():
            for rows, points, target in self._validation:
                found = self.field(rows.to(device), points.to(device))[..., 0] >= 0
                true = target.to(device) >= 0.5
                total = float(found.sum() + true.sum())
                scores.append(2 * float((found & true).sum()) / total if total else 1.0)
        return float(np.mean(scores))


def evaluation_axes(box: Box, size: int) -> tuple[list[Tensor], list[NDArray[Any]] | None]:
    """Where a function is evaluated for the voxels of its box that lie in the image.

    At the voxels' centres; where an axis has more than ``size`` voxels, at ``size`` places, between which is
    interpolated.

    Returns
    -------
    list of Tensor, list of ndarray or None
        Coordinates along each axis, and the voxels' places among them where they are not the same.
    """
    axes, places, reduced = [], [], False
    for axis, part in enumerate(box.inside):
        n = part.stop - part.start
        k = min(n, size)
        reduced |= k < n
        edges = part.start + (np.arange(k) + 0.5) * (n / k)
        axes.append(torch.from_numpy(box.to_unit(edges, axis)))
        places.append((np.arange(n) + 0.5) * (k / n))
    return axes, places if reduced else None
