"""A project's annotations as label files, with their provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.annotations.writers.export import DEFAULT_FORMATS, export_records
from napari_hicstruct.config.map_uri import absolute_uri, split_uri
from napari_hicstruct.config.paths import cache_dir, can_write, user_data_dir
from napari_hicstruct.errors import HicStructError, ProjectError
from napari_hicstruct.jobs import Clock, Progress, drain
from napari_hicstruct.workflows.projects import find_map, login_name

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, Project


NOT_REJECTED = tuple(status for status in Status if status is not Status.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What to write of a project.

    Attributes
    ----------
    formats : tuple of str
        Keys of ``annotations.EXPORT_FORMATS``.
    set_ids : tuple of int, optional
        Sets to write; None: all.
    statuses : tuple of Status
        Records to write.
    deduplicate : bool
        Of what several sets call at one place write one, and nothing proposed that was rejected elsewhere.
    """

    formats: tuple[str, ...] = DEFAULT_FORMATS
    set_ids: tuple[int, ...] | None = None
    statuses: tuple[Status, ...] = NOT_REJECTED
    deduplicate: bool = False


@dataclass(frozen=True, slots=True)
class ExportResult:
    """Files written, and how many records of each kind are in them."""

    files: tuple[Path, ...]
    counts: dict[str, int]


def chosen_records(project: Project, request: ExportRequest) -> list[Annotation]:
    """The records that an export writes, by position; no TAD names a parent that is not among them."""
    records = project.query(set_ids=request.set_ids, statuses=request.statuses)
    return _below_written(project, _deduplicated(project, records) if request.deduplicate else records)


def _below_written(project: Project, records: list[Annotation]) -> list[Annotation]:
    """TADs of which an outer one is left out: below the next outer one that is written, and counted from there."""
    written = {record.uid for record in records if record.kind is Kind.TAD}
    if all(record.parent in written for record in records if record.parent):
        return records
    parents = {record.uid: record.parent for record in project.query(kind=Kind.TAD)}

    def outer(uid: str) -> list[str]:
        """Those written that hold it, the nearest first."""
        found, seen = [], {uid}
        while (uid := parents.get(uid, "")) and uid not in seen:
            seen.add(uid)
            found += [uid] if uid in written else []
        return found

    return [
        record.with_(parent=(above := [*outer(record.uid), ""])[0], level=len(above)) if record.parent else record
        for record in records
    ]


def export_project(
    project: Project,
    out_dir: str | Path,
    request: ExportRequest,
    *,
    map_uri: str = "",
    overwrite: bool = False,
    check: Callable[[], None] = lambda: None,
) -> ExportResult:
    """Write annotations of an open project into a folder, with ``run.json``: for window, shell and Python alike.

    Parameters
    ----------
    project : Project
    out_dir : path
    request : ExportRequest
    map_uri : str
        Where the map lies now; without it where the project last saw it.
    overwrite : bool
        Also replace label files of another map or project (see ``annotations.export_records``).
    check : callable
        Called before each file is written; what it raises leaves all files as they were.

    Raises
    ------
    ProjectError
        If the project cannot be read or holds no such records.
    FolderTaken
        Without ``overwrite``, if the folder holds label files that must not be replaced; all stand as they were.
    OutputError
        If the folder cannot be written; all files stand as they were.
    """
    clock = Clock()
    records = chosen_records(project, request)
    if not records:
        raise ProjectError("holds nothing to export.", where=project.path, hint="Choose other sets or statuses.")
    run = _provenance(project, request, map_uri) | {"seconds": round(clock.step("", 0, 0).elapsed, 3)}
    how: dict[str, Any] = {"formats": request.formats, "provenance": run, "overwrite": overwrite, "check": check}
    files = export_records(records, out_dir, **how)
    return ExportResult(tuple(files), dict(Counter(record.kind.value for record in records)))


