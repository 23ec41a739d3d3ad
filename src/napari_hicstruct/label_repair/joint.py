"""Stage 3: one function of all classes over the whole image, taught by labels and by the functions of stage 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_hicstruct.config.repair import JointConfig
from napari_hicstruct.label_repair.boxes import image_box
from napari_hicstruct.label_repair.fitting import Batch, Schedule
from napari_hicstruct.label_repair.masks import surface_band
from napari_hicstruct.label_repair.occupancies import LEVELS, Occupancies
from napari_hicstruct.label_repair.shape import VALIDATION
from napari_hicstruct.losses.occupancy import latent_penalty
from napari_hicstruct.models.implicit.occupancy import ImplicitField

MAX_KEPT_VOXELS = 100_000
"""Of a class in a sample, drawn once from all of them: numbers of voxels take more memory than labels."""
BAND_VOXELS = 2
"""Reach of the band around a class's surface from which further points are drawn."""


@dataclass(frozen=True)
class JointTarget:
    """One sample as stage 3 reads it.

    Attributes
    ----------
    image : ndarray of uint8
        Class numbers after stage 2, 1-based; 0 is background.
    of_class, of_band : list of ndarray
        Flat numbers of voxels of each class and of the band around its surface; may be empty.
    """

    image: NDArray[np.uint8]
    of_class: list[NDArray[np.int64]]
    of_band: list[NDArray[np.int64]]


