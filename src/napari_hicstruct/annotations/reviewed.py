"""Blocks of the map of which a person said: what is not labelled here is truly absent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from napari_hicstruct.annotations.changes import ReviewedRegion
from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.annotations.schema import journal_region, now, reviewed_region
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval


@dataclass(frozen=True, slots=True)
class RegionItem:
    """One block of a step: absent before (marked) or absent after (taken back)."""

    before: ReviewedRegion | None
    after: ReviewedRegion | None

    def reversed(self) -> RegionItem:
        """The item that takes this one back."""
        return RegionItem(self.after, self.before)


def new(connection: Connection, rows: Interval, cols: Interval, kinds: tuple[Kind, ...], reviewer: str) -> RegionItem:
    """The step that marks one block, under an id that no block ever had."""
    if rows.chrom != cols.chrom:
        raise ProjectError(f"{rows} × {cols} is not on one chromosome.", hint="Review one chromosome at a time.")
    ids = (reviewed_region.c.id, journal_region.c.region_id)
    highest = max(connection.execute(select(func.max(column))).scalar() or 0 for column in ids)
    return RegionItem(None, ReviewedRegion(highest + 1, rows, cols, kinds, reviewer, now()))


def removal(connection: Connection, region_ids: Iterable[int]) -> list[RegionItem]:
    """The step that takes blocks back; ids that are not there are passed over."""
    wanted = set(region_ids)
    return [RegionItem(region, None) for region in load(connection) if region.id in wanted]


def carry_out(connection: Connection, entry_id: int, items: Sequence[RegionItem]) -> None:
    """Note the blocks of a step in the journal, and mark or forget them."""
    for item in items:
        region = item.after or item.before
        assert region is not None
        texts = {side: None if one is None else json.dumps(_to_row(one)) for side, one in _sides(item)}
        connection.execute(insert(journal_region).values(entry_id=entry_id, region_id=region.id, **texts))
        connection.execute(delete(reviewed_region).where(reviewed_region.c.id == region.id))
        if item.after is not None:
            connection.execute(insert(reviewed_region).values(**_to_row(item.after)))


def items_of(connection: Connection, entry_id: int) -> list[RegionItem]:
    """The blocks of one entry."""
    rows = connection.execute(
        select(journal_region.c.before, journal_region.c.after)
        .where(journal_region.c.entry_id == entry_id)
        .order_by(journal_region.c.region_id)
    )
    return [RegionItem(*(None if text is None else _from_row(json.loads(text)) for text in row)) for row in rows]


def load(connection: Connection, chrom: str | None = None) -> list[ReviewedRegion]:
    """Blocks of one chromosome or of all, oldest first."""
    query = select(reviewed_region).order_by(reviewed_region.c.id)
    if chrom is not None:
        query = query.where(reviewed_region.c.chrom == chrom)
    return [_from_row(row) for row in connection.execute(query).mappings()]


def _sides(item: RegionItem) -> tuple[tuple[str, ReviewedRegion | None], tuple[str, ReviewedRegion | None]]:
    return ("before", item.before), ("after", item.after)


def _to_row(region: ReviewedRegion) -> dict[str, Any]:
    return {
        "id": region.id,
        "chrom": region.rows.chrom,
        "start1": region.rows.start,
        "end1": region.rows.end,
        "start2": region.cols.start,
        "end2": region.cols.end,
        "kinds": ",".join(kind.value for kind in region.kinds),
        "reviewer": region.reviewer,
        "time": region.time,
    }


def _from_row(row: Mapping[str, Any] | RowMapping) -> ReviewedRegion:
    return ReviewedRegion(
        row["id"],
        Interval(row["chrom"], row["start1"], row["end1"]),
        Interval(row["chrom"], row["start2"], row["end2"]),
        tuple(Kind(kind) for kind in row["kinds"].split(",") if kind),
        row["reviewer"],
        row["time"],
    )
