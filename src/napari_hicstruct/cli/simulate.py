"""``hicstruct simulate``: maps with known truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_hicstruct.cli.cluster import Engine, resume_option, scheduler_option, workers_option
from napari_hicstruct.cli.common import bins, emit, json_option, overwrite_file_option, quiet_option, show_progress
from napari_hicstruct.cli.maps_option import ManyValues
from napari_hicstruct.config.files import check_output_file
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import parse_length

if TYPE_CHECKING:
    from napari_hicstruct.workflows.simulate import SimulateRequest


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
    out: Annotated[Path, typer.Option("--out", "-o", help="The .mcool to write; of several seeds, their folder.")],
    truth: Annotated[
        Path | None, typer.Option(help="Folder for the truth's label files; of several seeds, one in it each.")
    ] = None,
    length: Annotated[str, typer.Option(help="Length of the chromosome(s), as 64M.")] = "64M",
    chrom: Annotated[list[str] | None, typer.Option(help="Chromosome, as chr1 or chr1:64M; repeatable. [chr1]")] = None,
    resolution: Annotated[
        list[int] | None,
        typer.Option(parser=bins, metavar="BP", help="Bin size, as 10k; the finest is simulated. [a ladder]"),
    ] = None,
    depth: Annotated[float, typer.Option(help="Mean count at a distance of one bin of the finest size.")] = 100.0,
    seed: Annotated[
        list[int] | None,
        typer.Option(min=0, help="The same seed gives the same map; several give a map each, seed_N.mcool. [1]"),
    ] = None,
    style: Annotated[str, typer.Option(help="extrusion, or painted (kernels on a decay curve).")] = "extrusion",
    config: Annotated[Path | None, typer.Option(help="YAML with ranges other than the defaults.")] = None,
    workers: int = workers_option,
    scheduler: str = scheduler_option,
    resume: bool = resume_option,
    overwrite: bool = overwrite_file_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Simulate a contact map with known loops, stripes and TADs: a balanced .mcool, and its truth."""
    from napari_hicstruct.workflows.simulate import SimulateRequest, is_simulated, ladder_from, load_settings

    seeds, engine = list(dict.fromkeys(seed or [1])), Engine(workers, scheduler, resume)
    if len(seeds) == 1:
        check_output_file(out, [config] if config else [], overwrite=overwrite or is_simulated(out))
    request = SimulateRequest(
        out=out,
        lengths=parse_chromosomes(chrom or [], length),
        resolutions=ladder_from(resolution or []),
        depth=depth,
        seed=seeds[0],
        style=style,
        truth_dir=truth,
        settings=load_settings(config) if config else {},
    )
    _simulate(request, seeds, engine, overwrite=overwrite, json=json, quiet=quiet)


def _simulate(
    request: SimulateRequest, seeds: list[int], engine: Engine, *, overwrite: bool, json: bool, quiet: bool
) -> None:
    """One map, or one for each seed."""
    from napari_hicstruct.workflows.genome.map_jobs import simulation_jobs
    from napari_hicstruct.workflows.simulate import iter_simulate

    if len(seeds) > 1:
        request = replace(request, out=request.out.absolute())
        engine.run(simulation_jobs(seeds, request, overwrite=overwrite), request.out, json=json, quiet=quiet)
        return
    engine.say_unused()
    emit(show_progress(iter_simulate(request), quiet), json=json)


class _ManyValues(ManyValues):
    many = ("--seed", "--chrom", "--resolution")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate", cls=_ManyValues)(simulate)
