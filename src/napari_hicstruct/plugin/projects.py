"""The project file that goes with a map: found or made in the user's data folder, or opened by name."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_hicstruct.config.paths import user_data_dir
from napari_hicstruct.errors import MapError, ProjectError
from napari_hicstruct.workflows.projects import open_or_create

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts.protocol import ContactSource


def open_automatic(source: ContactSource) -> Project:
    """The project in the user's data folder that belongs to this very map; made on first use."""
    try:
        folder = user_data_dir() / "projects"
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(
            f"no project can be kept there ({error.strerror}).",
            where=error.filename,
            mend="Set HICSTRUCT_HOME to a folder that can be written.",
        ) from error
    return open_for(source, folder / f"{source.name}-{source.fingerprint()[:12]}.hicproj")


def open_for(source: ContactSource, path: str | Path) -> Project:
    """Open the project at ``path`` for ``source``; make it if there is none."""
    return open_or_create(path, source, reviewer=reviewer_name())


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
