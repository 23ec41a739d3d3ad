"""Label files into a project: each file a set of its own, one journal entry, problems told line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.errors import LabelError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, AnnotationSet, Kind, LabelFile, LineProblem, Project, Status


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What became of one label file.

    Attributes
    ----------
    path : Path
    format : str
        The format it was read as.
    set : AnnotationSet
        The new set.
    counts : dict of str to int
        Records by kind.
    problems : tuple of LineProblem
        Lines left out, with the reason.
    unmatched : dict of str to int
        Chromosomes that the map does not have, and how many records lay on each.
    """

    path: Path
    format: str
    set: AnnotationSet
    counts: dict[str, int]
    problems: tuple[LineProblem, ...]
    unmatched: dict[str, int]


def import_file(
    project: Project, path: str | Path, *, status: Status | None = None, kind: Kind | None = None
) -> ImportedFile:
    """Read one label file into a new set of ``project``.

    Parameters
    ----------
    project : Project
        Its map says which chromosomes there are.
    path : path
    status : Status, optional
        Given to all records; without it they keep what the file says (proposed where it says nothing).
    kind : Kind, optional
        What the file is to hold, where its format leaves that open.

    Raises
    ------
    LabelError
        If the file cannot be read or does not fit the map; the project is untouched.
    ProjectError
        If the project cannot be written.
    """
    from napari_hicstruct.annotations import read_labels

    found = read_labels(path, chromsizes=project.map.chromsizes, kind=kind)
    return store_labels(project, path, found, status=status)


def store_labels(project: Project, path: str | Path, found: LabelFile, *, status: Status | None = None) -> ImportedFile:
    """Put what was read from ``path`` into a new set; see :func:`import_file`."""
    from napari_hicstruct.annotations import Origin

    path = Path(path)
    if not found.records:
        raise LabelError("holds no labels.", where=path, mend="Choose a file with labels.")
    records = renew_uids(found.records, project.holds([record.uid for record in found.records]))
    if status is not None:
        records = [record.with_(status=status) for record in records]
    new = project.add_set(path.name, Origin.IMPORTED)
    project.add(records, set_id=new.id, action="import")
    counts = Counter(record.kind.value for record in records)
    return ImportedFile(path, found.format, new, dict(counts), tuple(found.problems), found.unmatched)


def renew_uids(records: Sequence[Annotation], taken: set[str]) -> list[Annotation]:
    """Records under fresh uids where theirs are taken: a file of ours can come in twice.

    Children follow their parents.
    """
    from napari_hicstruct.annotations import new_uid

    seen: set[str] = set()
    renewed: dict[str, str] = {}
    result = []
    for record in records:
        uid = record.uid
        if uid in taken or uid in seen:
            uid = new_uid()
            renewed[record.uid] = uid
        seen.add(uid)
        result.append(record if uid == record.uid else record.with_(uid=uid))
    return [record.with_(parent=renewed[record.parent]) if record.parent in renewed else record for record in result]


def iter_import(
    map_uri: str | Path,
    paths: Sequence[str | Path],
    project_path: str | Path,
    *,
    status: Status | None = None,
    kind: Kind | None = None,
    reviewer: str = "",
    token: CancelToken | None = None,
) -> Generator[Progress, None, list[ImportedFile]]:
    """Read label files into the project of a map, which is made if there is none.

    Every file is read before any is stored: a file that is refused leaves the project as it was.

    Raises
    ------
    MapError, LabelError, ProjectError
    """
    from napari_hicstruct.annotations import read_labels
    from napari_hicstruct.contacts import open_map
    from napari_hicstruct.workflows.projects import writing

    clock = Clock()
    source = open_map(map_uri)
    found: list[tuple[Path, LabelFile]] = []
    for number, path in enumerate(map(Path, paths)):
        if token is not None:
            token.check()
        yield clock.step("read", number, len(paths), path.name)
        found.append((path, read_labels(path, chromsizes=source.chromsizes, kind=kind)))
    with writing(project_path, source, reviewer=reviewer) as project:
        return [store_labels(project, path, labels, status=status) for path, labels in found]


def import_labels(
    map_uri: str | Path,
    paths: Sequence[str | Path],
    project_path: str | Path,
    *,
    status: Status | None = None,
    kind: Kind | None = None,
    reviewer: str = "",
) -> list[ImportedFile]:
    """As :func:`iter_import`, run to its end."""
    return drain(iter_import(map_uri, paths, project_path, status=status, kind=kind, reviewer=reviewer))
