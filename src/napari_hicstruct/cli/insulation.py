"""``hicstruct insulation``: a map's own evidence of boundaries, as tracks and a list."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_hicstruct.cli.cluster import Engine, resume_option, scheduler_option, workers_option
from napari_hicstruct.cli.common import bins, bp_option, emit, json_option, quiet_option, show_progress, to_stderr
from napari_hicstruct.cli.maps_option import MapsCommand, maps_option

if TYPE_CHECKING:
    from napari_hicstruct.workflows.insulation import InsulationRequest


class TrackFormat(StrEnum):
    """How tracks are written."""

    BIGWIG = "bigwig"
    BEDGRAPH = "bedgraph"


_WINDOW = "Side of the sliding square; repeatable. Default: 5, 10, 25 and 50 bins."


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(cls=MapsCommand)(insulation)


def insulation(
    maps: list[str] = typer.Argument(..., help="Contact maps: .cool, .mcool, URI::/group or .hic.", metavar="MAP..."),
    behind_maps: list[str] = maps_option,
    out: Path = typer.Option(..., "--out", "-o", help="Folder to write; of several maps, one in it each."),
    window: list[int] = bp_option([], "--window", "-w", parser=bins, help=_WINDOW),
    resolution: int = bp_option(0, help="Bins, as 10k; 0: 10 kb where the map gives it, else the next above."),
    chrom: list[str] = typer.Option([], "--chrom", "-c", help="Only this chromosome; repeatable."),
    norm: str = typer.Option("", help="Weights to use. Default: the best that each chromosome has."),
    ignore_diags: int = typer.Option(2, min=0, help="First diagonals that insulation leaves out."),
    format: list[TrackFormat] = typer.Option(
        list(TrackFormat), "--format", "-f", help="How tracks are written; repeatable."
    ),
    workers: int = workers_option,
    scheduler: str = scheduler_option,
    resume: bool = resume_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Write insulation, border contrast, directionality and weak boundary labels of MAP: tracks, a table and a BED.

    The table has a row for every bin, as that of cooltools has:
    where the map has no contacts, is_bad_bin is True and values are nan.
    Tracks leave such bins out.  All columns: docs/insulation.md.
    """
    from napari_hicstruct.workflows.genome.map_jobs import insulation_jobs
    from napari_hicstruct.workflows.insulation import InsulationRequest

    request = InsulationRequest(
        resolution=resolution,
        windows=tuple(window),
        chroms=tuple(dict.fromkeys(chrom)),
        norm=norm or None,
        ignore_diags=ignore_diags,
    )
    formats, engine = tuple(dict.fromkeys(one.value for one in format)), Engine(workers, scheduler, resume)
    if len(maps) > 1:
        out = out.absolute()
        engine.run(insulation_jobs(maps, request, out, formats), out, json=json, quiet=quiet)
        return
    engine.say_unused()
    _insulate_one(maps[0], request, out, formats, json=json, quiet=quiet)


def _insulate_one(
    map: str, request: InsulationRequest, out: Path, formats: tuple[str, ...], *, json: bool, quiet: bool
) -> None:
    from napari_hicstruct.workflows.genome.map_jobs import insulation_figures, iter_insulate

    result, files = show_progress(iter_insulate(map, request, out, formats), quiet)
    for note in result.notes:
        to_stderr(f"note: {note}")
    windows, figures = result.run["parameters"]["windows"], insulation_figures(result)
    emit(
        {
            "folder": str(out),
            "files": len(files),
            "bins": figures["bins"],
            "good_bins": figures["good_bins"],
            "bin_size": figures["bin_size"],
            "windows": ", ".join(f"{size:,}" for size in windows) if not json else windows,
            "boundaries": figures["boundaries"],
        },
        json,
    )
