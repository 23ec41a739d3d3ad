"""The project that goes with a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_hicstruct.annotations import MapIdentity, Project
    from napari_hicstruct.contacts.protocol import ContactSource


def identity_of(source: ContactSource) -> MapIdentity:
    """What a project must know of its map."""
    from napari_hicstruct.annotations import MapIdentity

    return MapIdentity(source.uri, source.fingerprint(), source.assembly, dict(source.chromsizes))


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
