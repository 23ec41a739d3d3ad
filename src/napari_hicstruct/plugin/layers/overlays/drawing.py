"""How one object is drawn: where, in which colour, how thick, with what inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.plugin.state.geometry import Triangle, outline_of
from napari_hicstruct.plugin.state.hit import mark_size
from napari_hicstruct.plugin.state.palette import RGBA, STATUS_STYLES, line_rgba

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

    ``others`` is the opacity of all but the current object.
    """

    bp_per_px: float
    by_score: bool = False
    current: str | None = None
    others: float = 1.0

    def line(self, item: Item) -> RGBA:
        """Colour of an object's line."""
        red, green, blue, alpha = line_rgba(item.colour, item.record, by_score=self.by_score)
        return red, green, blue, alpha * (1.0 if item.record.uid == self.current else self.others * item.opacity)

    def inside(self, item: Item) -> RGBA:
        """Colour of what an object's line encloses."""
        red, green, blue, alpha = self.line(item)
        style = STATUS_STYLES[item.record.status]
        marks = item.record.kind in (Kind.LOOP, Kind.BOUNDARY)
        return red, green, blue, alpha * (style.inside if marks else style.inside_shape)

    def size(self, record: Annotation) -> float:
        """Width of the mark of a loop or boundary, bp."""
        return mark_size(record, self.bp_per_px, current=record.uid == self.current)

    def width(self, record: Annotation) -> float:
        """Width of an object's line in bp: thicker for what a person confirmed, thickest for the current object."""
        pixels = _CURRENT_PX if record.uid == self.current else STATUS_STYLES[record.status].width
        return pixels * self.bp_per_px


@dataclass(frozen=True, slots=True)
class Outline:
    """How one stripe or TAD is drawn; smaller ones lie on top, so that a nested domain can be clicked."""

    vertices: NDArray[np.float64]
    shape_type: str
    width: float
    colour: RGBA
    inside: RGBA
    z_index: int

    @classmethod
    def of(cls, item: Item, style: DrawStyle) -> Outline:
        vertices, shape_type = outline_of(item.record, item.triangle)
        area = float(np.prod(np.ptp(vertices, axis=0)))
        z_index = 1_000 - int(16 * math.log2(area + 1))
        return cls(vertices, shape_type, style.width(item.record), style.line(item), style.inside(item), z_index)

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
