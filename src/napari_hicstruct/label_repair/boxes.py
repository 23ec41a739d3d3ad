"""Boxes around classes: where a function lives, and how voxels, nodes and its coordinates map to each other.

Along an axis of n voxels the image reaches from edge 0 to edge n; voxel i has its centre at i + 0.5.  A box reaches
from edge ``low`` to edge ``high``, which are -1 and +1 of the function's coordinates; its k nodes are the centres of k
equal cells.  A box may reach beyond the image: what is there was never labelled, and nothing is learnt of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.label_repair.masks import Mask, without_small


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
    if not mask.any():
        return None
    extents = [extent(counts) for counts in marginal_counts(without_small(mask, share))]
    low, high = [round(one.first) - margin for one in extents], [round(one.end) + margin for one in extents]
    return Box(tuple(low), tuple(high), mask.shape)


TAIL = 0.05
"""Of a class's voxels that lie beyond each edge of its core."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a class lies along one axis, in edges' coordinates: from end to end, and its core without the tails."""

    first: float
    core_first: float
    core_end: float
    end: float


def marginal_counts(mask: Mask) -> list[NDArray[np.int64]]:
    """Voxels of each layer along every axis."""
    every = range(mask.ndim)
    return [np.asarray(mask.sum(tuple(k for k in every if k != axis))) for axis in every]


def extent(counts: NDArray[np.int64]) -> Extent:
    """Of a class that has so many voxels in each layer of an axis, at least one in all."""
    layers = np.flatnonzero(counts)
    total = np.concatenate([[0.0], np.cumsum(counts)]) / counts.sum()
    first, end = int(layers[0]), int(layers[-1]) + 1
    core = np.interp([TAIL, 1 - TAIL], total[first : end + 1], np.arange(first, end + 1))
    return Extent(first, float(core[0]), float(core[1]), end)


def alike_boxes(extents: Sequence[Sequence[Extent]], margin: int, shapes: Sequence[tuple[int, ...]]) -> list[Box]:
    """Boxes in which a class lies alike in all samples.

    The outermost voxels of a class are those of its faults.  So an edge is laid by the core of the sample, and by how
    far the class reaches beyond its core in the median over samples.  All of the class stays within.

    Parameters
    ----------
    extents : sequence of sequence of Extent
        By sample and axis.
    margin : int
        Voxels on every side.
    shapes : sequence of tuple of int
        Of the images.
    """
    ends = np.array([[(one.first, one.core_first, one.core_end, one.end) for one in own] for own in extents])
    first, core_first, core_end, end = np.moveaxis(ends, -1, 0)
    size = core_end - core_first
    low = core_first - np.median((core_first - first) / size, axis=0) * size - margin
    high = core_end + np.median((end - core_end) / size, axis=0) * size + margin
    low, high = np.minimum(np.rint(low), first - 1).astype(int), np.maximum(np.rint(high), end + 1).astype(int)
    return [Box(tuple(a), tuple(b), shape) for a, b, shape in zip(low.tolist(), high.tolist(), shapes, strict=True)]


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


def weighted(values: NDArray[np.float32], weights: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Sums along each axis by weights, shape (new length, length)."""
    for axis, each in enumerate(weights):
        values = np.moveaxis(np.tensordot(each, values, (1, axis)), 0, axis)
    return np.ascontiguousarray(values, np.float32)


def resample(values: NDArray[np.float32], places: list[NDArray[Any]]) -> NDArray[np.float32]:
    """Values at the nodes of a grid, interpolated linearly.

    Parameters
    ----------
    values : ndarray
        One value for each cell.
    places : list of ndarray
        Edges' coordinates of the nodes along each axis, in cells.
    """
    return weighted(values, [interpolation(at, n) for at, n in zip(places, values.shape, strict=True)])
