"""Loops, stripes, TADs and boundaries on a map, as the window draws them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.outlines import Triangle, box_of, is_flipped, lies_in, outline_of, point_of
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.evaluation.records import rank_score
from napari_hicstruct.genome import Interval, NameMatcher
from napari_hicstruct.workflows.figure.place import Place
from napari_hicstruct.workflows.figure.request import LabelSet
from napari_hicstruct.workflows.figure.style import LINE_PT, POINT_MM

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CASING_PT = 0.55
_LOOP_MM, _LOOP_ANCHORS, _BOUNDARY_MM = 1.5, 2.6, 1.5
_MARKERS = {Status.EDITED: "s", Status.REJECTED: "x"}
_WIDTHS = {Status.ACCEPTED: 1.4, Status.EDITED: 1.4, Status.REJECTED: 0.8}


@dataclass(frozen=True, slots=True)
class Drawn:
    """The records of one kind and one set, as they are drawn.

    Attributes
    ----------
    kind : Kind
    name : str
        In the legend.
    colour : str
    records : tuple of Annotation
        Those in view.
    triangle : Triangle
    """

    kind: Kind
    name: str
    colour: str
    records: tuple[Annotation, ...]
    triangle: Triangle


def sets_in_view(
    sets: Iterable[LabelSet], rows: Interval, cols: Interval, palette: Sequence[str], *, half: Triangle | None = None
) -> list[Drawn]:
    """What of the sets lies in view, one entry for each set and kind, each in a colour of its own.

    Parameters
    ----------
    sets : iterable of LabelSet
    rows, cols : Interval
    palette : sequence of str
        Colours of the second and further sets of a kind.
    half : Triangle, optional
        Draw all of them on this side: that of their map.
    """
    found: list[Drawn] = []
    used: set[str] = set()
    names = NameMatcher({rows.chrom: rows.end})
    for one in sets:
        side = half or one.triangle
        by_kind: dict[Kind, list[Annotation]] = {}
        for record in one.records:
            if names.match(record.chrom) is None:
                continue
            here = record if record.chrom == rows.chrom else _renamed(record, rows.chrom)
            if lies_in(here, side, rows, cols) or (rows != cols and lies_in(here, _other(here, side), rows, cols)):
                by_kind.setdefault(record.kind, []).append(here)
        for kind in Kind:
            if kind in by_kind:
                colour = one.colour or _free_colour(KINDS[kind].colour, palette, used)
                used.add(colour)
                own = by_kind[kind]
                if rows != cols and not lies_in(own[0], side, rows, cols):
                    side = _other(own[0], side)
                many = len(by_kind) > 1
                name = f"{one.name}: {KINDS[kind].plural}" if many else one.name or KINDS[kind].plural
                found.append(Drawn(kind, name, colour, tuple(own), side))
    return found


def _other(record: Annotation, side: Triangle) -> Triangle:
    return Triangle.UPPER if is_flipped(record, side) and record.kind is not Kind.STRIPE else Triangle.LOWER


def _renamed(record: Annotation, chrom: str) -> Annotation:
    first, second = (Interval(chrom, one.start, one.end) for one in (record.anchor1, record.anchor2))
    return record.with_(anchor1=first, anchor2=second)


def _free_colour(own: str, palette: Sequence[str], used: set[str]) -> str:
    return next((colour for colour in (own, *palette) if colour not in used), own)


def draw_sets(axes: Axes, sets: Iterable[Drawn], place: Place, bp_per_mm: float, *, by_score: bool) -> None:
    """Draw them, outlines below marks."""
    ordered = sorted(sets, key=lambda one: one.kind in (Kind.LOOP, Kind.BOUNDARY))
    for one in ordered:
        for status in Status:
            own = [record for record in one.records if record.status is status]
            if not own:
                continue
            alphas = [_alpha(record, by_score) for record in own]
            if one.kind in (Kind.LOOP, Kind.BOUNDARY):
                _draw_marks(axes, one, own, alphas, place, bp_per_mm)
            else:
                _draw_outlines(axes, one, own, alphas, place)


def _alpha(record: Annotation, by_score: bool) -> float:
    score = rank_score(record) if by_score else 1.0
    return (0.3 + 0.7 * min(max(score, 0.0), 1.0) if score == score else 1.0) * (
        0.55 if record.status is Status.REJECTED else 1.0
    )


def _draw_outlines(
    axes: Axes, drawn: Drawn, records: Sequence[Annotation], alphas: Sequence[float], place: Place
) -> None:
    from matplotlib.collections import LineCollection

    lines = [_outline(record, drawn.triangle, place) for record in records]
    width = _WIDTHS.get(records[0].status, LINE_PT)
    casing, colours = _inks(drawn.colour, alphas)
    shared = {"joinstyle": "miter", "capstyle": "projecting"}
    axes.add_collection(LineCollection(lines, colors=casing, linewidths=width + _CASING_PT, zorder=2, **shared))
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=width, zorder=3, **shared))


def _outline(record: Annotation, triangle: Triangle, place: Place) -> NDArray[np.float64]:
    """A stripe's rectangle; of a TAD the two sides that do not lie on the diagonal."""
    if record.kind is Kind.TAD:
        corners, _ = outline_of(record, triangle)
        middle = 1 if abs(corners[1][0] - corners[1][1]) > 0 else 2
        order = [0, 1, 2] if middle == 1 else [0, 2, 1]
        return place.points(corners[order])
    box = box_of(record, triangle)
    corners = box.vertices()
    return place.points(np.vstack([corners, corners[:1]]))


