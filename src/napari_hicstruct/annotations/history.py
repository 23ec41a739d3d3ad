"""The append-only journal: edits go in, undo and redo are read off it.

Nothing in the journal is ever changed or removed.  Undo appends an entry whose target is the edit it takes back, redo
one whose target is the edit it makes again; replaying (id, action, target) gives both stacks, so that they survive
reopening without a pointer that could disagree with the journal (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from napari_hicstruct.annotations import reviewed
from napari_hicstruct.annotations.changes import Change, JournalEntry, StepSummary
from napari_hicstruct.annotations.codec import from_json, to_json, to_row
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.reviewed import RegionItem
from napari_hicstruct.annotations.schema import annotation, journal, journal_item, journal_region, now

UNDO, REDO = "undo", "redo"
CHUNK = 500
"""Uids per statement, well below SQLite's limit on bound values."""


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a step: absent before (added), absent after (deleted), or both (changed)."""

    set_id: int
    before: Annotation | None
    after: Annotation | None

    def reversed(self) -> Item:
        """The item that takes this one back."""
        return Item(self.set_id, self.after, self.before)


Part = Item | RegionItem
"""What a step is made of: records and reviewed regions."""


def set_ids(parts: Iterable[Part]) -> frozenset[int]:
    """The sets whose records a step changes."""
    return frozenset(part.set_id for part in parts if isinstance(part, Item))


@dataclass(slots=True)
class Stacks:
    """Ids of the edits that undo and redo would act on, the next one last."""

    undo: list[int]
    redo: list[int]

    @classmethod
    def replay(cls, connection: Connection, until: int | None = None) -> Stacks:
        """Rebuild from the journal, as they stood after the entry ``until`` (None: after the last)."""
        stacks = cls([], [])
        query = select(journal.c.id, journal.c.action, journal.c.target).order_by(journal.c.id)
        if until is not None:
            query = query.where(journal.c.id <= until)
        for entry_id, action, target in connection.execute(query):
            stacks.note(entry_id, action, target)
        return stacks

    def note(self, entry_id: int, action: str, target: int | None) -> None:
        """Follow one journal entry; a fresh edit ends what could be redone."""
        if target is None:
            self.undo.append(entry_id)
            self.redo.clear()
        elif action == UNDO:
            self.redo.append(self.undo.pop())
        else:
            self.undo.append(self.redo.pop())


def chunks(uids: Sequence[str]) -> Iterable[Sequence[str]]:
    """``uids`` in pieces of at most :data:`CHUNK`."""
    return (uids[i : i + CHUNK] for i in range(0, len(uids), CHUNK))


def commit(
    connection: Connection, parts: Sequence[Part], *, action: str, reviewer: str, target: int | None = None
) -> Change:
    """Journal a step and carry it out, inside the caller's transaction."""
    entry = connection.execute(insert(journal).values(time=now(), reviewer=reviewer, action=action, target=target))
    assert entry.inserted_primary_key is not None
    entry_id = int(entry.inserted_primary_key[0])
    items = [part for part in parts if isinstance(part, Item)]
    if items:
        _carry_out(connection, entry_id, items)
    reviewed.carry_out(connection, entry_id, [part for part in parts if isinstance(part, RegionItem)])
    return change_of(entry_id, action, parts)


def _carry_out(connection: Connection, entry_id: int, items: Sequence[Item]) -> None:
    connection.execute(
        insert(journal_item),
        [
            {
                "entry_id": entry_id,
                "position": position,
                "set_id": item.set_id,
                "before": None if item.before is None else to_json(item.before),
                "after": None if item.after is None else to_json(item.after),
            }
            for position, item in enumerate(items)
        ],
    )
    gone = [item.before.uid for item in items if item.before is not None]
    for uids in chunks(gone):
        connection.execute(delete(annotation).where(annotation.c.uid.in_(uids)))
    rows = [{"set_id": item.set_id, **to_row(item.after)} for item in items if item.after is not None]
    if rows:
        connection.execute(insert(annotation), rows)


def change_of(entry_id: int, action: str, parts: Sequence[Part]) -> Change:
    """What listeners get of a step."""
    items = [part for part in parts if isinstance(part, Item)]
    regions = [part for part in parts if isinstance(part, RegionItem)]
    return Change(
        entry_id=entry_id,
        action=action,
        before=tuple(item.before for item in items if item.before is not None),
        after=tuple(item.after for item in items if item.after is not None),
        set_ids=set_ids(items),
        after_sets=tuple(item.set_id for item in items if item.after is not None),
        marked=tuple(region.after for region in regions if region.after is not None),
        unmarked=tuple(region.before for region in regions if region.before is not None),
    )


def parts_of(connection: Connection, entry_id: int) -> list[Part]:
    """The parts of one entry, in order."""
    rows = connection.execute(
        select(journal_item.c.set_id, journal_item.c.before, journal_item.c.after)
        .where(journal_item.c.entry_id == entry_id)
        .order_by(journal_item.c.position)
    )
    items = [
        Item(set_id, None if before is None else from_json(before), None if after is None else from_json(after))
        for set_id, before, after in rows
    ]
    return [*items, *reviewed.items_of(connection, entry_id)]


def arrivals(connection: Connection) -> list[str]:
    """Uids in the order in which they first came in: imports in the order of their files."""
    rows = connection.execute(
        select(func.json_extract(journal_item.c.after, "$.uid"))
        .where(journal_item.c.before.is_(None))
        .order_by(journal_item.c.entry_id, journal_item.c.position)
    )
    return list(dict.fromkeys(uid for (uid,) in rows))


def summary(connection: Connection, entry_id: int) -> StepSummary:
    """What one entry did, cheap also for an import of thousands."""
    kind = func.json_extract(func.coalesce(journal_item.c.after, journal_item.c.before), "$.kind")
    counts = connection.execute(
        select(kind, func.count()).where(journal_item.c.entry_id == entry_id).group_by(kind)
    ).all()
    action = connection.execute(select(journal.c.action).where(journal.c.id == entry_id)).scalar_one()
    regions = connection.execute(
        select(func.count()).select_from(journal_region).where(journal_region.c.entry_id == entry_id)
    ).scalar_one()
    return StepSummary(action, sum(n for _, n in counts), frozenset(Kind(name) for name, _ in counts), regions)


def newest(connection: Connection) -> int:
    """Id of the newest entry; 0 in an empty journal."""
    return int(connection.execute(select(func.max(journal.c.id))).scalar() or 0)


def entries(connection: Connection, limit: int | None) -> list[JournalEntry]:
    """Journal entries, newest first."""
    rows = connection.execute(select(journal).order_by(journal.c.id.desc()).limit(limit)).mappings().all()
    found = []
    for row in rows:
        change = change_of(row["id"], row["action"], parts_of(connection, row["id"]))
        found.append(
            JournalEntry(
                **row, before=change.before, after=change.after, marked=change.marked, unmarked=change.unmarked
            )
        )
    return found
