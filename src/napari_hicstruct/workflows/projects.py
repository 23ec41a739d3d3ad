"""The project that goes with a map, and the map that goes with a project."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.config.files import folders_for
from napari_hicstruct.config.map_uri import absolute_uri, split_uri
from napari_hicstruct.errors import HicStructError, ProjectError

if TYPE_CHECKING:
    from napari_hicstruct.annotations import MapIdentity, Project
    from napari_hicstruct.contacts.protocol import ContactSource

_MAP_ENDINGS = (".cool", ".mcool", ".hic")
_MAX_SEARCHED = 30
"""Maps beside a project that are asked for their fingerprint, where none has the name that it knows."""
_MAX_ANCESTORS = _MAX_TAIL = 3


def identity_of(source: ContactSource) -> MapIdentity:
    """What a project must know of its map; the path in full, whatever folder the command was typed in."""
    from napari_hicstruct.annotations import MapIdentity

    return MapIdentity(absolute_uri(source.uri), source.fingerprint(), source.assembly, dict(source.chromsizes))


def login_name() -> str:
    """Who edits or exports, unless somebody says otherwise: the login name, or empty where there is none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


# ---------------------------------------------------------------------- the map of a project
def find_map(path: str | Path) -> ContactSource:
    """Open the map that a project belongs to.

    Looked for are the path that the project names, relative to its folder; the same name beside the project; that path
    in the folders above it, as far as project and map were moved together; the path as it stands; and any map beside
    the project.  The first whose fingerprint is the project's is taken.

    Raises
    ------
    ProjectError
        If the project cannot be read, or its map is at none of these places.
    MapError
        If a map of that name is there but cannot be read.
    """
    from napari_hicstruct.annotations.maps import look_at, shown_uri

    path = Path(path)
    known = look_at(path).map
    others: list[str] = []
    problem: HicStructError | None = None
    for uri in _candidates(path, known):
        try:
            source = _open_if(uri, known)
        except HicStructError as error:
            problem = problem or (error if _is_named(uri, known) else None)
            continue
        if source is not None:
            return source
        if _is_named(uri, known):
            others.append(uri)
    if problem is not None:
        raise problem
    hint = "Copy it beside the project, or open the map first, then the project (hicstruct finetune: --map FILE)."
    named = shown_uri(known.uri, path)
    if others:
        text = f"its map {named} is not there: {others[0]} is another map."
        raise ProjectError(text, where=path.absolute(), hint=hint)
    raise ProjectError(f"its map is not at {named} any more.", where=path.absolute(), hint=hint)


def _is_named(uri: str, known: MapIdentity) -> bool:
    return os.path.basename(split_uri(uri)[0]) == os.path.basename(split_uri(known.uri)[0])


def _open_if(uri: str, known: MapIdentity) -> ContactSource | None:
    """The map at ``uri`` if it is the one; None if it is another."""
    from napari_hicstruct.contacts import open_map

    source = open_map(uri)
    return source if source.fingerprint() == known.fingerprint else None


def _candidates(path: Path, known: MapIdentity) -> Iterator[str]:
    """Where the map may lie, each file once, the most likely first."""
    file, group = split_uri(known.uri)
    seen: set[str] = set()
    for place in _places(path.absolute().parent, file):
        real = os.path.realpath(place)
        if real not in seen and os.path.isfile(place):
            seen.add(real)
            uri = absolute_uri(str(place))
            yield f"{uri}::{group}" if group else uri


def _places(folder: Path, file: str) -> Iterator[str]:
    if not os.path.isabs(file):
        yield os.path.join(folder, file)
    yield os.path.join(folder, os.path.basename(file))
    tails = [os.path.join(*Path(file).parts[-n:]) for n in range(2, min(_MAX_TAIL + 1, len(Path(file).parts)))]
    for above in [folder, *folder.parents][: _MAX_ANCESTORS + 1]:
        yield from (os.path.join(above, tail) for tail in tails)
    yield os.path.abspath(file)
    with contextlib.suppress(OSError):
        beside = sorted(one for one in os.listdir(folder) if one.lower().endswith(_MAP_ENDINGS))
        yield from (os.path.join(folder, one) for one in beside[:_MAX_SEARCHED])


