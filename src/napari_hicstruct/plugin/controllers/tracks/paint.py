"""Tracks as pixels: signals as columns of an image, motifs as arrows, genes with exons and names.

Everything is drawn as if it lay flat, from the map (above) outwards; a strip beside the map is the same, turned.
A signal is one image of two colours that numpy fills: a frame of six tracks costs a few milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QLineF, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from napari_hicstruct.plugin.state.map.seen import AxisSpan
from napari_hicstruct.plugin.state.tracks.parts import Part
from napari_hicstruct.plugin.state.tracks.shown_track import FORWARD, REVERSE
from napari_hicstruct.tracks import Genes, Intervals

GENE_ROW_PX, _EXON_PX = 15, 7
_MANY_GENES, _MANY_INTERVALS = 400, 3_000
_NAME_GAP_PX = 6
_ARROW_PX = 9.0


@dataclass(frozen=True, slots=True)
class Strip:
    """Where one track is drawn: along the axis ``width`` pixels, across ``top`` to ``top + height``.

    ``ratio``: pixels of the screen per pixel; ``upright``: it stands beside the map, where names are not read.
    """

    span: AxisSpan
    width: int
    top: int
    height: int
    colour: QColor
    ink: QColor
    ratio: float = 1.0
    upright: bool = False

    def pixel(self, bp: NDArray[np.floating] | NDArray[np.int64]) -> NDArray[np.float64]:
        """Where positions lie, pixels from the first one."""
        return np.asarray((bp - self.span.start) / self.span.bp_per_px, np.float64)


# ------------------------------------------------------------------ signals
def columns_of(part: Part, span: AxisSpan, n: int) -> NDArray[np.float32]:
    """The value of each of ``n`` columns that share the axis equally: of its bins the one farthest from 0.

    NaN where nothing is known.
    """
    values, wanted = part.values, part.wanted
    if values is None or not len(values) or wanted.chrom != span.chrom or span.end <= span.start:
        return np.full(n, np.nan, np.float32)
    edges = (span.start + np.arange(n + 1) * ((span.end - span.start) / n) - wanted.start) / wanted.size
    per_column = (edges[-1] - edges[0]) / n
    whole = (np.floor(edges + 1e-9) if per_column < 1 else np.rint(edges)).astype(np.int64)
    inside = (whole[:-1] >= 0) & (whole[:-1] < len(values))
    at = np.clip(whole[:-1], 0, len(values) - 1)
    high, low = np.fmax.reduceat(values, at), np.fmin.reduceat(values, at)
    if len(at) and per_column >= 1:  # the last column ends where it ends, not with all that was read
        last = values[at[-1] : max(at[-1] + 1, min(whole[-1], len(values)))]
        high[-1], low[-1] = np.fmax.reduce(last), np.fmin.reduce(last)
    elif len(at):
        high[-1] = low[-1] = values[at[-1]]
    found = np.where(np.abs(low) > np.abs(high), low, high)
    found[~inside] = np.nan
    return found.astype(np.float32)


def limits_of(values: NDArray[np.float32], wanted: tuple[float, float] | None) -> tuple[float, float]:
    """The scale of a signal: as wanted, else from 0 to its extreme in view, both sides where it has both."""
    if wanted is not None:
        return wanted
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = min(0.0, float(known.min())), max(0.0, float(known.max()))
    return (low, high) if high > low else (0.0, 1.0)


def paint_signal(painter: QPainter, strip: Strip, values: NDArray[np.float32], limits: tuple[float, float]) -> None:
    """Columns from 0 (or the nearest edge of the scale) to the value; values beyond the scale are cut off."""
    n, rows = len(values), max(1, round(strip.height * strip.ratio))
    low, high = limits
    with np.errstate(invalid="ignore"):
        places = np.clip((high - np.nan_to_num(values.astype(np.float64))) / (high - low) * rows, 0, rows)
    zero = float(np.clip(high / (high - low) * rows, 0, rows))
    first, last = np.minimum(places, zero), np.maximum(places, zero)
    first, last = np.floor(first), np.ceil(last)
    last[~np.isfinite(values)] = -1
    across = np.arange(rows)[:, None]
    filled = ((across >= first) & (across < last)).astype(np.uint8)
    stride = (n + 3) // 4 * 4
    if stride != n:
        filled = np.pad(filled, ((0, 0), (0, stride - n)))
    data = np.ascontiguousarray(filled)
    image = QImage(data.data, n, rows, stride, QImage.Format.Format_Indexed8)
    image.setColorTable([0, strip.colour.rgba()])
    painter.drawImage(QRectF(0, strip.top, strip.width, strip.height), image)
    if low < 0 < high:
        faint = QColor(strip.ink)
        faint.setAlphaF(0.6)
        painter.fillRect(QRectF(0, round(strip.top + zero / strip.ratio), strip.width, 1), faint)


# ------------------------------------------------------------------ intervals and motifs
def paint_intervals(painter: QPainter, strip: Strip, found: Intervals) -> None:
    """Boxes at least a pixel wide; very many as one image."""
    start, end = strip.pixel(found.start), strip.pixel(found.end)
    seen = (end >= 0) & (start <= strip.width)
    start, end = start[seen], np.maximum(end[seen], start[seen] + 1)
    top, height = strip.top + 0.2 * strip.height, 0.6 * strip.height
    if len(start) > _MANY_INTERVALS:
        paint_signal(painter, strip, _covered(start, end, strip.width), (0.0, 1.0))
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(strip.colour)
    painter.drawRects([QRectF(a, top, b - a, height) for a, b in zip(start.tolist(), end.tolist(), strict=True)])


def _covered(start: NDArray[np.float64], end: NDArray[np.float64], width: int) -> NDArray[np.float32]:
    change = np.zeros(width + 1)
    np.add.at(change, np.clip(start, 0, width).astype(int), 1)
    np.add.at(change, np.clip(np.ceil(end), 0, width).astype(int), -1)
    return np.where(np.cumsum(change)[:-1] > 0, 0.6, np.nan).astype(np.float32)


def paint_motifs(painter: QPainter, strip: Strip, found: Intervals) -> None:
    """Arrows that point as the motifs do, forward ones above the middle, in a colour for each strand."""
    middle = strip.pixel((found.start + found.end) / 2)
    seen = (middle >= -_ARROW_PX) & (middle <= strip.width + _ARROW_PX)
    at, sign = middle[seen], found.strand[seen]
    painter.setPen(Qt.PenStyle.NoPen)
    half = strip.height / 2
    for strand, colour, first in ((1, FORWARD, 0.08), (-1, REVERSE, 0.52), (0, strip.colour.name(), 0.3)):
        own = at[sign == strand]
        top, tall = strip.top + first * strip.height, 0.8 * half
        painter.setBrush(QColor(colour))
        if len(own) > _MANY_INTERVALS:
            x = np.unique(np.rint(own).astype(int)).tolist()
            painter.drawRects([QRectF(one, top, 1, tall) for one in x])
            continue
        for x in own.tolist():
            painter.drawPolygon(_arrow(x, top, tall, strand))


def _arrow(x: float, top: float, tall: float, strand: int) -> QPolygonF:
    """A triangle whose point, for a strand, lies at the motif's middle; a diamond without one."""
    if not strand:
        points = [(x, top), (x + tall / 2, top + tall / 2), (x, top + tall), (x - tall / 2, top + tall / 2)]
    else:
        back = x - strand * min(_ARROW_PX, 1.2 * tall)
        points = [(back, top), (x, top + tall / 2), (back, top + tall)]
    return QPolygonF([QPointF(*point) for point in points])


