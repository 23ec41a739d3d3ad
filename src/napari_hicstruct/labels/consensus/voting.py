"""Lists of several callers → one list of soft labels of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_hicstruct.annotations import loci
from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.errors import ConfigError, LabelError
from napari_hicstruct.genome import Interval
from napari_hicstruct.labels.consensus.clusters import Calls, Clusters, cluster_calls
from napari_hicstruct.labels.consensus.reliability import (
    MIN_PROGRAMS,
    Reliability,
    Votes,
    learn_reliability,
    share_of_votes,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEFAULT_BIN = 5_000
"""Bin size (bp) of the result where neither a map nor any list says one."""

MIN_TOLERANCE_BP, MAX_TOLERANCE_BP = 10_000, 50_000
MIN_OVERLAP = {Kind.TAD: 0.7, Kind.STRIPE: 0.5}
"""Intersection over union that two TADs, or the extents of two stripes, share if they are the same."""

_LEVELS = 3
"""Parts into which a caller's scores are divided, so that its best calls may be worth more than its last."""

_MIN_PER_STRATUM, _MAX_STRATA = 300, 4
_SHIFTS = 40


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
    """

    caller: str
    records: tuple[Annotation, ...]


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
    tolerance_bp: int
    bin_size: int
    reliability: Reliability | None
    notes: tuple[str, ...]


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
    ballot = _Ballot.of(lists, kind, options)
    clusters = [ballot.cluster(rows) for rows in ballot.apart()]
    joined = _joined(clusters, ballot)
    votes = _votes(joined, ballot)
    soft, learnt, notes = _soft_scores(votes, ballot, options)
    records, supported = _records(joined, votes, soft, ballot, options)
    return Consensus(records, ballot.callers, supported, ballot.tolerance_bp, ballot.bin_size, learnt, notes)


@dataclass(frozen=True, slots=True)
class _Ballot:
    """All calls as numbers; ``chrom`` is the index of each call's chromosome."""

    kind: Kind
    callers: tuple[str, ...]
    chroms: tuple[str, ...]
    calls: Calls
    chrom: Ints
    level: Ints
    tolerance_bp: int
    bin_size: int

    @classmethod
    def of(cls, lists: Iterable[CallerCalls], kind: Kind, options: ConsensusOptions) -> _Ballot:
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
        level = np.concatenate([_levels([r.score for r in by_caller[name]]) for name in callers])
        sizes = [record.resolution for record in records if record.resolution > 0]
        tolerance = options.tolerance_bp or min(
            max(3 * max(sizes, default=2 * DEFAULT_BIN) // 2, MIN_TOLERANCE_BP), MAX_TOLERANCE_BP
        )
        bin_size = options.bin_size or min(sizes, default=DEFAULT_BIN)
        calls = Calls(points, spans, owners)
        return cls(kind, callers, chroms, calls, chrom, level, tolerance, bin_size)

    def apart(self) -> list[Ints]:
        """Rows of each chromosome."""
        order = np.argsort(self.chrom, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.chrom[order])) + 1)

    def cluster(self, rows: Ints) -> tuple[Ints, Clusters]:
        overlap = MIN_OVERLAP.get(self.kind, 0.0)
        return rows, cluster_calls(self.calls.take(rows), self.tolerance_bp, overlap)


def _levels(scores: Sequence[float]) -> Ints:
    """Part of all its scores in which each call of a program lies, 1 to 3; 1 throughout where nothing is ranked."""
    values = np.asarray(scores, float)
    known = np.isfinite(values)
    levels = np.ones(len(values), np.int64)
    if len(np.unique(values[known])) < _LEVELS:
        return levels
    edges = np.quantile(values[known], np.arange(1, _LEVELS) / _LEVELS)
    levels[known] = 1 + np.searchsorted(edges, values[known], side="right")
    return levels


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
    levels = np.zeros((n, n_callers), np.int64)
    np.maximum.at(levels, (joined.members, ballot.calls.callers), ballot.level)
    ran = np.zeros((len(ballot.chroms), n_callers), bool)
    ran[ballot.chrom, ballot.calls.callers] = True
    strata = _strata(_sizes(joined.points, joined.spans, ballot.kind))
    return Votes(levels, ran[joined.chrom], strata, _chance(joined, ballot, strata))


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
        shifts = rng.uniform(0.05, 0.95, _SHIFTS if len(rows) < 5_000 else 5) * length
        for caller in range(n_callers):
            calls = ballot.calls.take(np.flatnonzero(own & (ballot.calls.callers == caller)))
            if not len(calls):
                continue
            for shift in shifts:
                near = _near(joined.points[rows], joined.spans[rows], shift, (low, length), calls, ballot)
                hits[:, caller] += np.bincount(strata[rows], near, n_strata)
        asked[:, 0] += np.bincount(strata[rows], minlength=n_strata) * len(shifts)
    return hits / np.maximum(asked, 1)


