"""Which annotations are asked for: the conditions of a query, answered from the (chrom, kind, start, end) index."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from napari_hicstruct.annotations.codec import COLUMNS, from_values
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.annotations.schema import annotation
from napari_hicstruct.errors import ProjectError

_COLUMNS = [annotation.c[name] for name in COLUMNS]
_PLACE = itemgetter(*(COLUMNS.index(name) for name in ("chrom", "start", "end", "uid")))
_ALL_KINDS = tuple(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions, all of which must hold; None asks nothing.

    ``start``, ``end`` (bp): the span of both anchors overlaps ``[start, end)``.
    """

    kind: Kind | Collection[Kind] | None = None
    chrom: str | None = None
    start: int | None = None
    end: int | None = None
    set_ids: Collection[int] | None = None
    statuses: Collection[Status] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter as SQL."""
        table = annotation.c
        kinds = _ALL_KINDS
        if self.kind is not None:
            kinds = tuple(Kind(kind).value for kind in ([self.kind] if isinstance(self.kind, str) else self.kind))
        # All kinds are named even when none is asked for: only then does the index reach its start column.
        found: list[ColumnElement[bool]] = [table.kind.in_(kinds)]
        if self.chrom is not None:
            found.append(table.chrom == self.chrom)
        if self.end is not None:
            found.append(table.start < self.end)
        if self.start is not None:
            found.append(table.end > self.start)
        if self.set_ids is not None:
            found.append(table.set_id.in_(list(self.set_ids)))
        if self.statuses is not None:
            found.append(table.status.in_([Status(status).value for status in self.statuses]))
        return found


def select_records(connection: Connection, condition: Filter, limit: int | None) -> list[Annotation]:
    """Records by position; with a limit, those without a score (a person's) first, then the best scored."""
    statement = select(*_COLUMNS).where(*condition.conditions())
    if limit is not None:
        statement = statement.order_by(annotation.c.score.is_not(None), annotation.c.score.desc()).limit(limit)
    return [from_values(row) for row in sorted(connection.execute(statement), key=_PLACE)]


def select_rows(connection: Connection) -> list[Any]:
    """Set and stored values of every record."""
    return connection.execute(select(annotation.c.set_id, *_COLUMNS)).all()  # type: ignore[return-value]


def count_records(connection: Connection, condition: Filter) -> int:
    """How many records a filter finds."""
    statement = select(func.count()).select_from(annotation).where(*condition.conditions())
    return int(connection.execute(statement).scalar() or 0)


def by_uids(connection: Connection, uids: Sequence[str]) -> dict[str, tuple[int, Annotation]]:
    """Set id and record of every uid, in the order asked.

    Raises
    ------
    ProjectError
        If one of them is not in the project.
    """
    found: dict[str, tuple[int, Annotation]] = {}
    statement = select(annotation.c.set_id, *_COLUMNS).where(_among(uids))
    for set_id, *values in connection.execute(statement):
        found[values[0]] = (set_id, from_values(values))
    missing = [uid for uid in uids if uid not in found]
    if missing:
        one_is = "is" if len(missing) == 1 else "are"
        raise ProjectError(
            f"{len(missing):,} of the objects {one_is} no longer in the project (first: {missing[0]}).",
            hint="Refresh the view; somebody deleted them.",
        )
    return {uid: found[uid] for uid in uids}


def present(connection: Connection, uids: Sequence[str]) -> set[str]:
    """Those of ``uids`` that the project holds."""
    return set(connection.execute(select(annotation.c.uid).where(_among(uids))).scalars())


def _among(uids: Sequence[str]) -> ColumnElement[bool]:
    """True for rows of these uids, however many they are: as one text, not as so many bound values."""
    listed = func.json_each(json.dumps(list(uids))).table_valued("value")
    return annotation.c.uid.in_(select(listed.c.value))


def check_new(connection: Connection, uids: Sequence[str]) -> None:
    """Refuse to add what is there, or the same twice.

    Raises
    ------
    ProjectError
    """
    there = present(connection, uids)
    if there or len(set(uids)) < len(uids):
        raise ProjectError(
            f"{(n := len(there) or 1):,} of the objects {'is' if n == 1 else 'are'} in the project already.",
            hint="Update them, or give new uids.",
        )
