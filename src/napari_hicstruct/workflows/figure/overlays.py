"""What a person drew on a map with other tools, as a figure takes it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RGBA = tuple[float, float, float, float]
Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line, or an outline with its inside.

    Attributes
    ----------
    places : float64, shape (n, 2)
        Rows and columns, bp.
    edge, face : RGBA
        Of the line, and of the inside; an alpha of 0: none.
    closed : bool
    """

    places: Places
    edge: RGBA
    face: RGBA = (0.0, 0.0, 0.0, 0.0)
    closed: bool = False


@dataclass(frozen=True, slots=True)
class DrawnMark:
    """Marks of one form.

    Attributes
    ----------
    places : float64, shape (n, 2)
        Rows and columns, bp.
    sizes : float64, shape (n,)
        bp.
    edges, faces : float64, shape (n, 4)
    marker : str
        As matplotlib calls it.
    """

    places: Places
    sizes: NDArray[np.float64]
    edges: NDArray[np.float64]
    faces: NDArray[np.float64]
    marker: str = "o"


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """Pixels in their own colours.

    Attributes
    ----------
    corners : float64, shape (3, 2)
        Rows and columns, bp: where the first pixel begins, where the first row ends, where the first column ends.
    colours : uint8, shape (rows, columns, 4)
    """

    corners: Places
    colours: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Overlay:
    """One layer that is drawn over the labels.

    Attributes
    ----------
    name : str
    lines : tuple of DrawnLine
    marks : tuple of DrawnMark
    pictures : tuple of DrawnPicture
    """

    name: str
    lines: tuple[DrawnLine, ...] = field(default=())
    marks: tuple[DrawnMark, ...] = field(default=())
    pictures: tuple[DrawnPicture, ...] = field(default=())
