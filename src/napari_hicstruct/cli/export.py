"""``hicstruct export``: a project's annotations as label files."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import typer

from napari_hicstruct.cli.common import emit, json_option, overwrite_option, quiet_option, show_progress


class ExportFormat(StrEnum):
    """Names of ``annotations.EXPORT_FORMATS``."""

    BEDPE = "bedpe"
    BED = "bed"
    STRIPENN = "stripenn"
    JUICEBOX = "juicebox"
    HIGLASS = "higlass"
    INTERACT = "interact"
    GFF3 = "gff3"
    PARQUET = "parquet"


class WantedStatus(StrEnum):
    """Which records are written."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


_DEFAULT = [ExportFormat.BEDPE, ExportFormat.BED, ExportFormat.STRIPENN]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command()
    def export(
        project: Path = typer.Argument(..., metavar="PROJECT", help="Project file (.hicproj)."),
        out: Path = typer.Option(..., "--out", "-o", help="Folder for the files; made if it is missing."),
        format: list[ExportFormat] = typer.Option(_DEFAULT, "--format", help="Give it once per format."),
        set: list[str] = typer.Option([], "--set", help="Name of a set to write; else all."),
        status: list[WantedStatus] = typer.Option([], "--status", help="Else all but rejected ones."),
        deduplicate: bool = typer.Option(
            False,
            "--deduplicate",
            help="Each place once: the judged, else the newest; nothing proposed that was rejected elsewhere.",
        ),
        once: bool = typer.Option(False, "--once", hidden=True, help="Former name of --deduplicate."),
        overwrite: bool = overwrite_option,
        json: bool = json_option,
        quiet: bool = quiet_option,
    ) -> None:
        """Write a project's annotations as label files, with run.json beside them."""
        from napari_hicstruct.annotations import Status
        from napari_hicstruct.workflows.export import ExportRequest, iter_export

        request = ExportRequest(formats=tuple(one.value for one in format), deduplicate=deduplicate or once)
        if status:
            request = replace(request, statuses=tuple(Status(one.value) for one in status))
        result = show_progress(iter_export(project, out, request, sets=set, overwrite=overwrite), quiet)
        emit(result, json, human=[{"file": path} for path in result.files])
