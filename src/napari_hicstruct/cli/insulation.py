"""``hicstruct insulation``: a map's own evidence of boundaries, as tracks and a list."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from napari_hicstruct.cli.common import bins, bp_option, emit, json_option, quiet_option, show_progress, to_stderr


class TrackFormat(StrEnum):
    """How tracks are written."""

    BIGWIG = "bigwig"
    BEDGRAPH = "bedgraph"


_WINDOW = "Side of the sliding square; repeatable. Default: 5, 10, 25 and 50 bins."


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(insulation)


def insulation(
    map: str = typer.Argument(..., help="Contact map: .cool, .mcool, URI::/group or .hic."),
    out: Path = typer.Option(..., "--out", "-o", help="Folder to write."),
    window: list[int] = bp_option([], "--window", "-w", parser=bins, help=_WINDOW),
    resolution: int = bp_option(0, help="Bins, as 10k; 0: 10 kb where the map gives it, else the next above."),
    chrom: list[str] = typer.Option([], "--chrom", "-c", help="Only this chromosome; repeatable."),
    norm: str = typer.Option("", help="Weights to use. Default: the best that each chromosome has."),
    ignore_diags: int = typer.Option(2, min=0, help="First diagonals that insulation leaves out."),
    format: list[TrackFormat] = typer.Option(
        list(TrackFormat), "--format", "-f", help="How tracks are written; repeatable."
    ),
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Write insulation, border contrast, directionality and weak boundary labels of MAP: tracks, a table and a BED.

    The table has a row for every bin, as that of cooltools has:
    where the map has no contacts, is_bad_bin is True and values are nan.
    Tracks leave such bins out.  All columns: docs/insulation.md.
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.genome import NameMatcher
    from napari_hicstruct.workflows.insulation import InsulationRequest, iter_insulation, write_insulation

    source = open_map(map)
    names = NameMatcher(source.chromsizes)
    request = InsulationRequest(
        resolution=resolution,
        windows=tuple(window),
        chroms=tuple(dict.fromkeys(names.require(name) for name in chrom)),
        norm=norm or None,
        ignore_diags=ignore_diags,
    )
    result = show_progress(iter_insulation(source, request), quiet)
    files = write_insulation(result, out, dict(source.chromsizes), tuple(dict.fromkeys(one.value for one in format)))
    for note in result.notes:
        to_stderr(f"note: {note}")
    settings, bad = result.run["parameters"], result.table["is_bad_bin"]
    emit(
        {
            "folder": str(out),
            "files": len(files),
            "bins": len(result.table),
            "good_bins": int((~bad).sum()),
            "bin_size": settings["resolution"],
            "windows": ", ".join(f"{size:,}" for size in settings["windows"]) if not json else settings["windows"],
            "boundaries": len(result.boundaries),
        },
        json,
    )
