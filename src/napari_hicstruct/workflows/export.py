"""A project's annotations as label files, with their provenance."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.config.map_uri import absolute_uri
from napari_hicstruct.errors import HicStructError, ProjectError
from napari_hicstruct.jobs import Clock, Progress, drain
from napari_hicstruct.workflows.projects import find_map

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, Project, Status


@dataclass(frozen=True, slots=True)
class ExportResult:
    """Files written, and how many records of each kind are in them."""

    files: tuple[Path, ...]
    counts: dict[str, int]


DEFAULT_FORMATS = ("bedpe", "bed", "stripenn")


def export_provenance(
    project: Project, parameters: Mapping[str, Any], seconds: float, map_uri: str = ""
) -> dict[str, Any]:
    """What ``run.json`` says of an export, from the window as from the shell.

    Parameters
    ----------
    project : Project
    parameters : mapping
        What was chosen: ``formats``, ``sets`` (empty: all), ``statuses``, ``deduplicate``.
    seconds : float
        Since the export began.
    map_uri : str
        Where the map lies now; without it where the project last saw it.
    """
    from napari_hicstruct.annotations.maps import shown_uri

    known = project.map
    return {
        "project": str(project.path.absolute()),
        "map": {
            "uri": absolute_uri(map_uri) if map_uri else shown_uri(known.uri, project.path),
            "fingerprint": known.fingerprint,
            "assembly": known.assembly,
        },
        "reviewer": project.reviewer,
        "parameters": dict(parameters),
        "seconds": round(seconds, 3),
    }


def default_folder(project_path: Path, map_name: str) -> Path:
    """Where a project is exported if nobody says otherwise: beside it, by the names of map and project."""
    stem = project_path.stem
    name = stem if stem.startswith(map_name) else f"{map_name}-{stem}"
    return project_path.absolute().with_name(f"{name}-export")


def iter_export(
    project_path: str | Path,
    out_dir: str | Path,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    sets: Collection[str] = (),
    statuses: Collection[Status] = (),
    deduplicate: bool = False,
    overwrite: bool = False,
) -> Generator[Progress, None, ExportResult]:
    """Write the annotations of a project into a folder.

    Parameters
    ----------
    project_path, out_dir : path
    formats : sequence of str
        Keys of ``annotations.EXPORT_FORMATS``.
    sets : collection of str
        Names of the sets to write; empty: all.
    statuses : collection of Status
        Records to write; empty: all but the rejected.
    deduplicate : bool
        Of what several sets call at one place write one, and no open call of what was rejected.
    overwrite : bool
        Also replace label files of another map or project (see ``annotations.export_records``).

    Raises
    ------
    ProjectError
        If the project cannot be read, or holds no such set or no such records.
    OutputError
        If the folder cannot be written, or holds label files that must not be replaced; all stand as they were.
    """
    from napari_hicstruct.annotations import Project, Status, export_records

    clock, started = Clock(), time.monotonic()
    wanted = tuple(statuses) or tuple(status for status in Status if status is not Status.REJECTED)
    with Project.open(project_path, read_only=True) as project:
        yield clock.step("read", 0, 2, project.path.name)
        records = project.query(set_ids=_set_ids(project, sets), statuses=wanted)
        records = _deduplicated(project, records) if deduplicate else records
        if not records:
            raise ProjectError("holds nothing to export.", where=project_path, hint="Choose other sets or statuses.")
        yield clock.step("write", 1, 2, f"{len(records):,} records")
        chosen: dict[str, Any] = {"formats": formats, "sets": list(sets), "statuses": list(map(str, wanted))}
        chosen["deduplicate"] = deduplicate
        provenance = export_provenance(project, chosen, time.monotonic() - started, _place_of_map(project_path))
    files = export_records(records, out_dir, formats=formats, provenance=provenance, overwrite=overwrite)
    return ExportResult(tuple(files), dict(Counter(record.kind.value for record in records)))


def _place_of_map(project_path: str | Path) -> str:
    """Where the project's map lies now; empty if it is not to be found, which is no reason not to export."""
    try:
        return find_map(project_path).uri
    except HicStructError:
        return ""


def _deduplicated(project: Project, records: list[Annotation]) -> list[Annotation]:
    """Without duplicates, and without open records whose duplicates were judged."""
    import numpy as np

    from napari_hicstruct.active.candidate_table import CandidateTable

    every = {one.id: project.query(set_ids=[one.id]) for one in project.sets()}
    set_ids = {record.uid: number for number, own in every.items() for record in own}
    pool, wanted = (
        CandidateTable([r for own in every.values() for r in own], set_ids),
        {record.uid for record in records},
    )
    kept = set(pool.uids(pool.deduplicated(np.array([uid in wanted for uid in pool.candidates.uids], bool))))
    return [record for record in records if record.uid in kept]


def _set_ids(project: Project, names: Collection[str]) -> list[int] | None:
    if not names:
        return None
    there = project.sets()
    if missing := [name for name in names if name not in {one.name for one in there}]:
        raise ProjectError(
            f"has no set '{missing[0]}'.",
            where=project.path,
            hint=f"It has {', '.join(repr(one.name) for one in there) or 'none'}.",
        )
    return [one.id for one in there if one.name in names]


def export(project_path: str | Path, out_dir: str | Path, **options: Any) -> ExportResult:
    """As :func:`iter_export`, run to its end."""
    return drain(iter_export(project_path, out_dir, **options))
