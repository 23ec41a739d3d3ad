"""Where records lie on the symmetric map: rows = first anchor, columns = second anchor, in bp."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.genome import Interval


class Triangle(StrEnum):
    """Where a set is drawn on the symmetric map."""

    STORED = "stored"
    """As stored: loops above the diagonal, stripes rows = x and columns = y, TADs as upper triangles."""
    UPPER = "upper"
    """All above the diagonal (column ≥ row); TADs as upper triangles."""
    LOWER = "lower"
    """All below the diagonal; TADs as lower triangles."""


@dataclass(frozen=True, slots=True)
class Box:
    """Axis-aligned box in world coordinates (bp)."""

    top: float
    left: float
    bottom: float
    right: float

    @classmethod
    def of(cls, vertices: ArrayLike) -> Box:
        """Bounding box of ``(n, 2)`` vertices (row, column)."""
        points = np.asarray(vertices, dtype=float)[:, -2:]
        (top, left), (bottom, right) = points.min(axis=0), points.max(axis=0)
        return cls(float(top), float(left), float(bottom), float(right))

    @property
    def rows(self) -> tuple[float, float]:
        """Start and end along the rows."""
        return self.top, self.bottom

    @property
    def cols(self) -> tuple[float, float]:
        """Start and end along the columns."""
        return self.left, self.right

    def vertices(self) -> NDArray[np.float64]:
        """The four corners, clockwise from top left, shape ``(4, 2)``."""
        t, le, b, r = self.top, self.left, self.bottom, self.right
        return np.array([[t, le], [t, r], [b, r], [b, le]], dtype=float)


def is_flipped(record: Annotation, triangle: Triangle) -> bool:
    """True if the record is drawn transposed: rows = second anchor, columns = first.

    A loop that a person put below the diagonal has direction *up*: it is drawn there where its set is as stored.
    """
    if triangle is Triangle.STORED:
        return record.kind is Kind.LOOP and record.direction is Direction.UP
    stored_above = record.kind is not Kind.STRIPE or record.direction is not Direction.UP
    return stored_above is (triangle is Triangle.LOWER)


def point_of(record: Annotation, triangle: Triangle) -> tuple[float, float]:
    """Row and column (bp) of a loop's or boundary's mark."""
    pair = (record.anchor1.center, record.anchor2.center)
    return pair[::-1] if is_flipped(record, triangle) else pair


def box_of(record: Annotation, triangle: Triangle) -> Box:
    """The drawn box of a stripe or TAD: rows × columns."""
    rows, cols = record.anchor1, record.anchor2
    if is_flipped(record, triangle):
        rows, cols = cols, rows
    return Box(rows.start, cols.start, rows.end, cols.end)


def lies_in(record: Annotation, triangle: Triangle, rows: Interval, cols: Interval) -> bool:
    """True if some of an object is drawn in rows × cols; a mark is where its anchors cross."""
    box = box_of(record, triangle)
    if record.chrom not in (rows.chrom, cols.chrom):
        return False
    return rows.start < box.bottom and box.top < rows.end and cols.start < box.right and box.left < cols.end


_UPPER_CORNERS, _LOWER_CORNERS = [0, 1, 2], [0, 2, 3]
"""Of a box, those of the half on either side of the diagonal."""


def outline_of(record: Annotation, triangle: Triangle) -> tuple[NDArray[np.float64], str]:
    """Vertices ``(n, 2)`` and the shape, ``rectangle`` or ``polygon``, of a stripe or TAD."""
    corners = box_of(record, triangle).vertices()
    if record.kind is not Kind.TAD:
        return corners, "rectangle"
    return corners[_LOWER_CORNERS if triangle is Triangle.LOWER else _UPPER_CORNERS], "polygon"
