"""The map that a project belongs to: kept, compared, and exchanged."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.database import check_file
from napari_hicstruct.annotations.schema import annotation, map_identity
from napari_hicstruct.annotations.sqlite_files import peek, project_error
from napari_hicstruct.config.map_uri import absolute_uri, split_uri
from napari_hicstruct.errors import ProjectError


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """What can be said of a project without opening it: its map, and whether somebody worked in it."""

    path: Path
    map: MapIdentity
    edited: bool
    changed: float
    """When the file or its log was last written, seconds since the epoch."""


def look_at(path: Path) -> ProjectFile:
    """The map of a project file, read without a lock.

    Raises
    ------
    ProjectError
        If it is not a project or cannot be read.
    """
    check_file(path)
    try:
        with peek(path) as raw:
            raw.row_factory = sqlite3.Row
            row = raw.execute("SELECT uri, fingerprint, assembly, chromsizes FROM map_identity").fetchone()
            tables = ("annotation_set", "journal", "model")
            edited = any(raw.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in tables)
    except sqlite3.Error as error:
        raise project_error(path, error) from error
    if row is None:
        raise ProjectError("names no contact map; the file is damaged.", where=path, hint="Restore it from a copy.")
    beside = (path, path.with_name(path.name + "-wal"))
    changed = max(file.stat().st_mtime for file in beside if file.exists())
    return ProjectFile(path, _identity(row), edited, changed)


def load(connection: Connection, path: Path) -> MapIdentity:
    """The project's map."""
    row = connection.execute(select(map_identity)).mappings().first()
    if row is None:
        raise ProjectError("names no contact map; the file is damaged.", where=path, hint="Restore it from a copy.")
    return _identity(row)


def _identity(row: Any) -> MapIdentity:
    return MapIdentity(_uri(row["uri"]), row["fingerprint"], row["assembly"], json.loads(row["chromsizes"]))


def _uri(stored: str | bytes) -> str:
    """A path as this computer names files, from UTF-8 text, or from its bytes where they are none."""
    return os.fsdecode(stored if isinstance(stored, bytes) else stored.encode())


def _to_store(uri: str) -> str | bytes:
    raw = os.fsencode(uri)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def shown_uri(uri: str, project: Path) -> str:
    """A map's full path, for people; older projects name it as it was typed: it is looked for beside them first."""
    return uri if os.path.isabs(split_uri(uri)[0]) else absolute_uri(uri, project.parent)


def save(connection: Connection, identity: MapIdentity) -> None:
    """Make ``identity`` the project's map."""
    connection.execute(delete(map_identity))
    connection.execute(
        insert(map_identity).values(
            id=1,
            uri=_to_store(identity.uri),
            fingerprint=identity.fingerprint,
            assembly=identity.assembly,
            chromsizes=json.dumps(dict(identity.chromsizes)),
        )
    )


def other_map(path: Path, own: MapIdentity, given: MapIdentity) -> ProjectError:
    """The refusal of a map that is not the project's."""
    return ProjectError(
        f"belongs to another map ({shown_uri(own.uri, path)}), not to {absolute_uri(given.uri)}.",
        where=path,
        hint="Open that map; if this is the same experiment, relink it: hicstruct view MAP --project FILE --relink",
    )


def check_fits(connection: Connection, path: Path, identity: MapIdentity) -> None:
    """Refuse a map on whose chromosomes some annotation does not lie."""
    table = annotation.c
    reach = connection.execute(select(table.chrom, func.max(table.end)).group_by(table.chrom)).all()
    for chrom, end in reach:
        length = identity.chromsizes.get(chrom)
        if length is None or end > length:
            what = "does not exist" if length is None else f"is only {length:,} bp long"
            raise ProjectError(
                f"has annotations up to {chrom}:{end:,}, which {what} in {absolute_uri(identity.uri)}.",
                where=path,
                hint="Choose a map of the same assembly.",
            )
