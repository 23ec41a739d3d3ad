"""From probabilities to labels: classes, or objects, touching ones split by a watershed on distance and boundary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.segmentation.apply import PlaneOutput

MIN_SEED_SHARE = 0.35
"""A seed of an object lies deeper than this share of the truncation, or of its part's own greatest depth."""


def class_labels(output: PlaneOutput, values: tuple[int, ...], *, softmax: bool) -> NDArray[np.int32]:
    """Label of the likeliest class of each pixel, 0 where background is (softmax), or none reaches ½ (sigmoid)."""
    p = output.probability
    best = p.argmax(0)
    top = np.take_along_axis(p, best[None], 0)[0]
    inside = top > (1 - p.sum(0)) if softmax else top > 0.5
    return np.where(inside, np.asarray(values, np.int32)[best], 0).astype(np.int32)


def without_small_parts(labels: NDArray[np.int32], min_size: int) -> NDArray[np.int32]:
    """Labels of classes without parts, each of one class, of fewer than ``min_size`` pixels."""
    from scipy import ndimage

    kept = labels.copy()
    for value in np.unique(labels[labels > 0]):
        parts, _ = ndimage.label(labels == value)
        kept[(parts > 0) & (np.bincount(parts.ravel())[parts] < min_size)] = 0
    return kept


def instance_labels(output: PlaneOutput, truncate: float, min_size: int = 0) -> NDArray[np.int32]:
    """Objects of one class, numbered from 1.

    Parts of the mask that hang together are flooded from their depths; depth is the predicted distance, less where a
    border is likely.  A model without distance or boundary gives connected parts.
    """
    from scipy import ndimage
    from skimage.segmentation import watershed

    inside = output.probability.max(0) > 0.5
    parts, count = ndimage.label(inside)
    if output.distance is None:
        return _renumbered(parts, min_size)
    depth = np.maximum(output.distance, 0)
    if output.boundary is not None:
        depth = depth * (1 - np.clip(output.boundary, 0, 1))
    depth = ndimage.gaussian_filter(depth, 1.0)
    deepest = np.concatenate([[0], ndimage.maximum(depth, parts, np.arange(1, count + 1))]) if count else np.zeros(1)
    floor = np.minimum(MIN_SEED_SHARE * truncate, 0.6 * deepest[parts])
    seeds, _ = ndimage.label(inside & (depth > floor))
    return _renumbered(watershed(-depth, seeds, mask=inside), min_size)


def _renumbered(labels: NDArray[np.integer], min_size: int) -> NDArray[np.int32]:
    """Labels 1, 2, … without those of fewer than ``min_size`` pixels."""
    found, size = np.unique(labels[labels > 0], return_counts=True)
    table = np.zeros(int(labels.max()) + 1, np.int32)
    kept = found[size >= min_size]
    table[kept] = np.arange(1, len(kept) + 1)
    return table[labels]
