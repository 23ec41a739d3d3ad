"""How a figure is divided, in millimetres from its upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_hicstruct.workflows.figure.style import FONT_PT, MM, POINT_MM, SMALL_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOP, BOTTOM, GAP = 1.5, 1.5, 1.2
AXIS_MM = 7.0
"""Of the numbers and the name under an axis."""

BAR_MM, BAR_GAP, BAR_WORDS = 1.8, 2.0, 13.5
LINE_MM = FONT_PT * POINT_MM * 1.35


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left and top edge, width and height, mm."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Page:
    """All of a figure.

    Attributes
    ----------
    width, height : float
        mm.
    map : Box
    second : Box or None
        Under the axis of a tilted map.
    bar : Box
        The colour bar.
    rows : tuple of Box
        Of the tracks.
    legend : float
        Upper edge of the legend's lines.
    """

    width: float
    height: float
    map: Box
    second: Box | None
    bar: Box
    rows: tuple[Box, ...]
    legend: float

    def figure(self) -> Figure:
        """An empty figure of this size."""
        from matplotlib.figure import Figure

        return Figure(figsize=(self.width * MM, self.height * MM))

    def axes(self, figure: Figure, box: Box) -> Axes:
        """Axes that fill ``box``."""
        bottom = self.height - box.top - box.height
        place = (box.left / self.width, bottom / self.height, box.width / self.width, box.height / self.height)
        return figure.add_axes(place)

    def write_upright(self, figure: Figure, bar: Box, words: str) -> None:
        """Words at the page's right edge, upwards, beside the middle of ``bar`` or as near as they have room."""
        longest = max(map(len, words.split("\n"))) * SMALL_PT * POINT_MM * 0.52 / 2 + 1
        end = self.rows[0].top if self.rows else self.height
        middle = max(min(bar.top + bar.height / 2, end - longest), longest)
        figure.text(
            1 - 1.0 / self.width,
            1 - middle / self.height,
            words,
            rotation=90,
            ha="right",
            va="center",
            multialignment="center",
            fontsize=SMALL_PT,
        )


def lay_out(
    width: float, shape: tuple[float, float], heights: Sequence[float], *, legend_lines: int, tilted: int = 0
) -> Page:
    """Divide a page.

    Parameters
    ----------
    width : float
        mm.
    shape : (float, float)
        Height and width of the map, in any unit: the map is as wide as the page allows.
    heights : sequence of float
        Of the tracks, mm.
    legend_lines : int
    tilted : int
        Number of tilted maps, 0 for an upright one.
    """
    left = 15.0 if heights else 11.0
    inner = width - left - BAR_GAP - BAR_MM - BAR_WORDS
    height = inner * shape[0] / shape[1]
    top = TOP + legend_lines * LINE_MM + (0.8 if legend_lines else 0.0)
    first = Box(left, top, inner, height)
    second = Box(left, top + height + AXIS_MM, inner, height) if tilted == 2 else None
    bottom = (second.top + second.height + GAP) if second is not None else top + height + AXIS_MM
    rows = []
    at = bottom + (0.6 if heights else 0.0)
    for one in heights:
        rows.append(Box(left, at, inner, one))
        at += one + GAP
    tall = min(max(height * 0.45, 9.0), 26.0, max(height, 9.0))
    bar = Box(left + inner + BAR_GAP, top + (max(0.0, height - tall) if tilted else 0.0), BAR_MM, tall)
    return Page(width, max(at, bar.top + bar.height) + BOTTOM, first, second, bar, tuple(rows), TOP)
