"""``hicstruct predict``: loops, stripes and TADs of a map, into files and a project."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.cluster import (
    STORE,
    emit_batch,
    opened_cluster,
    program_version,
    resume_option,
    scheduler_option,
    show_batch,
    store_option,
    workers_option,
)
from napari_hicstruct.cli.common import (
    bp_option,
    emit,
    json_option,
    overwrite_option,
    parse_limits,
    parse_numbers,
    parse_tracks,
    quiet_option,
    show_progress,
    to_stderr,
)
from napari_hicstruct.cli.maps_option import MapsCommand, maps_option
from napari_hicstruct.errors import ConfigError, MapError

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.genome import Interval
    from napari_hicstruct.jobs import CancelToken, Progress
    from napari_hicstruct.jobs.cluster import Cluster
    from napari_hicstruct.workflows.genome.batch import MapOutcome
    from napari_hicstruct.workflows.predict import PredictResult
    from napari_hicstruct.workflows.predict.request import PredictRequest

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
    app.command(cls=MapsCommand)(predict)


def predict(
    maps: list[str] = typer.Argument(..., help="Contact maps: .cool, .mcool, .hic, or FILE::/group.", metavar="MAP..."),
    behind_maps: list[str] = maps_option,
    out: Path = typer.Option(..., "--out", "-o", help="Folder for the label files; of several maps, one in it each."),
    region: list[str] = typer.Option([], "--region", "-r", help="Region, e.g. chr17:62.5M-63.5M; may be repeated."),
    chrom: list[str] = typer.Option([], "--chrom", "-c", help="Chromosome; may be repeated."),
    genome: bool = typer.Option(False, "--genome", help="All chromosomes."),
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
    adapt: bool = typer.Option(False, "--adapt", help="Let windows of the map set the model's gate (docs/adapt.md)."),
    least: list[str] = typer.Option([], "--least", hidden=True, help="Former name of --min-probability."),
    project: Path | None = typer.Option(None, "--project", "-p", help="Also add them to this project (*.hicproj)."),
    workers: int = workers_option,
    scheduler: str = scheduler_option,
    resume: bool = resume_option,
    store: Path | None = store_option,
    overwrite: bool = overwrite_option,
    json: bool = json_option,
    quiet: bool = quiet_option,
) -> None:
    """Call loops, stripes and TADs on MAP.  Without region, chromosome or --genome: on the only one with contacts."""
    plain = {"model": model, "device": device, "mode": mode, "threads": threads, "resolution": resolution}
    likely = [*least, *min_probability]
    asked = _Asked(
        regions=[*region, *chrom],
        genome=genome,
        options={
            **plain,
            "adapt": adapt,
            "tasks": _named_tasks(model, tasks),
            "norm": norm or None,
            "tracks": parse_tracks(track),
            "min_probability": parse_numbers("--min-probability", likely, "probability", "TASK=0.2"),
            "limits": parse_limits(limit),
        },
        store=store,
        resume=resume,
        project=project,
        overwrite=overwrite,
    )
    with opened_cluster(workers, scheduler, resume=resume) as cluster:
        (_predict_many if len(maps) > 1 else _predict_one)(asked, maps, out, cluster, json=json, quiet=quiet)


def _named_tasks(model: str, text: str) -> tuple[str, ...]:
    """Tasks named with commas between; all of the model's where nothing is written."""
    from napari_hicstruct.workflows.models import find_model, named_tasks

    own, names = find_model(model).tasks, [name for part in text.split(",") if (name := part.strip())]
    return named_tasks(own, names) if text else own


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is wanted of each map."""

    regions: list[str]
    genome: bool
    options: dict[str, Any]
    store: Path | None
    resume: bool
    project: Path | None
    overwrite: bool

    def request(self, source: ContactSource) -> PredictRequest:
        """The request for one map, checked."""
        from napari_hicstruct.workflows.predict.request import PredictRequest, check_request

        request = PredictRequest(regions=_regions(source, self.regions, self.genome), **self.options)
        check_request(source, request)
        return request

    def check(self, source: ContactSource, out: Path) -> None:
        """Refuse what could not be kept."""
        from napari_hicstruct.workflows.predict.store import check_targets

        model, tasks = self.options["model"], self.options["tasks"]
        check_targets(source, out, self.project, model=model, tasks=tasks, overwrite=self.overwrite)

    def keep(
        self, result: PredictResult, source: ContactSource, request: PredictRequest, out: Path, cluster: Cluster | None
    ) -> list[Path]:
        """Write the label files; only then what a cluster kept of the run goes."""
        from napari_hicstruct.workflows.predict.store import write_predictions

        paths = write_predictions(result, out, overwrite=self.overwrite)
        if cluster is not None:
            from napari_hicstruct.workflows.genome.genome_run import discard_store

            discard_store(source, request, self.store or out / STORE)
        return paths

    def iter_run(
        self, source: ContactSource, request: PredictRequest, out: Path, cluster: Cluster | None
    ) -> Generator[Progress, None, PredictResult]:
        """Predict here, or by workers."""
        if cluster is None:
            from napari_hicstruct.workflows.predict import iter_predict

            return (yield from iter_predict(source, request))
        from napari_hicstruct.workflows.genome.run import iter_predict_on

        folder = self.store or out / STORE
        return (yield from iter_predict_on(cluster, source, request, folder, resume=self.resume))


def _predict_one(
    asked: _Asked, maps: list[str], out: Path, cluster: Cluster | None, *, json: bool, quiet: bool
) -> None:
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.predict.request import notes
    from napari_hicstruct.workflows.predict.store import store_predictions

    source = open_map(maps[0])
    request = asked.request(source)
    asked.check(source, out)
    before = _say([] if quiet or json else notes(source, request))
    result = show_progress(asked.iter_run(source, request, out, cluster), quiet)
    paths = asked.keep(result, source, request, out, cluster)
    summary = _summary(result, json, before) | _files(paths, json)
    summary |= {} if asked.project is None else {"set": store_predictions(result, source, asked.project)}
    emit({key: value for key, value in summary.items() if value != ""}, json)


def _predict_many(
    asked: _Asked, maps: list[str], out: Path, cluster: Cluster | None, *, json: bool, quiet: bool
) -> None:
    """Each map into a folder of its own; status 2 if one of them failed.

    Raises
    ------
    ConfigError
        If a project is to hold them: it belongs to one map.
    """
    from napari_hicstruct.workflows.genome.batch import MapJob
    from napari_hicstruct.workflows.genome.map_jobs import full_paths, rows_of
    from napari_hicstruct.workflows.genome.over_maps import iter_over_maps
    from napari_hicstruct.workflows.models import find_model

    if asked.project is not None:
        raise ConfigError("--project holds the labels of one map.", hint="Predict its map alone, or leave it out.")
    if cluster is not None:
        cluster.check_versions()  # once, and not for each map
    settings = (asked.regions, asked.genome, asked.options, find_model(asked.options["model"]).sha256)
    jobs = [
        MapJob(
            map=uri,
            name=row.name,
            run=partial(_iter_one, asked, uri, out / row.name, cluster),
            inputs=full_paths(uri, *asked.options["tracks"].values()),
            settings=settings,
        )
        for uri, row in zip(maps, rows_of(maps), strict=True)
    ]
    work = iter_over_maps(None, jobs, out, program=program_version(), resume=asked.resume)
    emit_batch(show_batch(work, quiet, own_word=cluster is None), json)


def _iter_one(
    asked: _Asked, uri: str, folder: Path, cluster: Cluster | None, token: CancelToken
) -> Generator[Progress, None, MapOutcome]:
    """One of many maps, to its files."""
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.genome.batch import MapOutcome

    source = open_map(uri)
    request = asked.request(source)
    asked.check(source, folder)
    result = yield from asked.iter_run(source, request, folder, cluster)
    paths = asked.keep(result, source, request, folder, cluster)
    return MapOutcome(tuple(paths), result.notes, _counts(result))


def _say(notes: list[str]) -> list[str]:
    for note in notes:
        to_stderr(f"note: {note}")
    return notes


def _files(paths: list[Path], json: bool) -> dict[str, Any]:
    return {"files": [str(path) for path in paths] if json else ", ".join(path.name for path in paths)}


def _counts(result: PredictResult) -> dict[str, int]:
    """How many calls of each kind."""
    from napari_hicstruct.annotations.kinds import KINDS
    from napari_hicstruct.annotations.tally import CallTally

    tally = CallTally(result.annotations)
    return {info.stem: tally.found[kind] for kind, info in KINDS.items()}


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
    if genome and texts:
        hint = "Leave --genome out for these alone."
        raise ConfigError(f"--genome is given, and {texts[0]} besides.", hint=hint)
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
