"""Genome ↔ world: how rows and columns (bp) of a map lie on the canvas.  The one place that converts.

World is what napari's camera moves over: y downward, x rightward, both in base pairs.  A square map lies as it is
stored, y = row and x = column.  A tilted one is turned by 45°, the genome along x and half the distance between both
anchors upward: x = (row + column) / 2, y = (row - column) / 2.  So a bin is as wide on the x axis as its length, tracks
below the map share that axis, and a triangle over an interval stands on that interval.  Layers keep their data in
base pairs of the genome; only their ``affine`` is :attr:`Projection.matrix`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.state.map.view import View, camera_for, view_of_camera

BELOW_PX = 6.0
"""Canvas pixels below the diagonal of a tilted map, so that what lies on it is seen whole."""

_SQUARE = np.eye(3)
_TILTED = np.array([[0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, slots=True)
class Projection:
    """How a map lies.

    Parameters
    ----------
    tilted : bool
        Turned by 45°, the genome along the canvas; else square, rows downward.
    """

    tilted: bool = False

    @property
    def matrix(self) -> NDArray[np.float64]:
        """From (row, column, 1) to (y, x, 1): a layer's ``affine``."""
        return (_TILTED if self.tilted else _SQUARE).copy()

    @property
    def bp_per_world(self) -> float:
        """Base pairs along a row or column per unit of the world: √2 where the map is turned."""
        return float(np.sqrt(2)) if self.tilted else 1.0

    def to_world(self, place: Sequence[float]) -> tuple[float, float]:
        """(y, x) of a (row, column)."""
        row, col = float(place[-2]), float(place[-1])
        return ((row - col) / 2, (row + col) / 2) if self.tilted else (row, col)

    def to_genome(self, world: Sequence[float]) -> tuple[float, float]:
        """(row, column) of a (y, x)."""
        y, x = float(world[-2]), float(world[-1])
        return (x + y, x - y) if self.tilted else (y, x)

    # ------------------------------------------------------------------ camera
    def camera_for(self, view: View, canvas: tuple[int, int]) -> tuple[tuple[float, float], float]:
        """Camera centre (y, x) and zoom (canvas pixels per unit) that show a view.

        Tilted, a view about the diagonal takes the canvas's width, the diagonal at its lower edge; another one is shown
        whole, as the diamond that it is.
        """
        if not self.tilted:
            return camera_for(view, canvas)
        height, width = canvas
        common = view.common
        if common is None:
            size = max((len(view.rows) + len(view.cols)) / 2, 1)
            return self.to_world((view.rows.center, view.cols.center)), min(height, width) / size
        zoom = width / max(len(common), 1)
        return ((BELOW_PX - height / 2) / zoom, common.center), zoom

    def view_of_camera(
        self, center: Sequence[float], zoom: float, canvas: tuple[int, int], *, chrom: str, length: int
    ) -> View:
        """The view that :meth:`camera_for` would show so; empty intervals past the chromosome's ends."""
        middle = (float(center[-2]), float(center[-1]))
        if not self.tilted:
            return view_of_camera(middle, zoom, canvas, chrom=chrom, length=length)
        height, width = (pixels / zoom for pixels in canvas)
        if abs(middle[0]) <= height / 2:
            seen = _interval(chrom, middle[1] - width / 2, middle[1] + width / 2, length)
            return View(seen, seen)
        half = min(height, width) / 2
        row, col = self.to_genome(middle)
        return View(*(_interval(chrom, at - half, at + half, length) for at in (row, col)))

    def reach(
        self, center: Sequence[float], zoom: float, canvas: tuple[int, int], *, chrom: str, length: int
    ) -> tuple[Interval, Interval]:
        """Rows and columns of all that is on the canvas, however little of them."""
        y, x = float(center[-2]), float(center[-1])
        height, width = (pixels / zoom / 2 for pixels in canvas)
        if not self.tilted:
            ends = ((y - height, y + height), (x - width, x + width))
        else:
            row, col = self.to_genome((y, x))
            ends = tuple((at - height - width, at + height + width) for at in (row, col))  # type: ignore[assignment]
        rows, cols = (_interval(chrom, first, last, length) for first, last in ends)
        return rows, cols

    def sees(
        self,
        box: tuple[float, float, float, float],
        center: Sequence[float],
        zoom: float,
        canvas: tuple[int, int],
    ) -> bool:
        """True if some of a box (first and last row, first and last column; bp) lies on the canvas."""
        top, bottom, left, right = box
        corners = np.array([self.to_world((row, col)) for row in (top, bottom) for col in (left, right)])
        half = np.array(canvas) / zoom / 2
        low, high = np.array(center[-2:]) - half, np.array(center[-2:]) + half
        return bool((corners.min(axis=0) < high).all() and (corners.max(axis=0) > low).all())

    def whole(self, view: View, center: Sequence[float], zoom: float, canvas: tuple[int, int]) -> View:
        """The largest part of a view, about its middle, of which nothing is cut off by the canvas's edges.

        A tilted map may be wider than its triangle is high: what lies above the upper edge was not seen.
        """
        if not self.tilted or view.rows != view.cols:
            return view
        top = float(center[-2]) - canvas[0] / zoom / 2
        size = min(len(view.rows), int(-2 * top))
        start = int(view.rows.center - size / 2)
        part = Interval(view.rows.chrom, max(view.rows.start, start), min(view.rows.end, max(0, start) + max(size, 0)))
        return View(part, part)


SQUARE, TILTED = Projection(), Projection(tilted=True)


def _interval(chrom: str, start: float, end: float, length: int) -> Interval:
    """Whole base pairs on the chromosome; empty where both lie past one of its ends."""
    first = min(max(0, round(start)), length)
    return Interval(chrom, first, max(first, min(length, round(end))))