# ------------------------------------------------------------------ genes
@dataclass(slots=True)
class GeneRows:
    """In which row each gene of a part is drawn, at one scale; kept while the view only moves.

    Attributes
    ----------
    row : int64, shape (n,)
        -1 where there is no room.
    named : bool, shape (n,)
        Whether its name is written behind it.
    """

    key: tuple[object, ...] = ()
    row: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    named: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def fit(self, found: Genes, strip: Strip, metrics: QFontMetricsF) -> None:
        """Put genes into rows so that neither they nor their names lie on each other."""
        n_rows = max(1, strip.height // GENE_ROW_PX)
        key = (id(found), strip.span.bp_per_px, n_rows)
        if key == self.key:
            return
        start, end = found.start / strip.span.bp_per_px, found.end / strip.span.bp_per_px
        self.key, n = key, len(found)
        self.row, self.named = np.full(n, -1, np.int64), np.zeros(n, bool)
        taken = [-math.inf] * n_rows
        with_names = n <= 4 * _MANY_GENES and not strip.upright
        widths = [metrics.horizontalAdvance(name) if with_names else 0.0 for name in found.name]
        for i, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
            row = next((r for r in range(n_rows) if taken[r] <= a), -1)
            if row >= 0:
                self.row[i], self.named[i] = row, bool(widths[i])
                taken[row] = max(b, a + 1) + widths[i] + _NAME_GAP_PX * self.named[i] + 4


def paint_genes(painter: QPainter, strip: Strip, found: Genes, rows: GeneRows) -> None:
    """A line for each gene with its exons as boxes, marks that point along its strand, and its name behind it."""
    metrics = QFontMetricsF(painter.font())
    start, end = strip.pixel(found.start), strip.pixel(found.end)
    rows.fit(found, strip, metrics)
    seen = np.flatnonzero((rows.row >= 0) & (end >= -160) & (start <= strip.width))
    if len(seen) > 4 * _MANY_GENES:
        paint_intervals(painter, strip, found)
        return
    lines: list[QLineF] = []
    boxes: list[QRectF] = []
    names: list[tuple[QPointF, str]] = []
    baseline = (metrics.ascent() - metrics.descent()) / 2
    for i in seen.tolist():
        y = strip.top + rows.row[i] * GENE_ROW_PX + GENE_ROW_PX / 2
        a, b = float(start[i]), float(end[i])
        lines.append(QLineF(max(a, -2), y, min(max(b, a + 1), strip.width + 2), y))
        if len(seen) <= _MANY_GENES:
            lines += _marks(a, b, y, int(found.strand[i]), strip.width)
            boxes += _exons(strip, found.exons[i], y)
        if rows.named[i]:
            names.append((QPointF(max(b, a + 1) + 4, y + baseline), found.name[i]))
    painter.setPen(QPen(strip.colour, 1))
    painter.drawLines(lines)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(strip.colour)
    painter.drawRects(boxes)
    painter.setPen(strip.ink)
    for place, name in names:
        painter.drawText(place, name)


def _marks(a: float, b: float, y: float, strand: int, width: int) -> list[QLineF]:
    """Small angles along a gene."""
    if not strand or b - a < 16:
        return []
    made = []
    for x in np.arange(max(a + 8, 0), min(b - 4, width), 14).tolist():
        made += [QLineF(x, y, x - 3 * strand, y - 2.5), QLineF(x, y, x - 3 * strand, y + 2.5)]
    return made


def _exons(strip: Strip, exons: NDArray[np.int64], y: float) -> list[QRectF]:
    if not len(exons):
        return []
    a, b = strip.pixel(exons[:, 0]), strip.pixel(exons[:, 1])
    kept = (b >= 0) & (a <= strip.width)
    a, b = a[kept], np.maximum(b[kept], a[kept] + 1)
    if len(a) > 1:  # what falls on one pixel is drawn once
        first = np.append(True, np.rint(a[1:]) > np.rint(b[:-1]) - 1)
        at = np.flatnonzero(first)
        a, b = a[at], np.maximum.reduceat(b, at)
    return [QRectF(x, y - _EXON_PX / 2, w - x, _EXON_PX) for x, w in zip(a.tolist(), b.tolist(), strict=True)]
