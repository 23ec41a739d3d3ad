"""``hicstruct predict``: loops, stripes and TADs of a map, into files and a project."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    overwrite_option,
    parse_limits,
    parse_min_probability,
    parse_tracks,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.errors import ConfigError, MapError

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.workflows.predict import PredictResult

MAX_NAMED = 8
"""Chromosomes that a message names."""

LIMIT_HELP = (
    "Limit in bp: tad-size=100k-2M, loop-distance=50k-1M, loop-separation=30k, stripe-length=200k-3M or "
    "stripe-width=50k; repeatable."
)

MIN_PROBABILITY_HELP = (
    "TASK=P, as loop=0.5: list calls of P or more; repeatable. That of tad is also that of boundaries, unless "
    "boundary=P gives them their own. Default: all that stand out, also those that the model holds rather wrong than "
    "right, for a person to go through; the summary says how many have p of 0.5 or more."
)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(predict)


def predict(
    map: str = typer.Argument(..., help="Contact map: .cool, .mcool, .hic, or FILE::/group.", metavar="MAP"),
    out: Path = typer.Option(..., "--out", "-o", help="Folder for the label files."),
    region: list[str] = typer.Option([], "--region", "-r", help="Region, e.g. chr17:62.5M-63.5M; may be repeated."),
    chrom: list[str] = typer.Option([], "--chrom", "-c", help="Chromosome; may be repeated."),
    genome: bool = typer.Option(False, "--genome", help="All chromosomes, one after another."),
    tasks: str = typer.Option("", "--tasks", "-t", help="Comma-separated (default: all of the model's)."),
    model: str = typer.Option("default", "--model", "-m", help="Name of a model or its folder."),
    device: str = typer.Option("auto", "--device", "-d", help="auto, cpu, cuda, …"),
    mode: str = typer.Option("fast", "--mode", help="fast, or accurate (each place is seen four times)."),
    norm: str = typer.Option("", "--norm", help="Stored weights to use (default: the map's best)."),
    threads: int = typer.Option(0, "--threads", min=0, help="Processor threads (default: all)."),
    track: list[str] = typer.Option([], "--track", help="NAME=FILE.bw, for a model that reads tracks; repeatable."),
    min_probability: list[str] = typer.Option([], help=MIN_PROBABILITY_HELP),
    resolution: int = bp_option(0, help="Bins, as 25k; 0: 10 kb (loops 5 kb), or the nearest that the map has."),
    limit: list[str] = typer.Option([], "--limit", help=LIMIT_HELP),
    least: list[str] = typer.Option([], "--least", hidden=True, help="Former name of --min-probability."),
    project: Path | None = typer.Option(None, "--project", "-p", help="Also add them to this project (*.hicproj)."),
    overwrite: bool = overwrite_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Call loops, stripes and TADs on MAP.  Without region, chromosome or --genome: on the only one with contacts."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.models import find_model, named_tasks
    from napari_hicstruct.workflows.predict import iter_predict
    from napari_hicstruct.workflows.predict.request import PredictRequest, check_request, notes
    from napari_hicstruct.workflows.predict.store import check_targets, store_predictions, write_predictions

    source, own = open_map(map), find_model(model).tasks
    request = PredictRequest(
        regions=_regions(source, [*region, *chrom], genome),
        tasks=named_tasks(own, [name for part in tasks.split(",") if (name := part.strip())]) if tasks else own,
        model=model,
        device=device,
        mode=mode,
        norm=norm or None,
        threads=threads,
        tracks=parse_tracks(track),
        min_probability=parse_min_probability([*least, *min_probability]),
        limits=parse_limits(limit),
        resolution=resolution,
    )
    check_request(source, request)
    check_targets(source, out, project, model=model, tasks=request.tasks, overwrite=overwrite)
    before = _say([] if quiet or json else notes(source, request))
    result = show_progress(iter_predict(source, request), quiet)
    summary = _summary(result, json, before) | _files(write_predictions(result, out, overwrite=overwrite), json)
    summary |= {} if project is None else {"set": store_predictions(result, source, project)}
    emit({key: value for key, value in summary.items() if value != ""}, json)


def _say(notes: list[str]) -> list[str]:
    for note in notes:
        to_stderr(f"note: {note}")
    return notes


def _files(paths: list[Path], json: bool) -> dict[str, Any]:
    return {"files": [str(path) for path in paths] if json else ", ".join(path.name for path in paths)}


def _summary(result: PredictResult, json: bool, before: Collection[str]) -> dict[str, Any]:
    """How many of what and with which probability, by which model, in what time; notes not said ``before``."""
    from napari_hicstruct.annotations.kinds import KINDS
    from napari_hicstruct.annotations.tally import CallTally

    tally = CallTally(result.annotations)
    found = {info.stem: tally.found[kind] for kind, info in KINDS.items()}
    likely = {info.stem: tally.likely[kind] for kind, info in KINDS.items()}
    shares = {info.stem: tally.share(kind) for kind, info in KINDS.items()}
    said = {name: f"{n:,} ({shares[name]})" if shares[name] else f"{n:,}" for name, n in found.items()}
    return {
        **(found | {"likely": likely} if json else said),
        "model": f"{result.run['model']['name']} {result.run['model']['version']}",
        "seconds": result.run["seconds"],
        "notes": " ".join(note for note in result.notes if note not in before),
    }


def _regions(source: ContactSource, texts: list[str], genome: bool) -> tuple[Interval, ...]:
    """The regions that were named; all chromosomes for the genome, the one where only one has contacts."""
    from napari_hicstruct.genome import Interval, parse_region

    chromsizes = source.chromsizes
    regions = [parse_region(text, chromsizes) for text in texts]
    if genome or not regions:
        chroms = list(chromsizes) if genome or len(chromsizes) == 1 else [_only_one(source)]
        regions = [Interval(name, 0, chromsizes[name]) for name in chroms]
    return tuple(regions)


def _only_one(source: ContactSource) -> str:
    """The one chromosome with contacts.

    Raises
    ------
    ConfigError
        If there are several; the first are named.
    MapError
        If there is none.
    """
    having = [*islice(_with_contacts(source), MAX_NAMED + 1)]
    if not having:
        raise MapError("holds no contacts on any chromosome.", where=source.uri, hint="Choose another map.")
    if len(having) > 1:
        named = ", ".join(having[:MAX_NAMED]) + (" …" if len(having) > MAX_NAMED else "")
        hint = f"Give --chrom, --region or --genome. It has contacts on {named}."
        raise ConfigError("no part of the map is named.", where=source.uri, hint=hint)
    return having[0]


def _with_contacts(source: ContactSource) -> Iterator[str]:
    for chrom in source.chromsizes:
        pixels = source.pixels(chrom, resolution=source.resolutions_of(chrom)[-1])
        if any(len(part.bin1) for part in pixels):
            yield chrom