# ---------------------------------------------------------------------- the project of a map
def relink(path: str | Path, source: ContactSource) -> None:
    """Tie the project at ``path`` to ``source``: the same experiment in another file.

    Raises
    ------
    ProjectError
        If it cannot be edited, or some annotation does not lie on the map's chromosomes.
    """
    from napari_hicstruct.annotations import Project

    with Project.open(path) as project:
        project.relink(identity_of(source))


def open_or_create(path: str | Path, source: ContactSource, *, reviewer: str = "") -> Project:
    """The project at ``path`` for ``source``, made if there is none.

    Raises
    ------
    ProjectError
        If it belongs to another map or cannot be opened.
    """
    from napari_hicstruct.annotations import Project

    identity = identity_of(source)
    if Path(path).exists():
        return Project.open(path, map=identity, reviewer=reviewer)
    return Project.create(path, map=identity, reviewer=reviewer)


@contextlib.contextmanager
def writing(path: str | Path, source: ContactSource, *, reviewer: str = "") -> Iterator[Project]:
    """As :func:`open_or_create`, for one piece of work; a project that it made goes again if nothing came into it."""
    is_new = not Path(path).exists()
    with folders_for(Path(path)):
        project = open_or_create(path, source, reviewer=reviewer)
        unused = False
        try:
            yield project
        finally:
            try:
                unused = is_new and is_unused(project)
            finally:
                project.close()
            if unused:
                Path(path).unlink(missing_ok=True)


def is_unused(project: Project) -> bool:
    """True if nobody has kept anything in it: no set, no journal entry, no model."""
    if project.read_only:
        return False
    return not (project.newest_entry() or project.sets() or project.lineage.models())


def may_edit(project: Project) -> bool:
    """True if a project that could only be read when it was opened could be edited now; quick, and changes nothing."""
    from napari_hicstruct.annotations.lockfile import Busy, WriteLock

    if not project.read_only or not os.access(project.path, os.W_OK):
        return False
    try:
        WriteLock(project.path).release()
    except (Busy, OSError):
        return False
    return True


def check_project(path: str | Path, source: ContactSource) -> None:
    """Refuse a project that could not take what is to be kept, without making it.

    Raises
    ------
    ProjectError
        If it cannot be written or made, or belongs to another map.
    """
    from napari_hicstruct.annotations import Project

    if not Path(path).exists():
        Project.check_new(path)
        return
    with Project.open(path, map=identity_of(source)) as opened:
        if opened.read_only:
            hint = "Close it there, or name another."
            raise ProjectError(f"cannot be edited: {opened.read_only_reason}.", where=path, hint=hint)


def project_of(source: ContactSource, folder: Path) -> Path | None:
    """The project that already belongs to a map, under whatever name or folder the map lay before.

    Parameters
    ----------
    source : ContactSource
    folder : Path
        Of the automatic projects, named ``<map>-<first 12 digits of the fingerprint>.hicproj``.

    Returns
    -------
    Path or None
        The automatic project that was changed last among those in which somebody worked; else the only project beside
        the map that belongs to it; else an automatic one without any work; else None.
    """
    from napari_hicstruct.annotations.maps import ProjectFile, look_at

    fingerprint = source.fingerprint()

    def belonging(paths: Iterator[Path]) -> list[ProjectFile]:
        found = []
        for path in paths:
            with contextlib.suppress(HicStructError, OSError):
                one = look_at(path)
                if one.map.fingerprint == fingerprint:
                    found.append(one)
        return sorted(found, key=lambda one: (one.edited, one.changed), reverse=True)

    automatic = belonging(_listed(folder, f"-{fingerprint[:12]}.hicproj"))
    if automatic and automatic[0].edited:
        return automatic[0].path
    beside = belonging(_listed(Path(split_uri(absolute_uri(source.uri))[0]).parent, ".hicproj"))
    if len(beside) == 1:
        return beside[0].path
    return automatic[0].path if automatic else None


def automatic_path(source: ContactSource, folder: Path) -> Path:
    """Where the automatic project of a map is made."""
    return folder / f"{source.name}-{source.fingerprint()[:12]}.hicproj"


def _listed(folder: Path, ending: str) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return iter(())
    return (folder / name for name in names if name.endswith(ending) and not name.startswith("."))
