"""``hicstruct repair --votes``: what several callers vote for in a region of a Hi-C map, repaired."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_hicstruct.cli.common import emit, show_progress, to_stderr
from napari_hicstruct.cli.ending import terminated_as_interrupted
from napari_hicstruct.errors import ConfigError

if TYPE_CHECKING:
    from napari_hicstruct.contacts import ContactSource
    from napari_hicstruct.workflows.repair.hic import HicRepairRequest, HicRepairResult
    from napari_hicstruct.workflows.repair.job import Until

votes_option: list[str] = typer.Option(
    [], "--votes", metavar="CALLS...", help="Hi-C: files of calls instead of LABELS; CALLER=FILE where it is open."
)


@dataclass(frozen=True)
class VotesGiven:
    """Options of the command that are about votes.

    Attributes
    ----------
    votes : tuple of str
        Files of calls, or CALLER=FILE.
    map, region : str
    bin_size : int
        bp.
    threshold : float
        Share of the callers from which objects are listed.
    project : Path or None
        Gets the objects as proposals.
    """

    votes: tuple[str, ...]
    map: str
    region: str
    bin_size: int
    threshold: float
    project: Path | None

    def named(self) -> list[str]:
        """Those that go with votes alone, as they were typed."""
        given = {"--map": self.map, "--region": self.region, "--project": self.project}
        return [name for name, value in given.items() if value]


@dataclass(frozen=True)
class VotesRun:
    """How it is run, and where the result belongs."""

    out: Path
    settings: Path | None
    until: str
    device: str
    threads: int
    resume: bool
    overwrite: bool
    shown: tuple[bool, bool]


def repair_votes(given: VotesGiven, run: VotesRun) -> None:
    """Count the votes, repair them, write label files and, if asked for, proposals.

    Raises
    ------
    ConfigError
        If the map or the region is missing.
    RegionError, LabelError, MapError, OutputError, ProjectError
        As the parts raise them.
    """
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.projects import check_project, identity_of
    from napari_hicstruct.workflows.repair.hic import check_hic_folder, iter_hic_repair, write_hic_repair

    for name, text in (("--map", given.map), ("--region", given.region)):
        if not text:
            raise ConfigError(f"votes need {name}.", where="--votes", hint="Add --map MAP --region chr1:5M-10M.")
    source = open_map(given.map)
    if given.project is not None:
        check_project(given.project, source)
    about = {"map": identity_of(source)}
    check_hic_folder(run.out, provenance=about, overwrite=run.overwrite)
    request, (json, quiet) = _request(given, run, source), run.shown
    try:
        with terminated_as_interrupted():
            result = show_progress(iter_hic_repair(request), quiet)
    except KeyboardInterrupt:
        to_stderr("note: add --resume to go on from the last checkpoint.")
        raise
    files = write_hic_repair(result, run.out, provenance=about, overwrite=run.overwrite)
    name = "" if given.project is None or not result.records else _store(result, given.project, source)
    _report(result, files, name, json)


def _request(given: VotesGiven, run: VotesRun, source: ContactSource) -> HicRepairRequest:
    from napari_hicstruct.config.repair import repair_config
    from napari_hicstruct.genome import parse_region
    from napari_hicstruct.workflows.consensus import CallFile
    from napari_hicstruct.workflows.repair.hic import HicRepairRequest

    return HicRepairRequest(
        tuple(CallFile.of(text) for text in given.votes),
        parse_region(given.region, dict(source.chromsizes)),
        given.bin_size,
        dict(source.chromsizes),
        threshold=given.threshold,
        config=None if run.settings is None else repair_config(run.settings),
        until=_stage(run.until),
        folder=run.out / "run",
        device=run.device,
        resume=run.resume,
        overwrite=run.overwrite,
        threads=run.threads or None,
    )


def _stage(given: str) -> Until:
    """The stage of that name."""
    return "joint" if given == "joint" else "shape" if given == "shape" else "fusion"


def _store(result: HicRepairResult, path: Path, source: ContactSource) -> str:
    """Proposals in the project, which is made if there is none; gives the set's name."""
    from napari_hicstruct.workflows.projects import writing
    from napari_hicstruct.workflows.repair.hic import store_hic_repair

    with writing(path, source) as project:
        return store_hic_repair(result, project)


def _report(result: HicRepairResult, files: list[Path], name: str, json: bool) -> None:
    for one in result.files:
        for text in (*one.notes, *([f"left out: {one.error}"] if one.error else [])):
            to_stderr(f"{one.path}: {text}")
    counts: dict[str, int] = {}
    for record in result.records:
        counts[record.kind.value] = counts.get(record.kind.value, 0) + 1
    data: dict[str, Any] = {"files": files, "objects": counts, "changes": result.changes, "notes": result.notes}
    emit(data | {"set": name or None}, json, human=result.text())
