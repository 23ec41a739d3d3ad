"""The models of a project: which there are, which came from which by what run, and which is in use.

Nothing is taken out.  Which model is in use is a list of uses of which the last counts: going back to an older model is
one more use of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal
from sqlalchemy import Connection, RowMapping, func, insert, select, text, update

from napari_hicstruct.annotations import folders, history
from napari_hicstruct.annotations.schema import finetune_run, model, model_use, now
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations.editing import EditableProject


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that the project knows.

    Attributes
    ----------
    sha256 : str
        Digest of its weights: what makes it this model.
    name, version : str
    folder : Path
        Where it lies now.
    parent : str or None
        ``sha256`` of the model that it was fine-tuned from.
    card : mapping of str to Any
        Its model card, as JSON can hold it.
    added : str
        UTC, ISO 8601; empty: when it is added.
    """

    sha256: str
    name: str
    version: str
    folder: Path
    parent: str | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    added: str = ""

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class ModelUse:
    """From ``time`` (UTC, ISO 8601) on this model was in use, for the reason that people read."""

    sha256: str
    reason: str
    time: str


@dataclass(frozen=True, slots=True)
class FinetuneRun:
    """One fine-tuning run.

    Attributes
    ----------
    id : int
    parent : str
        ``sha256`` of the model that it started from.
    child : str or None
        ``sha256`` of the model that it made; None if it made none (yet).
    last_entry : int
        Newest entry of the journal that it learnt from; 0: none.
    config : mapping of str to Any
        Its settings.
    before, after : mapping of str to Any
        Numbers of parent and child; ``after`` is None where there is no child.
    taken : bool or None
        Whether the child came into use; None while that is open.
    reason : str
        Why, for people.
    started, finished : str
        UTC, ISO 8601; ``finished`` is None while it runs, and stays so if its program was killed.
    """

    id: int
    parent: str
    child: str | None
    last_entry: int
    config: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None
    taken: bool | None
    reason: str
    started: str
    finished: str | None


