"""How one object is drawn: where, in which colour, how thick, with what inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.plugin.state.labels.geometry import Triangle, outline_of, point_of
from napari_hicstruct.plugin.state.labels.hit import mark_size
from napari_hicstruct.plugin.state.labels.palette import RGBA, STATUS_STYLES, line_rgba

_CURRENT_PX = 3.8
_LIGHT = 0.18  # luminance from which a line stands out from dark red by itself
_CASING_FADES = 2.5
_DARK_CASING, _LIGHT_CASING = (0.05, 0.05, 0.07, 0.85), (1.0, 1.0, 1.0, 0.9)


@dataclass(frozen=True, slots=True)
class Item:
    """One object as it shall be drawn, in the colour of its set; outer TADs are fainter than those in them."""

    record: Annotation
    colour: str
    triangle: Triangle
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class DrawStyle:
    """What drawing depends on besides the objects: ``bp_per_px`` makes lines equally thin at every zoom.

    ``others`` is the opacity of all but the current object.  ``bp_per_world`` is of the projection: on a tilted map
    napari turns where marks lie, and neither shrinks nor turns the marks.
    """

    bp_per_px: float
    by_score: bool = False
    current: str | None = None
    others: float = 1.0
    bp_per_world: float = 1.0
    _drawing: list[Drawing] = field(default_factory=list, init=False, compare=False, repr=False)

    def drawing(self, items: Sequence[Item]) -> Drawing:
        """How these objects are drawn; asked again for the same list (line and casing do), what is known already."""
        if not self._drawing or self._drawing[0].items is not items:
            self._drawing[:] = [Drawing(items, replace(self))]  # a copy: a circle would wait for the collector
        return self._drawing[0]

    def line(self, item: Item) -> RGBA:
        """Colour of an object's line."""
        red, green, blue, alpha = line_rgba(item.colour, item.record, by_score=self.by_score)
        return red, green, blue, alpha * (1.0 if item.record.uid == self.current else self.others * item.opacity)

    def inside(self, item: Item) -> RGBA:
        """Colour of what an object's line encloses."""
        return _inside(item.record, self.line(item))

    def size(self, record: Annotation) -> float:
        """Width of the mark of a loop or boundary, bp."""
        return mark_size(record, self.bp_per_px, current=record.uid == self.current)

    def width(self, record: Annotation) -> float:
        """Width of an object's line in bp: thicker for what a person confirmed, thickest for the current object."""
        pixels = _CURRENT_PX if record.uid == self.current else STATUS_STYLES[record.status].width
        return pixels * self.bp_per_px


def _inside(record: Annotation, line: RGBA) -> RGBA:
    red, green, blue, alpha = line
    style = STATUS_STYLES[record.status]
    marks = record.kind in (Kind.LOOP, Kind.BOUNDARY)
    return red, green, blue, alpha * (style.inside if marks else style.inside_shape)


class Drawing:
    """How objects are drawn in one style: each property once, when it is first asked for.

    Parameters
    ----------
    items : sequence of Item
        Of one kind; not changed afterwards.
    style : DrawStyle
    """

    def __init__(self, items: Sequence[Item], style: DrawStyle) -> None:
        self.items = items
        self._line, self._size, self._width = style.line, style.size, style.width

    @cached_property
    def lines(self) -> list[RGBA]:
        """Colours of the lines."""
        return [self._line(item) for item in self.items]

    @cached_property
    def insides(self) -> list[RGBA]:
        """Colours of what the lines enclose."""
        return [_inside(item.record, line) for item, line in zip(self.items, self.lines, strict=True)]

    @cached_property
    def widths(self) -> list[float]:
        """Widths of the lines, bp."""
        return [self._width(item.record) for item in self.items]

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """Widths of marks, bp."""
        return np.array([self._size(item.record) for item in self.items], dtype=float)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """Rows and columns of marks, bp; shape ``(n, 2)``."""
        return np.array([point_of(item.record, item.triangle) for item in self.items], dtype=float).reshape(-1, 2)

    @cached_property
    def symbols(self) -> list[str]:
        """napari's markers."""
        return [symbol_of(item.record) for item in self.items]

    @cached_property
    def shapes(self) -> list[tuple[NDArray[np.float64], str]]:
        """Vertices and napari's shape types of stripes and TADs."""
        return [outline_of(item.record, item.triangle) for item in self.items]

    @cached_property
    def outlines(self) -> dict[str, Outline]:
        """Stripes and TADs by their uids."""
        rows = zip(self.items, self.shapes, self.widths, self.lines, self.insides, strict=True)
        return {
            item.record.uid: Outline(vertices, shape_type, width, line, inside, _z_index(item.record))
            for item, (vertices, shape_type), width, line, inside in rows
        }


def _z_index(record: Annotation) -> int:
    area = float(len(record.anchor1) * len(record.anchor2))
    return 1_000 - int(16 * math.log2(area + 1))


@dataclass(frozen=True, slots=True)
class Outline:
    """How one stripe or TAD is drawn; smaller ones lie on top, so that a nested domain can be clicked."""

    vertices: NDArray[np.float64]
    shape_type: str
    width: float
    colour: RGBA
    inside: RGBA
    z_index: int

    def same_style(self, other: Outline) -> bool:
        """True if only the vertices may differ."""
        return self._style == other._style

    @property
    def _style(self) -> tuple[object, ...]:
        return self.shape_type, self.width, self.colour, self.inside


def luminance(colour: Sequence[float]) -> float:
    """Relative luminance of a colour (0 … 1 each), as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache
def casing_of(line: RGBA) -> RGBA:
    """Colour of the thin edge on both sides of a line: dark beside light ones, light beside dark ones.

    It fades faster than its line: it is seen through it, and on white a faint line would stand out by its dark edge.
    """
    red, green, blue, alpha = _DARK_CASING if luminance(line) >= _LIGHT else _LIGHT_CASING
    return red, green, blue, alpha * line[3] ** _CASING_FADES


def symbol_of(record: Annotation) -> str:
    """napari's marker of a loop or boundary."""
    style = STATUS_STYLES[record.status]
    return style.loop if record.kind is Kind.LOOP else style.boundary
