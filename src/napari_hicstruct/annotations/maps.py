"""The map that a project belongs to: kept, compared, and exchanged."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.schema import annotation, map_identity
from napari_hicstruct.errors import ProjectError


def load(connection: Connection, path: Path) -> MapIdentity:
    """The project's map."""
    row = connection.execute(select(map_identity)).mappings().first()
    if row is None:
        raise ProjectError("names no contact map; the file is damaged.", where=path, mend="Restore it from a copy.")
    return MapIdentity(row["uri"], row["fingerprint"], row["assembly"], json.loads(row["chromsizes"]))


def save(connection: Connection, identity: MapIdentity) -> None:
    """Make ``identity`` the project's map."""
    connection.execute(delete(map_identity))
    connection.execute(
        insert(map_identity).values(
            id=1,
            uri=identity.uri,
            fingerprint=identity.fingerprint,
            assembly=identity.assembly,
            chromsizes=json.dumps(dict(identity.chromsizes)),
        )
    )


def other_map(path: Path, own: MapIdentity, given: MapIdentity) -> ProjectError:
    """The refusal of a map that is not the project's."""
    return ProjectError(
        f"belongs to another map ({own.uri}), not to {given.uri}.",
        where=path,
        mend="Open that map; if this is the same experiment, relink it: hicstruct view MAP --project FILE --relink",
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
                f"has annotations up to {chrom}:{end:,}, which {what} in {identity.uri}.",
                where=path,
                mend="Choose a map of the same assembly.",
            )
