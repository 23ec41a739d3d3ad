"""How well a segmentation fits the truth: Dice, boundary F, 95 % Hausdorff distance, error of signed distances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_hicstruct.labels.image_targets import borders, signed_distance

Mask = NDArray[np.bool_]
Labels = NDArray[np.integer[Any]]

TOLERANCE_PX = 2.0
"""A border that lies so near a true one is found."""


def dice(found: Mask, truth: Mask, known: Mask | None = None) -> float:
    """``2 |A ∩ B| / (|A| + |B|)`` over known pixels; NaN where both are empty."""
    if known is not None:
        found, truth = found & known, truth & known
    total = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / total if total else math.nan


def border_distances(found: Labels, truth: Labels, known: Mask | None = None) -> tuple[Any, Any]:
    """Pixels from each border pixel found to the nearest true one, and the other way round.

    Borders are between labels that differ, so touching objects have one; they lie beside known pixels.  What lies
    beyond the known part serves as a neighbour and is not asked.
    """
    here, there = borders(found), borders(truth)
    inside = np.ones(found.shape, bool) if known is None else known
    return _to(there)[here & inside], _to(here)[there & inside]


def _to(edge: Mask) -> NDArray[np.float64]:
    """Pixels to the nearest of some pixels; infinite where there are none."""
    if not edge.any():
        return np.full(edge.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~edge), np.float64)


def boundary_f(found: Labels, truth: Labels, known: Mask | None = None, *, tolerance: float = TOLERANCE_PX) -> float:
    """F1 of border pixels within ``tolerance`` pixels (Martin, Fowlkes & Malik 2004, without their one-to-one match).

    NaN where neither has a border.
    """
    to_truth, to_found = border_distances(found, truth, known)
    if not len(to_truth) and not len(to_found):
        return math.nan
    precision = float((to_truth <= tolerance).mean()) if len(to_truth) else 0.0
    recall = float((to_found <= tolerance).mean()) if len(to_found) else 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def hausdorff_95(found: Labels, truth: Labels, known: Mask | None = None) -> float:
    """The larger of the two 95 % quantiles of border distances, pixels.

    The picture's diagonal where one of the two has no border; NaN where neither has.
    """
    to_truth, to_found = border_distances(found, truth, known)
    if not len(to_truth) and not len(to_found):
        return math.nan
    farthest = math.hypot(*found.shape)
    if not len(to_truth) or not len(to_found):
        return farthest
    return float(min(max(np.quantile(to_truth, 0.95), np.quantile(to_found, 0.95)), farthest))


def distance_error(found: NDArray[Any], truth: Labels, truncate: float, known: Mask | None = None) -> float:
    """Mean absolute error of signed distances where the true one is not truncated, pixels; NaN without such pixels.

    Parameters
    ----------
    found : float ndarray, shape (Y, X)
        Pixels, above 0 inside objects.
    truth : integer ndarray, shape (Y, X)
    truncate : float
        Pixels.
    known : bool ndarray, optional
    """
    wanted = signed_distance(truth, truncate) * truncate
    near = np.abs(wanted) < truncate
    if known is not None:
        near &= known
    return float(np.abs(found - wanted)[near].mean()) if near.any() else math.nan