class Lineage:
    """The models and fine-tuning runs of one project.

    ``changed`` is emitted after each call that writes, in the calling thread.  Such calls are on the disk when they
    return; they are no steps of the journal, and undo does not touch them.

    Raises
    ------
    ProjectError
        When the file cannot be read or written, or the project is read-only.
    """

    changed = Signal()

    def __init__(self, project: EditableProject) -> None:
        self._project = project

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """Everything that is written meanwhile is on the disk at the end, or nothing; ``changed`` follows once."""
        with self.changed.paused(lambda *_: ()), self._project._writing():
            yield

    # ---- models -----------------------------------------------------------------------------------------------

    def models(self) -> list[ModelEntry]:
        """All models, oldest first."""
        with self._project._db.transaction() as connection:
            return self._models(connection)

    def get(self, sha256: str) -> ModelEntry:
        """One model; ProjectError if the project does not know it."""
        with self._project._db.transaction() as connection:
            return self._known(connection, sha256)

    def lineage_of(self, sha256: str) -> list[ModelEntry]:
        """The model, its parent, its parent's parent …: from the root to it."""
        with self._project._db.transaction() as connection:
            known = {entry.sha256: entry for entry in self._models(connection)}
            line = [self._known(connection, sha256)]
        while (parent := line[0].parent) is not None:
            line.insert(0, known[parent])
        return line

    def add(self, entry: ModelEntry) -> ModelEntry:
        """Take a model into the list, after its parent; one that is known already stays as it is."""
        with self._project._writing() as connection:
            there = self._find(connection, entry.sha256)
            if there is not None:
                return there
            if entry.parent is not None:
                self._known(connection, entry.parent)
            entry = replace(entry, added=entry.added or now())
            values = {name: getattr(entry, name) for name in ("sha256", "name", "version", "parent", "added")}
            path = folders.to_stored(entry.folder, self._project.path)
            connection.execute(insert(model).values(**values, path=path, card=json.dumps(dict(entry.card))))
            entry = self._known(connection, entry.sha256)
        self.changed.emit()
        return entry

    # ---- which one is in use ----------------------------------------------------------------------------------

    def current(self) -> ModelEntry | None:
        """The model in use; None if nobody chose one: then it is the installed default."""
        with self._project._db.transaction() as connection:
            last = connection.execute(select(model_use.c.sha256).order_by(model_use.c.id.desc()).limit(1)).scalar()
            return None if last is None else self._known(connection, last)

    def use(self, sha256: str, reason: str) -> None:
        """From now on use this model; also the way back to an older one."""
        with self._project._writing() as connection:
            self._known(connection, sha256)
            connection.execute(insert(model_use).values(sha256=sha256, reason=reason, time=now()))
        self.changed.emit()

    def uses(self) -> list[ModelUse]:
        """Which model was in use since when, oldest first."""
        columns = model_use.c
        with self._project._db.transaction() as connection:
            rows = connection.execute(select(columns.sha256, columns.reason, columns.time).order_by(columns.id))
            return [ModelUse(*row) for row in rows]

    # ---- runs -------------------------------------------------------------------------------------------------

    def start_run(self, parent_sha: str, config: Mapping[str, Any], last_entry: int) -> int:
        """Note the start of a run that learns from the journal up to ``last_entry``; its id."""
        with self._project._writing() as connection:
            self._known(connection, parent_sha)
            if not 0 <= last_entry <= (newest := history.newest(connection)):
                text_ = (
                    f"The journal has {how_many(newest, 'entry', 'entries')}, but the run names entry {last_entry:,}."
                )
                raise ProjectError(text_, where=self._project.path, hint="Open the project again.")
            values = {"parent": parent_sha, "last_entry": last_entry or None, "config": json.dumps(dict(config))}
            started = connection.execute(
                insert(finetune_run).values(**values, before="{}", reason="", started=now())
            ).inserted_primary_key
            assert started is not None
        self.changed.emit()
        return int(started[0])

    def finish_run(
        self,
        run_id: int,
        *,
        child: str | None,
        before: Mapping[str, Any],
        after: Mapping[str, Any] | None,
        taken: bool | None,
        reason: str,
    ) -> None:
        """Note how a run ended, once; also one that was stopped or failed (``child`` None)."""
        with self._project._writing() as connection:
            if child is not None:
                self._known(connection, child)
            values = {
                "child": child,
                "before": json.dumps(dict(before)),
                "after": None if after is None else json.dumps(dict(after)),
                "taken": taken,
                "reason": reason,
                "finished": now(),
            }
            waiting = (finetune_run.c.id == run_id) & finetune_run.c.finished.is_(None)
            if connection.execute(update(finetune_run).where(waiting).values(**values)).rowcount != 1:
                text_ = f"There is no open fine-tuning run {run_id}."
                raise ProjectError(text_, where=self._project.path, hint="Start one first.")
        self.changed.emit()

    def runs(self) -> list[FinetuneRun]:
        """All runs, oldest first."""
        with self._project._db.transaction() as connection:
            rows = connection.execute(select(finetune_run).order_by(finetune_run.c.id)).mappings()
            return [_run_of(row) for row in rows]

    def last_learnt(self) -> int:
        """Newest entry of the journal that the newest finished run learnt from; 0 if none.

        A run that made no model, because it was stopped or failed, learnt nothing.
        """
        columns = finetune_run.c
        done = select(func.max(columns.id)).where(columns.finished.is_not(None), columns.child.is_not(None))
        with self._project._db.transaction() as connection:
            newest = connection.execute(select(columns.last_entry).where(columns.id == done.scalar_subquery()))
            return int(newest.scalar() or 0)

    # ---- rows -------------------------------------------------------------------------------------------------

    def _models(self, connection: Connection) -> list[ModelEntry]:
        rows = connection.execute(select(model).order_by(text("model.rowid"))).mappings()
        return [self._entry(row) for row in rows]

    def _find(self, connection: Connection, sha256: str) -> ModelEntry | None:
        row = connection.execute(select(model).where(model.c.sha256 == sha256)).mappings().first()
        return None if row is None else self._entry(row)

    def _known(self, connection: Connection, sha256: str) -> ModelEntry:
        found = self._find(connection, sha256)
        if found is None:
            text_ = f"does not know the model {sha256[:12]}."
            raise ProjectError(text_, where=self._project.path, hint="Add the model to the project first.")
        return found

    def _entry(self, row: RowMapping) -> ModelEntry:
        folder = folders.from_stored(row["path"], self._project.path)
        card = json.loads(row["card"])
        return ModelEntry(row["sha256"], row["name"], row["version"], folder, row["parent"], card, row["added"])


def _run_of(row: RowMapping) -> FinetuneRun:
    texts = {name: None if row[name] is None else json.loads(row[name]) for name in ("config", "before", "after")}
    return FinetuneRun(**{**row, **texts, "last_entry": row["last_entry"] or 0})
