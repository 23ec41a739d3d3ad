"""A project's annotations as label files, with their provenance."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.errors import ProjectError
from napari_hicstruct.jobs import Clock, Progress, drain

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, Project, Status


@dataclass(frozen=True, slots=True)
class ExportResult:
    """Files written, and how many records of each kind are in them."""

    files: tuple[Path, ...]
    counts: dict[str, int]


def iter_export(
    project_path: str | Path,
    out_dir: str | Path,
    *,
    formats: Sequence[str] = ("bedpe", "bed", "stripenn"),
    sets: Collection[str] = (),
    statuses: Collection[Status] = (),
    once: bool = False,
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
    once : bool
        Of what several sets call at one place write one, and no open call of what was rejected (``Pool.once``).

    Raises
    ------
    ProjectError
        If the project cannot be read, or holds no such set or no such records.
    OutputError
        If the folder cannot be written; files that stood there are untouched.
    """
    from napari_hicstruct.annotations import Project, Status, export_records

    clock, started = Clock(), time.monotonic()
    wanted = tuple(statuses) or tuple(status for status in Status if status is not Status.REJECTED)
    with Project.open(project_path, read_only=True) as project:
        yield clock.step("read", 0, 2, project.path.name)
        records = project.query(set_ids=_set_ids(project, sets), statuses=wanted)
        records = _each_once(project, records) if once else records
        identity = project.map
    if not records:
        raise ProjectError("holds nothing to export.", where=project_path, mend="Choose other sets or statuses.")
    yield clock.step("write", 1, 2, f"{len(records):,} records")
    provenance = {
        "project": str(project_path),
        "map": {"uri": identity.uri, "fingerprint": identity.fingerprint, "assembly": identity.assembly},
        "parameters": {"formats": list(formats), "sets": list(sets), "statuses": list(wanted), "once": once},
        "seconds": round(time.monotonic() - started, 3),
    }
    files = export_records(records, out_dir, formats=formats, provenance=provenance)
    return ExportResult(tuple(files), dict(Counter(record.kind.value for record in records)))


def _each_once(project: Project, records: list[Annotation]) -> list[Annotation]:
    """Without those that say again what another record says, or what was judged elsewhere."""
    import numpy as np

    from napari_hicstruct.active.pool import Pool

    every = {one.id: project.query(set_ids=[one.id]) for one in project.sets()}
    set_ids = {record.uid: number for number, own in every.items() for record in own}
    pool, wanted = Pool([r for own in every.values() for r in own], set_ids), {record.uid for record in records}
    kept = set(pool.uids(pool.once(np.array([uid in wanted for uid in pool.candidates.uids], bool))))
    return [record for record in records if record.uid in kept]


def _set_ids(project: Project, names: Collection[str]) -> list[int] | None:
    if not names:
        return None
    there = project.sets()
    if missing := [name for name in names if name not in {one.name for one in there}]:
        raise ProjectError(
            f"has no set '{missing[0]}'.",
            where=project.path,
            mend=f"It has {', '.join(repr(one.name) for one in there) or 'none'}.",
        )
    return [one.id for one in there if one.name in names]


def export(
    project_path: str | Path,
    out_dir: str | Path,
    *,
    formats: Sequence[str] = ("bedpe", "bed", "stripenn"),
    sets: Collection[str] = (),
    statuses: Collection[Status] = (),
    once: bool = False,
) -> ExportResult:
    """As :func:`iter_export`, run to its end."""
    return drain(iter_export(project_path, out_dir, formats=formats, sets=sets, statuses=statuses, once=once))
