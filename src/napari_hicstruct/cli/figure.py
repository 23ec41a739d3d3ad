"""``hicstruct figure``: a part of a map as a figure for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    overwrite_file_option,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.contacts.pair_levels import DIVERGING, Joined
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.workflows.figure.request import Theme

if TYPE_CHECKING:
    from napari_hicstruct.workflows.figure import FigureResult

_LABELS = "Label file, NAME=FILE, or a project (*.hicproj) with the sets that its window shows; repeatable."
_TRACKS = "bigWig, bedGraph, BED, narrowPeak, motifs or genes, or NAME=FILE; repeatable, from above."


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(figure)


def figure(
    map: str = typer.Argument(..., help="Contact map: .cool, .mcool, URI::/group or .hic.", metavar="MAP"),
    out: Path = typer.Option(..., "--out", "-o", help="File to write: .svg, .pdf or .png."),
    region: str = typer.Option(
        ..., "--region", "-r", help="chr17:62.5M-63.5M, or a gene of -t; rows, and columns without -r2."
    ),
    region2: str = typer.Option("", "--region2", "-r2", help="Columns, for a part off the diagonal."),
    labels: list[str] = typer.Option([], "--labels", "-l", help=_LABELS),
    tracks: list[str] = typer.Option([], "--tracks", "-t", help=_TRACKS),
    tilted: bool = typer.Option(False, "--tilted", help="The diagonal lies horizontally, distance goes up."),
    max_distance: int = bp_option(0, help="How far up a tilted map goes, as 2M. Default: as far as the region."),
    second: str = typer.Option("", "--second", help="A second map, below the diagonal or the axis.", metavar="MAP"),
    joined: Joined = typer.Option(Joined.HALVES, "--as", help="Two maps as halves, difference or ratio."),
    second_labels: list[str] = typer.Option([], "--second-labels", help="Labels of the second map; repeatable."),
    names: list[str] = typer.Option([], "--name", help="Of the map, and of the second one, instead of their files'."),
    norm: str = typer.Option("", help="raw, oe, or name of weights. Default: the map's best."),
    resolution: int = bp_option(0, help="Bins, as 10k. Default: as fine as the figure shows."),
    width: float = typer.Option(89.0, help="Of the figure, mm; one column of a journal is about 89, two are 183."),
    theme: Theme = typer.Option(Theme.LIGHT, help="Of paper and ink."),
    colormap: str = typer.Option("", help="hic_red, hic_ratio, or one of matplotlib's."),
    limits: str = typer.Option("", help="Values of the first and the last colour, as 0-0.05."),
    percentile: float = typer.Option(97.0, min=1, max=100, help="Of the values in view: the last colour's."),
    by_score: bool = typer.Option(False, "--by-score", help="Lines fade with the score of the labels."),
    dpi: int = typer.Option(600, min=72, max=2400, help="Of the map's picture; all else is drawn as lines and text."),
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Draw a part of MAP with labels and tracks, at a size in mm; text stays text."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.genome import parse_region
    from napari_hicstruct.workflows.figure import FigureRequest, iter_figure
    from napari_hicstruct.workflows.figure.inputs import open_tracks, read_sets, region_or_gene

    source, rows = open_map(map), open_tracks(tracks)
    sets, notes = read_sets(labels, source)
    size: dict[str, Any] = {"width_mm": width, "resolution": resolution, "max_distance": max_distance, "dpi": dpi}
    look: dict[str, Any] = {"theme": theme, "colormap": colormap, "percentile": percentile, "by_score": by_score}
    given: dict[str, Any] = {"map": map, "second": second, "tilted": tilted, "norm": norm, "joined": _both(joined)}
    request = FigureRequest(
        region=region_or_gene(region, source, rows),
        cols=parse_region(region2, source.chromsizes) if region2 else None,
        labels=sets,
        second_labels=read_sets(second_labels, open_map(second) if second else source)[0],
        tracks=rows,
        names=_two_names(names),
        limits=_two(limits),
        **(size | look | given | {"out": out, "overwrite": overwrite}),
    )
    _tell(show_progress(iter_figure(request, source=source), quiet), notes, json)


def _tell(result: FigureResult, notes: list[str], json: bool) -> None:
    for note in [*notes, *result.notes]:
        to_stderr(f"note: {note}")
    size = round(result.width_mm, 1), round(result.height_mm, 1)
    drawn = result.drawn if json or result.drawn else "the map alone"
    about = {"figure": str(result.path), "size_mm": size, "bin_size": result.resolution, "drawn": drawn}
    emit(about, json)


def _both(joined: Joined) -> Joined:
    """How two maps are drawn; one alone needs no second map."""
    if joined not in (Joined.HALVES, *DIVERGING):
        raise ConfigError("shows one map alone.", where=f"--as {joined}", hint="Leave --second out, or swap both maps.")
    return joined


def _two_names(names: list[str]) -> tuple[str, str]:
    """Of the map and of the second one, empty where not given."""
    if len(names) > 2:
        raise ConfigError("there are two maps at most.", where=f"--name {names[2]}", hint="Give two names at most.")
    first, second = (*names, "", "")[:2]
    return first, second


def _two(text: str) -> tuple[float, float] | None:
    """``0-0.05`` or ``0:0.05`` as two numbers; None for nothing."""
    if not text:
        return None
    first, _, last = text.partition(":") if ":" in text else text.rpartition("-")
    try:
        return float(first), float(last)
    except ValueError:
        raise ConfigError("these are no two numbers.", where=f"--limits {text}", hint="Write 0-0.05.") from None
