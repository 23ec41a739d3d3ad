"""Boxes around classes: where a function lives, and how voxels, nodes and its coordinates map to each other.

Along an axis of n voxels the image reaches from edge 0 to edge n; voxel i has its centre at i + 0.5.  A box reaches
from edge ``low`` to edge ``high``, which are -1 and +1 of the function's coordinates; its k nodes are the centres of k
equal cells.  A box may reach beyond the image: what is there was never labelled, and nothing is learnt of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Box:
    """A box in one image.

    Attributes
    ----------
    low, high : tuple of int
        Edges along each axis, in voxels.
    shape : tuple of int
        Of the image.
    """

    low: tuple[int, ...]
    high: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def inside(self) -> tuple[slice, ...]:
        """The voxels of the image that lie in the box."""
        spans = zip(self.low, self.high, self.shape, strict=True)
        return tuple(slice(max(low, 0), min(high, n)) for low, high, n in spans)

    def nodes(self, size: int) -> list[NDArray[np.floating[Any]]]:
        """Edges' coordinate of ``size`` nodes along each axis, in voxels."""
        spans = zip(self.low, self.high, strict=True)
        return [low + (np.arange(size) + 0.5) * ((high - low) / size) for low, high in spans]

    def to_unit(self, edges: NDArray[Any], axis: int) -> NDArray[np.float32]:
        """Coordinates of the function, -1 … 1, of ``edges`` along an axis."""
        low, high = self.low[axis], self.high[axis]
        return ((2 * edges - low - high) / (high - low)).astype(np.float32)


def image_box(shape: tuple[int, ...]) -> Box:
    """The box that is the whole image."""
    return Box((0,) * len(shape), shape, shape)


def class_box(mask: Mask, margin: int, share: float = 0.0) -> Box | None:
    """The box around a class with a margin; None if the class is empty.

    Parameters
    ----------
    mask : ndarray of bool
    margin : int
        Voxels on every side.
    share : float
        Parts of less than this share of the largest part's voxels do not widen the box: an island of false labels at
        the other end of the image would leave most of the box empty and move the class inside it.
    """
    from scipy.ndimage import find_objects, label

    parts, n = label(mask, np.ones((3,) * mask.ndim))
    if not n:
        return None
    sizes = np.bincount(parts.ravel(), minlength=n + 1)[1:]
    kept = [part for part, size in zip(find_objects(parts), sizes, strict=True) if size >= share * sizes.max()]
    low = [min(part[axis].start for part in kept) - margin for axis in range(mask.ndim)]
    high = [max(part[axis].stop for part in kept) + margin for axis in range(mask.ndim)]
    return Box(tuple(low), tuple(high), mask.shape)


def interpolation(places: NDArray[Any], n: int) -> NDArray[np.float32]:
    """Weights of linear interpolation along one axis.

    Parameters
    ----------
    places : ndarray
        Edges' coordinates, shape (k,); beyond the outermost centres their value holds.
    n : int
        Cells of the axis, of length 1.

    Returns
    -------
    ndarray
        Shape (k, n); each row sums to 1.
    """
    at = np.clip(places - 0.5, 0, n - 1)
    first = np.minimum(at.astype(int), max(n - 2, 0))
    weights = np.zeros((len(places), n), np.float32)
    rows = np.arange(len(places))
    np.add.at(weights, (rows, first), 1 - (at - first))
    np.add.at(weights, (rows, np.minimum(first + 1, n - 1)), at - first)
    return weights


def resample(values: NDArray[np.float32], places: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Values at the nodes of a grid, interpolated linearly.

    Parameters
    ----------
    values : ndarray
        One value for each cell.
    places : list of ndarray
        Edges' coordinates of the nodes along each axis, in cells.
    """
    for axis, at in enumerate(places):
        weights = interpolation(at, values.shape[axis])
        values = np.moveaxis(np.tensordot(weights, values, (1, axis)), 0, axis)
    return np.ascontiguousarray(values, np.float32)
