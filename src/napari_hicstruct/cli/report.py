"""``hicstruct report``: one page about the predictions of one map or of many."""

from __future__ import annotations

from pathlib import Path

import typer

from napari_hicstruct.cli.common import emit, json_option, overwrite_file_option, quiet_option, show_progress, to_stderr


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(report)


def report(
    folder: Path = typer.Argument(
        ..., metavar="DIR", help="Folder that `hicstruct predict` wrote, of one map or many."
    ),
    out: Path | None = typer.Option(None, "--out", "-o", help="The page (default: report.html in DIR)."),
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Write one HTML page about predictions: counts, quality, pictures, provenance.  It needs no other file."""
    from napari_hicstruct.workflows.report import ReportRequest, iter_report

    request = ReportRequest(folder=folder, out=out, overwrite=overwrite)
    result = show_progress(iter_report(request), quiet or json)
    if quiet or json:  # what is missing is said in any case
        for note in result.notes:
            to_stderr(f"note: {note}")
    found = {"report": str(result.page), "maps": result.shown, "failed": result.failed}
    emit(found | {"notes": result.notes} if json else found, json)
