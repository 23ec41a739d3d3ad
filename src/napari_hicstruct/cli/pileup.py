"""``hicstruct pileup``: the mean of a map around loops, boundaries, stripes and TADs."""

from __future__ import annotations

from pathlib import Path

import typer

from napari_hicstruct.cli.common import (
    base_pairs,
    bp_option,
    emit,
    json_option,
    overwrite_option,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.config.pileup import GroupBy

_LABELS = "Label file, or NAME=FILE; repeatable: each is a set."


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(pileup)


def pileup(
    map: str = typer.Argument(..., help="Contact map: .cool, .mcool, URI::/group or .hic.", metavar="MAP"),
    out: Path = typer.Option(..., "--out", "-o", help="Folder to write: figure, table, arrays."),
    labels: list[str] = typer.Option([], "--labels", "-l", help=_LABELS),
    project: Path | None = typer.Option(None, "--project", "-p", help="Project (*.hicproj) to pile up."),
    by: GroupBy = typer.Option(GroupBy.SET, help="How the project's records become sets."),
    by_distance: str = typer.Option("", help="Split loops by distance, as 100k,300k,1M."),
    resolution: int = bp_option(0, help="Bins, as 10k. Default: the map's nearest to 10 kb."),
    flank: int = bp_option(100_000, help="On each side of a loop or boundary."),
    norm: str = typer.Option("", help="Weights, or raw. Default: the best that each chromosome has."),
    size: int = typer.Option(90, min=9, max=999, help="Pixels to which TADs, and stripes, are stretched."),
    stretch_stripes: bool = typer.Option(
        False, "--stretch-stripes", help="Stretch each stripe to one length, with half of that behind its end."
    ),
    margin: float = typer.Option(1.0, min=0.1, max=5, help="What is shown beside a TAD, in lengths of it."),
    no_control: bool = typer.Option(False, "--no-control", help="Do not pile up the same windows moved as a control."),
    overwrite: bool = overwrite_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Pile MAP up around the records of label files, or of a project by set, status, caller or model.

    Windows are observed over expected.  TADs are stretched to one size; a window that reaches the diagonal, or the end
    of its chromosome, is left out.
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.pileup import PileupRequest, iter_pileup
    from napari_hicstruct.workflows.pileup.inputs import file_sets, resolution_of
    from napari_hicstruct.workflows.pileup.sets import grouped, project_records
    from napari_hicstruct.workflows.pileup.write import write_pileup

    source = open_map(map)
    sets, notes = file_sets(labels, source)
    if project is not None:
        sets += grouped(project_records(project), by)
    chosen = resolution_of(source, resolution)
    look = {"size": size, "margin": margin, "stretch_stripes": stretch_stripes, "control": not no_control}
    request = PileupRequest(
        sets=sets,
        resolution=chosen,
        flank=max(2, flank // chosen),
        distances=tuple(base_pairs(one) for one in by_distance.split(",") if one),
        norm=norm,
        **look,  # type: ignore[arg-type]
    )
    result = show_progress(iter_pileup(source, request), quiet)
    write_pileup(result, out, {"map": source.uri, "labels": labels, "project": project}, overwrite=overwrite)
    for note in [*notes, *result.notes]:
        to_stderr(f"note: {note}")
    emit(result.rows(), json)
