"""What can be asked of a project; nothing here changes it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from napari_hicstruct.annotations import history, judging, reviewed, sets
from napari_hicstruct.annotations.changes import AnnotationSet, JournalEntry, ReviewedRegion
from napari_hicstruct.annotations.database import Database
from napari_hicstruct.annotations.history import Stacks
from napari_hicstruct.annotations.judging import ReviewerJudgment
from napari_hicstruct.annotations.query import Filter, by_uids, count_records, present, select_records, select_rows
from napari_hicstruct.annotations.record_table import Columns, RecordTable
from napari_hicstruct.annotations.records import Annotation, Kind, Status


class ReadableProject:
    """The asking half of :class:`~napari_hicstruct.annotations.project.Project`."""

    _db: Database
    _stacks: Stacks

    @property
    def path(self) -> Path:
        """The project file."""
        return self._db.path

    @property
    def read_only(self) -> bool:
        """True if edits are refused; see :attr:`read_only_reason`."""
        return bool(self._db.read_only_reason)

    @property
    def read_only_reason(self) -> str:
        """Why the project cannot be edited, for people; empty if it can."""
        return self._db.read_only_reason

    def sets(self) -> list[AnnotationSet]:
        """All sets, oldest first."""
        with self._db.transaction() as connection:
            return sets.load_all(connection)

    def runs(self) -> dict[int, list[dict[str, Any]]]:
        """Of predicted sets, by their ids, model and parameters of each run; those of older versions are not known."""
        with self._db.transaction() as connection:
            return sets.runs(connection)

    def get(self, uid: str) -> Annotation:
        """One record; ProjectError if there is none."""
        with self._db.transaction() as connection:
            return by_uids(connection, [uid])[uid][1]

    def set_of(self, uid: str) -> int:
        """Id of the set that holds a record."""
        with self._db.transaction() as connection:
            return by_uids(connection, [uid])[uid][0]

    def sources(self, set_id: int) -> set[str]:
        """Who the records of a set are by: models, programs, reviewers."""
        with self._db.transaction() as connection:
            return sets.sources(connection, set_id)

    def holds(self, uids: Collection[str]) -> set[str]:
        """Those of ``uids`` that are in the project."""
        with self._db.transaction() as connection:
            return present(connection, list(uids))

    def query(  # noqa: PLR0913 - keywords of a use case
        self,
        *,
        kind: Kind | Collection[Kind] | None = None,
        chrom: str | None = None,
        start: int | None = None,
        end: int | None = None,
        set_ids: Collection[int] | None = None,
        statuses: Collection[Status] | None = None,
        limit: int | None = None,
    ) -> list[Annotation]:
        """Records whose span overlaps ``[start, end)`` bp and which pass all other filters, by position.

        With a ``limit``, unscored records (a person's) are kept first, then the best scored.
        """
        wanted = Filter(kind=kind, chrom=chrom, start=start, end=end, set_ids=set_ids, statuses=statuses)
        with self._db.transaction() as connection:
            return select_records(connection, wanted, limit)

    def count(self, **filters: Any) -> int:
        """How many records :meth:`query` would find with the same filters."""
        with self._db.transaction() as connection:
            return count_records(connection, Filter(**filters))

    def table(self) -> RecordTable:
        """All records as columns, in the order they came in (imports: the order of their file)."""
        with self._db.transaction() as connection:
            rows, table = select_rows(connection), RecordTable(history.arrivals(connection))
        table.put(Columns.of_rows([row[1:] for row in rows]), [row[0] for row in rows])
        return table

    def journal(self, limit: int | None = None) -> list[JournalEntry]:
        """Every step ever made, newest first."""
        with self._db.transaction() as connection:
            return history.entries(connection, limit)

    def newest_entry(self) -> int:
        """Id of the newest entry of the journal; 0 if it is empty."""
        with self._db.transaction() as connection:
            return history.newest(connection)

    def judgments(self) -> list[ReviewerJudgment]:
        """Each reviewer's latest judgment of each record; what was undone does not count.

        To accept, reject, move or resize is a judgment, also of what another reviewer judged; a reset withdraws it.
        """
        with self._db.transaction() as connection:
            return judging.latest_judgments(connection, self._standing(connection))

    def corrections_since(self, entry_id: int) -> int:
        """How many records :meth:`corrected_since` names."""
        return len(self.corrected_since(entry_id))

    def corrected_since(self, entry_id: int) -> set[str]:
        """Uids of records a person judged, moved or added after a journal entry; what was undone does not count."""
        with self._db.transaction() as connection:
            known = set(Stacks.replay(connection, until=entry_id).standing())
            new = [entry for entry in self._standing(connection) if entry not in known]
            return judging.corrected(connection, new)

    def _standing(self, connection: Connection) -> list[int]:
        """The edits that were not undone, oldest first; somebody else may be editing what is read-only here."""
        return (Stacks.replay(connection) if self.read_only else self._stacks).standing()

    def reviewed(self, chrom: str | None = None) -> list[ReviewedRegion]:
        """Reviewed blocks of a chromosome or of all, oldest first."""
        with self._db.transaction() as connection:
            return reviewed.load(connection, chrom)
