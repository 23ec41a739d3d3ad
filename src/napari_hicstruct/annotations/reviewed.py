"""Blocks of the map of which a person said: what is not labelled here is truly absent."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from napari_hicstruct.annotations.changes import ReviewedRegion
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.annotations.schema import now, reviewed_region
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval


def add(
    connection: Connection, rows: Interval, cols: Interval, kinds: tuple[Kind, ...], reviewer: str
) -> ReviewedRegion:
    """Keep one block."""
    if rows.chrom != cols.chrom:
        raise ProjectError(f"{rows} × {cols} is not on one chromosome.", mend="Review one chromosome at a time.")
    time = now()
    key = connection.execute(
        insert(reviewed_region).values(
            chrom=rows.chrom,
            start1=rows.start,
            end1=rows.end,
            start2=cols.start,
            end2=cols.end,
            kinds=",".join(kind.value for kind in kinds),
            reviewer=reviewer,
            time=time,
        )
    ).inserted_primary_key
    assert key is not None
    return ReviewedRegion(int(key[0]), rows, cols, kinds, reviewer, time)


def remove(connection: Connection, region_ids: Iterable[int]) -> None:
    """Forget blocks."""
    connection.execute(delete(reviewed_region).where(reviewed_region.c.id.in_(list(region_ids))))


def load(connection: Connection, chrom: str) -> list[ReviewedRegion]:
    """Blocks of one chromosome, oldest first."""
    rows = connection.execute(
        select(reviewed_region).where(reviewed_region.c.chrom == chrom).order_by(reviewed_region.c.id)
    ).mappings()
    return [
        ReviewedRegion(
            row["id"],
            Interval(chrom, row["start1"], row["end1"]),
            Interval(chrom, row["start2"], row["end2"]),
            tuple(Kind(kind) for kind in row["kinds"].split(",") if kind),
            row["reviewer"],
            row["time"],
        )
        for row in rows
    ]
