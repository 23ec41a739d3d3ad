"""One labelled image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelSample:
    """One labelled image in 2-D or 3-D.

    Attributes
    ----------
    name : str
        For people and files.
    labels : ndarray
        Whole numbers, 0 is background; shape ``(y, x)`` or ``(z, y, x)``.  A float array of whole numbers will do.
    spacing : tuple of float
        Length of a voxel along each axis, all in one unit.
    """

    name: str
    labels: NDArray[np.integer[Any]] | NDArray[np.floating[Any]]
    spacing: tuple[float, ...]
