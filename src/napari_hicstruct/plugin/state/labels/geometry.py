"""Records ↔ what is drawn, in world coordinates (bp): rows = first anchor, columns = second anchor.

Layers are a view: an edge that nobody touched keeps the record's exact base pair (Shapes hold float32, so reading
a drawn edge back would move it), a touched edge snaps to a bin border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.outlines import (
    Box,
    Triangle,
    box_of,
    is_flipped,
    lies_in,
    outline_of,
    point_of,
)
from napari_hicstruct.annotations.records import Annotation, Direction, Kind, stripe_direction
from napari_hicstruct.genome import Interval

Point = Sequence[float] | NDArray[np.float64]
"""Row and column in bp."""

__all__ = [
    "Box",
    "Grid",
    "Point",
    "Triangle",
    "box_of",
    "dashes",
    "is_flipped",
    "is_upright",
    "lies_in",
    "move_boundary",
    "move_loop",
    "new_boundary",
    "new_loop",
    "new_stripe",
    "new_tad",
    "outline_of",
    "point_of",
    "reshape_stripe",
    "reshape_tad",
]

_UNTOUCHED = 0.1  # of a bin: smaller changes of an edge are rounding, not intent


@dataclass(frozen=True, slots=True)
class Grid:
    """What an edit snaps to: whole bins of ``resolution`` bp on a chromosome of ``length`` bp."""

    chrom: str
    length: int
    resolution: int

    def at(self, resolution: int) -> Grid:
        """The same chromosome in bins of another size."""
        return Grid(self.chrom, self.length, resolution)

    def bin_at(self, position: float) -> Interval:
        """The bin that holds ``position`` (bp), the nearest one if it lies outside the chromosome."""
        last = max(0, -(-self.length // self.resolution) - 1)
        index = min(max(int(position // self.resolution), 0), last)
        return self._interval(index * self.resolution, (index + 1) * self.resolution)

    def border(self, position: float) -> int:
        """Nearest bin border (or the chromosome's end) to ``position`` (bp)."""
        snapped = round(position / self.resolution) * self.resolution
        return min(max(snapped, 0), self.length)

    def spanning(self, start: float, end: float) -> Interval:
        """Bin borders nearest to both positions, at least one bin apart."""
        start, end = min(start, end), max(start, end)
        low, high = self.border(start), self.border(end)
        return self.bin_at((start + end) / 2) if high <= low else self._interval(low, high)

    def moved(self, old: Interval, shift: float) -> Interval:
        """``old`` moved by about ``shift`` bp onto a bin border, its length kept."""
        start = min(max(round((old.start + shift) / self.resolution) * self.resolution, 0), self.length - len(old))
        return self._interval(max(0, start), max(0, start) + len(old))

    def dragged(self, old: Interval, new: tuple[float, float]) -> Interval:
        """``old`` after its drawn edges went to ``new``: moved as a whole, resized, or left as it was."""
        low, high = new[0] - old.start, new[1] - old.end
        still = _UNTOUCHED * self.resolution
        if abs(low) <= still and abs(high) <= still:
            return old
        if abs(low - high) <= 2 * still:
            return self.moved(old, (low + high) / 2)
        start = old.start if abs(low) <= still else self.border(new[0])
        end = old.end if abs(high) <= still else self.border(new[1])
        return self._interval(start, end) if start < end else self.spanning(*new)

    def _interval(self, start: int, end: int) -> Interval:
        return Interval(self.chrom, start, end).clamp(self.length)


def dashes(box: Box, n: int) -> list[NDArray[np.float64]]:
    """The outline of ``box`` as ``4 · n`` short lines (two points each)."""
    corners = box.vertices()
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        steps = np.linspace(0, 1, 2 * n)[:, None]
        along = start + steps * (end - start)
        lines += [along[i : i + 2] for i in range(0, 2 * n, 2)]
    return lines


def is_upright(vertices: ArrayLike) -> bool:
    """True if every vertex sits on a corner of the bounding box: not rotated, no vertex dragged away."""
    points = np.asarray(vertices, dtype=float)[:, -2:]
    low, high = points.min(axis=0), points.max(axis=0)
    slack = 100.0  # bp; float32 holds 248 Mb to 16 bp
    return bool(np.all((np.abs(points - low) <= slack) | (np.abs(points - high) <= slack)))


def move_loop(record: Annotation, point: Point, triangle: Triangle, grid: Grid) -> Annotation:
    """A loop whose mark was dragged to ``point`` (row, column; bp): anchors are the bins under it."""
    if np.allclose(point, point_of(record, triangle), rtol=0, atol=_UNTOUCHED * grid.resolution):
        return record
    first, second = sorted((grid.bin_at(point[0]), grid.bin_at(point[1])))
    side = _side_of(point) if triangle is Triangle.STORED else record.direction
    return record.with_(anchor1=first, anchor2=second, resolution=grid.resolution, direction=side)


def move_boundary(record: Annotation, point: Point, grid: Grid) -> Annotation:
    """A boundary dragged to ``point``, put back on the diagonal."""
    shift = (point[0] + point[1]) / 2 - record.anchor1.center
    if abs(shift) <= _UNTOUCHED * grid.resolution:
        return record
    place = grid.moved(record.anchor1, shift)
    return record.with_(anchor1=place, anchor2=place)


def reshape_stripe(record: Annotation, box: Box, triangle: Triangle, grid: Grid) -> Annotation:
    """A stripe whose drawn rectangle became ``box``; its direction follows from the new rectangle."""
    x_edges, y_edges = (box.cols, box.rows) if is_flipped(record, triangle) else (box.rows, box.cols)
    x, y = grid.dragged(record.anchor1, x_edges), grid.dragged(record.anchor2, y_edges)
    if (x, y) == (record.anchor1, record.anchor2):
        return record
    return record.with_(anchor1=x, anchor2=y, direction=stripe_direction(x, y))


def reshape_tad(record: Annotation, box: Box, grid: Grid) -> Annotation:
    """A TAD whose outline became ``box``, projected back onto the diagonal.

    A move goes to the nearest place on the diagonal; when an edge was dragged, the row edge or the column edge
    counts, whichever went further.
    """
    old = record.anchor1
    low = (box.top - old.start, box.left - old.start)
    high = (box.bottom - old.end, box.right - old.end)
    still = 2 * _UNTOUCHED * grid.resolution
    moved = abs(low[0] - high[0]) <= still and abs(low[1] - high[1]) <= still
    first, last = (sum(low) / 2, sum(high) / 2) if moved else (max(low, key=abs), max(high, key=abs))
    new = grid.dragged(old, (old.start + first, old.end + last))
    return record if new == old else record.with_(anchor1=new, anchor2=new)


def new_loop(point: Point, grid: Grid, **fields: object) -> Annotation:
    """A loop at the pair of bins under ``point`` (row, column; bp), on the side of the diagonal where that lies."""
    first, second = sorted((grid.bin_at(point[0]), grid.bin_at(point[1])))
    return _new(Kind.LOOP, first, second, grid, {"direction": _side_of(point), **fields})


def new_boundary(point: Point, grid: Grid, **fields: object) -> Annotation:
    """A boundary at the bin nearest to ``point`` on the diagonal."""
    place = grid.bin_at((point[0] + point[1]) / 2)
    return _new(Kind.BOUNDARY, place, place, grid, fields)


def new_tad(start: Point, end: Point, grid: Grid, **fields: object) -> Annotation | None:
    """A TAD from a drag along the diagonal between two points (row, column; bp); None if under two bins."""
    edges = sorted(((start[0] + start[1]) / 2, (end[0] + end[1]) / 2))
    place = Interval(grid.chrom, *(grid.border(edge) for edge in edges))
    return None if len(place) < 2 * grid.resolution else _new(Kind.TAD, place, place, grid, fields)


def new_stripe(box: Box, grid: Grid, **fields: object) -> Annotation | None:
    """A stripe from a drawn rectangle: the narrow side is the anchor x; None if under two bins long."""
    rows, cols = grid.spanning(*box.rows), grid.spanning(*box.cols)
    x, y = (rows, cols) if len(rows) <= len(cols) else (cols, rows)
    if len(y) < 2 * grid.resolution:
        return None
    return _new(Kind.STRIPE, x, y, grid, {"direction": stripe_direction(x, y), **fields})


def _side_of(point: Point) -> Direction:
    return Direction.UP if point[0] > point[1] else Direction.NONE


def _new(kind: Kind, first: Interval, second: Interval, grid: Grid, fields: dict[str, object]) -> Annotation:
    settings: dict[str, object] = {"resolution": grid.resolution, **fields}
    return Annotation(kind=kind, anchor1=first, anchor2=second, **settings)  # type: ignore[arg-type]
