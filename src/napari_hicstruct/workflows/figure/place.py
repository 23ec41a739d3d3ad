"""Where a pair of positions lies in a figure: upright, or tilted so that the diagonal is the axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Place:
    """From rows and columns (bp) to the units of the map's axes.

    Attributes
    ----------
    tilted : bool
        The middle of both positions runs along the axis, their distance (bp) goes up.
    below : bool
        Of a tilted map: distance goes down, for the second of two maps.
    """

    tilted: bool = False
    below: bool = False

    def points(self, rows_cols: ArrayLike) -> NDArray[np.float64]:
        """Points ``(n, 2)`` of rows and columns as ``(n, 2)`` of x and y."""
        pairs = np.asarray(rows_cols, np.float64).reshape(-1, 2)
        row, col = pairs[:, 0], pairs[:, 1]
        if not self.tilted:
            return np.stack([col, row], axis=1)
        away = np.abs(col - row)
        return np.stack([(row + col) / 2, -away if self.below else away], axis=1)

    def matrix(self) -> NDArray[np.float64]:
        """From an upright picture (x = column, y = row) to the axes, as a matrix of 3 × 3."""
        if not self.tilted:
            return np.eye(3)
        sign = -1.0 if self.below else 1.0
        return np.array([[0.5, 0.5, 0.0], [sign, -sign, 0.0], [0.0, 0.0, 1.0]])
