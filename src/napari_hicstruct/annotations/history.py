"""The append-only journal: edits go in, undo and redo are read off it.

Nothing in the journal is ever changed or removed.  Undo appends an entry whose target is the edit it takes back, redo
one whose target is the edit it makes again; replaying (id, action, target) gives both stacks, so that they survive
reopening without a pointer that could disagree with the journal (docs/adr/0002).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select

from napari_hicstruct.annotations import reviewed, sets
from napari_hicstruct.annotations.changes import Change, JournalEntry, StepSummary
from napari_hicstruct.annotations.codec import COLUMNS, from_json_lines, json_of, to_row
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.reviewed import RegionItem
from napari_hicstruct.annotations.schema import journal, journal_item, journal_region, journal_step, now
from napari_hicstruct.annotations.sets import SetItem

UNDO, REDO = "undo", "redo"
_MAX_READ = 1_000
"""Records of an entry that its summary looks at."""
PIECE = 2_000
"""Records per statement: between two of them work can be cancelled."""
_TAKE_OUT = "DELETE FROM annotation WHERE uid = ?"
_PUT_IN = "INSERT INTO annotation (set_id, {}) VALUES (?{})".format(
    ", ".join(f'"{name}"' for name in COLUMNS), ", ?" * len(COLUMNS)
)
_NOTE = "INSERT INTO journal_item (entry_id, position, set_id, before, after) VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a step: absent before (added), absent after (deleted), or both (changed)."""

    set_id: int
    before: Annotation | None
    after: Annotation | None

    def reversed(self) -> Item:
        """The item that takes this one back."""
        return Item(self.set_id, self.after, self.before)


Part = Item | RegionItem | SetItem
"""What a step is made of: records, reviewed regions, whole sets."""
OnPiece = Callable[[int], object]


def set_ids(parts: Iterable[Part]) -> frozenset[int]:
    """The sets that a step changes."""
    return frozenset(part.set_id for part in parts if isinstance(part, Item | SetItem))


def sets_to_come(parts: Iterable[Part]) -> frozenset[int]:
    """The sets that a step makes or brings back."""
    return frozenset(part.set_id for part in parts if isinstance(part, SetItem) and part.after)


@dataclass(slots=True)
class Stacks:
    """Ids of the edits that undo and redo would act on, the next one last.

    A step that came in several entries (a run of a model, files imported together) stands here by its first one, where
    that stands: what a person did meanwhile is undone before it.  ``later`` holds the other entries of such steps.
    """

    undo: list[int]
    redo: list[int]
    later: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def replay(cls, connection: Connection, until: int | None = None) -> Stacks:
        """Rebuild from the journal, as they stood after the entry ``until`` (None: after the last)."""
        stacks = cls([], [])
        query = (
            select(journal.c.id, journal.c.action, journal.c.target, journal_step.c.first)
            .join(journal_step, journal_step.c.entry_id == journal.c.id, isouter=True)
            .order_by(journal.c.id)
        )
        if until is not None:
            query = query.where(journal.c.id <= until)
        for entry_id, action, target, first in connection.execute(query):
            stacks.note(entry_id, action, target, first)
        return stacks

    def note(self, entry_id: int, action: str, target: int | None, first: int | None = None) -> None:
        """Follow one journal entry; a fresh edit ends what could be redone."""
        if target is not None:
            stacks = (self.undo, self.redo) if action == UNDO else (self.redo, self.undo)
            self._move(target, *stacks)
        elif first is not None and first in self.undo:
            self.later.setdefault(first, []).append(entry_id)
        else:
            self.undo.append(entry_id)
            self.redo.clear()

    def _move(self, target: int, source: list[int], goal: list[int]) -> None:
        if source[-1] == target:
            source.pop()
        else:  # an older version took the entries of a run back one by one
            self.later[source[-1]].remove(target)
        goal.append(target)

    def entries(self, step: int) -> list[int]:
        """All entries of a step, in order."""
        return [step, *self.later.get(step, ())]

    def standing(self) -> list[int]:
        """All entries that were not undone, oldest first."""
        return sorted(entry for step in self.undo for entry in self.entries(step))


def commit(
    connection: Connection,
    parts: Sequence[Part],
    *,
    action: str,
    reviewer: str,
    taken: Sequence[int] = (),
    on_piece: OnPiece | None = None,
) -> Change:
    """Journal a step and carry it out, inside the caller's transaction.

    ``taken`` are the entries of the step that is undone or redone.  ``on_piece`` is called now and then with the
    records done so far; what it raises ends the step.
    """
    target = taken[0] if taken else None
    entry = connection.execute(insert(journal).values(time=now(), reviewer=reviewer, action=action, target=target))
    assert entry.inserted_primary_key is not None
    entry_id = int(entry.inserted_primary_key[0])
    items = [part for part in parts if isinstance(part, Item)]
    if taken:
        _copy_notes(connection, entry_id, taken, swapped=action == UNDO)
    # as they lie in the file; texts are sorted in a quarter of the time that tuples take, in which no other thread runs
    gone = [(uid,) for uid in sorted(item.before.uid for item in items if item.before is not None)]
    for start in range(0, len(gone), PIECE):  # all of them first: a uid may come in again
        connection.exec_driver_sql(_TAKE_OUT, gone[start : start + PIECE])
    for start in range(0, len(items), PIECE):
        if on_piece is not None:
            on_piece(start)
        _carry_out(connection, entry_id, start, items[start : start + PIECE], noted=bool(taken))
    reviewed.carry_out(connection, entry_id, [part for part in parts if isinstance(part, RegionItem)])
    sets.carry_out(connection, entry_id, [part for part in parts if isinstance(part, SetItem)])
    return change_of(entry_id, action, parts)


