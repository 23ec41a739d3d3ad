"""Binary masks: their parts, the band around their surface, Dice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def parts(mask: Mask) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Connected parts (across corners, too) of a mask.

    Returns
    -------
    ndarray, ndarray
        Number of the part of each voxel (0: none), and voxels of each part, part 1 first.
    """
    from scipy.ndimage import label

    numbered, n = label(mask, np.ones((3,) * mask.ndim))
    return numbered, np.bincount(numbered.ravel(), minlength=n + 1)[1:]


def without_small(mask: Mask, share: float) -> Mask:
    """The mask without parts of less than ``share`` of the largest one's voxels."""
    numbered, sizes = parts(mask)
    if len(sizes) < 2:
        return mask
    keep = np.concatenate([[False], sizes >= share * sizes.max()])
    kept: Mask = keep[numbered]
    return kept


def largest(mask: Mask, n: int = 1) -> Mask:
    """The ``n`` largest parts; of equal ones, the first."""
    numbered, sizes = parts(mask)
    keep = np.zeros(len(sizes) + 1, bool)
    keep[1 + np.argsort(-sizes, kind="stable")[:n]] = True
    kept: Mask = keep[numbered]
    return kept


def surface_band(mask: Mask, radius: int, flat: Sequence[int] = ()) -> Mask:
    """Voxels within ``radius`` of the surface, on both sides: the mask dilated, without the mask eroded.

    Parameters
    ----------
    flat : sequence of int
        Axes along which neighbours are slices that lie far apart: the band does not reach across them.
    """
    from scipy.ndimage import binary_dilation, binary_erosion
    from skimage.morphology import ball, disk

    element = (ball if mask.ndim == 3 else disk)(radius)
    for axis in flat:
        element = element.take([radius], axis)
    band: Mask = binary_dilation(mask, element) & ~binary_erosion(mask, element, border_value=1)
    return band


def dice(one: Mask, other: Mask) -> float:
    """Dice coefficient; 1 where both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0