def _near(
    points: Floats, spans: Floats, shift: float, frame: tuple[float, float], calls: Calls, ballot: _Ballot
) -> NDArray[np.bool_]:
    """Whether a call fits each place after it was shifted round the chromosome, its size kept."""
    low, length = frame
    first = points[:, 0]
    moved = low + np.mod(first - low + shift, length) - first
    places = points + np.column_stack([moved, moved, np.zeros_like(moved)])  # the third column is a stripe's side
    distance, nearest = cKDTree(calls.points).query(places, p=np.inf)
    near: NDArray[np.bool_] = np.asarray(distance <= ballot.tolerance_bp)
    overlap = MIN_OVERLAP.get(ballot.kind, 0.0)
    if overlap:
        there, here = calls.spans[nearest], spans + moved[:, None]
        shared = np.minimum(there[:, 1], here[:, 1]) - np.maximum(there[:, 0], here[:, 0])
        joint = np.maximum(there[:, 1], here[:, 1]) - np.minimum(there[:, 0], here[:, 0])
        near = np.logical_and(near, shared >= overlap * joint)
    return near


def _soft_scores(
    votes: Votes, ballot: _Ballot, options: ConsensusOptions
) -> tuple[Floats, Reliability | None, tuple[str, ...]]:
    notes: list[str] = []
    if len(ballot.callers) < MIN_PROGRAMS:
        which = " and ".join(ballot.callers)
        notes.append(
            f"Only {len(ballot.callers)} of at least {MIN_PROGRAMS} callers ({which}): agreement says which calls they"
            " share, not which of them are right."
        )
    if options.method is Method.WEIGHTED:
        return share_of_votes(votes, _weights(ballot.callers, options.weights or {})), None, tuple(notes)
    if options.method is Method.COUNT or len(ballot.callers) < MIN_PROGRAMS:
        if options.method is Method.EM:
            notes.append("The soft score is the share of callers; reliabilities need a third one.")
        return share_of_votes(votes), None, tuple(notes)
    learnt = learn_reliability(votes)
    if not learnt.converged:
        notes.append(f"The reliabilities have not converged after {learnt.steps:,} steps; compare with method count.")
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
    found = []
    for k in kept:
        chrom = ballot.chroms[joined.chrom[k]]
        first, second = _anchors(joined.points[k], joined.spans[k], chrom, ballot)
        supporters = tuple(name for name, own in zip(ballot.callers, votes.given[k], strict=True) if own)
        record = Annotation(
            kind=ballot.kind,
            anchor1=first,
            anchor2=second,
            score=float(soft[k]),
            soft_score=float(soft[k]),
            n_calls=int(n_calls[k]),
            n_tools=len(supporters),
            supporters=supporters,
            resolution=ballot.bin_size,
            source="consensus",
            direction=_direction(joined.points[k], ballot.kind),
        )
        found.append((record, k))
    found.sort(key=lambda pair: (pair[0].chrom, pair[0].span.start, pair[0].span.end))
    supported = votes.given[[k for _, k in found]] if found else np.zeros((0, len(ballot.callers)), bool)
    return tuple(record for record, _ in found), supported


def _direction(point: Floats, kind: Kind) -> Direction:
    if kind is not Kind.STRIPE:
        return Direction.NONE
    return Direction.UP if point[2] > 0 else Direction.DOWN


def _anchors(point: Floats, span: Floats, chrom: str, ballot: _Ballot) -> tuple[Interval, Interval]:
    """Anchors in whole bins: they never grow by the number of calls."""
    size = ballot.bin_size

    def bin_of(place: float) -> Interval:
        start = int(place // size) * size
        return Interval(chrom, start, start + size)

    def bins_of(start: float, end: float) -> Interval:
        first, last = round(start / size), round(end / size)
        return Interval(chrom, first * size, max(last, first + 1) * size)

    if ballot.kind is Kind.LOOP:
        return bin_of(point[0]), bin_of(point[1])
    if ballot.kind is Kind.TAD:
        domain = bins_of(point[0], point[1])
        return domain, domain
    anchor = bin_of(point[0])
    if ballot.kind is Kind.BOUNDARY:
        return anchor, anchor
    extent = bins_of(span[0], span[1])
    return anchor, Interval(chrom, min(anchor.start, extent.start), max(anchor.end, extent.end))
