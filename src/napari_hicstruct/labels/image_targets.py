"""What a network is to say of labelled pixels: class, signed distance to the nearest border, the border itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Labels = NDArray[np.integer[Any]]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ImageTargets:
    """Targets of one plane.

    Attributes
    ----------
    mask : int16, shape (Y, X)
        0 background, 1 … C the classes in the order of their values.
    sdf : float32, shape (Y, X)
        Distance to the nearest border over the truncation, in [-1, 1]: above 0 inside objects.
    boundary : float32, shape (Y, X)
        1 on a border, falling as a Gaussian.
    """

    mask: NDArray[np.int16]
    sdf: Floats
    boundary: Floats


def borders(labels: Labels) -> NDArray[np.bool_]:
    """Pixels on either side of a border: one of their four neighbours has another label.

    Parameters
    ----------
    labels : integer ndarray, shape (Y, X)

    Returns
    -------
    bool ndarray, shape (Y, X)
    """
    found = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        change = np.diff(labels, axis=axis) != 0
        first, second = [slice(None)] * 2, [slice(None)] * 2
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        found[tuple(first)] |= change
        found[tuple(second)] |= change
    return found


def border_distance(labels: Labels) -> Floats:
    """Pixels to the nearest border, which runs between two pixels: ½ beside it; infinite where there is none.

    Touching objects have a border between them, and so have classes: one map serves any number of either.
    """
    edge = borders(labels)
    if not edge.any():
        return np.full(labels.shape, np.inf, np.float32)
    return np.asarray(ndimage.distance_transform_edt(~edge) + 0.5, np.float32)


def signed_distance(labels: Labels, truncate: float) -> Floats:
    """Distance to the nearest border, above 0 inside objects and below outside, truncated and scaled to [-1, 1].

    Parameters
    ----------
    labels : integer ndarray, shape (Y, X)
        0 is background; touching objects have labels of their own.
    truncate : float
        Pixels.
    """
    near = np.minimum(border_distance(labels), truncate) / truncate
    return np.where(labels > 0, near, -near).astype(np.float32)


def soft_boundary(labels: Labels, width: float) -> Floats:
    """``exp(−(d − ½)² / 2σ²)`` of the distance to the nearest border: 1 beside it; 0 everywhere if there is none."""
    away = border_distance(labels) - 0.5
    return np.asarray(np.exp(-np.square(away) / (2 * width**2)), np.float32)


def targets(labels: Labels, values: tuple[int, ...], *, truncate: float, width: float) -> ImageTargets:
    """All targets of one plane.

    Parameters
    ----------
    labels : integer ndarray, shape (Y, X)
    values : tuple of int
        Label of each class, ascending; empty: every label is an object of the one class.
    truncate, width : float
        Pixels; see :func:`signed_distance` and :func:`soft_boundary`.
    """
    if values:
        place = np.searchsorted(values, labels).clip(0, len(values) - 1)
        mask = np.where(np.asarray(values)[place] == labels, place + 1, 0)
    else:
        mask = labels > 0
    return ImageTargets(mask.astype(np.int16), signed_distance(labels, truncate), soft_boundary(labels, width))
