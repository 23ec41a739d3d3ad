"""A figure of what a window shows: region, colours, sets, tracks, tilted or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from psygnal import Signal

from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.config.figure import FigureLook
from napari_hicstruct.config.paths import cache_dir
from napari_hicstruct.contacts.colours import Scale
from napari_hicstruct.contacts.pair_levels import DIVERGING, Joined
from napari_hicstruct.errors import HicStructError, MapError, readable
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job
from napari_hicstruct.plugin.state.map.seen import AxisKind
from napari_hicstruct.wording import middle_elided
from napari_hicstruct.workflows.figure.overlays import Overlay
from napari_hicstruct.workflows.figure.request import FigureRequest, LabelSet, Theme, TrackRow

MAX_RECORDS = 5_000
"""Of a kind in one figure; more would be a stain."""

PREVIEW_DPI = 220


class FigureState:
    """The figure that a window would give, and its preview.

    Parameters
    ----------
    window : WindowState

    Attributes
    ----------
    drawn : Signal(Path)
        The preview was drawn anew.
    written : Signal(FigureResult)
    failed : Signal(HicStructError)
    look : FigureLook
    added_layers : callable
        Gives the layers that a person added with napari, which a state does not know.
    """

    drawn = Signal(object)
    written = Signal(object)
    failed = Signal(object)

    def __init__(self, window: Any) -> None:
        self._window = window
        self.look = FigureLook(tilted=_is_tilted(window))
        self.added_layers: Callable[[], tuple[Overlay, ...]] = tuple
        self._preview = BackgroundJob(window.runner, on_done=self.drawn.emit, on_error=self.failed.emit)
        self._writing = BackgroundJob(window.runner, on_done=self._written, on_error=self.failed.emit)

    def edit(self, values: dict[str, Any]) -> None:
        """Take other settings and draw the preview anew."""
        self.look = FigureLook(**values)
        self.preview()

    def preview(self) -> None:
        """Draw what :meth:`write` would write, coarser, into the cache folder."""
        path = cache_dir() / "figure-preview.png"
        self._start(self._preview, path, {"dpi": PREVIEW_DPI, "overwrite": True}, lambda result: result.path)

    def write(self, path: str | Path) -> None:
        """Write the figure in the background; the person has agreed to replace a file that exists."""
        self._start(self._writing, Path(path), {"overwrite": True}, lambda result: result)

    @property
    def writing(self) -> bool:
        """True while a figure is written."""
        return self._writing.running

    def end(self) -> None:
        """End what runs, for the end of the window."""
        self._preview.end()
        self._writing.end()

    def _start(self, job: BackgroundJob, path: Path, changes: dict[str, Any], give: Any) -> None:
        source = self._window.source
        try:
            request = replace(self.request(path), **changes)
        except HicStructError as error:
            self.failed.emit(error)
            return

        def work(token: CancelToken) -> Job:
            from napari_hicstruct.workflows.figure import iter_figure

            return give((yield from iter_figure(request, source=source, token=token)))

        job.start(work)

    def _written(self, result: Any) -> None:
        size = f"{result.width_mm:.0f} × {result.height_mm:.0f} mm"
        self._window.done.emit(f"Wrote a figure of {size} to {readable(str(result.path))}")
        self.written.emit(result)

    # ------------------------------------------------------------------ what the window shows
    def request(self, path: Path) -> FigureRequest:
        """The figure of the view as it is now.

        Raises
        ------
        MapError
            If no map is open, or one looks past its end.
        """
        window, look = self._window, self.look
        if window.source is None:
            raise MapError("No map is open.", hint="Open a contact map first.")
        rows, cols, reach = _part(window, tilted=look.tilted)
        if window.second_map.source is not None and not look.tilted and rows != cols and not self._is_diverging:
            rows = cols = Interval(rows.chrom, min(rows.start, cols.start), max(rows.end, cols.end))
        if not (len(rows) and len(cols)):
            raise MapError("There is nothing in view.", hint="Move the map into view first.")
        drawn = window.map
        return FigureRequest(
            map=window.source.uri,
            region=rows,
            cols=cols,
            out=path,
            **self._both(self._sets(rows, cols) if look.labels else ()),
            overlays=self.added_layers() if look.layers else (),
            tracks=_tracks(window) if look.tracks else (),
            tilted=look.tilted,
            max_distance=reach,
            norm="oe" if drawn.drawn.ratio else str(drawn.drawn.norm),
            width_mm=look.width_mm,
            theme=Theme(look.theme),
            colormap="" if self._is_diverging else str(drawn.layer.colormap.name),
            limits=_limits(drawn) if look.same_colours and not self._is_diverging else None,
            by_score=window.labels.by_score,
            dpi=look.dpi,
        )

    @property
    def _is_diverging(self) -> bool:
        """True while the difference or ratio of two maps is shown, which has colours of its own."""
        second = self._window.second_map
        return second.source is not None and second.joined in DIVERGING

    def _both(self, sets: tuple[LabelSet, ...]) -> dict[str, Any]:
        """Both maps as they are shown; of halves each has the sets that are drawn on its side."""
        second = self._window.second_map
        if second.source is None or second.joined in (Joined.FIRST, Joined.SECOND):
            return {"labels": sets}
        below = tuple(one for one in sets if one.triangle is Triangle.LOWER)
        above = tuple(one for one in sets if one.triangle is not Triangle.LOWER)
        shown = {"second": second.source.uri, "joined": second.joined, "smooth": second.smooth}
        return {"labels": above, "second_labels": below, **shown}

    def _sets(self, rows: Interval, cols: Interval) -> tuple[LabelSet, ...]:
        """What is drawn of each set, in its colour, on its side."""
        labels = self._window.labels
        if labels.catalogue is None:
            return ()
        found: dict[int, list[Annotation]] = {}
        for record in _in_view(labels, rows, cols):
            found.setdefault(labels.set_of(record.uid).id, []).append(record)
        return tuple(
            LabelSet(middle_elided(one.name), tuple(found[one.id]), one.colour, labels.triangle(one.id))
            for one in labels.sets()
            if one.id in found
        )


def _in_view(labels: Any, rows: Interval, cols: Interval) -> Iterable[Annotation]:
    for kind in Kind:
        yield from labels.catalogue.in_view(kind, rows, cols, triangles=labels.shown(), limit=MAX_RECORDS)[0]


def _is_tilted(window: Any) -> bool:
    return bool(window.projection.tilted)


def _part(window: Any, *, tilted: bool) -> tuple[Interval, Interval, int]:
    """Rows, columns, and how far up a tilted map goes (0: as far as the region reaches)."""
    rows, cols = window.visible()
    if not tilted:
        return rows, cols, 0
    across, up = window.seen.columns, window.seen.rows
    if _is_tilted(window) and across is not None and up is not None and up.kind is AxisKind.DISTANCE:
        span = _whole(across, window.chrom)
        return span, span, max(0, round(max(up.start, up.end)))
    start, end = min(rows.start, cols.start), max(rows.end, cols.end)
    span = Interval(rows.chrom, start, end)
    return span, span, 0


def _whole(across: Any, chrom: str) -> Interval:
    start, end = (min(max(0, round(bp)), across.length) for bp in (across.start, across.end))
    return Interval(chrom, start, max(start, end))


def _limits(drawn: Any) -> tuple[float, float]:
    """The values of the window's first and last colour; ratios are drawn as their logarithm."""
    low, high = (float(one) for one in drawn.layer.contrast_limits)
    return (2.0**low, 2.0**high) if drawn.scale is Scale.RATIO else (low, high)


def _tracks(window: Any) -> tuple[TrackRow, ...]:
    """The tracks that are shown and open, in their colours and scales."""
    return tuple(
        TrackRow(one.track, colour=one.colour, limits=one.limits)
        for one in window.tracks.shown()
        if one.track is not None
    )
