"""Where the camera looks, in base pairs: regions ↔ camera, spelling of a view, and the history of views."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from napari_hicstruct.errors import RegionError
from napari_hicstruct.genome import Interval, NameMatcher, display_name, format_region, format_span, parse_region

_PAIR = re.compile(r"\s*(?:×|\s[xX*]\s)\s*")
_OFF_CENTRE = 0.25  # of the shorter side

POSITION_BP = 2_000_000
"""What is shown around a single position, unless one looks closer already."""


@dataclass(frozen=True, slots=True)
class View:
    """What the window shows: ``rows`` (first anchor) × ``cols`` (second anchor), both on one chromosome, bp."""

    rows: Interval
    cols: Interval

    def __str__(self) -> str:
        """As :func:`parse_view` reads it back: the span on the diagonal, exactly, or rows × columns, rounded."""
        common, chrom = self.common, display_name(self.rows.chrom)
        if common is not None:
            return format_region(replace(common, chrom=chrom))
        return f"{chrom}:{format_span(self.rows)} × {format_span(self.cols)}"

    @property
    def common(self) -> Interval | None:
        """What one would type to return, where the view lies about the diagonal; None where it does not.

        A canvas is seldom square: the longer side shows more at both ends, or at one, if the chromosome ends there.
        """
        inner, outer = sorted((self.rows, self.cols), key=len)
        start, end = inner.start - outer.start, outer.end - inner.end
        middle = 0 in (start, end) or abs(start - end) / 2 <= _OFF_CENTRE * len(inner)
        return inner if start >= 0 and end >= 0 and middle else None

    def link(self) -> str:
        """The view as one word that :func:`parse_view` reads back exactly: for the region box and ``view -r``."""
        common, chrom = self.common, display_name(self.rows.chrom)
        if common is not None:
            return format_region(replace(common, chrom=chrom))
        return "×".join(format_region(replace(part, chrom=chrom)) for part in (self.rows, self.cols))

    def short(self) -> str:
        """For a title: ``chr21:29.7–35.3 Mb``, or rows × columns."""
        common = self.common
        spans = [format_span(part) for part in ((self.rows, self.cols) if common is None else (common,))]
        return f"{display_name(self.rows.chrom)}:{' × '.join(spans)}"


def parse_view(
    text: str, chromsizes: Mapping[str, int], *, chrom: str | None = None, around: int = POSITION_BP
) -> View:
    """Read a view as people type it.

    Parameters
    ----------
    text : str
        ``chr17:62.5M-63.5M``, ``chr17:62,500,000-63,500,000``, a bare chromosome, a bare span such as
        ``62.5M-63.5M`` (on ``chrom``), a single position (``chr17:62.5M``, ``62,500,000``), or two of these joined by
        ``×`` (rows × columns).
    chromsizes : mapping of str to int
        Chromosome lengths, bp.
    chrom : str, optional
        Chromosome that a bare span or position belongs to.
    around : int
        What to show around a single position, bp.

    Raises
    ------
    RegionError
        If it is not a region of this map, or if rows and columns lie on two chromosomes.
    """
    parts = _PAIR.split(text.strip())
    if len(parts) > 2:
        raise RegionError(f"'{text}' is not a region.", hint="Write chr17:62.5M-63.5M, or rows × columns.")
    rows = _parse_one(parts[0], chromsizes, chrom, around)
    cols = _parse_one(parts[-1], chromsizes, rows.chrom, around)
    if rows.chrom != cols.chrom:
        raise RegionError(f"'{text}' joins two chromosomes.", hint="Choose rows and columns on one chromosome.")
    return View(rows, cols)


def _parse_one(text: str, chromsizes: Mapping[str, int], chrom: str | None, around: int) -> Interval:
    """A region; one without a chromosome's name, of digits that are not a name themselves, lies on ``chrom``."""
    bare = ":" not in text and re.match(r"\s*[0-9]", text) and NameMatcher(chromsizes).match(text.strip()) is None
    return parse_region(f"{chrom}:{text}" if bare and chrom else text, chromsizes, around=around)


def camera_for(view: View, canvas: tuple[int, int]) -> tuple[tuple[float, float], float]:
    """Camera centre (row, column; bp) and zoom (canvas pixels per bp) that show all of ``view``.

    ``canvas`` is (height, width) in pixels.
    """
    height, width = canvas
    zoom = min(height / max(len(view.rows), 1), width / max(len(view.cols), 1))
    return (view.rows.center, view.cols.center), zoom


def view_of_camera(
    center: tuple[float, float], zoom: float, canvas: tuple[int, int], *, chrom: str, length: int
) -> View:
    """The part of ``chrom`` (``length`` bp) that the camera shows; empty intervals if it looks past the ends."""
    spans = []
    for middle, pixels in zip(center, canvas, strict=True):
        half = pixels / zoom / 2
        start = min(max(0, round(middle - half)), length)
        spans.append(Interval(chrom, start, max(start, min(length, round(middle + half)))))
    return View(*spans)


def at_least(interval: Interval, size: int, length: int) -> Interval:
    """``interval`` grown about its middle to at least ``size`` bp, shifted to stay inside ``[0, length)``."""
    if len(interval) >= size:
        return interval
    start = min(max(0, int(interval.center - size / 2)), max(0, length - size))
    return Interval(interval.chrom, start, min(length, start + size))


class History:
    """Back and forward through views, as in a browser: a new view drops what lay ahead."""

    def __init__(self, limit: int = 200) -> None:
        self._views: list[View] = []
        self._at = -1
        self._limit = limit

    def push(self, view: View) -> None:
        """Remember ``view`` as the newest; repeating the current one changes nothing."""
        if self._views and self._views[self._at] == view:
            return
        self._views = [*self._views[: self._at + 1], view][-self._limit :]
        self._at = len(self._views) - 1

    def back(self) -> View | None:
        """The view before the current one, or None at the beginning."""
        return self._step(-1)

    def forward(self) -> View | None:
        """The view after the current one, or None at the end."""
        return self._step(1)

    @property
    def can_go_back(self) -> bool:
        """True if there is an earlier view."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """True if there is a later view."""
        return self._at < len(self._views) - 1

    def _step(self, by: int) -> View | None:
        target = self._at + by
        if not 0 <= target < len(self._views):
            return None
        self._at = target
        return self._views[target]
