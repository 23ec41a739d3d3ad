"""Lists of several callers → one list of soft labels of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_hicstruct.annotations import loci
from napari_hicstruct.annotations.records import Annotation, Direction, Kind, new_record
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.genome import Interval, canonical_name
from napari_hicstruct.jobs.memory import collecting_paused
from napari_hicstruct.labels.consensus.clusters import Calls, Clusters, cluster_calls
from napari_hicstruct.labels.consensus.reliability import (
    MIN_PROGRAMS,
    Reliability,
    Votes,
    learn_reliability,
    share_of_votes,
)
from napari_hicstruct.wording import how_many

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEFAULT_BIN = 5_000
"""Bin size (bp) of the result where neither a map nor any list says one."""

MIN_TOLERANCE_BP, MAX_TOLERANCE_BP = 10_000, 50_000
MIN_OVERLAP = {Kind.TAD: 0.7, Kind.STRIPE: 0.5}
"""Intersection over union that two TADs, or the extents of two stripes, share if they are the same."""

_MIN_PER_STRATUM, _MAX_STRATA = 300, 4
_SHIFTS, _MIN_SHIFTS, _SHIFTED = 40, 5, 40_000


class Method(StrEnum):
    """How votes become a soft score."""

    COUNT = "count"
    WEIGHTED = "weighted"
    EM = "em"


@dataclass(frozen=True, slots=True)
class CallerCalls:
    """What one program called; all its bin sizes and replicates together, for they are one vote.

    Attributes
    ----------
    caller : str
        The program's name, as it stands among the supporters.
    records : tuple of Annotation
    searched : tuple of Interval
        Where it looked; empty: on all of each chromosome that it has calls on.
    """

    caller: str
    records: tuple[Annotation, ...]
    searched: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsensusOptions:
    """How calls are matched and votes are weighed.

    Attributes
    ----------
    method : Method
    tolerance_bp : int
        How far a call may lie from the centre of its cluster; 0: one and a half bins of the coarsest list, 10 to 50 kb.
    bin_size : int
        Bins (bp) of the result's anchors; 0: the finest bins among the lists.
    weights : mapping of str to float
        By caller, for the method ``weighted``; callers that are not named weigh 1.
    min_tools : int
        Programs that must agree for a structure to be listed.
    """

    method: Method = Method.EM
    tolerance_bp: int = 0
    bin_size: int = 0
    weights: Mapping[str, float] | None = None
    min_tools: int = 1


@dataclass(frozen=True, slots=True)
class Consensus:
    """Soft labels, and what is known of the callers.

    Attributes
    ----------
    records : tuple of Annotation
        By position; ``soft_score``, ``n_calls``, ``n_tools`` and ``supporters`` are set.
    callers : tuple of str
        Sorted.
    supported : bool, shape (number of records, number of callers)
        Who called which.
    agreement : dict of tuple of str to int
        How many structures exactly these callers called, the most first; those that are not listed count, too.
    tolerance_bp, bin_size : int
        As used.
    reliability : Reliability or None
        With method ``em``.
    notes : tuple of str
        What a person should know, in sentences.
    """

    records: tuple[Annotation, ...]
    callers: tuple[str, ...]
    supported: NDArray[np.bool_]
    agreement: dict[tuple[str, ...], int]
    tolerance_bp: int
    bin_size: int
    reliability: Reliability | None
    notes: tuple[str, ...]


def default_tolerance_bp(coarsest: int) -> int:
    """Tolerance where nobody gives one: one and a half bins of the coarsest list; 0: no list tells its bins."""
    return min(max(3 * (coarsest or 2 * DEFAULT_BIN) // 2, MIN_TOLERANCE_BP), MAX_TOLERANCE_BP)


def consensus(lists: Iterable[CallerCalls], kind: Kind, options: ConsensusOptions | None = None) -> Consensus:
    """Join the calls of several programs.

    Parameters
    ----------
    lists : iterable of CallerCalls
        Several of the same caller are one.
    kind : Kind
    options : ConsensusOptions, optional

    Raises
    ------
    LabelError
        If there are no calls.
    ConfigError
        If a weight is negative or names no caller.
    """
    options = options or ConsensusOptions()
    with collecting_paused():
        ballot = _Ballot.of(list(lists), kind, options)
        clusters = [ballot.cluster(rows) for rows in ballot.apart()]
        joined = _joined(clusters, ballot)
        votes = _votes(joined, ballot)
        soft, learnt, notes = _soft_scores(votes, joined, ballot, options)
        records, supported = _records(joined, votes, soft, ballot, options)
        agreement = _agreement(votes.given, ballot.callers)
    return Consensus(records, ballot.callers, supported, agreement, ballot.tolerance_bp, ballot.bin_size, learnt, notes)


@dataclass(frozen=True, slots=True)
class _Ballot:
    """All calls as numbers; ``chrom`` is the index of each call's chromosome."""

    kind: Kind
    callers: tuple[str, ...]
    chroms: tuple[str, ...]
    calls: Calls
    chrom: Ints
    rank: Floats
    tolerance_bp: int
    bin_size: int
    searched: Mapping[int, Sequence[Interval]]
    """By caller, where it looked; those of whom nothing is known are left out."""

    @classmethod
    def of(cls, lists: Sequence[CallerCalls], kind: Kind, options: ConsensusOptions) -> _Ballot:
        by_caller: dict[str, list[Annotation]] = {}
        for one in lists:
            by_caller.setdefault(one.caller, []).extend(r for r in one.records if r.kind is kind)
        callers = tuple(sorted(by_caller))
        records = [record for name in callers for record in by_caller[name]]
        if not records:
            raise LabelError(f"there is no {kind.value} in any of the lists.", hint="Choose files with calls.")
        owners = np.repeat(np.arange(len(callers)), [len(by_caller[name]) for name in callers]).astype(np.int64)
        chroms = tuple(sorted({record.chrom for record in records}))
        chrom = np.array([chroms.index(record.chrom) for record in records], np.int64)
        points = loci.points(records)
        spans = np.array([(record.anchor2.start, record.anchor2.end) for record in records], np.float64)
        scores = [np.array([record.score for record in by_caller[name]], np.float64) for name in callers]
        rank = np.concatenate([_ranks(one) for one in scores])
        sizes = [record.resolution for record in records if record.resolution > 0]
        tolerance = options.tolerance_bp or default_tolerance_bp(max(sizes, default=0))
        bin_size = options.bin_size or min(sizes, default=DEFAULT_BIN)
        calls = Calls(points, spans, owners)
        searched = _searched(lists, callers)
        return cls(kind, callers, chroms, calls, chrom, rank, tolerance, bin_size, searched)

    def apart(self) -> list[Ints]:
        """Rows of each chromosome."""
        order = np.argsort(self.chrom, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.chrom[order])) + 1)

    def cluster(self, rows: Ints) -> tuple[Ints, Clusters]:
        overlap = MIN_OVERLAP.get(self.kind, 0.0)
        return rows, cluster_calls(self.calls.take(rows), self.tolerance_bp, overlap)


