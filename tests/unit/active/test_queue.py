"""The queue never moves what a person looks at."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_hicstruct.active.queue import FIRST_GUESS_S, Queue


def filled(n: int = 6) -> Queue:
    queue = Queue()
    queue.reorder([f"c{k}" for k in range(n)], np.arange(n)[::-1].astype(float))
    return queue


def test_steps_go_both_ways_and_end_at_the_ends() -> None:
    queue = filled(3)
    assert queue.current is None
    assert [queue.step(), queue.step(), queue.step(), queue.step()] == ["c0", "c1", "c2", None]
    assert queue.current == "c2"
    assert [queue.step(-1), queue.step(-1), queue.step(-1)] == ["c1", "c0", None]


def test_steps_pass_over_what_is_to_be_skipped() -> None:
    queue = filled(4)
    assert queue.step(1, skip={"c0", "c1"}) == "c2"
    assert queue.step(1, skip={"c3"}) is None
    assert queue.current == "c2"


def test_a_new_order_moves_only_what_is_ahead() -> None:
    queue = filled(6)
    queue.step(), queue.step()
    queue.reorder([f"c{k}" for k in range(6)], np.arange(6).astype(float))
    assert list(queue.uids) == ["c0", "c1", "c5", "c4", "c3", "c2"]
    assert queue.current == "c1"
    assert queue.step() == "c5"


def test_a_candidate_that_is_gone_leaves_the_cursor_behind_the_last_one_seen() -> None:
    queue = filled(5)
    queue.step(3)
    queue.reorder(["c0", "c3", "c4"], np.zeros(3))
    assert queue.current == "c0"
    assert queue.step() == "c3"


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.sets(st.integers(0, 11)), st.randoms()), max_size=12),
)
def test_whatever_happens_the_current_one_stays_and_nobody_is_lost_or_doubled(steps: list[tuple]) -> None:
    queue = filled(12)
    for by, missing, random in steps:
        if by:
            queue.step(by)
        before, current = list(queue.uids), queue.current
        wanted = [f"c{k}" for k in range(12) if k not in missing or f"c{k}" == current]
        random.shuffle(wanted)
        queue.reorder(wanted, np.array([random.random() for _ in wanted]))
        assert queue.current == current
        assert sorted(queue.uids) == sorted(wanted)
        if current is not None:
            seen = before[: before.index(current) + 1]
            assert list(queue.uids)[: queue.place(current)] == [uid for uid in seen[:-1] if uid in wanted]


def test_minutes_left_are_learnt_and_a_coffee_does_not_count() -> None:
    times = iter([0.0, 2.0, 4.0, 1_004.0, 1_006.0])
    queue = Queue(clock=lambda: next(times))
    assert queue.minutes(60) == FIRST_GUESS_S
    for _ in range(5):
        queue.judged()
    assert queue.minutes(60) == 2.0


def test_rewinding_brings_back_what_was_passed_over() -> None:
    queue = filled(3)
    queue.step(3)
    queue.rewind()
    assert queue.current is None
    assert queue.step(1, skip={"c0"}) == "c1"
