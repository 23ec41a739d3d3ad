"""Time left of a run whose tasks cost other than planned, on a clock of our own."""

from __future__ import annotations

import heapq

import pytest

from napari_hicstruct.jobs import Progress
from napari_hicstruct.workflows.genome.time_left import TimeLeft, seconds_of


def worst(tasks: list[tuple[str, float, float]], threads: int, *, resumed: int = 0, slow_start: float = 0.0) -> float:
    """Largest relative error between a tenth and nine tenths of (kind, planned, true) tasks done in their order."""
    now = [0.0]
    left = TimeLeft(threads, usual=8.0, now=lambda: now[0])
    for k, (kind, planned, true) in enumerate(tasks):
        if k < resumed:
            left.learn(kind, planned, true)
        else:
            left.add(kind, planned, alone=k + 1 == len(tasks))
    said, running, todo, free = [], [], list(tasks[resumed:]), threads
    now[0] = slow_start
    total, done = sum(task[1] for task in todo), 0.0
    while todo or running:
        while todo and free and (len(todo) > 1 or not running):  # the last one waits for all others
            kind, planned, true = todo.pop(0)
            heapq.heappush(running, (now[0] + true, kind, planned, true))
            free -= 1
        end, kind, planned, true = heapq.heappop(running)
        for moment in (now[0] + 0.3 * (end - now[0]), now[0] + 0.6 * (end - now[0])):
            said.append((done / total, moment, _at(left, now, moment)))
        now[0], free, done = end, free + 1, done + planned
        left.end(kind, planned, true)
        said.append((done / total, end, left.seconds()))
    return max(abs(at + seconds - now[0]) / (now[0] - at) for part, at, seconds in said if 0.1 <= part <= 0.9)


def _at(left: TimeLeft, now: list[float], moment: float) -> float:
    before, now[0] = now[0], moment
    seconds = left.seconds()
    now[0] = before
    return seconds


def genome(factor_fine: float, factor_coarse: float, factor_decode: float) -> list[tuple[str, float, float]]:
    """24 chromosomes: fine windows first, then coarse ones, then decoding."""
    tasks: list[tuple[str, float, float]] = []
    for _ in range(24):
        tasks += [("read", 1.0, 1.5)]
        tasks += [("fine", 8.0, 8.0 * factor_fine)] * 3 + [("coarse", 8.0, 8.0 * factor_coarse)] * 2
        tasks += [("decode", 3.0, 3.0 * factor_decode)]
    return tasks


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("factors", [(1, 1, 1), (2, 2, 2), (0.5, 0.5, 0.5), (2, 1, 0.5), (1, 2, 3)])
def test_within_30_percent_after_the_first_tenth(threads: int, factors: tuple[float, float, float]) -> None:
    some = genome(*factors) * (1 if threads < 8 else 3)  # with fewer than three tasks a worker a tenth tells too little
    assert worst(some, threads) < 0.3


def test_what_an_earlier_run_did_counts_as_knowledge_not_as_speed() -> None:
    tasks = genome(2, 2, 2)
    assert worst(tasks, 2, resumed=len(tasks) // 2) < 0.3


def test_a_late_start_is_no_lasting_slowness() -> None:
    assert worst(genome(1, 1, 1) * 3, 2, slow_start=20) < 0.3


def test_workers_that_wait_are_seen() -> None:
    now = [0.0]
    left = TimeLeft(4, usual=1.0, now=lambda: now[0])
    for _ in range(100):
        left.add("fine", 1.0)
    for _ in range(50):
        now[0] += 1.0  # one at a time, though there are four
        left.end("fine", 1.0, 1.0)
    assert left.seconds() == pytest.approx(50, rel=0.15)


def test_it_counts_down_between_two_ends_and_never_below_nothing() -> None:
    now = [0.0]
    left = TimeLeft(1, usual=1.0, now=lambda: now[0])
    left.add("fine", 10.0)
    assert left.seconds() == pytest.approx(10)
    now[0] = 4.0
    assert left.seconds() == pytest.approx(6)
    now[0] = 40.0
    assert left.seconds() == 0


def test_seconds_of_a_task_are_those_of_its_pieces() -> None:
    assert seconds_of([{"seconds": 1.5}, {"seconds": 2}]) == 3.5
    assert seconds_of([{"seconds": 1.5}, None]) is None  # a store of an earlier version, or a skipped chromosome
    assert seconds_of([{"windows": 4}]) is None
    assert seconds_of([]) is None


def test_what_the_job_knows_goes_before_the_mean_speed() -> None:
    assert Progress(stage="", done=1, total=2, elapsed=10, left=99).seconds_left == 99
