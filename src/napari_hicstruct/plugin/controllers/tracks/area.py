"""The strip of tracks along one edge of the map: painted in line with it, sized and ordered by the mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTransform
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_hicstruct.genome import Interval, display_name
from napari_hicstruct.plugin.controllers.tracks.paint import (
    GeneRows,
    Strip,
    columns_of,
    limits_of,
    paint_genes,
    paint_intervals,
    paint_motifs,
    paint_signal,
)
from napari_hicstruct.plugin.state.map.seen import AxisSpan
from napari_hicstruct.plugin.state.tracks.shown_track import ShownTrack
from napari_hicstruct.plugin.state.tracks.tracks import Axis, TracksState
from napari_hicstruct.tracks import GeneTrack, IntervalTrack, SignalTrack

_EDGE_PX, _NAME_PX = 4, 150
_GAP_PX = 3
_MAX_SHARE = {"columns": 0.45, "rows": 0.25}
"""Of the window's side: higher tracks are all drawn lower."""


class TrackArea(QWidget):
    """Tracks below the map, or on its right.

    Parameters
    ----------
    state : TracksState
    axis : str
        ``columns``: below; ``rows``: on the right, turned.

    Attributes
    ----------
    menu_wanted : Signal(str, QPoint)
        The menu of a track (its key), at a place of the screen.
    dragged : Signal(float)
        The map shall move by so many pixels along the axis.
    zoomed : Signal(float, float)
        It shall be zoomed by a factor about a pixel along the axis.
    hovered : Signal(object)
        The position (bp) under the mouse; None: it has left.
    """

    menu_wanted = Signal(str, QPoint)
    dragged = Signal(float)
    zoomed = Signal(float, float)
    hovered = Signal(object)

    def __init__(self, state: TracksState, axis: Axis) -> None:
        super().__init__()
        self._state, self._axis = state, axis
        self._upright = axis == "rows"
        self._span: AxisSpan | None = None
        self._ink, self._paper = QColor("black"), QColor("white")
        self._cursor: tuple[float | None, float | None] = (None, None)
        self._anchors: tuple[Interval, ...] = ()
        self._gene_rows: dict[str, GeneRows] = {}
        self._drag: Callable[[QPointF], None] | None = None
        self._drop: Callable[[QPointF], None] | None = None
        font = self.font()
        font.setPointSizeF(max(7.0, 0.85 * font.pointSizeF()))
        self.setFont(font)
        stretch, fixed = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        self.setSizePolicy(*((fixed, stretch) if self._upright else (stretch, fixed)))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)

    # ------------------------------------------------------------------ what is shown
    @property
    def thick(self) -> int:
        """Pixels across all tracks, before there was too little room."""
        return sum(one.pixels + _GAP_PX for one in self._state.shown())

    def sizeHint(self) -> QSize:
        return QSize(self._across(), self._across())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._across(), 1) if self._upright else QSize(1, self._across())

    def _across(self) -> int:
        window = self.window()
        side = (window.width() if self._upright else window.height()) if window is not None else 10_000
        return min(self.thick, int(_MAX_SHARE[self._axis] * side))

    def refit(self) -> None:
        """Take the room that the tracks need."""
        self.updateGeometry()
        self.update()

    def set_colours(self, ink: QColor, paper: QColor) -> None:
        """Text and ground."""
        self._ink, self._paper = ink, paper
        self.update()

    def set_span(self, span: AxisSpan | None) -> None:
        """Show another place; painted with the next frame."""
        if span != self._span:
            self._span = span
            self.update()

    def set_cursor(self, own: float | None, other: float | None = None) -> None:
        """Lines at the position (bp) under the cursor, and at the other anchor of the pixel there."""
        if (own, other) != self._cursor:
            self._cursor = own, other
            self.update()

    def set_anchors(self, anchors: tuple[Interval, ...]) -> None:
        """Mark the anchors of the chosen object."""
        if anchors != self._anchors:
            self._anchors = anchors
            self.update()

    # ------------------------------------------------------------------ where what lies
    @property
    def _long(self) -> int:
        return self.height() if self._upright else self.width()

    def _first_px(self, span: AxisSpan) -> float:
        """Where the canvas begins in this widget."""
        corner = self.mapToGlobal(QPoint(0, 0))
        return span.first_px - (corner.y() if self._upright else corner.x())

    def aligned(self) -> AxisSpan | None:
        """What is seen along this widget, from its own first pixel to its last."""
        span = self._span
        if span is None:
            return None
        start = span.start - self._first_px(span) * span.bp_per_px
        return AxisSpan(span.chrom, span.length, start, start + self._long * span.bp_per_px, 0, self._long, span.kind)

    def strips(self) -> Iterator[tuple[ShownTrack, int, int]]:
        """Shown tracks with their first pixel and their height, across, from the map outwards."""
        room, wanted = (self.width() if self._upright else self.height()), self.thick
        share, top = (1.0 if wanted <= room else room / max(wanted, 1)), 0.0
        for one in self._state.shown():
            height = (one.pixels + _GAP_PX) * share
            yield one, round(top), max(1, round(top + height) - round(top) - _GAP_PX)
            top += height

    def _flat(self, place: QPointF) -> QPointF:
        """A place of this widget as if it lay flat: along, across from the map."""
        return QPointF(place.y(), place.x()) if self._upright else place

    def track_at(self, place: QPointF) -> tuple[ShownTrack, int, int] | None:
        """The track at a flat place, with its first pixel and height."""
        return next((row for row in self.strips() if row[1] <= place.y() < row[1] + row[2] + _GAP_PX), None)

    # ------------------------------------------------------------------ painting
    def paintEvent(self, event: Any) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._paper)
        span = self.aligned()
        if span is not None and span.end > span.start:
            if self._upright:  # as if it lay flat, its first track at the map
                painter.setTransform(QTransform(0, 1, 1, 0, 0, 0), True)
            self._paint_anchors(painter, span)
            painter.setClipRect(QRectF(*self._chromosome(span)))
            scales = {one.key: self._paint_track(painter, span, one, top, h) for one, top, h in self.strips()}
            painter.setClipping(False)
            self._paint_lines(painter, span)
            painter.resetTransform()
            self._paint_names(painter, scales)
        painter.end()

    def _chromosome(self, span: AxisSpan) -> tuple[float, float, float, float]:
        first, last = max(0.0, span.pixel(0)), min(float(self._long), span.pixel(span.length))
        return first, 0.0, max(0.0, last - first), 10_000.0

    def _paint_track(
        self, painter: QPainter, span: AxisSpan, one: ShownTrack, top: int, height: int
    ) -> tuple[float, float] | None:
        """The scale of a signal; None for all others."""
        part, ratio = self._state.part(one.key, self._axis), self.devicePixelRatioF()
        if part is None or one.track is None:
            return None
        strip = Strip(span, self._long, top, height, QColor(one.colour), self._ink, ratio, self._upright)
        if isinstance(one.track, SignalTrack):
            values = columns_of(part, span, round(self._long * ratio))
            limits = limits_of(values, one.limits)
            paint_signal(painter, strip, values, limits)
            return limits
        if part.intervals is None or part.wanted.chrom not in ("", span.chrom):
            return None
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, one.kind == "motifs")
        if one.kind == "genes":
            paint_genes(painter, strip, part.intervals, self._gene_rows.setdefault(one.key, GeneRows()))  # type: ignore[arg-type]
        else:
            (paint_motifs if one.kind == "motifs" else paint_intervals)(painter, strip, part.intervals)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return None

    def _paint_anchors(self, painter: QPainter, span: AxisSpan) -> None:
        """Bands of the chosen object's anchors, behind the tracks."""
        ground = QColor(self._ink)
        ground.setAlphaF(0.16)
        for anchor in self._anchors:
            if anchor.chrom == span.chrom:
                first = span.pixel(anchor.start)
                painter.fillRect(QRectF(first, 0, max(1.0, span.pixel(anchor.end) - first), 10_000), ground)

    def _paint_lines(self, painter: QPainter, span: AxisSpan) -> None:
        own, other = self._cursor
        for bp, style in ((other, Qt.PenStyle.DotLine), (own, Qt.PenStyle.SolidLine)):
            if bp is not None:
                x = span.pixel(bp)
                painter.setPen(QPen(self._ink, 1, style))
                painter.drawLine(QPointF(x, 0), QPointF(x, 10_000))
        line = QColor(self._ink)
        line.setAlphaF(0.25)
        for _, top, height in self.strips():
            painter.fillRect(QRectF(0, top + height + 1, self._long, 1), line)

    def _paint_names(self, painter: QPainter, scales: dict[str, tuple[float, float] | None]) -> None:
        """Name and scale of each track at its beginning, on a ground of their own."""
        metrics, ground = QFontMetricsF(self.font()), QColor(self._paper)
        ground.setAlphaF(0.8)
        for one, top, height in self.strips():
            text = self._words(one, scales.get(one.key))
            name = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(40.0, self._long - 12.0))
            width = metrics.horizontalAdvance(name)
            painter.save()
            if self._upright:
                painter.translate(top + height, 3)
                painter.rotate(90)
            else:
                painter.translate(3, top)
            tall = min(metrics.height(), height + _GAP_PX)
            painter.fillRect(QRectF(-1, 0, width + 4, tall), ground)
            painter.setPen(self._ink)
            painter.drawText(QPointF(1, metrics.ascent() - max(0.0, metrics.height() - tall) / 2), name)
            painter.restore()

    def _words(self, one: ShownTrack, scale: tuple[float, float] | None) -> str:
        if one.problem:
            return f"{one.name}  cannot be shown"
        if one.track is None or (one.own and not one.track.ends):
            return f"{one.name}  …"
        span = self._span
        if span is not None and not one.own and one.track.chromosome(span.chrom) is None:
            return f"{one.name}  nothing on {display_name(span.chrom)}"
        return one.name if scale is None else f"{one.name}  [{_number(scale[0])} – {_number(scale[1])}]"

    # ------------------------------------------------------------------ the mouse
    def mousePressEvent(self, event: Any) -> None:
        place = self._flat(event.position())
        found = self.track_at(place)
        if event.button() == Qt.MouseButton.RightButton:
            if found is not None:
                self.menu_wanted.emit(found[0].key, event.globalPosition().toPoint())
            return
        if event.button() != Qt.MouseButton.LeftButton or found is None:
            return
        one, top, height = found
        if place.y() >= top + height + _GAP_PX - _EDGE_PX:
            self._begin_sizing(one, place.y(), one.pixels)
        elif place.x() <= _NAME_PX and place.y() <= top + QFontMetricsF(self.font()).height():
            self._begin_ordering(one)
        else:
            self._begin_panning(place.x())

    def _begin_sizing(self, one: ShownTrack, at: float, before: int) -> None:
        self._drag = lambda place: self._state.set_height(one.key, before + round(place.y() - at), keep=False)
        self._drop = lambda place: self._state.set_height(one.key, before + round(place.y() - at))

    def _begin_ordering(self, one: ShownTrack) -> None:
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

        def put(place: QPointF) -> None:
            under = self.track_at(place)
            if under is not None and under[0] is not one:
                self._state.move(one.key, self._state.tracks.index(under[0]))

        self._drag, self._drop = put, lambda _: None

    def _begin_panning(self, at: float) -> None:
        last = [at]

        def pan(place: QPointF) -> None:
            self.dragged.emit(place.x() - last[0])
            last[0] = place.x()

        self._drag, self._drop = pan, lambda _: None

    def mouseMoveEvent(self, event: Any) -> None:
        place = self._flat(event.position())
        if self._drag is not None:
            self._drag(place)
            return
        span, found = self.aligned(), self.track_at(place)
        self.hovered.emit(None if span is None else span.position(place.x()))
        on_edge = found is not None and place.y() >= found[1] + found[2] + _GAP_PX - _EDGE_PX
        sizing = Qt.CursorShape.SizeHorCursor if self._upright else Qt.CursorShape.SizeVerCursor
        self.setCursor(sizing if on_edge else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: Any) -> None:
        if self._drop is not None:
            self._drop(self._flat(event.position()))
        self._drag = self._drop = None
        self.unsetCursor()

    def wheelEvent(self, event: Any) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self.zoomed.emit(1.1 ** (turned / 120), self._flat(event.position()).x())
        event.accept()

    def leaveEvent(self, event: Any) -> None:
        self.hovered.emit(None)

    def event(self, event: QEvent | None) -> bool:
        """What lies under the mouse, as a tooltip."""
        if event is not None and event.type() == QEvent.Type.ToolTip:
            text = self.text_at(self._flat(QPointF(event.pos())))  # type: ignore[attr-defined]
            if text:
                QToolTip.showText(event.globalPos(), text, self)  # type: ignore[attr-defined]
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def text_at(self, place: QPointF) -> str:
        """A track's name, position, and value or intervals at a flat place."""
        span, found = self.aligned(), self.track_at(place)
        if span is None or found is None:
            return ""
        one = found[0]
        bp = span.position(place.x())
        part = self._state.part(one.key, self._axis)
        if one.problem or one.track is None or part is None or not 0 <= bp < span.length:
            return one.problem or one.name
        where = f"{one.name} · {display_name(span.chrom)}:{int(bp):,}"
        if isinstance(one.track, IntervalTrack | GeneTrack):
            near = max(1, int(3 * span.bp_per_px))
            within = one.track.within(Interval(span.chrom, max(0, int(bp) - near), int(bp) + near))
            marks = {1: " →", -1: " ←", 0: ""}
            some = list(zip(within.name, within.start, within.end, within.strand, strict=True))[:4]
            lines = [f"{name or 'interval'}{marks[int(sign)]}  {a:,}–{b:,}" for name, a, b, sign in some]
            return "\n".join([where, *lines])
        column = int(np.clip(place.x(), 0, max(self._long - 1, 0)))
        value = columns_of(part, span, self._long)[column] if self._long else np.nan
        return f"{where} · {value:.4g}" if np.isfinite(value) else f"{where} · nothing known"


def _number(value: float) -> str:
    """Three digits, without an exponent where thousands do."""
    text = f"{value:,.0f}" if 1_000 <= abs(value) < 1e7 else f"{value:.3g}"
    return text.replace("-", "−")  # as on axes: beside a dash a hyphen is no sign
