"""Which objects lie under the mouse: by what is drawn, in pixels of the screen."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.plugin.state.labels.geometry import Point, Triangle, outline_of, point_of

LOOP_PX, BOUNDARY_PX = 11.0, 12.0
"""Least width of a loop's ring, and width of a boundary's mark."""

_LOOP_ANCHORS = 2.6  # width of a ring in widths of its larger anchor
_CURRENT_ANCHORS = 4.5  # of the current loop's: the 3 × 3 bins about it, with their corners (3 · √2), are seen within
_NEAR_PX = 4.0
"""A line is touched from so far away."""


def mark_size(record: Annotation, bp_per_px: float, *, current: bool = False) -> float:
    """Width (bp) of the mark of a loop or boundary; the current loop's ring is wider."""
    if record.kind is Kind.BOUNDARY:
        return BOUNDARY_PX * bp_per_px
    anchors = _CURRENT_ANCHORS if current else _LOOP_ANCHORS
    return max(anchors * max(len(record.anchor1), len(record.anchor2)), LOOP_PX * bp_per_px)


def hits(
    shown: Iterable[tuple[Annotation, Triangle]], place: Point, bp_per_px: float, *, current: str | None = None
) -> list[str]:
    """Uids of what is under ``place`` (row, column; bp), the most likely meant first.

    What is touched on its line or mark comes before what is only around the place, then the smaller before the larger,
    then the nearer.

    Parameters
    ----------
    shown : iterable of (Annotation, Triangle)
        What is drawn, and where.
    place : sequence of float
    bp_per_px : float
    current : str, optional
        Uid of the current object.
    """
    found, at = [], np.asarray(place, float)
    for record, triangle in shown:
        if record.kind in (Kind.LOOP, Kind.BOUNDARY):
            width = mark_size(record, bp_per_px, current=record.uid == current)
            touch = _touch_mark(point_of(record, triangle), width, at, bp_per_px)
        else:
            touch = _touch_outline(record, triangle, at, bp_per_px)
        if touch is not None:
            found.append((touch, record.uid))
    return [uid for _, uid in sorted(found)]


_Touch = tuple[bool, int, float]
"""Whether it is only around the place, its area (powers of 2), pixels from the place."""


def _touch_mark(middle: Point, width: float, place: NDArray[np.float64], bp_per_px: float) -> _Touch | None:
    radius = width / bp_per_px / 2
    away = float(np.hypot(*(place - middle))) / bp_per_px
    if away > radius + _NEAR_PX:
        return None
    inside = radius > 2 * _NEAR_PX and away < radius - _NEAR_PX
    return inside, _area(4 * radius * radius), away


def _touch_outline(
    record: Annotation, triangle: Triangle, place: NDArray[np.float64], bp_per_px: float
) -> _Touch | None:
    corners = (outline_of(record, triangle)[0] - place) / bp_per_px
    away = _distance(corners)
    if away > _NEAR_PX and not _encloses(corners):
        return None
    return away > _NEAR_PX, _area(float(np.prod(np.ptp(corners, axis=0)))), away


def _area(square_px: float) -> int:
    return int(2 * math.log2(square_px + 1))


def _distance(corners: NDArray[np.float64]) -> float:
    """Pixels from the origin to the nearest side of a polygon."""
    sides = np.roll(corners, -1, axis=0) - corners
    along = -(corners * sides).sum(axis=1) / np.maximum((sides * sides).sum(axis=1), 1e-12)
    nearest = corners + np.clip(along, 0, 1)[:, None] * sides
    return float(np.hypot(nearest[:, 0], nearest[:, 1]).min())


def _encloses(corners: NDArray[np.float64]) -> bool:
    """True if the origin lies in a convex polygon."""
    ends = np.roll(corners, -1, axis=0)
    turns = corners[:, 0] * ends[:, 1] - corners[:, 1] * ends[:, 0]
    return bool(np.all(turns >= 0) or np.all(turns <= 0))
