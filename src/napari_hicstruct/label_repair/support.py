"""Which parts of a class the other samples have in the same place: those that none has are islands of false labels.

An island of a small class may be a fifth of its largest part, so that size alone does not tell them apart; in the
other samples nothing lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.label_repair.boxes import Box, class_box, image_box
from napari_hicstruct.label_repair.masks import Mask, parts

CELLS = 24
"""Of the box around everything that is labelled, along each axis: what is compared between samples."""
BLUR = 2.0
"""Cells by which the same part may lie elsewhere in another sample: a twelfth of the box."""
SUPPORTED = 0.25
"""Of the support that the class has where it usually lies; islands had at most a tenth, true parts two thirds."""
LARGE = 0.5
"""Parts of at least so much of the largest part need no support: another sample may differ."""

ALIKE = 0.1
"""Of what a sample itself has there: where others have less, the class lies anywhere, and they say nothing of it."""

_TINY = float(np.finfo(np.float32).tiny)

Floats = NDArray[np.floating[Any]]


def frame_of(labels: NDArray[np.uint8]) -> Box:
    """The box around the largest part of every class: where something lies in it is compared between samples."""
    found = [box for value in np.unique(labels[labels > 0]) if (box := class_box(labels == value, 0, 1.0))]
    found = found or [image_box(labels.shape)]
    low, high = np.min([box.low for box in found], axis=0), np.max([box.high for box in found], axis=0)
    return Box(tuple(map(int, low)), tuple(map(int, high)), labels.shape)


def density(mask: Mask, frame: Box) -> Floats:
    """How much of a class lies in and around each cell of a frame; sums to 1 unless the class is empty there."""
    from scipy.ndimage import gaussian_filter

    values = mask[frame.inside].astype(np.float32)
    for axis, part in enumerate(frame.inside):
        cells = np.zeros((CELLS, part.stop - part.start), np.float32)
        cells[_cells(np.arange(part.start, part.stop), frame, axis), np.arange(cells.shape[1])] = 1
        values = np.moveaxis(np.tensordot(cells, values, (1, axis)), 0, axis)
    blurred = np.asarray(gaussian_filter(values, BLUR, mode="constant"))
    return blurred / max(float(blurred.sum()), _TINY)


def others(densities: Sequence[Floats]) -> list[Floats | None]:
    """For each sample the mean of all others, as shares of what there is where the class usually lies.

    None where the others say nothing of its place: there are none, or they have the class elsewhere altogether.
    """
    found: list[Floats | None] = []
    total = np.sum(densities, axis=0)
    for own in densities:
        rest = (total - own) / max(len(densities) - 1, 1)
        usual, itself = (float(np.average(one, weights=own * one + _TINY)) for one in (rest, own))
        found.append(rest / usual if usual > ALIKE * itself else None)
    return found


def supported(mask: Mask, share: float, frame: Box, support: Floats | None) -> Mask:
    """A class without small parts: those of less than ``share`` of the largest, and those that no other sample has.

    Parameters
    ----------
    frame : Box
        Of the sample.
    support : ndarray or None
        One of :func:`others`.
    """
    numbered, sizes = parts(mask)
    keep = np.concatenate([[False], sizes >= share * sizes.max(initial=0)])
    small = sizes < LARGE * sizes.max(initial=0)
    for number in 1 + np.flatnonzero(small & keep[1:]) if support is not None else ():
        voxels = np.argwhere(numbered == number)
        inside = ((voxels >= frame.low) & (voxels < frame.high)).all(1)
        at = tuple(_cells(voxels[inside, axis], frame, axis) for axis in range(mask.ndim))
        assert support is not None
        keep[number] = support[at].sum() >= SUPPORTED * len(voxels)
    return np.asarray(keep[numbered])


def _cells(voxels: NDArray[np.int64], frame: Box, axis: int) -> NDArray[np.int64]:
    low, high = frame.low[axis], frame.high[axis]
    return np.asarray(((voxels - low + 0.5) * (CELLS / (high - low))).astype(np.int64))
