"""Options of commands that can work with more than one process, and what they open."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import emit, show_progress, to_stderr
from napari_hicstruct.cli.ending import terminated_as_interrupted
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.jobs.cluster import Cluster
    from napari_hicstruct.workflows.genome.batch import MapJob, MapResult

workers_option: int = typer.Option(
    0, "--workers", min=0, help="Worker processes of this computer (0: this process alone)."
)
"""Use as a parameter's default: ``workers: int = workers_option``."""


def _scheduler_named(context: typer.Context, param: typer.CallbackParam, value: str) -> str:
    """An empty name is most often a variable that is not set: the work would start on the machine at hand instead."""
    given = context.get_parameter_source(str(param.name))
    if not value.strip() and given is not None and given.name != "DEFAULT":
        raise ConfigError("--scheduler is empty.", hint="Give an address or a scheduler file, or leave it out.")
    return value


scheduler_option: str = typer.Option(
    "",
    "--scheduler",
    help="Address (tcp://host:8786) or scheduler file of a dask scheduler whose workers do the work.",
    callback=_scheduler_named,
)
"""Use as a parameter's default: ``scheduler: str = scheduler_option``."""

resume_option: bool = typer.Option(False, "--resume", help="Go on where an interrupted run of the same has ended.")
"""Use as a parameter's default: ``resume: bool = resume_option``."""

store_option: Path | None = typer.Option(
    None, "--store", help="Folder for what is kept until a run ends (default: in the folder of the result)."
)
"""Use as a parameter's default: ``store: Path | None = store_option``."""

table_option: Path | None = typer.Option(
    None, "--table", help="A row for each map, tab-separated, with the columns that docs/many-maps.md names."
)
"""Use as a parameter's default: ``table: Path | None = table_option``."""

STORE = ".hicstruct-run"
"""Folder of a run's store in the folder of its result."""


_KEPT = "hicstruct: what is done is kept; the same command with --resume goes on."


@contextmanager
def opened_cluster(
    workers: int, scheduler: str, *, resume: bool = False, max_deaths: int | None = None
) -> Iterator[Cluster | None]:
    """The workers that were asked for; None where this process is to do the work alone.

    ``max_deaths`` is that of ``start_local``.

    Raises
    ------
    ConfigError
        If both kinds are asked for.
    JobError
        If they do not start, or no scheduler answers.
    """
    if workers and scheduler:
        raise ConfigError("--workers and --scheduler are both given.", hint="Give one of them.")
    if not (workers or scheduler or resume):
        yield None
        return
    from napari_hicstruct.jobs.cluster import MAX_WORKER_DEATHS, connect, start_local

    deaths = max_deaths or MAX_WORKER_DEATHS
    _say_if_many(workers)
    with (
        terminated_as_interrupted(),
        connect(scheduler) if scheduler else start_local(workers or 1, max_deaths=deaths) as cluster,
    ):
        try:
            yield cluster
        except KeyboardInterrupt:
            to_stderr(_KEPT)
            raise


def _say_if_many(workers: int) -> None:
    """More workers than processors are no faster, and each takes its memory."""
    processors = os.cpu_count() or 1
    if workers > processors:
        have = how_many(processors, "processor")
        to_stderr(f"note: {workers} workers share {have}; each takes up to 1.5 GB of memory.")


def program_version() -> str:
    """Name and version of this program, as results say them."""
    from napari_hicstruct import __version__

    return f"napari-hicstruct {__version__}"


@dataclass(frozen=True, slots=True)
class Engine:
    """Who works on many maps: this process, or workers."""

    workers: int
    scheduler: str
    resume: bool

    def say_unused(self) -> None:
        """One map is not shared out: say so, where somebody asked for it."""
        if self.workers or self.scheduler:
            to_stderr("note: there is one map, which is worked on here: workers share out maps.")

    def run(self, jobs: Sequence[MapJob], out: Path, *, json: bool, quiet: bool) -> None:
        """Do the jobs and print what became of each; ends with status 2 if one failed."""
        from napari_hicstruct.config.leftovers import remove_leftovers
        from napari_hicstruct.workflows.genome.over_maps import MAX_WORKER_DEATHS, iter_over_maps

        try:
            with opened_cluster(self.workers, self.scheduler, max_deaths=MAX_WORKER_DEATHS) as cluster:
                job = iter_over_maps(cluster, jobs, out, program=program_version(), resume=self.resume)
                found = show_batch(job, quiet, own_word=cluster is None)
        finally:
            remove_leftovers(out)  # of workers that were killed
        emit_batch(found, json)


def show_batch(job: Any, quiet: bool, *, own_word: bool) -> list[MapResult]:
    """Run a batch to its end; ``own_word``: say what Ctrl+C has left, as nobody else does."""
    try:
        return list(show_progress(job, quiet))
    except KeyboardInterrupt:
        if own_word:
            to_stderr(_KEPT)
        raise


def emit_batch(found: Sequence[MapResult], json: bool) -> None:
    """Print what became of each map; ends with status 2 if one failed."""
    from napari_hicstruct.workflows.genome.batch import said_of

    failed = [one for one in found if one.status == "failed"]
    if json:
        emit({"maps": list(found)}, json)
    else:
        if len(failed) < len(found):
            emit({one.folder: _figures(one) for one in found if one.status != "failed"})
        for one in failed:  # a line each, never broken in a column
            error = str(one.error)
            print(f"failed: {error if error.startswith(one.map) else f'{one.map}: {error}'}")
        print(said_of(found))
    if failed:
        raise typer.Exit(2)


def _figures(one: MapResult) -> str:
    """Seconds, and what else is known of a result in numbers."""
    said = [f"{one.seconds:g} s"]
    for name, value in one.summary.items():
        if isinstance(value, Mapping):
            said += [f"{name} {key} {figure:.3g}" for key, figure in value.items() if isinstance(figure, float | int)]
        else:
            said.append(f"{name.replace('_', ' ')} {value:,}" if isinstance(value, int) else f"{name} {value}")
    return ", ".join(said)
