"""The validation regions of a map: tiles that no training of this project ever sees, drawn once.

Whether a tile belongs to it follows from a hash of the map and the tile's place alone: not from the time, the order of
calls or what is annotated.  A second start, another computer or a read-only copy draws the same tiles; what was drawn
is written down all the same, so that it stays when the project is tied to another map.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, insert, select

from napari_hicstruct.annotations.changes import MapIdentity
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.annotations.schema import now, validation_region
from napari_hicstruct.genome import Interval

TILE = 500_000
"""bp"""
SHARE = 0.2
"""Share of the tiles that is kept for validation."""


def draw(identity: MapIdentity, chroms: Collection[str] | None = None) -> tuple[Interval, ...]:
    """The tiles of a map that are its validation regions.

    Parameters
    ----------
    identity : MapIdentity
        Its fingerprint and its chromosomes' lengths count.
    chroms : collection of str, optional
        Draw on these alone; without it on all.

    Returns
    -------
    tuple of Interval
        In the order of the map's chromosomes; the last tile of a chromosome ends with it.
    """
    below = int(SHARE * 2**64)
    found = []
    for chrom, length in identity.chromsizes.items():
        if chroms is not None and chrom not in chroms:
            continue
        stem = f"{identity.fingerprint}\t{chrom}\t"
        for number in range(-(-length // TILE)):
            digest = hashlib.sha256(f"{stem}{number}".encode()).digest()
            if int.from_bytes(digest[:8], "big") < below:
                found.append(Interval(chrom, number * TILE, min((number + 1) * TILE, length)))
    return tuple(found)


def midpoint(record: Annotation) -> float:
    """Where a record counts, in bp: half-way between the centres of its anchors."""
    return (record.anchor1.center + record.anchor2.center) / 2


def in_regions(place: Annotation | tuple[str, float], tiles: Iterable[Interval]) -> bool:
    """True if a record's midpoint, or a position ``(chrom, bp)``, lies in one of the tiles."""
    chrom, position = (place.chrom, midpoint(place)) if isinstance(place, Annotation) else place
    return any(tile.chrom == chrom and tile.start <= position < tile.end for tile in tiles)


def load(connection: Connection) -> tuple[Interval, ...] | None:
    """The tiles that were drawn; None if nobody drew yet."""
    rows = _rows(connection)
    return tuple(tile for tile in rows if len(tile)) if rows else None


def freeze(connection: Connection, identity: MapIdentity) -> None:
    """Draw on the chromosomes on which nobody drew yet, and write it down.

    A chromosome without such a tile leaves an empty row, so that this too is final.
    """
    chroms = identity.chromsizes.keys() - {tile.chrom for tile in _rows(connection)}
    tiles = draw(identity, chroms)
    missed = chroms - {tile.chrom for tile in tiles}
    time = now()
    rows = [
        {"chrom": tile.chrom, "start": tile.start, "end": tile.end, "frozen": time}
        for tile in (*tiles, *(Interval(chrom, 0, 0) for chrom in sorted(missed)))
    ]
    if rows:
        connection.execute(insert(validation_region), rows)


def _rows(connection: Connection) -> list[Interval]:
    columns = validation_region.c
    rows = connection.execute(select(columns.chrom, columns.start, columns.end).order_by(columns.id))
    return [Interval(*row) for row in rows]
