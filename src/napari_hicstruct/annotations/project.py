"""The project: one file that holds sets of annotations, the journal of every edit, and what was reviewed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from psygnal import Signal
from sqlalchemy import Connection

from napari_hicstruct.annotations import history, maps, reviewed, sets
from napari_hicstruct.annotations.changes import AnnotationSet, Change, MapIdentity, ReviewedRegion, StepSummary
from napari_hicstruct.annotations.database import Database
from napari_hicstruct.annotations.history import Item, Stacks
from napari_hicstruct.annotations.query import Filter, by_uids, check_new, select_records
from napari_hicstruct.annotations.reading import ReadableProject
from napari_hicstruct.annotations.records import Annotation, Kind, Origin, Status
from napari_hicstruct.annotations.rules import PROMOTED_FROM, STATUS_ACTIONS, mark_edited, promoted_copy
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval

_NOTHING = Change(0, "", (), (), frozenset())


class Project(ReadableProject):
    """Annotations of one contact map in one ``.hicproj`` file.

    Every call that edits is one step: it is on the disk when the call returns, it is one entry of the journal, and
    one :meth:`undo` takes it back.  Safe to use from several threads; ``changed`` is emitted in the calling thread.

    Use :meth:`create` or :meth:`open`.

    Raises
    ------
    ProjectError
        From every method, when the file cannot be read or written; the project then stands as before the call.
    """

    changed = Signal(Change)

    def __init__(self, database: Database, reviewer: str) -> None:
        self._db = database
        self.reviewer = reviewer
        with database.transaction() as connection:
            self._map = maps.load(connection, database.path)
            self._stacks = Stacks.replay(connection)

    @classmethod
    def create(cls, path: str | Path, *, map: MapIdentity, reviewer: str = "") -> Project:
        """Make a new project for ``map``; an existing file is not replaced."""
        path = Path(path)
        if path.exists():
            raise ProjectError("exists already.", where=path, mend="Open it, or choose another name.")
        Database.create(path, lambda connection: maps.save(connection, map))
        return cls.open(path, map=map, reviewer=reviewer)

    @classmethod
    def open(
        cls, path: str | Path, *, map: MapIdentity | None = None, reviewer: str = "", read_only: bool = False
    ) -> Project:
        """Open a project; ``read_only_reason`` says why, when it cannot be edited.

        Parameters
        ----------
        path : path
        map : MapIdentity, optional
            The map at hand; one with another fingerprint is refused.  Without it nothing is checked: the way to
            a project whose map must be relinked.
        reviewer : str
            Who edits; stands in the journal beside each edit.
        read_only : bool
            Do not edit, and do not keep others from editing.
        """
        project = cls(Database.open(Path(path), read_only=read_only), reviewer)
        if map is not None:
            try:
                project._adopt(map)
            except BaseException:
                project.close()
                raise
        return project

    def _adopt(self, map: MapIdentity) -> None:
        """Check the fingerprint; remember where the same map lies now."""
        if map.fingerprint != self._map.fingerprint:
            raise maps.other_map(self.path, self._map, map)
        if map.uri != self._map.uri and not self.read_only:
            with self._db.transaction() as connection:
                maps.save(connection, map)
            self._map = map

    def close(self) -> None:
        """Fold the log into the file and let others edit; nothing needs saving.  Safe to call twice."""
        self._db.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def map(self) -> MapIdentity:
        """The map that the project belongs to."""
        return self._map

    def save_as(self, path: str | Path) -> None:
        """Write a whole copy to ``path`` (journal included); this object goes on with its own file."""
        target = Path(path)
        if target.resolve() == self.path.resolve():
            return
        self._db.backup(target)

    def relink(self, map: MapIdentity) -> None:
        """Tie the project to another map, if all annotations lie on its chromosomes."""
        with self._writing() as connection:
            maps.check_fits(connection, self.path, map)
            maps.save(connection, map)
        self._map = map

    # ---- sets -------------------------------------------------------------------------------------------------

    def add_set(self, name: str, origin: Origin) -> AnnotationSet:
        """A new empty set."""
        with self._writing() as connection:
            return sets.add(connection, name, origin)

    def update_set(self, set_id: int, **changes: Any) -> AnnotationSet:
        """Change ``name``, ``visible`` or ``locked`` of a set; not journalled."""
        with self._writing() as connection:
            return sets.update_set(connection, set_id, changes)

    def human_set(self) -> AnnotationSet:
        """The set that holds what a person adds; made on first use."""
        return next((s for s in self.sets() if s.origin is Origin.HUMAN), None) or self.add_set("human", Origin.HUMAN)

    # ---- editing ----------------------------------------------------------------------------------------------

    def add(self, records: Iterable[Annotation], *, set_id: int, action: str = "add") -> Change:
        """Put new records into a set."""
        new = list(records)

        def items(connection: Connection) -> list[Item]:
            check_new(connection, [record.uid for record in new])
            return [Item(set_id, None, record) for record in new]

        return self._step(action, items)

    def update(self, records: Iterable[Annotation], *, action: str) -> Change:
        """Replace records by others of the same uid: move, resize, relabel ….

        A prediction or import whose place or kind changes becomes :attr:`Status.EDITED` in place.
        """
        new = {record.uid: record for record in records}

        def items(connection: Connection) -> list[Item]:
            human = {s.id for s in sets.load_all(connection) if s.origin is Origin.HUMAN}
            old = by_uids(connection, list(new))
            found = [Item(set_id, before, new[uid]) for uid, (set_id, before) in old.items()]
            return [item if item.set_id in human else mark_edited(item) for item in found]

        return self._step(action, items)

    def set_status(self, uids: Iterable[str], status: Status) -> Change:
        """Accept, reject or reset records in place."""
        wanted = Status(status)
        return self._step(
            STATUS_ACTIONS[wanted],
            lambda connection: [
                Item(set_id, before, before.with_(status=wanted))
                for set_id, before in by_uids(connection, list(dict.fromkeys(uids))).values()
            ],
        )

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

    def _step(self, action: str, make_items: Callable[[Connection], Sequence[Item]]) -> Change:
        """One transaction, one journal entry, one signal."""
        with self._db.guard:  # the stacks must see entries in the journal's order
            with self._writing() as connection:
                items = [item for item in make_items(connection) if item.before != item.after]
                if not items:
                    return replace(_NOTHING, action=action)
                sets.check_unlocked(connection, {item.set_id for item in items})
                change = history.commit(connection, items, action=action, reviewer=self.reviewer)
            self._stacks.note(change.entry_id, action, None)
        self.changed.emit(change)
        return change

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self.read_only:
            raise ProjectError(
                f"cannot be edited: {self.read_only_reason}.", where=self.path, mend="Save a copy and edit that."
            )
        with self._db.transaction() as connection:
            yield connection

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
        with self._db.transaction() as connection:
            return history.summary(connection, stack[-1])

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
            with self._writing() as connection:
                items = history.items_of(connection, target)
                if action == history.UNDO:
                    items = [item.reversed() for item in items]
                sets.check_unlocked(connection, {item.set_id for item in items})
                change = history.commit(connection, items, action=action, reviewer=self.reviewer, target=target)
            self._stacks.note(change.entry_id, action, target)
        self.changed.emit(change)
        return change

    # ---- reviewed regions -------------------------------------------------------------------------------------

    def mark_reviewed(
        self, rows: Interval, cols: Interval | None = None, kinds: Collection[Kind] | None = None
    ) -> ReviewedRegion:
        """Say that what is not labelled in this block is truly absent (``kinds`` None: of any kind)."""
        with self._writing() as connection:
            return reviewed.add(connection, rows, cols or rows, tuple(kinds or ()), self.reviewer)

    def unmark_reviewed(self, region_ids: Iterable[int]) -> None:
        """Take such statements back."""
        with self._writing() as connection:
            reviewed.remove(connection, region_ids)
