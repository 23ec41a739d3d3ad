"""The review queue of a window: which candidates are left, in which order, and which one is under the cursor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_hicstruct.active.candidate_table import CandidateTable, Mask, QueueFilter, ReviewMode, ScoredCandidate
from napari_hicstruct.active.queue import Queue
from napari_hicstruct.active.strategies import BY_PROBABILITY, DEFAULT, combined, parse, single_values
from napari_hicstruct.annotations.record_table import RecordTable
from napari_hicstruct.annotations.records import Origin, Status
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.jobs import AFTER_PAINT_S, BackgroundJob, Job
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.plugin.state.review.queue_reason import empty_reason, queue_reason

if TYPE_CHECKING:
    from napari_hicstruct.active.candidates import Floats
    from napari_hicstruct.annotations import Change

_MANY = 10_000
"""Candidates that take longer to work out than a person feels."""


class ReviewQueue:
    """Candidates of all sets that are shown and not locked, filtered and ordered; of duplicates in several sets one.

    New predictions, imports, filters, orders and scores of a network are taken over when somebody asks next; the
    candidate under the cursor stays there.

    Attributes
    ----------
    changed : Signal
        Members, order or counts changed.
    """

    changed = Signal()

    def __init__(self, labels: LabelState) -> None:
        self._labels = labels
        self._queue = Queue()
        self._wanted = QueueFilter()
        self._spec, self._in_force = DEFAULT, DEFAULT
        self._seen: dict[str, ScoredCandidate] = {}
        self._pairs: dict[str, float] = {}
        self._notes: dict[str, dict[str, str]] = {}
        self._orientations: dict[str, str] = {}
        self._pool: CandidateTable | None = None
        self._job = BackgroundJob(labels.runner, on_done=self._made, on_error=labels.window.problem.emit)
        self._ordered = False
        self._passing: Mask = np.zeros(0, bool)
        self._members: Mask = np.zeros(0, bool)
        self._values: dict[str, Floats] = {}
        self._closed: set[str] = set()
        self._at: str | None = None
        self._problem = ""
        labels.recorded.connect(self._on_recorded)
        labels.reset.connect(self._on_reset)

    # ------------------------------------------------------------------ what is asked
    @property
    def wanted(self) -> QueueFilter:
        """The filter."""
        return self._wanted

    def where(self, **changes: Any) -> None:
        """Change the filter, for example ``where(kinds=frozenset({Kind.LOOP}), mode=ReviewMode.REJECTS)``."""
        new = replace(self._wanted, **changes)
        if new.mode is not self._wanted.mode:
            self._queue.rewind()
            self._closed = set()
        self._wanted = new
        self._stale()

    @property
    def in_order(self) -> bool:
        """False while there is something new that nobody has asked for yet."""
        return self._ordered

    @property
    def order(self) -> str:
        """The order that is in force: names as ``active.strategies.parse`` reads them."""
        self._ready()
        return self._in_force

    @property
    def problem(self) -> str:
        """Why the order that was asked for is not in force; empty if it is."""
        self._ready()
        return self._problem

    def set_order(self, spec: str) -> None:
        """Ask for another order; one that is not known or lacks what it needs is not taken, ``problem`` says why."""
        self._spec = spec.strip() or DEFAULT
        self._stale()

    def set_seen(self, seen: Mapping[str, ScoredCandidate]) -> None:
        """Take over how the newest network sees candidates (uid → ``inference.candidate_scores.CandidateScore``)."""
        self._seen = dict(seen)
        self.forget()

    def set_pairs(self, pairs: Mapping[str, float], notes: Mapping[str, str]) -> None:
        """Take over how probably loops join an enhancer and a promoter (by uid), and what to say of each."""
        self._pairs = dict(pairs)
        self.set_notes("pairs", notes)
        self.forget()

    def set_orientations(self, found: Mapping[str, str]) -> None:
        """Take over how the motifs at the anchors of candidates point, by uid; none: there are no motifs."""
        if dict(found) != self._orientations:
            self._orientations = dict(found)
            self.forget()

    @property
    def oriented(self) -> bool:
        """True if it is known how motifs point."""
        return bool(self._orientations)

    def set_notes(self, about: str, notes: Mapping[str, str]) -> None:
        """Say something of candidates (by uid) beside why they come; no notes: nothing any more."""
        self._notes[about] = dict(notes)
        self.changed.emit()

    def notes_of(self, uid: str) -> list[str]:
        """What is said of a candidate."""
        return [notes[uid] for notes in self._notes.values() if uid in notes]

    def forget(self) -> None:
        """Work everything out anew when somebody next asks."""
        self._drop_pool()
        self._stale()

    def _drop_pool(self) -> None:
        self._pool, self._ordered = None, False
        self._job.close()

    def close(self) -> None:
        """End what is being worked out, for the end of a session."""
        self._job.end()

    # ------------------------------------------------------------------ what there is
    @property
    def pool(self) -> CandidateTable:
        """All objects of the project as candidates."""
        if self._pool is None:
            self._job.close()
            self._pool = self._make_pool()
        return self._pool

    def at_hand(self) -> bool:
        """True if an answer costs no time that is felt; else it is worked out beside the window, ``changed`` follows.

        Whoever asks before that waits for the answer.
        """
        if self._pool is None and len(self._table) > _MANY and not self._job.running:
            self._job.start(self._making)
        return self._pool is not None or not self._job.running

    @property
    def _table(self) -> RecordTable:
        catalogue = self._labels.catalogue
        return RecordTable() if catalogue is None else catalogue.records

    def _make_pool(self) -> CandidateTable:
        table, human = self._table, [s.id for s in self._labels.sets() if s.origin is Origin.HUMAN]
        pool = CandidateTable(table, human, rows=table.by_place(table.live()))
        if self._seen:
            pool.set_scores(self._seen)
        if self._pairs:
            pool.set_pairs(self._pairs)
        if self._orientations:
            pool.set_orientations(self._orientations)
        return pool

    def _making(self, token: CancelToken) -> Job:
        yield Clock().step("queue", 0, 0)
        token.wait(AFTER_PAINT_S)
        token.check()
        pool = self._make_pool()
        _ = pool.duplicates  # kept by the pool
        return pool

    def _made(self, pool: CandidateTable) -> None:
        self._pool = pool
        self.changed.emit()

    @property
    def uids(self) -> list[str]:
        """What is left, in order."""
        self._ready()
        return [uid for uid in self._queue.uids if uid not in self._closed]

    @property
    def current(self) -> str | None:
        """The candidate under the cursor."""
        self._ready()
        return self._queue.current

    @property
    def left(self) -> int:
        """How many are still to be judged (reviewed again: not yet)."""
        self._ready()
        return int(self._members.sum()) - self._looked()

    @property
    def done(self) -> int:
        """How many of those that pass the filter were judged (reviewed again: already)."""
        self._ready()
        if self._wanted.mode is not ReviewMode.OPEN:
            return self._looked()
        return int((self._passing & self.pool.judged()).sum())

    @property
    def minutes(self) -> float:
        """Estimated minutes for what is left, by the pace so far."""
        return self._queue.minutes(self.left)

    def remaining(self) -> Mask:
        """Rows of the pool that are left: what bulk judgments and the lasso choose from."""
        self._ready()
        rest = self._members.copy()
        if self._wanted.mode is ReviewMode.OPEN:
            return rest
        rest[[self.pool.row(uid) for uid in self._closed if uid in self.pool]] = False
        return rest

    def place(self, uid: str) -> int | None:
        """Place from 0, None if it is not in the queue."""
        self._ready()
        return self._queue.place(uid)

    def why(self, uid: str) -> str:
        """Why a candidate is where it is: ``uncertain (p = 0.42) · no TAD corner there``."""
        self._ready()
        if uid not in self.pool:
            return ""
        row, record = self.pool.row(uid), self._labels.record(uid)
        if record is not None and record.status is Status.EDITED:
            return "edited by a person: its numbers are of the place before"
        values = {name: float(column[row]) for name, column in self._values.items() if row < len(column)}
        probability = float(self.pool.candidates.probability[row])
        soft = record is not None and math.isclose(record.soft_score, probability, abs_tol=1e-5)  # no model's yet
        reason = queue_reason(values, self.pool.contradictions, row, probability=probability, soft=soft)
        return " · ".join(part for part in (*self.notes_of(uid), reason) if part)

    def nothing(self) -> str:
        """Why nothing is left and what to do about it; empty while something is."""
        if self.left:
            return ""
        sets = [s for s in self._labels.sets() if not s.visible or s.locked]
        away = np.isin(self.pool.sets, [s.id for s in sets]) & self.pool.in_mode(self._wanted.mode)
        return empty_reason(self._wanted, len(self.pool), int(self.pool.judged().sum()), int(away.sum()))

    # ------------------------------------------------------------------ stepping
    def step(self, by: int) -> str | None:
        """The next candidate that is left, beginning again at the end; None if there is none.

        If somebody looked elsewhere meanwhile and the one under the cursor is still left, it comes first.
        """
        self._ready()
        under, current = self._queue.current, self._labels.current
        elsewhere = current is None or current.uid != under
        if under is not None and under == self._at and under not in self._closed and elsewhere:
            return under
        uid = self._queue.step(by, skip=self._closed)
        if uid is None and by > 0 and self.left:
            self._queue.rewind()
            uid = self._queue.step(1, skip=self._closed)
        self._at = uid or self._at
        return uid

    def go_to(self, uid: str) -> bool:
        """Put the cursor on a candidate; False if it is not in the queue."""
        self._ready()
        if not self._queue.go_to(uid):
            return False
        self._at = uid
        return True

    def judged(self, uids: Sequence[str]) -> None:
        """Note that a person just judged these; one by itself tells how long one takes."""
        if len(uids) == 1:
            self._queue.judged()
        if self._wanted.mode is not ReviewMode.OPEN:
            self._closed.update(uid for uid in uids if uid in self.pool)
            self.changed.emit()

    def reopened(self, uids: Iterable[str]) -> None:
        """Note that a judgment was taken back."""
        if self._wanted.mode is not ReviewMode.OPEN:
            self._closed.difference_update(uids)
            self.changed.emit()

    # ------------------------------------------------------------------ following the store
    def _on_recorded(self, change: Change) -> None:
        pool = self._pool
        if pool is None or len(change.before) != len(change.after):
            self._drop_pool()  # what is being worked out is of records as they were
        else:
            uids = [record.uid for record in change.after]
            if {record.uid for record in change.before} == set(uids) and all(uid in pool for uid in uids):
                self._put(pool, uids)
                if change.action in ("move", "resize"):
                    self.judged(uids)
            else:
                self._drop_pool()
        self.changed.emit()

    def _put(self, pool: CandidateTable, uids: Sequence[str]) -> None:
        rows = pool.update(uids)
        if self._wanted.mode is not ReviewMode.OPEN:
            own = [pool.row(uid) for uid in uids]
            self._ordered &= len(self._members) == len(pool) and bool(self._members[own].all())
        elif self._ordered:
            left = self._passing & pool.in_mode(ReviewMode.OPEN)
            if self._wanted.set_ids:
                self._members[list(rows)] = left[list(rows)]
            else:
                rows = pool.follow(self._members, left, rows)
            for one in rows:
                (self._closed.discard if self._members[one] else self._closed.add)(pool.candidates.uids[one])

    def _on_reset(self) -> None:
        if self._labels.catalogue is None or not self._labels.catalogue.records:
            self._queue, self._seen, self._pairs, self._notes = Queue(), {}, {}, {}
        self.forget()

    def _stale(self) -> None:
        self._ordered = False
        self.changed.emit()

    def _looked(self) -> int:
        return 0 if self._wanted.mode is ReviewMode.OPEN else len(self._closed)

    def _ready(self) -> None:
        """Take over what changed since somebody last asked."""
        if self._ordered:
            return
        pool, mode = self.pool, self._wanted.mode
        away = [s.id for s in self._labels.sets() if not s.visible or s.locked]
        self._passing = pool.passing(self._wanted, away)
        self._members = listed = self._passing & pool.in_mode(mode)
        if mode is ReviewMode.OPEN:
            if not self._wanted.set_ids:  # who chooses sets wants every call of theirs judged
                self._members = pool.needs_review(self._members)
            self._closed, listed = set(pool.uids(~self._members)), self._passing
        else:
            self._members &= ~self._others(pool)
            self._closed = {uid for uid in self._closed if uid in pool}
            for uid in self._closed:  # looked at again and judged otherwise: still part of this review
                self._members[pool.row(uid)] = True
        worth, rows = self._scored_first(pool, self._worth(pool)), np.flatnonzero(listed)
        # of equal ones (imports without a probability) the contradicted come first
        rows = rows[np.argsort(-pool.contradictions.share[rows], kind="stable")]
        self._queue.reorder([pool.candidates.uids[row] for row in rows], worth[rows])
        self._ordered = True

    def _scored_first(self, pool: CandidateTable, worth: Floats) -> Floats:
        """Candidates without a probability after all others, where the order goes by it: ½ for them is a guess."""
        if not len(worth) or not self._values.keys() & BY_PROBABILITY:
            return worth
        return worth - np.isnan(pool.candidates.probability) * (np.ptp(worth) + 1)

    def _others(self, pool: CandidateTable) -> Mask:
        """What others judged and this reviewer did not: no part of reviewing one's own again."""
        project = self._labels.project
        judgments = [] if project is None else list(project.judgments())
        own = {uid for uid, reviewer, _ in judgments if project is not None and reviewer == project.reviewer}
        theirs = {uid for uid, _, _ in judgments} - own
        return np.array([uid in theirs for uid in pool.candidates.uids], bool)

    def _worth(self, pool: CandidateTable) -> Floats:
        self._problem = ""
        for spec in (self._spec, self._in_force, DEFAULT):
            try:
                self._values = single_values(pool.candidates, spec)
            except HicStructError as error:
                self._problem = self._problem or str(error)
                continue
            self._in_force = spec
            return combined(parse(spec), self._values)
        raise AssertionError("the default order needs nothing")
