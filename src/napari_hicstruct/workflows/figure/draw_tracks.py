"""Tracks under a map: signals, intervals with their strand, genes with their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.figure.page import Box
from napari_hicstruct.workflows.figure.request import TrackRow
from napari_hicstruct.workflows.figure.style import POINT_MM, SMALL_PT, Inks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGNAL_MM, INTERVALS_MM, GENE_ROW_MM = 6.0, 2.2, 2.7
MAX_GENE_ROWS = 6
_SAMPLES_PER_MM = 12
_LETTER_MM = SMALL_PT * POINT_MM * 0.56
_ARROW_MM = 1.3


def is_signal(track: Any) -> bool:
    """True for numbers along the genome."""
    return hasattr(track, "values")


def is_genes(track: Any) -> bool:
    """True for genes."""
    return hasattr(track, "find")


def height_of(row: TrackRow, span: Interval, width_mm: float) -> float:
    """What a track needs, mm."""
    if row.height_mm:
        return row.height_mm
    track: Any = row.track
    if is_signal(track):
        return SIGNAL_MM
    if is_genes(track):
        rows = gene_rows(track.within(span), span, width_mm)
        return GENE_ROW_MM * max(1, int(rows.max(initial=0)) + 1) + 0.4
    return INTERVALS_MM


def gene_rows(genes: Any, span: Interval, width_mm: float) -> NDArray[np.int64]:
    """The line of each gene, so that neither genes nor their names overlap; -1 where there is no room."""
    bp_per_mm = len(span) / width_mm
    ends: list[float] = []
    rows = np.full(len(genes), -1, np.int64)
    for k in range(len(genes)):
        start, end = (min(max(int(x), span.start), span.end) for x in (genes.start[k], genes.end[k]))
        words = (len(genes.name[k]) + 1.5) * _LETTER_MM * bp_per_mm
        left = start - words
        for line in range(MAX_GENE_ROWS):
            if line == len(ends):
                ends.append(-np.inf)
            if left > ends[line] or (left < span.start and start > ends[line] and line == len(ends) - 1):
                ends[line] = max(end, start + words if left < span.start else end) + 0.6 * bp_per_mm
                rows[k] = line
                break
    return rows


def draw_track(axes: Axes, row: TrackRow, span: Interval, box: Box, ink: Inks, colour: str) -> None:
    """One track, its name at the left."""
    track: Any = row.track
    axes.set_xlim(span.start, span.end)
    axes.set_xticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    if is_signal(track):
        _draw_signal(axes, row, span, box, colour, ink)
    elif is_genes(track):
        _draw_genes(axes, track.within(span), span, box, colour, ink)
    else:
        _draw_intervals(axes, track.within(span), span, box, colour)
    if not is_signal(track):
        axes.set_yticks([])
    axes.text(-1.0 / box.width, 0.5, _elided(str(track.name)), transform=axes.transAxes, ha="right", va="center",
              fontsize=SMALL_PT)  # fmt: skip


def _elided(name: str, letters: int = 12) -> str:
    """A name that fits beside the track, in up to two lines."""
    if len(name) <= letters:
        return name
    for cut in range(min(letters, len(name) - 1), 3, -1):
        if name[cut - 1] in " _-." or name[cut] == " ":
            rest = name[cut:].strip()
            return f"{name[:cut].strip()}\n{rest if len(rest) <= letters else rest[: letters - 1] + '…'}"
    return f"{name[: letters - 1]}…"


def _draw_signal(axes: Axes, row: TrackRow, span: Interval, box: Box, colour: str, ink: Inks) -> None:
    """Filled from 0, with the range at the right."""
    track: Any = row.track
    n = max(50, int(box.width * _SAMPLES_PER_MM))
    values = np.asarray(track.values(span, n), np.float64)
    known = values[np.isfinite(values)]
    low, high = row.limits or (min(0.0, float(known.min(initial=0.0))), float(known.max(initial=0.0)) or 1.0)
    edges, ground = np.linspace(span.start, span.end, n + 1), max(0.0, low)
    shown = np.clip(np.where(np.isfinite(values), values, ground), low, high)
    axes.stairs(shown, edges, fill=True, color=colour, linewidth=0, baseline=ground)
    axes.set_ylim(low, high)
    axes.plot([span.start, span.end], [ground] * 2, color=ink.subdued, linewidth=0.4, clip_on=False)
    axes.set_yticks([])
    style: dict[str, Any] = {"transform": axes.transAxes, "fontsize": SMALL_PT - 0.5, "color": ink.subdued}
    if not known.size:
        axes.text(0.5, 0.5, "no values here", ha="center", va="center", **style)
        return
    axes.text(1.0 + 0.6 / box.width, 1.0, f"[{low:.3g}, {high:.3g}]", ha="left", va="top", **style)


def _draw_intervals(axes: Axes, found: Any, span: Interval, box: Box, colour: str) -> None:
    """Boxes; arrows where they have a strand and are drawn shorter than an arrow."""
    axes.set_ylim(-1, 1)
    if not len(found):
        return
    if np.count_nonzero(found.strand) * 2 > len(found):
        _draw_arrows(axes, found, span, box, colour)
        return
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    least = 0.25 * len(span) / box.width
    boxes = [Rectangle((s, -0.75), max(e - s, least), 1.5) for s, e in zip(found.start, found.end, strict=True)]
    axes.add_collection(PatchCollection(boxes, facecolor=colour, edgecolor="none"))


_FORWARD, _REVERSE = "#C0392B", "#2166AC"
"""Of motifs on either strand, as most papers on loop extrusion have them."""


def _draw_arrows(axes: Axes, found: Any, span: Interval, box: Box, colour: str) -> None:
    from matplotlib.collections import PolyCollection

    reach = _ARROW_MM * len(span) / box.width / 2
    middle = (found.start + found.end) / 2
    shapes = [
        [(x - sign * reach, -0.8), (x + sign * reach, 0.0), (x - sign * reach, 0.8)]
        for x, sign in zip(middle, np.where(found.strand < 0, -1, 1), strict=True)
    ]
    colours = [_FORWARD if s > 0 else _REVERSE if s < 0 else colour for s in found.strand]
    axes.add_collection(PolyCollection(shapes, facecolors=colours, edgecolors="none"))


def _draw_genes(axes: Axes, genes: Any, span: Interval, box: Box, colour: str, ink: Inks) -> None:
    """Exons as boxes on a line with the strand's direction, the name before each gene."""
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Rectangle

    rows = gene_rows(genes, span, box.width)
    lines = int(rows.max(initial=0)) + 1
    axes.set_ylim(lines - 0.5, -0.5)
    bp_per_mm = len(span) / box.width
    bodies, boxes, hooks = [], [], []
    for k in np.flatnonzero(rows >= 0):
        y, start, end = float(rows[k]), int(genes.start[k]), int(genes.end[k])
        bodies.append([(start, y), (end, y)])
        parts = genes.exons[k] if len(genes.exons) and len(genes.exons[k]) else [(start, end)]
        boxes += [Rectangle((a, y - 0.24), max(b - a, 0.12 * bp_per_mm), 0.48) for a, b in parts]
        hooks += _hooks(max(start, span.start), min(end, span.end), y, int(genes.strand[k]), bp_per_mm)
        before = start - 0.4 * bp_per_mm
        fits = before - len(genes.name[k]) * _LETTER_MM * bp_per_mm >= span.start
        at, side = (before, "right") if fits else (min(end, span.end) + 0.4 * bp_per_mm, "left")
        if fits or at < span.end:
            axes.text(at, y, genes.name[k], ha=side, va="center_baseline", fontsize=SMALL_PT - 0.5, style="italic",
                      color=ink.ink, clip_on=True)  # fmt: skip
    axes.add_collection(LineCollection(bodies, colors=colour, linewidths=0.6))
    axes.add_collection(LineCollection(hooks, colors=colour, linewidths=0.5))
    axes.add_collection(PatchCollection(boxes, facecolor=colour, edgecolor="none"))


def _hooks(start: float, end: float, y: float, strand: int, bp_per_mm: float) -> list[list[tuple[float, float]]]:
    """Small angles along a gene that point where it is read to."""
    step, depth = 2.2 * bp_per_mm, 0.4 * bp_per_mm
    if not strand or end - start < 1.2 * step:
        return []
    at = np.arange(start + step / 2, end - step / 4, step)
    return [[(x - strand * depth, y - 0.16), (x, y), (x - strand * depth, y + 0.16)] for x in at]
