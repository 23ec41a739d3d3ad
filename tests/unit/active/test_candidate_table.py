"""The pool: filters, looks, what changes with a judgment, what a network adds."""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
import pytest

from napari_hicstruct.active.candidate_table import CandidateTable, QueueFilter, ReviewMode
from napari_hicstruct.active.statistics import Tally, tallies
from napari_hicstruct.annotations.record_table import Columns, RecordTable
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.genome import Interval


def loop(start: int, size: int = 100_000, **fields: object) -> Annotation:
    first, second = (Interval("chr1", at, at + 5_000) for at in (start, start + size))
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second, **fields)  # type: ignore[arg-type]


def tad(start: int, end: int, **fields: object) -> Annotation:
    whole = Interval("chr1", start, end)
    return Annotation(kind=Kind.TAD, anchor1=whole, anchor2=whole, **fields)  # type: ignore[arg-type]


RECORDS = [
    loop(0, 50_000, score=0.9, source="a"),
    loop(1_000_000, 500_000, probability=0.2, source="b"),
    loop(5_000_000, 2_000_000, source="a", status=Status.REJECTED),
    tad(0, 55_000, score=0.6, source="a", status=Status.EDITED),
    loop(9_000_000, status=Status.ACCEPTED, source="anna"),
]
SETS = dict(zip((r.uid for r in RECORDS), (1, 2, 1, 1, 9), strict=True))


def filled() -> CandidateTable:
    return CandidateTable(RecordTable.of(RECORDS, SETS), human=[9])


def updated(pool: CandidateTable, record: Annotation) -> set[int]:
    """What the window does with a change: the table first, then its candidates."""
    table = pool.table
    table.put(Columns.of([record]), table.set_of(record.uid))
    return pool.update([record.uid])


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (QueueFilter(), [0, 1, 2, 3, 4]),
        (QueueFilter(kinds=frozenset({Kind.TAD})), [3]),
        (QueueFilter(set_ids=frozenset({2})), [1]),
        (QueueFilter(distance=(60_000, 1_000_000)), [1, 4]),
        (QueueFilter(distance=(0, 55_000)), [0, 3]),
        (QueueFilter(score=(0.5, 1.0)), [0, 2, 3, 4]),  # what has no score counts as 1
        (QueueFilter(score=(0.0, 0.7), distance=(0, inf)), [1, 3]),
    ],
)
def test_filters(wanted: QueueFilter, rows: list[int]) -> None:
    assert np.flatnonzero(filled().passing(wanted)).tolist() == rows


def test_sets_that_are_left_out_do_not_pass() -> None:
    assert np.flatnonzero(filled().passing(QueueFilter(), exclude=[1, 9])).tolist() == [1]


def test_looks_and_judged() -> None:
    pool = filled()
    found = {look: np.flatnonzero(pool.in_mode(look)).tolist() for look in ReviewMode}
    assert found == {ReviewMode.OPEN: [0, 1], ReviewMode.REJECTS: [2], ReviewMode.ACCEPTED: [3, 4]}
    assert np.flatnonzero(pool.judged()).tolist() == [2, 3]  # what a person drew was never a candidate


def test_wanted_counts_its_conditions() -> None:
    assert QueueFilter(mode=ReviewMode.REJECTS).n_conditions == 0
    assert QueueFilter(kinds=frozenset({Kind.LOOP}), score=(0.1, 1.0)).n_conditions == 2


def test_put_follows_a_judgment_and_a_move() -> None:
    pool, first = filled(), RECORDS[0]
    assert pool.is_open(first.uid)
    moved = first.with_(status=Status.EDITED, anchor2=Interval("chr1", 700_000, 705_000))
    updated(pool, moved)
    assert not pool.is_open(first.uid)
    assert pool.candidates.span[0].tolist() == [0, 5_000, 700_000, 705_000]
    assert not pool.passing(QueueFilter(distance=(0, 60_000)))[0]


def test_people_and_rejects_do_not_speak_against_others() -> None:
    alone = [loop(0, source="a"), loop(3_000_000, source="anna"), loop(6_000_000, source="b", status=Status.REJECTED)]
    sets = dict(zip((r.uid for r in alone), (1, 9, 2), strict=True))
    assert CandidateTable(RecordTable.of(alone, sets), human=[9]).contradictions.reasons(0) == ()
    assert "caller" in CandidateTable(RecordTable.of(alone, sets)).contradictions.reasons(
        0
    )  # anna as one more caller would


@dataclass
class Look1:
    probability: float
    votes: np.ndarray
    features: np.ndarray


def test_a_networks_probability_goes_before_the_records_and_gaps_are_filled() -> None:
    pool = filled()
    empty = np.zeros(0)
    pool.set_scores(
        {
            RECORDS[0].uid: Look1(0.4, np.array([0.1, 0.7]), np.array([1.0, 3.0], np.float32)),
            RECORDS[1].uid: Look1(nan, empty, np.array([3.0, 5.0], np.float32)),
            "gone": Look1(0.1, np.array([0.1, 0.1]), np.array([9.0, 9.0], np.float32)),
        }
    )
    own = pool.candidates
    assert own.probability[0] == 0.4
    assert own.probability[1] == 0.2  # NaN says nothing: the record's stays
    assert own.votes is not None
    assert own.votes[0].tolist() == [0.1, 0.7]
    assert np.isnan(own.votes[1:]).all()
    assert own.features is not None
    assert own.features[3].tolist() == [2.0, 4.0]


def test_tallies_are_those_of_the_records_without_what_people_drew() -> None:
    pool = filled()
    assert pool.tallies() == tallies(RECORDS[:4])
    updated(pool, RECORDS[0].with_(status=Status.ACCEPTED))
    assert Tally(Kind.LOOP, "a", accepted=1, rejected=1) in pool.tallies()


def test_an_empty_pool_answers() -> None:
    pool = CandidateTable(RecordTable())
    assert len(pool) == 0
    assert pool.tallies() == []
    assert pool.uids(pool.passing(QueueFilter())) == []
    pool.set_scores({})


def test_distances_are_those_of_the_records() -> None:
    pool = filled()
    for row, record in enumerate(RECORDS):
        low = pool.passing(QueueFilter(distance=(record.distance, record.distance)))
        assert low[row]
