"""Figures for papers: a part of a map with labels and tracks, at a size in millimetres, its text as text."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hicstruct import __version__
from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.config.files import check_output_file
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.contacts.colours import Scale
from napari_hicstruct.contacts.pair_levels import DIVERGING, Joined
from napari_hicstruct.contacts.protocol import ContactSource
from napari_hicstruct.errors import ConfigError, MapError
from napari_hicstruct.genome import Interval, NameMatcher
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.wording import distinct_names, how_many
from napari_hicstruct.workflows.figure.draw_labels import Drawn, draw_sets, sets_in_view
from napari_hicstruct.workflows.figure.draw_map import draw_bar, draw_values, frame, name_axis, name_distance, shades_of
from napari_hicstruct.workflows.figure.draw_overlays import draw_overlays
from napari_hicstruct.workflows.figure.draw_tracks import draw_track, height_of
from napari_hicstruct.workflows.figure.legend import draw_legend, legend_lines
from napari_hicstruct.workflows.figure.page import Page, lay_out
from napari_hicstruct.workflows.figure.place import Place
from napari_hicstruct.workflows.figure.request import FigureRequest, LabelSet, Theme, TrackRow
from napari_hicstruct.workflows.figure.style import (
    FONT_PT,
    POINT_MM,
    SMALL_PT,
    Inks,
    colours_of,
    page_style,
    save_figure,
)
from napari_hicstruct.workflows.figure.values import MapValues, limits_of, read_pair, read_values

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FigureRequest", "FigureResult", "Joined", "LabelSet", "Theme", "TrackRow", "iter_figure"]

_LETTER_WIDTH = 0.6
"""Of a letter, in heights of the font, about."""

GENES_COLOUR = "#3B3F8F"

INNER_MM_OF = 0.75
"""Share of the width that the map has, about; for the height of lines of genes before the page is laid out."""


@dataclass(frozen=True, slots=True)
class FigureResult:
    """A figure that was written.

    Attributes
    ----------
    path : Path
    width_mm, height_mm : float
    resolution : int
        Bins that are drawn, bp.
    limits : (float, float)
        Values of the first and the last colour.
    drawn : dict of str to int
        Records in view, by set.
    notes : tuple of str
    """

    path: Path
    width_mm: float
    height_mm: float
    resolution: int
    limits: tuple[float, float]
    drawn: dict[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Content:
    """What was read for a figure."""

    rows: Interval
    cols: Interval
    parts: tuple[MapValues, ...]
    limits: tuple[float, float]
    sets: tuple[tuple[Drawn, ...], ...]


def iter_figure(
    request: FigureRequest, *, source: ContactSource | None = None, token: CancelToken | None = None
) -> Generator[Progress, None, FigureResult]:
    """Draw a figure into a file.

    Parameters
    ----------
    request : FigureRequest
    source : ContactSource, optional
        The first map, where it is open.
    token : CancelToken, optional

    Raises
    ------
    ConfigError, RegionError, MapError, TrackError, OutputError
    """
    from napari_hicstruct.contacts import open_map

    request.check()
    clock, token = Clock(), token or CancelToken()
    read = [split_uri(one)[0] for one in (request.map, request.second) if one]
    check_output_file(request.out, read, overwrite=request.overwrite)
    yield clock.step("read contacts", 0, 3)
    first = source if source is not None else open_map(request.map)
    fitting = _fit(request, first)
    content = _read(request, first, open_map(request.second) if request.second else None)
    token.check()
    yield clock.step("draw", 1, 3)
    with page_style(request.theme) as inks:
        page, figure = _draw(request, content, inks)
        token.check()
        yield clock.step("write", 2, 3)
        _write(figure, request)
    drawn = {one.name: len(one.records) for half in content.sets for one in half}
    limits = tuple(float(2.0**v) if content.parts[0].scale is Scale.RATIO else float(v) for v in content.limits)
    return FigureResult(
        request.out, page.width, page.height, content.parts[0].resolution, (limits[0], limits[1]), drawn,
        (*fitting, *_notes(request, content)),
    )  # fmt: skip


# ---------------------------------------------------------------------- reading
def _fit(request: FigureRequest, source: ContactSource) -> list[str]:
    """Refuse tracks of another genome; what else is odd about them."""
    from napari_hicstruct.tracks.fitting import check_fit

    tracks: list[Any] = [one.track for one in request.tracks]
    files = [one for one in tracks if one.path is not None]
    said = [(one, check_fit(one, source.chromsizes, assembly=source.assembly)) for one in files]
    odd = (
        "reaches beyond",
        "is not sorted",
        "has intervals",
    )  # where a map has nothing else is said for the part drawn
    return [f"the track {one.name} {note}." for one, notes in said for note in notes if note.startswith(odd)]


def _read(request: FigureRequest, first: ContactSource, second: ContactSource | None) -> _Content:
    rows, cols = (_on_map(first, part) for part in (request.region, request.cols or request.region))
    spans = (rows, cols)
    if request.tilted and request.max_distance:  # the corners beside the triangle are filled, too
        spans = (rows.expand(request.max_distance // 2, first.chromsizes[rows.chrom]),) * 2
    if second is None:
        parts = [read_values(first, *spans, norm=request.norm, resolution=request.resolution)]
    else:
        _check_length(first, second, rows.chrom, NameMatcher(second.chromsizes).require(rows.chrom))
        how = (request.joined,) if request.joined in DIVERGING else (Joined.FIRST, Joined.SECOND)
        options: dict[str, Any] = {"norm": request.norm, "resolution": request.resolution, "smooth": request.smooth}
        parts = read_pair((first, second), spans, how, **options)
    short = distinct_names(first.name, second.name, _letters(request)) if second is not None else (first.name,)
    names = [name or known for name, known in zip(request.names, short, strict=False)]
    parts = [replace(part, name=name) for part, name in zip(parts, names, strict=False)]
    if request.joined in DIVERGING and second is not None:
        parts = [replace(parts[0], meaning=parts[0].meaning.replace("first", names[0]).replace("second", names[1]))]
    limits = request.limits
    if limits is None:
        limits = limits_of([_in_view(part, rows, cols, request) for part in parts], request.percentile)
    elif parts[0].scale is Scale.RATIO:
        if limits[0] <= 0:
            raise ConfigError("a ratio is above 0.", where="--limits", hint="Write for example 0.25-4.")
        limits = (float(np.log2(limits[0])), float(np.log2(limits[1])))
    return _Content(rows, cols, tuple(parts), limits, _sets(request, rows, cols))


def _letters(request: FigureRequest) -> int:
    """Letters of a name that the map has room for."""
    return int(0.9 * request.width_mm * INNER_MM_OF / (FONT_PT * POINT_MM * _LETTER_WIDTH))


def _sets(request: FigureRequest, rows: Interval, cols: Interval) -> tuple[tuple[Drawn, ...], ...]:
    """Labels of each map; of two maps each has its own half."""
    if not request.second:
        own = (*request.labels, *request.second_labels)
        return (tuple(sets_in_view(own, rows, cols, request.palette)),)
    halves = (Triangle.UPPER, Triangle.LOWER)
    both = (request.labels, request.second_labels)
    return tuple(
        tuple(sets_in_view(sets, rows, cols, request.palette, half=half))
        for sets, half in zip(both, halves, strict=True)
    )


def _on_map(source: ContactSource, part: Interval) -> Interval:
    chrom = NameMatcher(source.chromsizes).require(part.chrom)
    return Interval(chrom, part.start, part.end).clamp(source.chromsizes[chrom])


def _in_view(part: MapValues, rows: Interval, cols: Interval, request: FigureRequest) -> MapValues:
    """What the colours are chosen by: of a tilted map that is cut above, no bins beyond."""
    if not (request.tilted and request.max_distance):
        return part
    away = np.abs(part.distances()) * part.resolution
    return replace(part, values=np.where(away <= request.max_distance, part.values, np.float32(np.nan)))


def _check_length(first: ContactSource, second: ContactSource, chrom: str, other: str) -> None:
    """Two maps of one assembly give a chromosome the same length, but for cut-outs that end with their last bin."""
    lengths = first.chromsizes[chrom], second.chromsizes[other]
    coarsest = max(first.resolutions[0], second.resolutions[0])
    if abs(lengths[0] - lengths[1]) > coarsest:
        text = f"{other} is {lengths[1]:,} bp long, {lengths[0]:,} in the first map: they are of two assemblies."
        raise MapError(text, where=second.uri, hint="Give two maps of one assembly.")


# ---------------------------------------------------------------------- drawing
def _draw(request: FigureRequest, content: _Content, inks: Inks) -> tuple[Page, Figure]:
    rows, cols = content.rows, content.cols
    reach = min(request.max_distance or len(cols), len(cols) if not request.max_distance else request.max_distance)
    inner = request.width_mm * INNER_MM_OF
    heights = [height_of(row, cols, inner) for row in request.tracks]
    every = [one for half in content.sets for one in half]
    lines = legend_lines(every, inner + 8)
    shape = (reach / 2, len(cols)) if request.tilted else (len(rows), len(cols))
    n_tilted = len(content.parts) if request.tilted else 0
    page = lay_out(request.width_mm, shape, heights, legend_lines=len(lines), tilted=n_tilted)
    figure = page.figure()
    (_draw_tilted if request.tilted else _draw_upright)(request, content, page, figure, inks)
    colours = colours_of(request.colormap or content.parts[0].colormap(), inks)
    bar = page.axes(figure, page.bar)
    words = draw_bar(bar, content.parts[0], colours, content.limits, open_end=request.limits is None)
    page.write_upright(figure, page.bar, words)
    if lines:
        draw_legend(figure, page, lines, tilted=request.tilted)
    for number, (row, box) in enumerate(zip(request.tracks, page.rows, strict=True)):
        own = GENES_COLOUR if hasattr(row.track, "find") else request.palette[number % len(request.palette)]
        colour = row.colour or own
        draw_track(page.axes(figure, box), row, cols, box, inks, colour)
    return page, figure


def _draw_upright(request: FigureRequest, content: _Content, page: Page, figure: Figure, inks: Inks) -> None:
    axes, place, cols = page.axes(figure, page.map), Place(), content.cols
    colours = colours_of(request.colormap or content.parts[0].colormap(), inks)
    shades = [shades_of(part, colours, content.limits) for part in content.parts]
    if len(shades) == 2:
        upper = content.parts[0].distances() >= 0
        shades = [np.where(upper[..., None], shades[0], shades[1])]
    draw_values(axes, content.parts[0], shades[0], place)
    axes.set(xlim=(cols.start, cols.end), ylim=(content.rows.end, content.rows.start))
    for half in content.sets:
        draw_sets(axes, half, place, len(cols) / page.map.width, by_score=request.by_score)
    draw_overlays(axes, request.overlays, place, len(cols) / page.map.width)
    axes.set(xlim=(cols.start, cols.end), ylim=(content.rows.end, content.rows.start))
    name_axis(axes, cols, page.map.width, upright=False)
    name_axis(axes, content.rows, page.map.height, upright=True)
    if len(content.parts) == 2:
        axes.plot([cols.start, cols.end], [cols.start, cols.end], color=inks.ink, linewidth=0.4, zorder=1)
        _write_names(axes, [part.name for part in content.parts], inks)


def _write_names(axes: Any, names: Sequence[str], inks: Inks) -> None:
    """Of two maps in the corners of their halves; on a ground, for with a halo they would be outlines, not text."""
    places = ((0.98, 0.98, "right", "top"), (0.02, 0.02, "left", "bottom"))
    ground = {"facecolor": inks.paper, "alpha": 0.8, "edgecolor": "none", "pad": 0.8}
    for name, (x, y, ha, va) in zip(names, places, strict=True):
        axes.text(x, y, name, transform=axes.transAxes, ha=ha, va=va, fontsize=FONT_PT, bbox=ground, zorder=8)


def _draw_tilted(request: FigureRequest, content: _Content, page: Page, figure: Figure, inks: Inks) -> None:
    cols = content.cols
    reach = float(request.max_distance or len(cols))
    colours = colours_of(request.colormap or content.parts[0].colormap(), inks)
    boxes = [page.map] if page.second is None else [page.map, page.second]
    for below, (part, box) in enumerate(zip(content.parts, boxes, strict=True)):
        axes, place = page.axes(figure, box), Place(tilted=True, below=bool(below))
        draw_values(axes, part, shades_of(part, colours, content.limits), place, keep=part.distances() >= 0)
        ends = (-reach, 0.0) if below else (0.0, reach)
        limits: dict[str, Any] = {"xlim": (cols.start, cols.end), "ylim": ends}
        axes.set(**limits)
        sets = content.sets[below] if len(boxes) == 2 else [one for half in content.sets for one in half]
        draw_sets(axes, sets, place, len(cols) / box.width, by_score=request.by_score)
        if not below:
            draw_overlays(axes, request.overlays, place, len(cols) / box.width)
        axes.set(**limits)
        frame(axes, ("left", "top" if below else "bottom"))
        name_distance(axes, reach, box.height, below=bool(below))
        if below:
            axes.set_xticks([])
        else:
            name_axis(axes, cols, box.width, upright=False)
        if len(boxes) == 2:
            axes.text(1.0, 0.03 if below else 0.97, part.name, transform=axes.transAxes, ha="right",
                      va="bottom" if below else "top", fontsize=SMALL_PT + 0.5)  # fmt: skip


def _notes(request: FigureRequest, content: _Content) -> list[str]:
    notes = []
    given = sum(len(one.records) for one in (*request.labels, *request.second_labels))
    if given and not any(content.sets):
        notes.append(f"none of {how_many(given, 'record')} lies in view.")
    for row in request.tracks:
        track: Any = row.track
        if track.chromosome(content.cols.chrom) is None:
            notes.append(f"the track {track.name} has nothing on {content.cols.chrom}.")
    return notes


def _write(figure: Figure, request: FigureRequest) -> None:
    """The file, whole or not at all; the same figure gives the same bytes."""
    kind = request.out.suffix.lower()[1:]
    about = f"napari-hicstruct {__version__}"
    metadata: dict[str, Any] = {
        "svg": {"Date": None, "Creator": about},
        "pdf": {"CreationDate": None, "Creator": about},
    }.get(kind, {"Software": about})
    save_figure(figure, request.out, dpi=request.dpi, metadata=metadata)
