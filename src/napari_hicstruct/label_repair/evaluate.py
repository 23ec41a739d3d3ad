"""Evaluating a function on a grid of any size, slab by slab: memory does not grow with the grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_hicstruct.label_repair.boxes import image_box
from napari_hicstruct.label_repair.fusion import by_priority
from napari_hicstruct.models.implicit.occupancy import ImplicitField

EVALUATION_POINTS = 16_384
"""Points evaluated at once: layers of 256 values for them stay in a processor's cache."""


def evaluator(field: ImplicitField, row: int, device: torch.device) -> Callable[[Tensor], NDArray[np.float32]]:
    """Occupancies ``(points, classes)`` of points ``(points, dimensions)`` of one sample."""
    rows = torch.tensor([row], device=device)

    def evaluate(points: Tensor) -> NDArray[np.float32]:
        with torch.inference_mode():
            found: NDArray[np.float32] = torch.sigmoid(field(rows, points.to(device)[None])[0]).cpu().numpy()
        return found

    return evaluate


def evaluate_slabs(
    evaluate: Callable[[Tensor], NDArray[np.float32]], axes: list[Tensor], points: int, check: Callable[[], None]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Evaluate a function on a grid, slab by slab along the first axis.

    Parameters
    ----------
    evaluate : callable
        Points ``(n, dimensions)`` → values ``(n, classes)``.
    axes : list of Tensor
        Coordinates of the nodes along each axis.
    points : int
        Points evaluated at once.  A slab has no more, or one layer.
    check : callable
        Called before each piece of work; may raise to end it.

    Yields
    ------
    slice, ndarray
        Layers of the first axis, and their values ``(layers, …, classes)``.
    """
    layer = math.prod(len(axis) for axis in axes[1:])
    step = max(1, points // layer)
    for start in range(0, len(axes[0]), step):
        part = axes[0][start : start + step]
        places = torch.stack(torch.meshgrid(part, *axes[1:], indexing="ij"), -1).reshape(-1, len(axes))
        pieces = []
        for some in places.split(points):
            check()
            pieces.append(evaluate(some))
        values = np.concatenate(pieces)
        yield slice(start, start + len(part)), values.reshape(len(part), *(len(axis) for axis in axes[1:]), -1)


def image_axes(shape: tuple[int, ...]) -> list[Tensor]:
    """Coordinates of the centres of an image's voxels, along each axis."""
    box = image_box(shape)
    return [torch.from_numpy(box.to_unit(np.arange(n) + 0.5, axis)) for axis, n in enumerate(shape)]


def iter_labels(
    field: ImplicitField, row: int, shape: tuple[int, ...], thresholds: list[float], check: Callable[[], None]
) -> Iterator[tuple[slice, NDArray[np.uint8], NDArray[np.float32]]]:
    """Class numbers by the decision rule at the voxels of an image of any size, slab by slab.

    Per voxel the first class, in the order of priority, whose occupancy reaches its threshold; else background.

    Yields
    ------
    slice, ndarray, ndarray
        Layers of the first axis, their class numbers, and occupancies ``(layers, …, classes)``.
    """
    device = field.latent.device
    least = np.array(thresholds, np.float32)
    for layers, values in evaluate_slabs(evaluator(field, row, device), image_axes(shape), EVALUATION_POINTS, check):
        yield layers, by_priority(values >= least), values