def _draw_marks(
    axes: Axes,
    drawn: Drawn,
    records: Sequence[Annotation],
    alphas: Sequence[float],
    place: Place,
    bp_per_mm: float,
) -> None:
    status, loops = records[0].status, drawn.kind is Kind.LOOP
    points = place.points([point_of(record, drawn.triangle) for record in records])
    if loops:
        anchors = np.array([max(len(r.anchor1), len(r.anchor2)) for r in records]) * _LOOP_ANCHORS / bp_per_mm
        sizes = np.maximum(anchors, _LOOP_MM) / POINT_MM
    else:
        sizes = np.full(len(records), _BOUNDARY_MM / POINT_MM)
    marker = _MARKERS.get(status, "o" if loops else "D")
    width = _WIDTHS.get(status, LINE_PT)
    inside = _inside(axes, points)  # marks on the frame are drawn whole, others not at all
    points, sizes = points[inside], sizes[inside]
    casing, colours = _inks(drawn.colour, np.asarray(alphas)[inside])
    crossed = marker == "x"
    for inks, thick, order in ((casing, width + _CASING_PT, 4), (colours, width, 5)):
        axes.scatter(
            points[:, 0],
            points[:, 1],
            s=sizes**2,
            marker=marker,
            linewidths=thick,
            zorder=order,
            clip_on=False,
            **({"c": inks} if crossed else {"facecolors": "none", "edgecolors": inks}),
        )


def _inside(axes: Axes, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie within the axes' limits."""
    (left, right), (low, high) = (sorted(one) for one in (axes.get_xlim(), axes.get_ylim()))
    x, y = points.T
    return np.asarray((x >= left) & (x <= right) & (y >= low) & (y <= high))


def _inks(colour: str, alphas: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Colours of the thin light edges, and of the lines."""
    from matplotlib.colors import to_rgb

    alpha = np.asarray(alphas, np.float64)[:, None]
    line = np.hstack([np.tile(to_rgb(colour), (len(alpha), 1)), alpha])
    dark = sum(part * weight for part, weight in zip(to_rgb(colour), (0.3, 0.59, 0.11), strict=True)) > 0.5
    edge = (0.05, 0.05, 0.07) if dark else (1.0, 1.0, 1.0)
    return np.hstack([np.tile(edge, (len(alpha), 1)), 0.85 * alpha**2.5]), line
