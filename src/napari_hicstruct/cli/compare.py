"""``hicstruct compare``: which loops, stripes, boundaries and TADs two maps differ in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    overwrite_option,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.ending import terminated_as_interrupted
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.workflows.compare import CompareRequest

_CALLS = "Label files of {0}, or the folder of a prediction; repeatable. Without any, both maps are predicted."
_REPLICATE = "Another map of {0}'s condition; repeatable. Its contacts are added, and say how far replicates differ."


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(compare)


def compare(
    a: str = typer.Argument(..., metavar="A", help="Contact map: .cool, .mcool, .hic, or FILE::/group."),
    b: str = typer.Argument(..., metavar="B", help="The one that is compared with it."),
    out: Path = typer.Option(..., "--out", "-o", help="Folder for the table, the label files and the project."),
    calls_a: list[Path] = typer.Option([], "--calls-a", help=_CALLS.format("A")),
    calls_b: list[Path] = typer.Option([], "--calls-b", help=_CALLS.format("B")),
    replicate_a: list[str] = typer.Option([], "--replicate-a", help=_REPLICATE.format("A")),
    replicate_b: list[str] = typer.Option([], "--replicate-b", help=_REPLICATE.format("B")),
    region: str = typer.Option("", "--region", "-r", help="Only here, as chr1:5M-10M."),
    chrom: list[str] = typer.Option([], "--chrom", "-c", help="Only this chromosome; repeatable."),
    resolution: int = bp_option(
        0, help="Bins in which contacts are counted, as 10k; 0: the common ones nearest to 10k."
    ),
    fdr: float = typer.Option(0.05, help="Share of false ones among the changes that is accepted."),
    norm: str = typer.Option("", help="Stored weights to use, or raw. [the best of each map]"),
    tolerance: int = bp_option(20_000, help="How far calls of one structure may be apart."),
    min_probability: float = typer.Option(0.5, min=0, max=1, help="Of structures that are predicted."),
    model: str = typer.Option("default", "--model", "-m", help="Name of a model or its folder."),
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    threads: int = typer.Option(0, min=0, help="Threads of the processor; 0: as many as there are."),
    overwrite: bool = overwrite_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Say which structures of B are gained, lost, moved, stronger or weaker than in A, and how sure that is."""
    from napari_hicstruct.genome import parse_region
    from napari_hicstruct.workflows.compare import CompareRequest

    if region and chrom:
        raise ConfigError("--region and --chrom both say where.", hint="Give one of them.")
    request = CompareRequest(
        a=a,
        b=b,
        calls_a=tuple(calls_a) or None,
        calls_b=tuple(calls_b) or None,
        replicates_a=tuple(replicate_a),
        replicates_b=tuple(replicate_b),
        resolution=resolution,
        chroms=tuple(chrom),
        region=parse_region(region) if region else None,
        fdr=fdr,
        norm=norm or None,
        tolerance=tolerance,
        min_probability=min_probability,
        model=model,
        device=device,
        threads=threads,
    )
    _compare(request, out, overwrite=overwrite, json=json, quiet=quiet)


def _compare(request: CompareRequest, out: Path, *, overwrite: bool, json: bool, quiet: bool) -> None:
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.jobs import CancelToken
    from napari_hicstruct.workflows.compare import iter_compare
    from napari_hicstruct.workflows.compare.write import check_folder, write_comparison

    source = open_map(request.a)
    check_folder(out, source, overwrite=overwrite)
    with terminated_as_interrupted():
        found = show_progress(iter_compare(request, CancelToken()), quiet)
    paths = write_comparison(found, out, source, overwrite=overwrite)
    if json:
        emit({**found.counts(), "files": [str(path) for path in paths], "notes": list(found.notes)}, json)
        return
    for note in () if quiet else found.notes:
        to_stderr(f"note: {note}")
    emit({**found.counts(), "files": ", ".join(path.name for path in paths)})
