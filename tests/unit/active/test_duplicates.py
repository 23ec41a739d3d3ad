"""Calls of one structure in several sets are asked about once and exported once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.active.candidate_table import CandidateTable, ReviewMode
from napari_hicstruct.active.candidates import candidates_of
from napari_hicstruct.active.duplicates import duplicate_pairs
from napari_hicstruct.annotations import Annotation, Direction, Kind, Status
from napari_hicstruct.annotations.record_table import RecordTable
from napari_hicstruct.genome import Interval
from tests.unit.active.test_candidate_table import updated

A, R, P = Status.ACCEPTED, Status.REJECTED, Status.PROPOSED


def at(start: int, size: int = 5_000, chrom: str = "chr1") -> Interval:
    return Interval(chrom, start, start + size)


def loop(x: int, y: int, status: Status = P, probability: float = 0.5, chrom: str = "chr1") -> Annotation:
    return Annotation(
        kind=Kind.LOOP, anchor1=at(x, chrom=chrom), anchor2=at(y, chrom=chrom), status=status, probability=probability
    )


def stripe(x: int, direction: Direction, length: int) -> Annotation:
    start = x if direction is Direction.DOWN else x - length
    return Annotation(kind=Kind.STRIPE, anchor1=at(x), anchor2=at(start, length), direction=direction)


def tad(start: int, end: int) -> Annotation:
    place = at(start, end - start)
    return Annotation(kind=Kind.TAD, anchor1=place, anchor2=place)


def pairs(*sets: list[Annotation]) -> list[tuple[int, int]]:
    records = [record for one in sets for record in one]
    numbers = np.array([k for k, one in enumerate(sets) for _ in one])
    return sorted(map(tuple, np.sort(duplicate_pairs(candidates_of(records), numbers), axis=1).tolist()))


def test_what_is_one_structure() -> None:
    mine = [loop(100_000, 500_000), tad(100_000, 500_000), stripe(100_000, Direction.DOWN, 300_000)]
    theirs = [loop(110_000, 490_000), tad(95_000, 505_000), stripe(105_000, Direction.DOWN, 700_000)]
    assert pairs(mine, theirs) == [(0, 3), (1, 4), (2, 5)]
    far = [loop(100_000, 515_000), tad(100_000, 480_000), stripe(100_000, Direction.UP, 80_000)]
    assert pairs(mine, far) == []
    assert pairs([loop(100_000, 500_000)], [loop(100_000, 500_000, chrom="chr2")]) == []
    assert pairs([loop(100_000, 500_000), loop(105_000, 500_000)]) == []  # in one set they are two
    assert pairs([loop(1, 2)]) == []


def test_only_one_of_two_is_asked_about() -> None:
    old, new = loop(100_000, 500_000), loop(105_000, 500_000)
    imported = loop(100_000, 505_000, probability=float("nan"))
    alone = loop(900_000, 1_500_000)
    records = [old, new, imported, alone]
    pool = CandidateTable(RecordTable.of(records, {old.uid: 1, new.uid: 2, imported.uid: 3, alone.uid: 1}))
    open_ones = pool.in_mode(ReviewMode.OPEN)
    assert pool.uids(pool.needs_review(open_ones)) == [
        new.uid,
        alone.uid,
    ]  # a newer model's before an import without one
    updated(pool, new.with_(status=A))
    assert pool.uids(pool.needs_review(pool.in_mode(ReviewMode.OPEN))) == [alone.uid]
    updated(pool, new)
    moved = new.with_(anchor1=at(300_000), status=P)
    updated(pool, moved)
    assert set(pool.uids(pool.needs_review(pool.in_mode(ReviewMode.OPEN)))) == {old.uid, new.uid, alone.uid}


def test_a_chain_of_twins_loses_nobody() -> None:
    first, middle, last = loop(100_000, 500_000), loop(108_000, 500_000), loop(116_000, 500_000)
    records = [first, middle, last]  # the ends are no twins of each other
    pool = CandidateTable(RecordTable.of(records, {first.uid: 1, middle.uid: 2, last.uid: 3}))

    def asked() -> list[str]:
        return pool.uids(pool.needs_review(pool.in_mode(ReviewMode.OPEN)))

    assert asked() == [first.uid, last.uid]
    assert updated(pool, last.with_(status=A)) == {1, 2}
    assert asked() == [first.uid]  # the middle is told by the last, and does not stand before the first
    assert set(pool.uids(pool.deduplicated(np.ones(3, bool)))) == {first.uid, last.uid}
    updated(pool, first.with_(status=R))
    assert asked() == []


def test_one_word_counts_for_every_source_that_calls_the_place() -> None:
    old, again = loop(100_000, 500_000, A), loop(105_000, 500_000)
    refused, back = loop(200_000, 900_000, R), loop(200_000, 900_000)
    records = [r.with_(model=name) for r, name in ((old, "old"), (again, "new"), (refused, "old"), (back, "new"))]
    records.append(loop(3_000_000, 3_500_000).with_(model="new"))
    pool = CandidateTable(RecordTable.of(records, {r.uid: 1 + (r.model == "new") for r in records}))
    told = {one.source: (one.accepted, one.rejected, one.open) for one in pool.tallies()}
    assert told == {"old": (1, 1, 0), "new": (1, 1, 1)}


def test_each_place_once() -> None:
    accepted, again = loop(100_000, 500_000, A), loop(100_000, 500_000)
    rejected, back = loop(200_000, 900_000, R), loop(205_000, 900_000)
    old, new = loop(1_000_000, 1_500_000), loop(1_000_000, 1_505_000)
    records = [accepted, again, rejected, back, old, new]
    pool = CandidateTable(RecordTable.of(records, {r.uid: k % 2 for k, r in enumerate(records)}))

    def once(*chosen: Annotation) -> list[str]:
        return pool.uids(pool.deduplicated(np.array([r in chosen for r in records])))

    assert once(*records) == [accepted.uid, rejected.uid, new.uid]
    assert once(again, back, old) == [old.uid]  # of those chosen; a judgment counts wherever it was made
    assert once() == []


@pytest.mark.parametrize("seed", range(8))
def test_one_step_later_is_as_from_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    records = [
        loop(int(x) * 4_000, 900_000, probability=float(rng.choice([0.3, np.nan]))) for x in rng.integers(0, 30, 60)
    ]
    table = RecordTable.of(records, {r.uid: int(rng.integers(1, 5)) for r in records})
    pool = CandidateTable(table)
    passing = rng.random(len(records)) < 0.9
    needed = pool.needs_review(passing & pool.in_mode(ReviewMode.OPEN))
    for _ in range(40):
        row = int(rng.integers(len(records)))
        records[row] = records[row].with_(status=rng.choice([A, R, P]))
        if rng.random() < 0.2:
            records[row] = records[row].with_(anchor1=at(int(rng.integers(0, 30)) * 4_000))
        before, touched = needed.copy(), updated(pool, records[row])
        left = passing & pool.in_mode(ReviewMode.OPEN)
        changed = pool.follow(needed, left, touched)
        assert needed.tolist() == pool.needs_review(left).tolist()
        assert set(np.flatnonzero(needed != before).tolist()) <= changed