def _searched(lists: Iterable[CallerCalls], callers: Sequence[str]) -> dict[int, list[Interval]]:
    """Where each caller looked, by its number, if all its lists say so."""
    found: dict[str, list[tuple[Interval, ...]]] = {}
    for one in lists:
        found.setdefault(one.caller, []).append(one.searched)
    known = {name: parts for name, parts in found.items() if all(parts)}
    return {callers.index(name): [one for part in parts for one in part] for name, parts in known.items()}


def _ranks(scores: Floats) -> Floats:
    """Rank of each call of a program among them, in (0, 1), best highest; calls without a score come last."""
    _, place, counts = np.unique(np.nan_to_num(scores, nan=-np.inf), return_inverse=True, return_counts=True)
    ranks: Floats = ((np.cumsum(counts) - counts / 2) / max(len(scores), 1))[place]
    return ranks


@dataclass(frozen=True, slots=True)
class _Joined:
    """Clusters of all chromosomes together."""

    members: Ints
    points: Floats
    spans: Floats
    chrom: Ints


def _joined(clusters: Sequence[tuple[Ints, Clusters]], ballot: _Ballot) -> _Joined:
    members = np.empty(len(ballot.calls), np.int64)
    first = 0
    chroms = []
    for rows, found in clusters:
        members[rows] = found.members + first
        chroms.append(np.full(len(found), ballot.chrom[rows[0]]))
        first += len(found)
    points = np.concatenate([found.points for _, found in clusters])
    spans = np.concatenate([found.spans for _, found in clusters])
    return _Joined(members, points, spans, np.concatenate(chroms))


def _votes(joined: _Joined, ballot: _Ballot) -> Votes:
    n, n_callers = len(joined.chrom), len(ballot.callers)
    given = np.zeros((n, n_callers), bool)
    given[joined.members, ballot.calls.callers] = True
    ran = np.zeros((len(ballot.chroms), n_callers), bool)
    ran[ballot.chrom, ballot.calls.callers] = True
    could = ran[joined.chrom]
    for caller, regions in ballot.searched.items():
        could[:, caller] = given[:, caller] | _within(joined, ballot, regions)
    strata = _strata(_sizes(joined.points, joined.spans, ballot.kind))
    return Votes(given, could, strata, _chance(joined, ballot, strata))


