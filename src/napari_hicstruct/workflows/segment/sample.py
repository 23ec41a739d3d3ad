"""One picture and its labels, as workflows of segmentation take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ImageSample:
    """One picture and its labels.

    Attributes
    ----------
    name : str
    image : ndarray
        ``(Y, X)``; ``(Y, X, C)`` with channels last; or ``(Z, Y, X)``, read slice by slice.  Any dtype, 16 bits too.
    labels : ndarray
        ``(Y, X)`` or ``(Z, Y, X)``, whole numbers, 0 is background; each value a class or an object, as the settings
        have it.
    weight : ndarray, optional
        How much each pixel counts, of the labels' shape; 0 where nobody knows.
    """

    name: str
    image: NDArray[Any]
    labels: NDArray[Any]
    weight: NDArray[np.floating[Any]] | None = None