def joint_target(image: NDArray[np.uint8], classes: int, seed: tuple[int, ...]) -> JointTarget:
    """The voxels that points are drawn from."""
    random = np.random.default_rng([*seed, VALIDATION])

    def some(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        found = np.flatnonzero(mask)
        return random.choice(found, MAX_KEPT_VOXELS, replace=False) if len(found) > MAX_KEPT_VOXELS else found

    masks = [image == k for k in range(1, classes + 1)]
    bands = [surface_band(mask, BAND_VOXELS) if mask.any() else mask for mask in masks]
    return JointTarget(image, [some(mask) for mask in masks], [some(band) for band in bands])


def class_weights(images: Sequence[NDArray[np.uint8]], classes: int, clip: tuple[float, float]) -> Tensor:
    """α_c ∝ 1 / frequency of the class among all voxels; their geometric mean is 1 before they are clipped."""
    counts = sum(np.bincount(image.ravel(), minlength=classes + 1)[1:] for image in images)
    logarithm = -np.log(np.maximum(counts, 1))
    alpha = np.exp(logarithm - logarithm.mean()).clip(*clip)
    return torch.from_numpy(alpha.astype(np.float32))


class JointLoss(nn.Module):
    """The one function with its loss as one forward pass, which several devices can share."""

    def __init__(self, field: ImplicitField, config: JointConfig, alpha: Tensor) -> None:
        super().__init__()
        self.field, self.config = field, config
        self.alpha: Tensor
        self.register_buffer("alpha", alpha)

    def forward(self, rows: Tensor, points: Tensor, target: Tensor) -> Tensor:
        """Σ α_c BCE + λ‖z‖² of ``points`` (rows, points, dimensions); ``target``: (rows, points, classes)."""
        logits = self.field(rows, points)
        each = F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean((0, 1))
        return (self.alpha * each).sum() + self.config.latent_weight * latent_penalty(self.field.latent[rows])


class JointProblem:
    """Fit one function of all classes.

    Parameters
    ----------
    targets : sequence of JointTarget
    teachers : Occupancies or None
        Soft occupancies of stage 1; None: labels alone (a new sample).
    field : ImplicitField
        Has a latent vector for every target.
    """

    def __init__(
        self,
        targets: Sequence[JointTarget],
        teachers: Occupancies | None,
        field: ImplicitField,
        config: JointConfig,
        seed: tuple[int, ...],
    ) -> None:
        self.targets, self.config, self.seed, self.field = list(targets), config, seed, field
        self.classes = len(targets[0].of_class)
        self._teachers = None if teachers is None else [teachers.of(k) for k in range(len(targets))]
        alpha = class_weights([target.image for target in targets], self.classes, config.alpha)
        self._loss = JointLoss(field, config, alpha)
        self._validation: list[tuple[Batch, NDArray[np.uint8]]] | None = None

    @property
    def module(self) -> nn.Module:
        """The function with its loss."""
        return self._loss

    @property
    def schedule(self) -> Schedule:
        """Steps of the settings."""
        config = self.config
        return Schedule(
            config.steps, config.learning_rate, config.final_rate, config.validate_every, config.checkpoint_every
        )

    def _chosen(self, step: int) -> NDArray[np.int64]:
        """Samples of a step: each of them once before any comes again."""
        count = min(self.config.batch, len(self.targets))
        first = step * count
        rounds = range(first // len(self.targets), (first + count - 1) // len(self.targets) + 1)
        orders = [np.random.default_rng([*self.seed, turn, 0]).permutation(len(self.targets)) for turn in rounds]
        start = first - rounds.start * len(self.targets)
        return np.concatenate(orders)[start : start + count]

    def batch(self, step: int) -> Batch:
        """Rows, points and occupancies of one step."""
        chosen = self._chosen(step)
        random = np.random.default_rng([*self.seed, step, 1])
        config = self.config
        share = min(step / max(1, config.steps - 1), 1.0)
        weight = (1 - share) * config.distillation[0] + share * config.distillation[1]
        counts = [-(-n // len(chosen)) for n in (config.positives, config.band_points, config.negatives)]
        points, values = [], []
        for k in chosen:
            voxels = self._voxels(self.targets[k], random, counts)
            shift = random.random((len(voxels), self.field.dimensions)) - 0.5
            points.append(self._unit(self.targets[k], voxels, shift))
            values.append(self._occupancy(int(k), voxels, shift, weight))
        return torch.from_numpy(chosen), torch.from_numpy(np.stack(points)), torch.from_numpy(np.stack(values))

    def _voxels(self, target: JointTarget, random: np.random.Generator, counts: list[int]) -> NDArray[np.int64]:
        """Flat numbers of voxels: of every class, of its band, and anywhere.

        A class that the sample lacks gives its share to the others, so that all samples have the same number of points.
        """
        size = target.image.size
        drawn = [random.integers(0, size, counts[2])]
        for count, places in ((counts[0], target.of_class), (counts[1], target.of_band)):
            there = [voxels for voxels in places if len(voxels)] or [np.arange(size)]
            shares = np.diff(np.linspace(0, count * len(places), len(there) + 1).round().astype(int))
            drawn += [random.choice(voxels, share) for voxels, share in zip(there, shares, strict=True)]
        return np.concatenate(drawn)

    def _unit(self, target: JointTarget, voxels: NDArray[np.int64], shift: NDArray[np.float64]) -> NDArray[np.float32]:
        """Coordinates of points in voxels, ``shift`` from their centres."""
        box, at = image_box(target.image.shape), np.unravel_index(voxels, target.image.shape)
        return np.stack([box.to_unit(at[axis] + 0.5 + shift[:, axis], axis) for axis in range(len(at))], -1)

    def _occupancy(
        self, k: int, voxels: NDArray[np.int64], shift: NDArray[np.float64], weight: float
    ) -> NDArray[np.float32]:
        """What the function should say at points, (points, classes).

        Labels, mixed with the teachers by ``weight`` where these agree with stage 2 at the voxel.  Where a class
        before it holds a voxel, a class is what its teacher says: inference never asks for it there.
        """
        image = self.targets[k].image
        numbers = image.ravel()[voxels][:, None]
        own = np.arange(1, self.classes + 1)
        hard = (numbers == own).astype(np.float32)
        if self._teachers is None:
            return hard
        teacher = self._teachers[k]
        at = np.stack(np.unravel_index(voxels, image.shape), -1)
        soft = interpolated(teacher, at + shift)
        agree = (teacher[tuple(at.T)] > LEVELS // 2) == (hard > 0)
        mixed = np.where(agree, (1 - weight) * hard + weight * soft, hard)
        behind = (numbers > 0) & (numbers < own)
        return np.where(behind, soft, mixed).astype(np.float32)

    def validate(self, module: nn.Module, device: torch.device) -> float:
        """Mean over classes of the Dice coefficient of labels by priority, on points that are the same each time."""
        if self._validation is None:
            self._validation = [self._validation_points(k) for k in range(len(self.targets))]
        overlap, total = np.zeros(self.classes), np.zeros(self.classes)
        own = np.arange(1, self.classes + 1)
        with torch.inference_mode():
            for (rows, points), numbers in self._validation:
                claims = (self.field(rows.to(device), points.to(device))[0] >= 0).cpu().numpy()
                found = np.where(claims.any(-1), claims.argmax(-1) + 1, 0)
                true, said = numbers[:, None] == own, found[:, None] == own
                overlap += (true & said).sum(0)
                total += true.sum(0) + said.sum(0)
        return float(np.mean(2 * overlap[total > 0] / total[total > 0])) if total.any() else 1.0

    def _validation_points(self, k: int) -> tuple[Batch, NDArray[np.uint8]]:
        target, config = self.targets[k], self.config
        random = np.random.default_rng([*self.seed, VALIDATION, k])
        each = config.validation_points // (2 * self.classes)
        voxels = self._voxels(target, random, [each // 2, each - each // 2, config.validation_points // 2])
        points = self._unit(target, voxels, np.zeros((len(voxels), self.field.dimensions)))
        return (torch.tensor([k]), torch.from_numpy(points)[None]), target.image.ravel()[voxels]


def interpolated(values: NDArray[np.uint8], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """Occupancies between voxels, 0–1, interpolated linearly.

    Parameters
    ----------
    values : ndarray
        ``(*shape, classes)``, 0–255.
    places : ndarray
        ``(points, dimensions)``, in voxels; voxel i has its centre at i.
    """
    shape = np.array(values.shape[:-1])
    at = np.clip(places, 0, shape - 1)
    first = np.minimum(at.astype(np.int64), np.maximum(shape - 2, 0))
    part = (at - first).astype(np.float32)
    total = np.zeros((len(places), values.shape[-1]), np.float32)
    for corner in np.ndindex(*(2,) * len(shape)):
        weight = np.prod(np.where(corner, part, 1 - part), axis=1, keepdims=True)
        total += weight * values[tuple(np.minimum(first + corner, shape - 1).T)]
    return (total / LEVELS).astype(np.float32)


def fit_thresholds(probability: NDArray[np.float32], numbers: NDArray[np.uint8]) -> list[float]:
    """Thresholds t_c by which labels by priority agree best with stage 2.

    Class by class in the order of their priority: where a class before it claims a point, nothing is left to claim.

    Parameters
    ----------
    probability : ndarray
        ``(points, classes)``.
    numbers : ndarray
        Class numbers after stage 2.

    Returns
    -------
    list of float
        In [0.2, 0.8], by steps of 0.025; the one nearest to a half of equal ones.
    """
    free = np.ones(len(numbers), bool)
    thresholds = []
    candidates = sorted(np.arange(0.2, 0.801, 0.025), key=lambda t: abs(t - 0.5))
    for number in range(1, probability.shape[1] + 1):
        true, own = numbers == number, probability[:, number - 1]
        scores = [_dice_of(free & (own >= t), true) for t in candidates]
        thresholds.append(round(float(candidates[int(np.argmax(scores))]), 3))
        free &= own < thresholds[-1]
    return thresholds


def _dice_of(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return 2 * float((found & true).sum()) / max(1, int(found.sum()) + int(true.sum()))