def _within(joined: _Joined, ballot: _Ballot, regions: Iterable[Interval]) -> NDArray[np.bool_]:
    """Which clusters lie in one of some regions."""
    names = np.array([canonical_name(chrom) for chrom in ballot.chroms])[joined.chrom]
    inside = np.zeros(len(names), bool)
    for one in regions:
        places = joined.points[:, :2]
        within = (places >= one.start) & (places <= one.end)
        inside |= (names == canonical_name(one.chrom)) & within.all(axis=1)
    return inside


def _sizes(points: Floats, spans: Floats, kind: Kind) -> Floats:
    """Distance of the anchors or length in bp; 0 for boundaries."""
    if kind is Kind.LOOP:
        return points[:, 1] - points[:, 0]
    return np.zeros(len(points)) if kind is Kind.BOUNDARY else spans[:, 1] - spans[:, 0]


def _strata(sizes: Floats) -> Ints:
    """Classes of size with enough clusters each."""
    n = min(len(sizes) // _MIN_PER_STRATUM, _MAX_STRATA)
    if n < 2 or sizes.min() == sizes.max():
        return np.zeros(len(sizes), np.int64)
    edges = np.unique(np.quantile(sizes, np.arange(1, n) / n))
    found = np.searchsorted(edges, sizes, side="right")
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def _chance(joined: _Joined, ballot: _Ballot, strata: Ints) -> Floats:
    """Share of places, shifted along their chromosome, near which each caller has a call: the spatial null."""
    rng = np.random.default_rng(0)
    n_strata, n_callers = int(strata.max()) + 1, len(ballot.callers)
    hits, asked = np.zeros((n_strata, n_callers)), np.zeros((n_strata, 1))
    for chrom in np.unique(joined.chrom):
        rows = np.flatnonzero(joined.chrom == chrom)
        own = ballot.chrom == chrom
        low, high = ballot.calls.points[own, :2].min(), ballot.calls.points[own, :2].max()
        length = max(high - low, 1.0)
        n_shifts = min(_SHIFTS, max(_MIN_SHIFTS, _SHIFTED // len(joined.chrom)))
        shifts = rng.uniform(0.05, 0.95, n_shifts) * length
        for caller in range(n_callers):
            calls = ballot.calls.take(np.flatnonzero(own & (ballot.calls.callers == caller)))
            if not len(calls):
                continue
            tree = cKDTree(calls.points)
            for shift in shifts:
                near = _near(joined.points[rows], joined.spans[rows], shift, (low, length), (calls, tree), ballot)
                hits[:, caller] += np.bincount(strata[rows], near, n_strata)
        asked[:, 0] += np.bincount(strata[rows], minlength=n_strata) * len(shifts)
    return hits / np.maximum(asked, 1)


def _near(
    points: Floats,
    spans: Floats,
    shift: float,
    frame: tuple[float, float],
    calls: tuple[Calls, cKDTree],
    ballot: _Ballot,
) -> NDArray[np.bool_]:
    """Whether a call fits each place after it was shifted round the chromosome, its size kept."""
    low, length = frame
    first = points[:, 0]
    moved = low + np.mod(first - low + shift, length) - first
    places = points + np.column_stack([moved, moved, np.zeros_like(moved)])  # the third column is a stripe's side
    within = np.nextafter(float(ballot.tolerance_bp), np.inf)
    distance, nearest = calls[1].query(places, p=np.inf, distance_upper_bound=within)
    near: NDArray[np.bool_] = np.isfinite(distance)
    overlap = MIN_OVERLAP.get(ballot.kind, 0.0)
    if overlap:
        there, here = calls[0].spans[np.where(near, nearest, 0)], spans + moved[:, None]
        shared = np.minimum(there[:, 1], here[:, 1]) - np.maximum(there[:, 0], here[:, 0])
        joint = np.maximum(there[:, 1], here[:, 1]) - np.minimum(there[:, 0], here[:, 0])
        near = np.logical_and(near, shared >= overlap * joint)
    return near


def _soft_scores(
    votes: Votes, joined: _Joined, ballot: _Ballot, options: ConsensusOptions
) -> tuple[Floats, Reliability | None, tuple[str, ...]]:
    notes: list[str] = []
    if len(ballot.callers) < MIN_PROGRAMS:
        few = "One caller" if len(ballot.callers) == 1 else "Two callers"
        which = " and ".join(ballot.callers)
        notes.append(
            f"{few} ({which}); reliability needs three: agreement says which calls they share, not which are right."
        )
    if options.method is Method.WEIGHTED:
        return share_of_votes(votes, _weights(ballot.callers, options.weights or {})), None, tuple(notes)
    if options.method is Method.COUNT or len(ballot.callers) < MIN_PROGRAMS:
        if options.method is Method.EM:
            notes.append("The soft score is the share of the callers that have it.")
        return share_of_votes(votes), None, tuple(notes)
    ranks = np.zeros(votes.given.shape)
    np.maximum.at(ranks, (joined.members, ballot.calls.callers), ballot.rank)
    learnt = learn_reliability(votes, ranks)
    if not learnt.converged:
        rounds = how_many(learnt.rounds, "round")
        notes.append(f"What calls are worth has not settled after {rounds}; compare with method count.")
    return learnt.soft, learnt, tuple(notes)


def _weights(callers: Sequence[str], weights: Mapping[str, float]) -> Floats:
    strange = sorted(set(weights) - set(callers))
    if strange:
        raise ConfigError(f"there is no caller '{strange[0]}'.", hint=f"Callers: {', '.join(callers)}.")
    found = np.array([weights.get(name, 1.0) for name in callers])
    if (found < 0).any() or not found.sum() > 0:
        raise ConfigError("weights must be 0 or more, and one above 0.")
    return found


def _records(
    joined: _Joined, votes: Votes, soft: Floats, ballot: _Ballot, options: ConsensusOptions
) -> tuple[tuple[Annotation, ...], NDArray[np.bool_]]:
    n_calls = np.bincount(joined.members, minlength=len(joined.chrom))
    kept = np.flatnonzero(votes.given.sum(axis=1) >= options.min_tools)
    first, second = _anchors(joined.points[kept], joined.spans[kept], ballot)
    names = _supporters(votes.given[kept], ballot.callers)
    chroms = [ballot.chroms[k] for k in joined.chrom[kept]]
    order = sorted(range(len(kept)), key=lambda k: (chroms[k], *_span(first[k], second[k])))
    found = []
    for k in order:
        score = float(soft[kept[k]])
        record = new_record(
            kind=ballot.kind,
            anchor1=Interval(chroms[k], *first[k]),
            anchor2=Interval(chroms[k], *second[k]),
            score=score,
            soft_score=score,
            n_calls=int(n_calls[kept[k]]),
            n_tools=len(names[k]),
            supporters=names[k],
            resolution=ballot.bin_size,
            source="consensus",
            direction=_direction(joined.points[kept[k]], ballot.kind),
        )
        found.append(record)
    return tuple(found), votes.given[kept[order]] if found else np.zeros((0, len(ballot.callers)), bool)


def _span(first: list[int], second: list[int]) -> tuple[int, int]:
    return min(first[0], second[0]), max(first[1], second[1])


def _agreement(given: NDArray[np.bool_], callers: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """How many structures each combination of callers has, the most first."""
    patterns, counts = np.unique(given, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    names = np.array(callers, object)
    return {tuple(names[patterns[k]]): int(counts[k]) for k in order}


def _supporters(given: NDArray[np.bool_], callers: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Names of those who called each."""
    patterns, which = np.unique(given, axis=0, return_inverse=True)
    names = [tuple(np.array(callers, object)[row]) for row in patterns]
    return [names[k] for k in which.reshape(-1)]


def _direction(point: Floats, kind: Kind) -> Direction:
    if kind is not Kind.STRIPE:
        return Direction.NONE
    return Direction.UP if point[2] > 0 else Direction.DOWN


def _anchors(points: Floats, spans: Floats, ballot: _Ballot) -> tuple[list[list[int]], list[list[int]]]:
    """Start and end of both anchors, in whole bins: they never grow by the number of calls."""
    size, kind = ballot.bin_size, ballot.kind

    def bin_of(places: Floats) -> Ints:
        start = (places // size).astype(np.int64) * size
        return np.stack([start, start + size], axis=1)

    def bins_of(edges: Floats) -> Ints:
        first, last = np.rint(edges / size).astype(np.int64).T
        return np.stack([first, np.maximum(last, first + 1)], axis=1) * size

    if kind is Kind.TAD:
        one = other = bins_of(points[:, :2])
    else:
        one = other = bin_of(points[:, 0])
        if kind is Kind.LOOP:
            other = bin_of(points[:, 1])
        elif kind is Kind.STRIPE:
            extent = bins_of(spans)
            other = np.stack([np.minimum(one[:, 0], extent[:, 0]), np.maximum(one[:, 1], extent[:, 1])], axis=1)
    return one.tolist(), other.tolist()
