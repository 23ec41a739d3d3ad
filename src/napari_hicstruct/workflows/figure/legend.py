"""Which mark is which set: a line of marks and names above the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.workflows.figure.draw_labels import Drawn
from napari_hicstruct.workflows.figure.page import LINE_MM, Page
from napari_hicstruct.workflows.figure.style import FONT_PT, LINE_PT, POINT_MM

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARK_MM, _BETWEEN_MM = 2.6, 3.0
_LETTER_MM = FONT_PT * POINT_MM * 0.55


def legend_lines(sets: Sequence[Drawn], width_mm: float) -> list[list[Drawn]]:
    """The sets, line by line, as many as there is room for."""
    lines: list[list[Drawn]] = []
    used = width_mm
    for one in sets:
        need = _MARK_MM + _BETWEEN_MM + (len(text_of(one)) + 1) * _LETTER_MM
        if used + need > width_mm:
            lines.append([])
            used = 0.0
        lines[-1].append(one)
        used += need
    return lines


def text_of(one: Drawn) -> str:
    """Name and number."""
    return f"{one.name} ({len(one.records):,})"


def draw_legend(figure: Figure, page: Page, lines: Sequence[Sequence[Drawn]], *, tilted: bool) -> None:
    """Marks as on the map, names behind them."""
    axes = figure.add_axes((0, 0, 1, 1), zorder=-1)
    axes.set_axis_off()
    axes.set(xlim=(0, page.width), ylim=(page.height, 0))
    for number, line in enumerate(lines):
        y, x = page.legend + (number + 0.5) * LINE_MM, page.map.left
        for one in line:
            _draw_mark(axes, one, x + _MARK_MM / 2, y, tilted=tilted)
            axes.text(x + _MARK_MM + 0.6, y, text_of(one), va="center_baseline", ha="left")
            x += _MARK_MM + _BETWEEN_MM + (len(text_of(one)) + 1) * _LETTER_MM


def _draw_mark(axes: Any, one: Drawn, x: float, y: float, *, tilted: bool) -> None:
    half = _MARK_MM / 2 - 0.3
    roof = ([x - half, x, x + half], [y + half * 0.7, y - half * 0.3, y + half * 0.7])
    paths = {
        Kind.STRIPE: (
            [x - half, x + half, x + half, x - half, x - half],
            [y - 0.4, y - 0.4, y + 0.4, y + 0.4, y - 0.4],
        ),
        Kind.TAD: roof if tilted else ([x - half, x + half, x + half], [y - half * 0.8] * 2 + [y + half * 0.8]),
    }
    if one.kind in paths:
        axes.plot(*paths[one.kind], color=one.colour, linewidth=LINE_PT + 0.2, solid_joinstyle="miter")
        return
    marker = "o" if one.kind is Kind.LOOP else "D"
    size = (1.6 if one.kind is Kind.LOOP else 1.3) / POINT_MM
    axes.scatter([x], [y], s=size**2, marker=marker, facecolors="none", edgecolors=one.colour, linewidths=LINE_PT + 0.2)