def continue_step(connection: Connection, entry_id: int, first: int) -> None:
    """Note that an entry belongs to the step that began with ``first``."""
    connection.execute(insert(journal_step).values(entry_id=entry_id, first=first))


def _copy_notes(connection: Connection, entry_id: int, taken: Sequence[int], *, swapped: bool) -> None:
    """What undo or redo does is what its target did: the journal's own text, the one way round or the other."""
    sides = "after, before" if swapped else "before, after"
    connection.exec_driver_sql(
        f"INSERT INTO journal_item (entry_id, position, set_id, before, after) "
        f"SELECT ?, row_number() OVER (ORDER BY entry_id, position) - 1, set_id, {sides} FROM journal_item "
        "WHERE entry_id IN (SELECT value FROM json_each(?))",
        (entry_id, json.dumps(list(taken))),
    )


def _carry_out(connection: Connection, entry_id: int, start: int, items: Sequence[Item], *, noted: bool) -> None:
    """Note records in the journal, and put in what is there afterwards; plain SQL takes a third of the time."""
    rows = [None if item.after is None else to_row(item.after) for item in items]
    if not noted:
        notes = [
            (entry_id, position, item.set_id, _text(item.before), None if row is None else json_of(row))
            for position, (item, row) in enumerate(zip(items, rows, strict=True), start)
        ]
        connection.exec_driver_sql(_NOTE, notes)
    new = [(item.set_id, *row.values()) for item, row in zip(items, rows, strict=True) if row is not None]
    if new:
        connection.exec_driver_sql(_PUT_IN, new)


def _text(record: Annotation | None) -> str | None:
    return None if record is None else json_of(to_row(record))


def change_of(entry_id: int, action: str, parts: Sequence[Part]) -> Change:
    """What listeners get of a step."""
    items = [part for part in parts if isinstance(part, Item)]
    regions = [part for part in parts if isinstance(part, RegionItem)]
    return Change(
        entry_id=entry_id,
        action=action,
        before=tuple(item.before for item in items if item.before is not None),
        after=tuple(item.after for item in items if item.after is not None),
        set_ids=set_ids(parts),
        after_sets=tuple(item.set_id for item in items if item.after is not None),
        sets=frozenset(part.set_id for part in parts if isinstance(part, SetItem)),
        marked=tuple(region.after for region in regions if region.after is not None),
        unmarked=tuple(region.before for region in regions if region.before is not None),
    )


def parts_of(connection: Connection, entry_id: int) -> list[Part]:
    """The parts of one entry, in order."""
    rows = connection.execute(
        select(journal_item.c.set_id, journal_item.c.before, journal_item.c.after)
        .where(journal_item.c.entry_id == entry_id)
        .order_by(journal_item.c.position)
    ).all()
    before, after = from_json_lines([row[1] for row in rows]), from_json_lines([row[2] for row in rows])
    items = [Item(row[0], *sides) for row, *sides in zip(rows, before, after, strict=True)]
    return [*items, *reviewed.items_of(connection, entry_id), *sets.items_of(connection, entry_id)]


def arrivals(connection: Connection) -> list[str]:
    """Uids in the order in which they first came in: imports in the order of their files."""
    rows = connection.execute(
        select(func.json_extract(journal_item.c.after, "$.uid"))
        .where(journal_item.c.before.is_(None))
        .order_by(journal_item.c.entry_id, journal_item.c.position)
    )
    return list(dict.fromkeys(rows.scalars().all()))


def summary(connection: Connection, entry_ids: Sequence[int]) -> StepSummary:
    """What the entries of one step did, without reading what it did to each of very many records."""
    mine, place = journal_item.c.entry_id.in_(entry_ids), journal_item.c.position
    last = select(func.max(place)).where(mine).group_by(journal_item.c.entry_id)
    count = sum(place + 1 for place in connection.execute(last).scalars())
    kind = func.json_extract(func.coalesce(journal_item.c.after, journal_item.c.before), "$.kind")
    kinds = connection.execute(select(kind).where(mine, place < _MAX_READ).distinct()).scalars()
    action = connection.execute(select(journal.c.action).where(journal.c.id == entry_ids[0])).scalar_one()
    regions = connection.execute(
        select(func.count()).select_from(journal_region).where(journal_region.c.entry_id.in_(entry_ids))
    ).scalar_one()
    made = sets.names_of(connection, entry_ids)
    return StepSummary(action, count, frozenset(map(Kind, kinds)), regions, made)


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