def _provenance(project: Project, request: ExportRequest, map_uri: str) -> dict[str, Any]:
    """What ``run.json`` says of an export."""
    from napari_hicstruct.annotations.maps import shown_uri

    known = project.map
    written = [one for one in project.sets() if request.set_ids is None or one.id in request.set_ids]
    runs = project.runs()
    return {
        "map": known.to_run() | {"uri": absolute_uri(map_uri) if map_uri else shown_uri(known.uri, project.path)},
        "project": str(project.path.absolute()),
        "reviewer": project.reviewer,
        "parameters": {
            "formats": list(request.formats),
            "sets": [] if request.set_ids is None else [one.name for one in written],  # none: all of them
            "runs": {one.name: runs[one.id] for one in written if one.id in runs},
            "statuses": [status.value for status in Status if status in request.statuses],
            "deduplicate": request.deduplicate,
        },
    }


def default_folder(project_path: Path, map_name: str, map_uri: str = "") -> Path:
    """Where a project is exported if nobody says otherwise: beside its map, by the map's name and the project's.

    Where the map's folder cannot be written, or is one of ours (the sample), it is beside the project.
    """
    stem = project_path.stem
    home = Path(split_uri(absolute_uri(map_uri))[0]).parent if map_uri else None
    if home is not None and can_write(home) and not _is_ours(home):
        is_automatic = stem == map_name or stem.startswith(f"{map_name}-")
        return home / (f"{map_name}-export" if is_automatic else f"{map_name}-{stem}-export")
    name = stem if stem.startswith(map_name) else f"{map_name}-{stem}"
    return project_path.absolute().with_name(f"{name}-export")


def _is_ours(folder: Path) -> bool:
    ours = cache_dir(create=False), user_data_dir(create=False)
    return any(folder.resolve().is_relative_to(one.resolve()) for one in ours)


def free_folder(folder: Path) -> Path:
    """``folder``, numbered from 2 where it holds something: what lies there stays as it is."""
    names = (folder if n == 1 else folder.with_name(f"{folder.name}-{n}") for n in count(1))
    return next(one for one in names if not one.exists() or (one.is_dir() and not any(one.iterdir())))


def iter_export(
    project_path: str | Path,
    out_dir: str | Path,
    request: ExportRequest | None = None,
    *,
    sets: Collection[str] = (),
    overwrite: bool = False,
) -> Generator[Progress, None, ExportResult]:
    """:func:`export_project` of a project file; ``sets``: names of the sets to write, in place of their numbers.

    Raises
    ------
    ProjectError
        If the project cannot be read, or holds no such set or no such records.
    OutputError
        If the folder cannot be written, or holds label files that must not be replaced; all stand as they were.
    """
    from napari_hicstruct.annotations import Project

    clock, request = Clock(), request or ExportRequest()
    yield clock.step("read", 0, 2, Path(project_path).name)
    where = _place_of_map(project_path)
    with Project.open(project_path, reviewer=login_name(), read_only=True) as project:
        yield clock.step("write", 1, 2)
        request = replace(request, set_ids=_set_ids(project, sets)) if sets else request
        return export_project(project, out_dir, request, map_uri=where, overwrite=overwrite)


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

    pool, wanted = CandidateTable(project.table()), {record.uid for record in records}
    kept = set(pool.uids(pool.deduplicated(np.array([uid in wanted for uid in pool.candidates.uids], bool))))
    return [record for record in records if record.uid in kept]


def _set_ids(project: Project, names: Collection[str]) -> tuple[int, ...]:
    there = project.sets()
    if missing := [name for name in names if name not in {one.name for one in there}]:
        raise ProjectError(
            f"has no set '{missing[0]}'.",
            where=project.path,
            hint=f"It has {', '.join(repr(one.name) for one in there) or 'none'}.",
        )
    return tuple(one.id for one in there if one.name in names)


def export(
    project_path: str | Path,
    out_dir: str | Path,
    request: ExportRequest | None = None,
    *,
    sets: Collection[str] = (),
    overwrite: bool = False,
) -> ExportResult:
    """As :func:`iter_export`, run to its end."""
    return drain(iter_export(project_path, out_dir, request, sets=sets, overwrite=overwrite))
