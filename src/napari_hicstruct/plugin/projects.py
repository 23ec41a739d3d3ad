"""The project file that goes with a map: found or made in the user's data folder, or opened by name."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.config.paths import user_data_dir
from napari_hicstruct.errors import MapError

if TYPE_CHECKING:
    from napari_hicstruct.annotations import MapIdentity, Project
    from napari_hicstruct.contacts.protocol import ContactSource


def identity_of(source: ContactSource) -> MapIdentity:
    """What a project must know of its map."""
    from napari_hicstruct.annotations import MapIdentity

    return MapIdentity(source.uri, source.fingerprint(), source.assembly, dict(source.chromsizes))


def open_automatic(source: ContactSource) -> Project:
    """The project in the user's data folder that belongs to this very map; made on first use."""
    folder = user_data_dir() / "projects"
    folder.mkdir(parents=True, exist_ok=True)
    return open_for(source, folder / f"{source.name}-{source.fingerprint()[:12]}.hicproj")


def open_for(source: ContactSource, path: str | Path) -> Project:
    """Open the project at ``path`` for ``source``; make it if there is none."""
    from napari_hicstruct.annotations import Project

    identity, reviewer = identity_of(source), reviewer_name()
    if Path(path).exists():
        return Project.open(path, map=identity, reviewer=reviewer)
    return Project.create(path, map=identity, reviewer=reviewer)


def map_of(path: str | Path) -> str:
    """Where the map of a project was last seen.

    Raises
    ------
    MapError
        If it is no longer there.
    """
    from napari_hicstruct.annotations import Project

    with Project.open(path, read_only=True) as project:
        uri = project.map.uri
    if not Path(uri.split("::", 1)[0]).exists():
        raise MapError(
            f"the project's map {uri} is not there any more.", where=path, mend="Open the map first, then the project."
        )
    return uri


def reviewer_name() -> str:
    """Who edits, for the journal: the login name, or empty where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
