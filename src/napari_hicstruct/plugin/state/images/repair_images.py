"""Labelled images as a repair knows them: what they hold, and where they differ from what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.errors import LabelError

if TYPE_CHECKING:
    from napari_hicstruct.workflows.repair import RepairResult

SAME, ADDED, REMOVED, EXCHANGED = range(4)
"""Values of a map of changes: as it was, background became a class, a class background, one class another."""

_MAX_COUNTED = 65_536
"""Largest value that is counted by its place; beyond it values are sorted, which takes ten times as long."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelImage:
    """A Labels layer, or what is like one.

    Attributes
    ----------
    name : str
    data : array_like
        Whole numbers; read only beside the window, for it may lie on a disk.
    ndim : int
    spacing : tuple of float
        Length of a voxel along each axis.
    placed : mapping
        Where napari draws it: scale, translate, affine, …; passed on as it is to what came of it.
    """

    name: str
    data: Any
    ndim: int
    spacing: tuple[float, ...]
    placed: Mapping[str, Any] = field(default_factory=dict)

    def read(self) -> NDArray[Any]:
        """A copy of the labels as they are now: who paints on does not change what is being repaired."""
        return np.array(self.data)


@dataclass(frozen=True, slots=True)
class Repaired:
    """One image before and after.

    Attributes
    ----------
    image : LabelImage
    before, after : integer arrays of one shape
    changed : uint8 array of that shape
        :data:`SAME`, :data:`ADDED`, :data:`REMOVED` or :data:`EXCHANGED`.
    """

    image: LabelImage
    before: NDArray[Any]
    after: NDArray[Any]
    changed: NDArray[np.uint8]

    @property
    def n_changed(self) -> int:
        """Voxels that differ."""
        return int(np.count_nonzero(self.changed))


@dataclass(frozen=True, slots=True)
class RepairOutcome:
    """All images of one run, and what the workflow reports besides."""

    images: tuple[Repaired, ...]
    result: RepairResult | None = None


def count_values(labels: NDArray[Any]) -> dict[int, int]:
    """Voxels of each value but background, by value.

    Raises
    ------
    LabelError
        If there is anything but whole numbers from 0 on.
    """
    if labels.dtype == bool:
        labels = labels.astype(np.uint8)
    if not np.issubdtype(labels.dtype, np.integer):
        if not np.issubdtype(labels.dtype, np.floating) or not np.array_equal(labels, np.trunc(labels)):
            raise LabelError(f"labels must be whole numbers, not {labels.dtype}.", hint="Convert the layer first.")
        labels = labels.astype(np.int64)
    if labels.size and int(labels.min()) < 0:
        raise LabelError(f"there is the label {int(labels.min())}.", hint="Labels are 1 or more, background is 0.")
    if labels.size and int(labels.max()) < _MAX_COUNTED:
        counts = np.bincount(labels.ravel())
        return {int(value): int(counts[value]) for value in np.flatnonzero(counts) if value}
    values, counts = np.unique(labels, return_counts=True)
    return {int(value): int(n) for value, n in zip(values, counts, strict=True) if value}


def counted_together(images: Sequence[NDArray[Any]]) -> dict[int, int]:
    """:func:`count_values` of several images together."""
    total: dict[int, int] = {}
    for labels in images:
        for value, n in count_values(labels).items():
            total[value] = total.get(value, 0) + n
    return dict(sorted(total.items()))


def changes_between(before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.uint8]:
    """Map of changes of two labellings of one shape; values as of :class:`Repaired`."""
    found = np.full(before.shape, EXCHANGED, np.uint8)
    found[before == 0] = ADDED
    found[after == 0] = REMOVED
    found[before == after] = SAME
    return found
