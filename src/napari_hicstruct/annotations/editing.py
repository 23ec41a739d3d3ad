"""Editing a project: steps, each journalled and undone as one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from psygnal import Signal
from sqlalchemy import Connection

from napari_hicstruct.annotations import history, judging, reviewed, sets
from napari_hicstruct.annotations.changes import AnnotationSet, Change, ReviewedRegion, StepSummary
from napari_hicstruct.annotations.history import Item, OnPiece, Part
from napari_hicstruct.annotations.query import Filter, by_uids, check_new, select_records
from napari_hicstruct.annotations.reading import ReadableProject
from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status
from napari_hicstruct.annotations.rules import (
    DELETE_SET,
    DUPLICATE_SET,
    MERGE_SETS,
    PROMOTED_FROM,
    STATUS_ACTIONS,
    copied,
    mark_edited,
    promoted_copy,
)
from napari_hicstruct.annotations.sqlite_files import COPY_HINT
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval

_NOTHING = Change(0, "", (), (), frozenset())


class EditableProject(ReadableProject):
    """The editing half of :class:`~napari_hicstruct.annotations.project.Project`."""

    changed = Signal(Change)
    reviewer: str
    _latest: tuple[list[int], Sequence[Part]] = [], ()
    """The step that was made, undone or made again last: its entries and its parts."""
    _summaries: dict[tuple[int, ...], StepSummary] = {}  # noqa: RUF012 - replaced, never changed in place
    _joined: threading.local
    """Of the thread that is in :meth:`one_step`: ``open``, and ``first``, the entry with which the step began."""

    # ---- sets -------------------------------------------------------------------------------------------------

    def add_set(self, name: str, origin: Origin) -> AnnotationSet:
        """A new empty set."""
        with self._writing() as connection:
            return sets.add(connection, name, origin)

    def add_run(self, set_id: int, run: Mapping[str, Any]) -> None:
        """Note that calls of a set are of this run (:meth:`runs`); not journalled."""
        with self._writing() as connection:
            sets.add_runs(connection, set_id, [run])

    def end_run(self, set_id: int, begun: Mapping[str, Any], ended: Mapping[str, Any]) -> None:
        """Note a run as it ended where it was noted as it began; not journalled."""
        with self._writing() as connection:
            sets.end_run(connection, set_id, begun, ended)

    def update_set(self, set_id: int, **changes: Any) -> AnnotationSet:
        """Change ``name``, ``visible``, ``locked``, ``colour`` or ``triangle`` of a set; not journalled."""
        with self._writing() as connection:
            return sets.update_set(connection, set_id, changes)

    def order_sets(self, set_ids: Sequence[int]) -> None:
        """List the sets in this order; not journalled."""
        with self._writing() as connection:
            sets.order(connection, set_ids)

    def add_as_set(
        self,
        name: str,
        origin: Origin,
        records: Iterable[Annotation],
        *,
        action: str,
        runs: Sequence[Mapping[str, Any]] = (),
        on_piece: OnPiece | None = None,
    ) -> AnnotationSet:
        """Put new records into a new set: one step, and undo leaves no empty set.

        ``runs`` are kept with a set that a model predicted (:meth:`runs`).
        ``on_piece`` is called with the number of records done so far; if it raises, nothing comes in.
        """
        new, made = list(records), []

        def parts(connection: Connection) -> list[Part]:
            check_new(connection, [record.uid for record in new])
            made.append(sets.add(connection, name, origin))
            sets.add_runs(connection, made[-1].id, runs)
            there = made[-1].id
            return [sets.SetItem(there, False, True), *(Item(there, None, record) for record in new)]

        self._step(action, parts, on_piece=on_piece)
        return made[-1]

    def duplicate_set(self, set_id: int) -> AnnotationSet:
        """A copy of a set and its records under uids of their own, as one step."""
        old = next((one for one in self.sets() if one.id == set_id), None)
        if old is None:
            raise ProjectError(f"the project has no set {set_id}.", hint="Refresh the list of sets.")
        records = copied(self.query(set_ids=[set_id]))
        runs = self.runs().get(set_id, [])
        return self.add_as_set(f"{old.name} copy", old.origin, records, action=DUPLICATE_SET, runs=runs)

    def merge_sets(self, set_id: int, into: int) -> Change:
        """Move all records of a set into another one and take the empty set away, as one step."""
        if set_id == into:
            raise ProjectError("a set is not merged into itself.", hint="Choose another set.")

        def parts(connection: Connection) -> list[Part]:
            records = select_records(connection, Filter(set_ids=[set_id]), None)
            out = (Item(set_id, record, None) for record in records)
            come = (Item(into, None, record) for record in records)
            sets.add_runs(connection, into, sets.runs(connection).get(set_id, []))
            return [sets.SetItem(set_id, True, False), *out, *come]

        return self._step(MERGE_SETS, parts)

    def delete_set(self, set_id: int) -> Change:
        """Take a set away with all its records, as one step; the journal keeps them."""

        def parts(connection: Connection) -> list[Part]:
            records = select_records(connection, Filter(set_ids=[set_id]), None)
            return [sets.SetItem(set_id, True, False), *(Item(set_id, record, None) for record in records)]

        return self._step(DELETE_SET, parts)

    def human_set(self) -> AnnotationSet:
        """The set that holds what a person adds; made on first use."""
        return next((s for s in self.sets() if s.origin is Origin.HUMAN), None) or self.add_set("human", Origin.HUMAN)

    # ---- records ----------------------------------------------------------------------------------------------

    def add(
        self, records: Iterable[Annotation], *, set_id: int, action: str = "add", continues: int | None = None
    ) -> Change:
        """Put new records into a set.

        ``continues`` is the first entry of a step that comes piece by piece, such as a run of a model: one undo takes
        all of it back, after what was done since its first entry.  If that entry was undone, a new step begins.
        """
        new = list(records)

        def items(connection: Connection) -> list[Item]:
            check_new(connection, [record.uid for record in new])
            return [Item(set_id, None, record) for record in new]

        return self._step(action, items, first=continues)

    def update(self, records: Iterable[Annotation], *, action: str) -> Change:
        """Replace records by others of the same uid: move, resize, relabel ….

        A prediction or import whose place or kind changes becomes :attr:`Status.EDITED` in place.
        """
        new = {record.uid: record for record in records}

        def items(connection: Connection) -> list[Item]:
            human = {s.id for s in sets.load_all(connection) if s.origin is Origin.HUMAN}
            old = by_uids(connection, list(new))
            found = [Item(set_id, before, new[uid]) for uid, (set_id, before) in old.items()]
            found = [item if item.set_id in human else mark_edited(item) for item in found]
            return [item for item in found if item.before != item.after]

        return self._step(action, items)

    def set_status(self, uids: Iterable[str], status: Status) -> Change:
        """Accept, reject or reset records in place.

        What has this status already is passed over, unless it was another reviewer who gave it: then the step says
        that both found the same.
        """
        wanted = Status(status)

        def items(connection: Connection) -> list[Item]:
            chosen = by_uids(connection, list(dict.fromkeys(uids)))
            same = {uid for uid, (_, before) in chosen.items() if before.status is wanted}
            if same and wanted in judging.JUDGED:
                judged = judging.latest_judgments(connection, self._standing(connection), self.reviewer)
                present = wanted is not Status.REJECTED
                same = {one.uid for one in judged if one.present is present} & same
            return [
                Item(set_id, before, before.with_(status=wanted))
                for uid, (set_id, before) in chosen.items()
                if uid not in same
            ]

        return self._step(STATUS_ACTIONS[wanted], items)

    def delete(self, uids: Iterable[str]) -> Change:
        """Take records out; the journal keeps them."""
        return self._step(
            "delete",
            lambda connection: [
                Item(set_id, before, None) for set_id, before in by_uids(connection, list(dict.fromkeys(uids))).values()
            ],
        )

    def promote(self, uids: Iterable[str]) -> Change:
        """Copy records into the human set as accepted; the originals stay, a second copy is not made."""
        target = self.human_set().id

        def items(connection: Connection) -> list[Item]:
            there = {r.extra.get(PROMOTED_FROM) for r in select_records(connection, Filter(set_ids=[target]), None)}
            chosen = by_uids(connection, list(dict.fromkeys(uids)))
            return [
                Item(target, None, promoted_copy(r)) for s, r in chosen.values() if s != target and r.uid not in there
            ]

        return self._step("promote", items)

    # ---- reviewed regions -------------------------------------------------------------------------------------

    def mark_reviewed(
        self, rows: Interval, cols: Interval | None = None, kinds: Collection[Kind] | None = None
    ) -> ReviewedRegion:
        """Say that what is not labelled in this block is truly absent (``kinds`` None: of any kind)."""
        change = self._step(
            "review",
            lambda connection: [reviewed.new(connection, rows, cols or rows, tuple(kinds or ()), self.reviewer)],
        )
        return change.marked[0]

    def unmark_reviewed(self, region_ids: Iterable[int]) -> None:
        """Take such statements back."""
        self._step("unreview", lambda connection: reviewed.removal(connection, region_ids))

    # ---- steps ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def one_step(self) -> Iterator[None]:
        """What this thread adds within is one step, such as several files: one undo takes all of it back."""
        self._joined.first, self._joined.open = None, True
        try:
            yield
        finally:
            self._joined.open = False

    @contextlib.contextmanager
    def stoppable(self, check: Callable[[], None]) -> Iterator[None]:
        """A step that this thread makes within asks ``check`` now and then: what that raises leaves all as it was."""
        self._joined.check = check
        try:
            yield
        finally:
            self._joined.check = None

    def _stop_if_asked(self, _done: int = 0) -> None:
        check = getattr(self._joined, "check", None)
        if check is not None:
            check()

    def _step(
        self,
        action: str,
        make_parts: Callable[[Connection], Sequence[Part]],
        *,
        first: int | None = None,
        on_piece: OnPiece | None = None,
    ) -> Change:
        """One transaction, one journal entry, one signal."""
        joins = getattr(self._joined, "open", False)
        with self._db.guard:  # the stacks must see entries in the journal's order
            self._check_alone()
            first = self._joined.first if joins and first is None else first
            with self._writing() as connection:
                parts = make_parts(connection)
                if not parts:
                    return replace(_NOTHING, action=action)
                sets.check_unlocked(connection, history.set_ids(parts), history.sets_to_come(parts))
                asks = on_piece or self._stop_if_asked
                change = history.commit(connection, parts, action=action, reviewer=self.reviewer, on_piece=asks)
                if first is not None:
                    history.continue_step(connection, change.entry_id, first)
            self._stacks.note(change.entry_id, action, None, first)
            self._latest = [change.entry_id], parts
            if len(parts) > history.PIECE:
                self.next_undo()  # counting very many takes a while: here, not where somebody waits for the words
            if joins and self._joined.first is None:
                self._joined.first = change.entry_id
        self.changed.emit(change)
        return change

    def _check_alone(self) -> None:
        """Undo's stacks follow steps that are on the disk: no step is part of a larger transaction."""
        if self._db.within:
            raise RuntimeError("an edit is a transaction of its own")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self.read_only:
            raise ProjectError(f"cannot be edited: {self.read_only_reason}.", where=self.path, hint=COPY_HINT)
        with self._db.transaction() as connection:
            yield connection
            self._stop_if_asked()

    # ---- undo and redo ----------------------------------------------------------------------------------------

    @property
    def can_undo(self) -> bool:
        """True if there is an edit to take back."""
        return not self.read_only and bool(self._stacks.undo)

    @property
    def can_redo(self) -> bool:
        """True if an edit was taken back and none was made since."""
        return not self.read_only and bool(self._stacks.redo)

    def next_undo(self) -> StepSummary | None:
        """What :meth:`undo` would take back."""
        return self._summary(self._stacks.undo)

    def next_redo(self) -> StepSummary | None:
        """What :meth:`redo` would do again."""
        return self._summary(self._stacks.redo)

    def _summary(self, stack: list[int]) -> StepSummary | None:
        if not stack:
            return None
        entries = tuple(self._stacks.entries(stack[-1]))
        if entries not in self._summaries:  # the journal never changes; asked for after each step
            with self._db.transaction() as connection:
                self._summaries = {
                    **dict(list(self._summaries.items())[-9:]),
                    entries: history.summary(connection, entries),
                }
        return self._summaries[entries]

    def stands(self, entry_id: int) -> bool:
        """True if the step that began with this entry was made and is not undone."""
        return entry_id in self._stacks.undo

    def undo(self) -> Change | None:
        """Take back the last step (without limit, also after reopening); None if there is none."""
        return self._travel(history.UNDO, self._stacks.undo)

    def redo(self) -> Change | None:
        """Make the step again that was last taken back; None if there is none."""
        return self._travel(history.REDO, self._stacks.redo)

    def _travel(self, action: str, stack: list[int]) -> Change | None:
        with self._db.guard:
            if not stack:
                return None
            target = stack[-1]
            self._check_alone()
            with self._writing() as connection:
                entries = self._stacks.entries(target)
                latest, parts = self._latest
                if latest != entries:  # else they are at hand: reading 100,000 records takes seconds
                    parts = [part for entry in entries for part in history.parts_of(connection, entry)]
                    self._latest = entries, parts
                if action == history.UNDO:
                    parts = [part.reversed() for part in parts]
                sets.check_unlocked(connection, history.set_ids(parts), history.sets_to_come(parts))
                reviewer, asks = self.reviewer, self._stop_if_asked
                change = history.commit(
                    connection, parts, action=action, reviewer=reviewer, taken=entries, on_piece=asks
                )
            self._stacks.note(change.entry_id, action, target)
            if len(parts) > history.PIECE:
                _ = self.next_undo(), self.next_redo()
        self.changed.emit(change)
        return change
