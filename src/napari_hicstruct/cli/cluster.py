"""Options of commands that can work with more than one process, and what they open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_hicstruct.cli.common import emit, to_stderr
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.jobs.cluster import Cluster
    from napari_hicstruct.workflows.genome.batch import MapResult

workers_option: int = typer.Option(
    0, "--workers", min=0, help="Worker processes of this computer (0: this process alone)."
)
"""Use as a parameter's default: ``workers: int = workers_option``."""

scheduler_option: str = typer.Option(
    "", "--scheduler", help="Address (tcp://host:8786) or scheduler file of a dask scheduler whose workers do the work."
)
"""Use as a parameter's default: ``scheduler: str = scheduler_option``."""

resume_option: bool = typer.Option(False, "--resume", help="Go on where an interrupted run of the same has ended.")
"""Use as a parameter's default: ``resume: bool = resume_option``."""

store_option: Path | None = typer.Option(
    None, "--store", help="Folder for what is kept until a run ends (default: in the folder of the result)."
)
"""Use as a parameter's default: ``store: Path | None = store_option``."""

STORE = ".hicstruct-run"
"""Folder of a run's store in the folder of its result."""


@contextmanager
def opened_cluster(workers: int, scheduler: str, *, resume: bool = False) -> Iterator[Cluster | None]:
    """The workers that were asked for; None where this process is to do the work alone.

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
    from napari_hicstruct.jobs.cluster import connect, start_local

    with connect(scheduler) if scheduler else start_local(workers or 1) as cluster:
        try:
            yield cluster
        except KeyboardInterrupt:
            to_stderr("hicstruct: what is done is kept; the same command with --resume goes on.")
            raise


def program_version() -> str:
    """Name and version of this program, as results say them."""
    from napari_hicstruct import __version__

    return f"napari-hicstruct {__version__}"


def emit_batch(found: Sequence[MapResult], json: bool) -> None:
    """Print what became of each map; ends with status 2 if one failed."""
    from napari_hicstruct.workflows.genome.batch import said_of

    failed = [one for one in found if one.status == "failed"]
    if json:
        emit({"maps": list(found)}, json)
    else:
        rows = {one.folder or one.map: one.error or f"{one.seconds:g} s" for one in found}
        emit(rows | {"": said_of(found)})
    if failed:
        raise typer.Exit(2)
