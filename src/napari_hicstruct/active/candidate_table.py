"""All candidates of a project and what becomes of them: which pass a filter, which are open, which were judged."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.active.candidates import ORIENTATIONS, Candidates, Floats, candidates_of
from napari_hicstruct.active.disagreement import Contradictions, find_contradictions
from napari_hicstruct.active.duplicates import Duplicates, duplicate_pairs
from napari_hicstruct.active.statistics import Tally, tallies_of
from napari_hicstruct.annotations.loci import points_of
from napari_hicstruct.annotations.record_table import RecordTable, Rows
from napari_hicstruct.annotations.records import KIND_CODES, STATUS_CODES, Kind, Status

Mask = NDArray[np.bool_]

_OPEN, _REJECTED = STATUS_CODES[Status.PROPOSED], STATUS_CODES[Status.REJECTED]


class ReviewMode(StrEnum):
    """What the queue goes through."""

    OPEN = "open"
    """What nobody has judged yet."""
    REJECTS = "rejects"
    """A second review of what was rejected."""
    ACCEPTED = "accepted"
    """A second review of what was accepted or edited."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What goes into the queue; empty sets are no condition.

    Attributes
    ----------
    kinds : frozenset of Kind
    set_ids : frozenset of int
    distance : (float, float)
        Smallest and largest, bp: between the anchors of a loop, else the length.
    score : (float, float)
        Smallest and largest strength in [0, 1]; what has none counts as 1.
    pair : float
        Smallest probability of an enhancer–promoter pair; above 0 what has none does not pass.
    mode : ReviewMode
    orientations : frozenset of str
        How the motifs at the anchors point (:data:`~napari_hicstruct.active.candidates.ORIENTATIONS`).
    """

    kinds: frozenset[Kind] = frozenset()
    set_ids: frozenset[int] = frozenset()
    distance: tuple[float, float] = (0.0, inf)
    score: tuple[float, float] = (0.0, 1.0)
    mode: ReviewMode = ReviewMode.OPEN
    pair: float = 0.0
    orientations: frozenset[str] = frozenset()

    @property
    def n_conditions(self) -> int:
        """Number of conditions."""
        whole = QueueFilter(mode=self.mode)
        names = ("kinds", "set_ids", "distance", "score", "pair", "orientations")
        return sum(getattr(self, name) != getattr(whole, name) for name in names)


class ScoredCandidate(Protocol):
    """Score of one candidate by a network (``inference.candidate_scores.CandidateScore``)."""

    @property
    def probability(self) -> float:
        """In [0, 1]; NaN where the network has no task for it."""

    @property
    def votes(self) -> Floats:
        """By the members of an ensemble; may be empty."""

    @property
    def features(self) -> NDArray[np.float32]:
        """Of the encoder; may be empty."""


class CandidateTable:
    """The records of a table as candidates; when they change, :meth:`update` takes that over.

    Parameters
    ----------
    table : RecordTable
    human : collection of int
        Sets that hold what people drew: neither open, nor a caller that others could contradict.
    rows : int64, shape (n,), optional
        All records of the table, in another order.

    Attributes
    ----------
    table : RecordTable
    rows : int64, shape (n,)
        Row of each candidate in the table.
    candidates : Candidates
    contradictions : Contradictions
        Results of the checks; the rejected count for none.
    status : int8, shape (n,)
        Place in ``Status``.
    sets : int32, shape (n,)
    """

    def __init__(self, table: RecordTable, human: Collection[int] = (), *, rows: Rows | None = None) -> None:
        self.table, self.rows = table, table.live() if rows is None else rows
        self._places = np.full(table.n_rows, -1, np.int32)
        self._places[self.rows] = np.arange(len(self.rows))
        self.sets, self.status = table.sets[self.rows], table.status[self.rows]
        self._human = np.isin(self.sets, list(human))
        plain = candidates_of(table, self.rows)
        self.contradictions: Contradictions = find_contradictions(
            table, self._human, rows=self.rows, exclude=self.status == _REJECTED, places=plain.points
        )
        self.candidates: Candidates = replace(plain, disagreement=self.contradictions.share)
        self._source, self._sources = table.callers(self.rows, shown=True)
        self._distance = table.distance(self.rows)

    def __len__(self) -> int:
        return len(self.candidates)

    def __contains__(self, uid: object) -> bool:
        row = self.table.row(str(uid)) if uid in self.table else len(self._places)
        return row < len(self._places) and self._places[row] >= 0

    def row(self, uid: str) -> int:
        """Place of a candidate; KeyError if it is none."""
        return int(self._places[self.table.row(uid)])

    def uids(self, mask: Mask) -> list[str]:
        """Uids of rows."""
        own = self.candidates.uids
        return [own[row] for row in np.flatnonzero(mask)]

    # ------------------------------------------------------------------ which
    def passing(self, wanted: QueueFilter, exclude: Collection[int] = ()) -> Mask:
        """What passes all conditions but the mode, and lies in none of the sets ``exclude``."""
        found = ~np.isin(self.sets, list(exclude))
        if wanted.kinds:
            found &= np.isin(self.candidates.kind, [KIND_CODES[kind] for kind in wanted.kinds])
        if wanted.set_ids:
            found &= np.isin(self.sets, list(wanted.set_ids))
        strength = np.where(np.isnan(self.candidates.strength), 1.0, self.candidates.strength)
        for values, (low, high) in ((self._distance, wanted.distance), (strength, wanted.score)):
            found &= (values >= low) & (values <= high)
        if wanted.pair > 0:
            pair = self.candidates.pair
            found &= False if pair is None else np.nan_to_num(pair) >= wanted.pair
        if wanted.orientations:
            codes = [ORIENTATIONS.index(one) for one in wanted.orientations]
            found &= False if self.candidates.orientation is None else np.isin(self.candidates.orientation, codes)
        return found

    def in_mode(self, mode: ReviewMode) -> Mask:
        """What a mode goes through, whatever the filter."""
        if mode is ReviewMode.OPEN:
            return np.asarray(self.status == _OPEN)
        if mode is ReviewMode.REJECTS:
            return np.asarray(self.status == _REJECTED)
        return np.asarray((self.status != _OPEN) & (self.status != _REJECTED))

    def judged(self) -> Mask:
        """Candidates that somebody has judged (what people drew is no candidate)."""
        return np.asarray((self.status != _OPEN) & ~self._human)

    def needs_review(self, mask: Mask) -> Mask:
        """Rows of ``mask`` to be judged by themselves: no duplicate was judged, and of open duplicates one is enough.

        It is the one with a model's probability, else that of the newest set.
        """
        rows = self.duplicates.rows()
        own = rows[mask[rows] & (self._judged_elsewhere()[rows] == _OPEN)]
        found = mask.copy()
        found[rows] = False
        return found | self.duplicates.first_only(own[np.argsort(-self._precedence()[own])].tolist())

    def follow(self, needed: Mask, mask: Mask, rows: Iterable[int]) -> set[int]:
        """Make ``needed`` what :meth:`needs_review` gives of ``mask``, where only ``rows`` have new values.

        Only duplicates that stand behind a row can follow it, so they are asked in their order, each once.

        Returns
        -------
        set of int
            ``rows``, and the others whose place in ``needed`` changed.
        """
        precedence, open_ = self._precedence(), self.status == _OPEN
        asked = set(rows)
        waiting = [(-int(precedence[row]), row) for row in asked]
        heapq.heapify(waiting)
        changed = set(asked)
        while waiting:
            row = heapq.heappop(waiting)[1]
            others = self.duplicates.of_row(row)
            before = others[precedence[others] > precedence[row]]
            now = bool(mask[row] and open_[others].all() and not needed[before].any())
            if now == needed[row]:
                continue
            needed[row] = now
            changed.add(row)
            for other in others[precedence[others] < precedence[row]].tolist():
                if other not in asked:
                    asked.add(other)
                    heapq.heappush(waiting, (-int(precedence[other]), other))
        return changed

    def _precedence(self) -> NDArray[np.int64]:
        """Which of duplicates is asked about: the largest."""
        known = ~np.isnan(self.candidates.probability)
        sets = self.sets.astype(np.int64)
        return (known * (int(sets.max(initial=0)) + 1) + sets) * len(self) + np.arange(len(self))

    def deduplicated(self, mask: Mask) -> Mask:
        """Rows of ``mask`` without duplicates, and without open rows whose duplicates were judged.

        Of duplicates the judged stay, then those of the newest set; what was rejected stays by itself.
        """
        rows, status = self.duplicates.rows(), self.status
        found: Mask = mask.copy()
        found[rows] &= status[rows] == _REJECTED
        counts = (status != _OPEN) | (self._judged_elsewhere() == _OPEN)
        own = rows[mask[rows] & (status[rows] != _REJECTED) & counts[rows]]
        own = own[np.lexsort((own, self.sets[own], status[own] != _OPEN))[::-1]]
        return found | self.duplicates.first_only(own.tolist())

    def _judged_elsewhere(self) -> NDArray[np.int8]:
        """Judgment of each row's duplicates: rejected only if all were; open if none was judged."""
        judged, rejected = (
            self.duplicates.numbers(which) for which in (self.status != _OPEN, self.status == _REJECTED)
        )
        accepted = STATUS_CODES[Status.ACCEPTED]
        return np.select([judged == 0, judged == rejected], [_OPEN, _REJECTED], accepted).astype(np.int8)

    @cached_property
    def duplicates(self) -> Duplicates:
        """Rows of the same structure in other sets."""
        return Duplicates.of(duplicate_pairs(self.candidates, self.sets), len(self))

    def is_open(self, uid: str) -> bool:
        """True if nobody has judged it."""
        return bool(self.status[self.row(uid)] == _OPEN)

    def tallies(self) -> list[Tally]:
        """Judgments by kind and source; what people drew is no source.

        A judgment at one place counts for every source that calls it there: people judge each place once.
        """
        own = ~self._human
        status = np.where(self.status == _OPEN, self._judged_elsewhere(), self.status)
        shape = len(KIND_CODES), max(1, len(self._sources)), len(STATUS_CODES)
        codes = np.ravel_multi_index((self.candidates.kind, self._source, status), shape)[own]
        numbers = np.bincount(codes, minlength=int(np.prod(shape))).reshape(shape)
        counts: dict[tuple[Kind, str], dict[Status, int]] = {}
        for (kind, source, status), n in np.ndenumerate(numbers):
            if not n:
                continue
            counts.setdefault((tuple(Kind)[kind], self._sources[source]), {})[tuple(Status)[status]] = int(n)
        return tallies_of(counts)

    # ------------------------------------------------------------------ changes
    def update(self, uids: Collection[str]) -> set[int]:
        """Take over the new values of some candidates; the results of their checks stay.

        Returns
        -------
        set of int
            Those and their duplicates: what :meth:`follow` has to ask.
        """
        table, own = self.table, self.candidates
        rows = np.fromiter(map(table.row, uids), np.int64, len(uids))
        mine = self._places[rows]
        touched = self._with_duplicates(mine.tolist())
        points = points_of(table.kind[rows], table.direction[rows], table.span[rows])
        moved = not np.array_equal(own.points[mine], points)
        self.status[mine], self.sets[mine] = table.status[rows], table.sets[rows]
        own.kind[mine], own.span[mine], own.strength[mine] = table.kind[rows], table.span[rows], table.strength(rows)
        own.points[mine], self._distance[mine] = points, table.distance(rows)
        if moved:
            del self.duplicates  # worked out anew
            touched |= self._with_duplicates(mine.tolist())
        return touched

    def _with_duplicates(self, rows: list[int]) -> set[int]:
        return set(rows).union(*(self.duplicates.of_row(row).tolist() for row in rows))

    def set_scores(self, scores: Mapping[str, ScoredCandidate]) -> None:
        """Take over the scores of a network: its probabilities go before those of the records."""
        own, n = self.candidates, len(self)
        known = {uid: one for uid, one in scores.items() if uid in self}
        found, rows = list(known.values()), np.array([self.row(uid) for uid in known], np.int64)
        fresh = np.array([one.probability for one in found], np.float64)
        probability = own.probability.copy()
        probability[rows] = np.where(np.isnan(fresh), probability[rows], np.clip(fresh, 0, 1))
        votes = _table(rows, [one.votes for one in found], n)
        table, features = _table(rows, [one.features for one in found], n), None
        if table is not None:  # what was not scored gets the mean
            features = np.where(np.isnan(table), np.nanmean(table, axis=0), table).astype(np.float32)
        self.candidates = replace(own, probability=probability, votes=votes, features=features)

    def set_pairs(self, pairs: Mapping[str, float]) -> None:
        """Take over how probably candidates join an enhancer and a promoter, by uid."""
        values = np.full(len(self), np.nan)
        for uid, p in pairs.items():
            if uid in self:
                values[self.row(uid)] = p
        self.candidates = replace(self.candidates, pair=values if pairs else None)

    def set_orientations(self, found: Mapping[str, str]) -> None:
        """Take over how the motifs at the anchors of candidates point, by uid."""
        values = np.full(len(self), np.nan)
        for uid, way in found.items():
            if uid in self:
                values[self.row(uid)] = ORIENTATIONS.index(way)
        self.candidates = replace(self.candidates, orientation=values if found else None)


def _table(rows: NDArray[np.int64], vectors: Sequence[NDArray[np.floating]], n: int) -> Floats | None:
    """Vectors as rows of one table, NaN elsewhere; None where there are none.  The commonest length counts."""
    lengths = np.array([len(values) for values in vectors], np.int64)
    if not lengths.any():
        return None
    length = int(np.bincount(lengths[lengths > 0]).argmax())
    fitting = lengths == length
    out = np.full((n, length), np.nan)
    out[rows[fitting]] = np.array([values for values, fits in zip(vectors, fitting, strict=True) if fits])
    return out
