"""How one object is drawn: where, in which colour, how thick."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.annotations.records import Annotation, Origin, Status
from napari_hicstruct.plugin.state.geometry import Triangle, outline_of
from napari_hicstruct.plugin.state.palette import rgba


@dataclass(frozen=True, slots=True)
class Item:
    """One object as it shall be drawn."""

    record: Annotation
    origin: Origin
    triangle: Triangle


@dataclass(frozen=True, slots=True)
class DrawStyle:
    """What drawing depends on besides the objects: ``bp_per_px`` makes lines equally thin at every zoom.

    ``others`` is the opacity of all but the current object.
    """

    bp_per_px: float
    by_score: bool = False
    current: str | None = None
    others: float = 1.0

    def colour(self, item: Item) -> tuple[float, float, float, float]:
        """Of an object's lines."""
        red, green, blue, alpha = rgba(item.origin, item.record, by_score=self.by_score)
        return red, green, blue, alpha * (1.0 if item.record.uid == self.current else self.others)


@dataclass(frozen=True, slots=True)
class Outline:
    """How one stripe or TAD is drawn; smaller ones lie on top, so that a nested domain can be clicked."""

    vertices: NDArray[np.float64]
    shape_type: str
    width: float
    colour: tuple[float, float, float, float]
    z_index: int

    @classmethod
    def of(cls, item: Item, style: DrawStyle) -> Outline:
        vertices, shape_type = outline_of(item.record, item.triangle)
        area = float(np.prod(np.ptp(vertices, axis=0)))
        return cls(
            vertices,
            shape_type,
            line_pixels(item.record, style) * style.bp_per_px,
            style.colour(item),
            1_000 - int(16 * math.log2(area + 1)),
        )

    def same_style(self, other: Outline) -> bool:
        """True if only the vertices may differ."""
        return (self.shape_type, self.width, self.colour) == (other.shape_type, other.width, other.colour)


def line_pixels(record: Annotation, style: DrawStyle) -> float:
    """Line width in canvas pixels: thin, thicker for what a person confirmed, thickest for the current object."""
    if record.uid == style.current:
        return 3.6
    return 2.4 if record.status in (Status.ACCEPTED, Status.EDITED) else 1.6
