"""``hicstruct import``: label files into a project."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_hicstruct.cli.common import emit, json_option, quiet_option, show_progress, to_stderr
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations.readers import OpenColumn
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.workflows.import_labels import ImportedFile, ImportResult

SHOWN_PROBLEMS = 20


class GivenStatus(StrEnum):
    """What all imported records are taken for."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


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
        files: list[Path] = typer.Argument(
            ..., metavar="FILE...", readable=False, help="Label files of any known format."
        ),
        map: str = typer.Option(..., "--map", help="The contact map that they lie on."),
        project: Path = typer.Option(..., "--project", help="Project file; made if there is none."),
        status: GivenStatus | None = typer.Option(None, help="Status of all records; else what the file says."),
        kind: GivenKind | None = typer.Option(None, help="What the files hold, where their format leaves it open."),
        score_column: str | None = typer.Option(
            None, help="Name or number (from 1) of the column that ranks the records, where the file does not say."
        ),
        ascending: bool = typer.Option(False, "--ascending", help="Lower is better in --score-column."),
        one_based: bool = typer.Option(False, "--one-based", help="BED or BEDPE positions are 1-based and closed."),
        complete_in: list[str] = typer.Option(
            [],
            "--complete-in",
            help="Region or BED in which the files name all there is: what is not named there is learnt as absent; "
            "repeatable.",
        ),
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
            score_column=score_column,
            ascending=ascending,
            one_based=one_based,
            complete_in=complete_in,
            reviewer=reviewer,
        )
        check_ascending(score_column, ascending)
        result = show_progress(job, quiet)
        _report(result)
        rows = [{"file": one.path.name, "format": one.format, **one.counts} for one in result.files]
        said = {"project": project, "files": result.files, "refused": [str(error) for error in result.refused]}
        emit(said | {"complete_in": [str(one) for one in result.complete_in]}, json, human=rows)


def _report(result: ImportResult) -> None:
    """What did not come in, and where the files are complete, on standard error."""
    for error in result.refused:
        to_stderr(f"not imported: {error}")
    for one in result.files:
        _report_left_out(one)
    for note in result.notes:
        to_stderr(note)
    if result.complete_in:
        to_stderr(_complete_in(result.complete_in))


def _complete_in(regions: tuple[Interval, ...]) -> str:
    """How much the files are complete in."""
    from napari_hicstruct.genome import format_bp, united

    size = format_bp(sum(map(len, united(regions))))
    return f"complete in {how_many(len(regions), 'region')} ({size}): what is not named there is learnt as absent"


def check_ascending(score_column: str | None, ascending: bool) -> None:
    """ConfigError if ``--ascending`` has no column to be about."""
    if ascending and score_column is None:
        hint = "Name the column with --score-column, too."
        raise ConfigError("says how to rank, but not by which column.", where="--ascending", hint=hint)


def _report_left_out(one: ImportedFile) -> None:
    """One line on standard error per problem; many of them are cut short."""
    for problem in one.problems[:SHOWN_PROBLEMS]:
        print(f"{one.path}: line {problem.line}: {problem.reason}", file=sys.stderr)
    if len(one.problems) > SHOWN_PROBLEMS:
        more = how_many(len(one.problems) - SHOWN_PROBLEMS, "more line")
        print(f"{one.path}: {more} left out", file=sys.stderr)
    if one.unmatched:
        names = ", ".join(f"{name} ({n:,})" for name, n in list(one.unmatched.items())[:SHOWN_PROBLEMS])
        print(f"{one.path}: chromosomes that the map does not have, left out: {names}", file=sys.stderr)
    if one.trans:
        print(f"{one.path}: {count_trans(one.trans)}", file=sys.stderr)
    for note in one.notes:
        print(f"{one.path}: {note}", file=sys.stderr)
    if one.undecided:
        print(f"{one.path}: {_what_is_open(one.undecided)}", file=sys.stderr)


def count_trans(number: int) -> str:
    """What is said of lines between chromosomes."""
    lines = "1 line joins" if number == 1 else f"{number:,} lines join"
    return f"{lines} two chromosomes, left out"


def _what_is_open(columns: tuple[OpenColumn, ...]) -> str:
    first = columns[0]
    named = ", ".join(f"{one.number} ({one.name})" if one.name else str(one.number) for one in columns[:SHOWN_PROBLEMS])
    more = ", …" if len(columns) > SHOWN_PROBLEMS else ""
    which, one = (str(first), "it") if len(columns) == 1 else (f"columns {named}{more}", "one")
    return (
        f"{which} kept, meaning unknown; --score-column {first.number} ranks by {one} (p-values: and --ascending): "
        "import into a new project, in this one the set without scores stays"
    )
