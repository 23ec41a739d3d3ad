"""``hicstruct higlass``: a map and its labels for HiGlass, and for the UCSC Genome Browser."""

from __future__ import annotations

from pathlib import Path

import typer

from napari_hicstruct.cli.common import emit, json_option, overwrite_option, quiet_option, show_progress, to_stderr

_LABELS = "Label file, NAME=FILE, or a project (*.hicproj) with the sets that its window shows; repeatable."


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(higlass)


def higlass(
    map: str = typer.Argument(..., help="Contact map, or a project (*.hicproj) with its map.", metavar="MAP|PROJECT"),
    out: Path = typer.Option(..., "--out", "-o", help="Folder to write."),
    labels: list[str] = typer.Option([], "--labels", "-l", help=_LABELS),
    region: str = typer.Option("", "--region", "-r", help="What is shown first. Default: the strongest object."),
    ucsc: bool = typer.Option(False, "--ucsc", help="Also bigInteract files of loops and stripes, for UCSC."),
    overwrite: bool = overwrite_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Write a view configuration of HiGlass, a tileset for each set of labels, and how to load them."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.genome import parse_region
    from napari_hicstruct.workflows.figure.inputs import PROJECT_ENDING, read_sets
    from napari_hicstruct.workflows.higlass import HiglassRequest, iter_higlass
    from napari_hicstruct.workflows.projects import find_map

    if map.endswith(PROJECT_ENDING):
        source, labels = find_map(Path(map)), [map, *labels]
    else:
        source = open_map(map)
    sets, notes = read_sets(labels, source)
    place = parse_region(region, source.chromsizes) if region else None
    request = HiglassRequest(out=out, sets=sets, region=place, ucsc=ucsc, overwrite=overwrite)
    files, more = show_progress(iter_higlass(source, request), quiet)
    for note in [*notes, *more]:
        to_stderr(f"note: {note}")
    emit({"folder": str(out), "files": [path.name for path in files]}, json)
