"""``hicstruct consensus``: the calls of several programs become one list of soft labels."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.cluster import Engine, resume_option, scheduler_option, table_option, workers_option
from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    overwrite_file_option,
    parse_numbers,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.import_labels import GivenKind
from napari_hicstruct.config.files import check_output_file
from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Kind
    from napari_hicstruct.labels.consensus import ConsensusOptions
    from napari_hicstruct.workflows.consensus import ConsensusRequest, ConsensusResult


class GivenMethod(StrEnum):
    """How votes become a soft score."""

    COUNT = "count"
    WEIGHTED = "weighted"
    EM = "em"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(consensus)


def consensus(
    calls: list[str] = typer.Argument(
        None, metavar="CALLS...", help="Files of at least two programs; CALLER=FILE where the file does not tell which."
    ),
    out: Path = typer.Option(
        ...,
        "--out",
        "-o",
        help="The list of soft labels: .bedpe for loops and stripes, .bed for TADs and boundaries; of a table, a "
        "folder with one folder each.",
    ),
    table: Path | None = table_option,
    kind: GivenKind | None = typer.Option(None, help="What the files hold, where they leave it open."),
    method: GivenMethod = typer.Option(
        GivenMethod.EM,
        help="em: what a call is worth, by how far the others confirm its caller's calls of that rank; "
        "count: share of callers; weighted: --weight.",
    ),
    tolerance: int = bp_option(
        0, help="How far a call may lie from the middle of its group, as 20k; 0: 1.5 bins of the coarsest list."
    ),
    bin_size: int = bp_option(0, help="Bins of the result, as 10k; 0: the finest of the lists."),
    weight: list[str] = typer.Option([], "--weight", help="CALLER=W, for the method weighted; repeatable."),
    map: str = typer.Option("", "--map", help="Contact map: its chromosome names, and nothing that lies beside it."),
    chrom: list[str] = typer.Option([], "--chrom", "-c", help="Only this chromosome; repeatable."),
    max_q: float = typer.Option(0.01, min=0, max=1, help="Fit-Hi-C, FitHiChIP: largest q-value of a call."),
    keep_all: bool = typer.Option(False, "--keep-all", help="Also what a single program calls."),
    workers: int = workers_option,
    scheduler: str = scheduler_option,
    resume: bool = resume_option,
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Join calls of loops, stripes, TADs or boundaries into one list, each with the score that its callers agree on."""
    request = _request(kind, _options(method, tolerance, bin_size, weight, keep_all), map, chrom, max_q)
    engine, shown = Engine(workers, scheduler, resume), (json, quiet)
    if table is not None:
        _join_many(calls or [], table, request, engine, out, overwrite=overwrite, shown=shown)
        return
    engine.say_unused()
    _join_one(calls or [], request, out, overwrite=overwrite, shown=shown)


def _options(method: GivenMethod, tolerance: int, bin_size: int, weight: list[str], keep_all: bool) -> ConsensusOptions:
    from napari_hicstruct.labels.consensus import ConsensusOptions, Method

    weights = parse_numbers("--weight", weight, "weight", "CALLER=2.5")
    if weights and method is not GivenMethod.WEIGHTED:
        raise ConfigError("weights are of the method weighted.", where="--weight", hint="Add --method weighted.")
    return ConsensusOptions(
        method=Method(method.value),
        tolerance_bp=tolerance,
        bin_size=bin_size,
        weights=weights,
        min_tools=1 if keep_all else 2,
    )


def _request(
    kind: GivenKind | None, options: ConsensusOptions, map: str, chrom: list[str], max_q: float
) -> ConsensusRequest:
    """What is asked for, whatever the files."""
    from napari_hicstruct.annotations import Kind
    from napari_hicstruct.workflows.consensus import ConsensusRequest

    wanted = None if kind is None else Kind(kind.value)
    return ConsensusRequest((), wanted, options, map_uri=map, chroms=tuple(chrom), max_q=max_q)


def _join_one(
    calls: list[str], request: ConsensusRequest, out: Path, *, overwrite: bool, shown: tuple[bool, bool]
) -> None:
    from napari_hicstruct.workflows.consensus import CallFile, iter_consensus, write_result

    (json, quiet), files = shown, tuple(CallFile.of(text) for text in calls)
    if not files:
        raise ConfigError("no file of calls is given.", hint="Give CALLS..., or --table.")
    _check_out(out, request.kind, [*(one.path for one in files), split_uri(request.map_uri)[0]], overwrite)
    result = show_progress(iter_consensus(replace(request, files=files)), quiet)
    path = write_result(result, out)
    _report(result)
    emit({"file": path, **_summary(result)}, json, human=_table(result, path))


def _check_out(out: Path, kind: Kind | None, inputs: list[str | Path], overwrite: bool) -> None:
    """Refuse a file that cannot be written, before anything is read."""
    from napari_hicstruct.annotations.writers import check_ending

    if kind is not None:
        check_ending(out, kind)
    check_output_file(out, inputs, overwrite=overwrite)


def _join_many(
    calls: list[str],
    table: Path,
    request: ConsensusRequest,
    engine: Engine,
    out: Path,
    *,
    overwrite: bool,
    shown: tuple[bool, bool],
) -> None:
    """Each row of a table.

    Raises
    ------
    ConfigError
        If files or a map are given besides.
    """
    from napari_hicstruct.workflows.genome.map_jobs import consensus_jobs
    from napari_hicstruct.workflows.genome.map_table import read_map_table

    if calls or request.map_uri:
        raise ConfigError("--table names the files and maps.", hint="Give CALLS... and --map, or --table.")
    jobs = consensus_jobs(read_map_table(table, ("calls",)), request, out.absolute(), overwrite=overwrite)
    engine.run(jobs, out.absolute(), json=shown[0], quiet=shown[1])


def _report(result: ConsensusResult) -> None:
    """What became of the files, and what a person should know, on standard error."""
    for one in result.files:
        for text in (*one.notes, *([f"left out: {one.error}"] if one.error else [])):
            to_stderr(f"{one.path}: {text}")
    for text in result.consensus.notes:
        to_stderr(f"note: {text}")


def _summary(result: ConsensusResult) -> dict[str, Any]:
    found = result.consensus
    return {
        "kind": result.kind.value,
        "soft_labels": len(found.records),
        "tolerance": found.tolerance_bp,
        "bin_size": found.bin_size,
        "callers": _callers(result),
        "files": result.files,
        "notes": found.notes,
    }


def _callers(result: ConsensusResult) -> list[dict[str, Any]]:
    """One row per caller: its calls, how many of the listed structures it has, how reliable it is."""
    from napari_hicstruct.workflows.consensus import caller_figures

    rows = []
    for one in caller_figures(result):
        row: dict[str, Any] = {"caller": one.caller, "calls": one.n_calls, "in the list": one.n_listed}
        if result.consensus.reliability is not None:
            row |= {"of its calls right": one.precision, "of all found": one.sensitivity}
        rows.append(row)
    return rows


def _table(result: ConsensusResult, path: Path) -> Any:
    found = result.consensus
    to_stderr(
        f"{how_many(len(found.records), 'soft label')} ({result.kind.value}) of {len(found.callers)} callers, within "
        f"{found.tolerance_bp:,} bp, in bins of {found.bin_size:,} bp, written to {path}"
    )
    return [{key: "–" if value is None else value for key, value in row.items()} for row in _callers(result)]
