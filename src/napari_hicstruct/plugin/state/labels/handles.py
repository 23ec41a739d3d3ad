"""Where an object that is edited can be taken with the mouse, and what becomes of it when it is pulled."""

from __future__ import annotations

from dataclasses import dataclass

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.plugin.state.labels import geometry
from napari_hicstruct.plugin.state.labels.geometry import Box, Grid, Point, Triangle

_NEAR_PX = 7.0
_UPPER = frozenset({(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1)})


@dataclass(frozen=True, slots=True)
class Handle:
    """A place on an outline, and which edges go with it: −1 the first, 1 the last, 0 neither.

    The whole object is a handle of both edges, with ``whole``.
    """

    row: int
    col: int
    place: tuple[float, float]
    whole: bool = False


def handles_of(record: Annotation, triangle: Triangle) -> list[Handle]:
    """Corners and middles of the sides of a stripe or TAD; a loop or boundary is only moved as a whole."""
    if record.kind in (Kind.LOOP, Kind.BOUNDARY):
        return []
    box = geometry.box_of(record, triangle)
    rows = {-1: box.top, 0: (box.top + box.bottom) / 2, 1: box.bottom}
    cols = {-1: box.left, 0: (box.left + box.right) / 2, 1: box.right}
    sides = {(row, col) for row in rows for col in cols} - {(0, 0)}
    if record.kind is Kind.TAD:
        sides &= {(col, row) for row, col in _UPPER} if triangle is Triangle.LOWER else _UPPER
    return [Handle(row, col, (rows[row], cols[col])) for row, col in sorted(sides)]


def handle_at(record: Annotation, triangle: Triangle, place: Point, bp_per_px: float) -> Handle | None:
    """The nearest handle under ``place`` (row, column; bp); None beside them.

    On small objects handles reach less far, so that the object itself can be taken, too.
    """
    found = []
    for handle in handles_of(record, triangle):
        found.append((max(abs(place[0] - handle.place[0]), abs(place[1] - handle.place[1])) / bp_per_px, handle))
    if not found:
        return None
    box = geometry.box_of(record, triangle)
    shortest = min(box.bottom - box.top, box.right - box.left) / bp_per_px
    away, nearest = min(found, key=lambda pair: pair[0])
    inside = box.top < place[0] < box.bottom and box.left < place[1] < box.right
    return nearest if away <= (min(_NEAR_PX, shortest / 4) if inside else _NEAR_PX) else None


def whole(place: Point) -> Handle:
    """The handle of a whole object that was taken at ``place``."""
    return Handle(0, 0, (float(place[0]), float(place[1])), whole=True)


def pulled(record: Annotation, triangle: Triangle, handle: Handle, shift: Point, grid: Grid) -> Annotation:
    """The record after a handle was pulled by ``shift`` (rows, columns; bp), on bins; itself if nothing changed."""
    down, right = float(shift[0]), float(shift[1])
    if record.kind in (Kind.LOOP, Kind.BOUNDARY):
        row, col = geometry.point_of(record, triangle)
        place = (row + down, col + right)
        if record.kind is Kind.BOUNDARY:
            return geometry.move_boundary(record, place, grid)
        own = record.resolution if record.resolution > 0 else len(record.anchor1)
        return geometry.move_loop(record, place, triangle, grid.at(own or grid.resolution))
    box = geometry.box_of(record, triangle)
    top, bottom = _edges(box.rows, handle.row, down, handle.whole)
    left, right_edge = _edges(box.cols, handle.col, right, handle.whole)
    new = Box(top, left, bottom, right_edge)
    if record.kind is Kind.STRIPE:
        return geometry.reshape_stripe(record, new, triangle, grid)
    return geometry.reshape_tad(record, new, grid)


def _edges(edges: tuple[float, float], side: int, shift: float, both: bool) -> tuple[float, float]:
    first, last = edges
    moved = first + shift * (both or side < 0), last + shift * (both or side > 0)
    return min(moved), max(moved)
