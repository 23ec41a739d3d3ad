"""``hicstruct import``: label files into a project."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_hicstruct.cli.common import emit, json_option, quiet_option, show_progress

if TYPE_CHECKING:
    from napari_hicstruct.workflows.import_labels import ImportedFile

SHOWN_PROBLEMS = 20


class GivenStatus(StrEnum):
    """What all imported records are taken for."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"


class GivenKind(StrEnum):
    """What a file holds, where its format leaves that open."""

    LOOP = "loop"
    STRIPE = "stripe"
    TAD = "tad"
    BOUNDARY = "boundary"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command("import")
    def import_(
        files: list[Path] = typer.Argument(..., metavar="FILE...", help="Label files of any known format."),
        map: str = typer.Option(..., "--map", help="The contact map that they lie on."),
        project: Path = typer.Option(..., "--project", help="Project file; made if there is none."),
        status: GivenStatus | None = typer.Option(None, help="Status of all records; else what the file says."),
        kind: GivenKind | None = typer.Option(None, help="What the files hold, where their format leaves it open."),
        reviewer: str = typer.Option("", help="Who imports; stands in the journal."),
        json: bool = json_option,
        quiet: bool = quiet_option,
    ) -> None:
        """Read label files into a project; good lines come in, bad ones are listed with their reason."""
        from napari_hicstruct.annotations import Kind, Status
        from napari_hicstruct.workflows.import_labels import iter_import

        job = iter_import(
            map,
            files,
            project,
            status=None if status is None else Status(status.value),
            kind=None if kind is None else Kind(kind.value),
            reviewer=reviewer,
        )
        imported = show_progress(job, quiet)
        for one in imported:
            _report_left_out(one)
        rows = [{"file": one.path.name, "format": one.format, **one.counts} for one in imported]
        emit({"project": project, "files": imported}, json, human=rows)


def _report_left_out(one: ImportedFile) -> None:
    """One line on standard error per problem; many of them are cut short."""
    for problem in one.problems[:SHOWN_PROBLEMS]:
        print(f"{one.path}: line {problem.line}: {problem.reason}", file=sys.stderr)
    if len(one.problems) > SHOWN_PROBLEMS:
        print(f"{one.path}: {len(one.problems) - SHOWN_PROBLEMS:,} more lines left out", file=sys.stderr)
    if one.unmatched:
        names = ", ".join(f"{name} ({n:,})" for name, n in list(one.unmatched.items())[:SHOWN_PROBLEMS])
        print(f"{one.path}: chromosomes that the map does not have, left out: {names}", file=sys.stderr)
