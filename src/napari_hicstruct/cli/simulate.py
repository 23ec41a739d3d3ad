"""``hicstruct simulate``: maps with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_hicstruct.cli.common import bins, emit, json_option, overwrite_file_option, quiet_option, show_progress
from napari_hicstruct.config.files import check_output_file
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import parse_length


def parse_chromosomes(texts: list[str], length: str) -> dict[str, int]:
    """``chr1:64M`` entries → lengths in bp; a bare name has the common length."""
    lengths: dict[str, int] = {}
    for text in texts or ["chr1"]:
        name, _, own = text.partition(":")
        if not name or name in lengths:
            raise ConfigError(f"chromosome '{text}' has no name or stands twice.", hint="Write chr1:64M.")
        lengths[name] = parse_length(own or length)
    return lengths


def simulate(
    out: Annotated[Path, typer.Option("--out", "-o", help="The .mcool to write.")],
    truth: Annotated[Path | None, typer.Option(help="Folder for the truth's label files.")] = None,
    length: Annotated[str, typer.Option(help="Length of the chromosome(s), as 64M.")] = "64M",
    chrom: Annotated[list[str] | None, typer.Option(help="Chromosome, as chr1 or chr1:64M; repeatable. [chr1]")] = None,
    resolution: Annotated[
        list[int] | None,
        typer.Option(parser=bins, metavar="BP", help="Bin size, as 10k; the finest is simulated. [a ladder]"),
    ] = None,
    depth: Annotated[float, typer.Option(help="Mean count at a distance of one bin of the finest size.")] = 100.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same map.")] = 1,
    style: Annotated[str, typer.Option(help="extrusion, or painted (kernels on a decay curve).")] = "extrusion",
    config: Annotated[Path | None, typer.Option(help="YAML with ranges other than the defaults.")] = None,
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Simulate a contact map with known loops, stripes and TADs: a balanced .mcool, and its truth."""
    from napari_hicstruct.workflows.simulate import (
        SimulateRequest,
        is_simulated,
        iter_simulate,
        ladder_from,
        load_settings,
    )

    check_output_file(out, [config] if config else [], overwrite=overwrite or is_simulated(out))
    request = SimulateRequest(
        out=out,
        lengths=parse_chromosomes(chrom or [], length),
        resolutions=ladder_from(resolution or []),
        depth=depth,
        seed=seed,
        style=style,
        truth_dir=truth,
        settings=load_settings(config) if config else {},
    )
    result = show_progress(iter_simulate(request), quiet)
    emit(result, json=json)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)
