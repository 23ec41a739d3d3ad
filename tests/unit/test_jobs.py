"""Long work: progress, cancelling, and that no failure is lost, not even in a window's worker thread."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from napari_hicstruct.errors import Cancelled, JobError, MapError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, RequestIds, drain, guarded


def job(error: BaseException | None = None, token: CancelToken | None = None) -> Generator[Progress, None, str]:
    clock = Clock()
    for done in range(3):
        if token is not None:
            token.check()
        yield clock.step("count", done + 1, 3, payload=done)
    if error is not None:
        raise error
    return "done"


def test_drain_gives_the_result_and_every_step() -> None:
    steps: list[Progress] = []
    assert drain(job(), steps.append) == "done"
    assert [(s.done, s.payload) for s in steps] == [(1, 0), (2, 1), (3, 2)]
    assert steps[-1].fraction == 1
    assert steps[0].elapsed >= 0


@pytest.mark.parametrize("error", [RuntimeError("x"), MapError("x"), KeyboardInterrupt()])
def test_drain_lets_errors_through(error: BaseException) -> None:
    with pytest.raises(type(error)):
        drain(job(error))


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), ValueError("shape"), MemoryError("12 GB")])
def test_guarded_turns_every_failure_into_a_job_error(error: Exception) -> None:
    with pytest.raises(JobError, match=type(error).__name__) as caught:
        drain(guarded(job(error)))
    assert caught.value.__cause__ is error


def test_guarded_keeps_our_own_errors_and_the_result() -> None:
    with pytest.raises(MapError, match="broken"):
        drain(guarded(job(MapError("broken"))))
    assert drain(guarded(job())) == "done"


def test_closing_a_guarded_job_closes_the_inner_one() -> None:
    closed = []

    def inner() -> Generator[Progress, None, None]:
        try:
            yield Progress(stage="s", done=0, total=0)
        finally:
            closed.append(True)

    outer = guarded(inner())
    next(outer)
    outer.close()
    assert closed == [True]


def test_cancel_from_another_thread() -> None:
    token = CancelToken()
    running = job(token=token)
    next(running)
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()
    assert token.cancelled
    with pytest.raises(Cancelled):
        next(running)


def test_time_left_is_unknown_then_estimated() -> None:
    assert Progress(stage="s", done=0, total=0).seconds_left is None
    assert Progress(stage="s", done=5, total=0).fraction == 0
    assert Progress(stage="s", done=1, total=4, elapsed=10).seconds_left == pytest.approx(30)
    assert Progress(stage="s", done=9, total=4, elapsed=10).fraction == 1


def test_only_the_newest_request_is_current() -> None:
    ids = RequestIds()
    first, second = ids.new(), ids.new()
    assert second > first
    assert not ids.is_current(first)
    assert ids.is_current(second)


def test_time_left_is_that_of_what_is_counted_now(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, now = Clock(started=0.0), [100.0]
    monkeypatch.setattr("napari_hicstruct.jobs.progress.time.monotonic", lambda: now[0])
    assert clock.step("predict chr1", 1, 4).seconds_left == 300
    now[0] = 200.0
    assert clock.step("predict chr2", 2, 4).seconds_left == 200  # one count under two names
    clock.step("", 0, 0)  # counts nothing
    now[0] = 210.0
    step = clock.step("train", 1, 10)  # another count
    assert (step.elapsed, step.seconds_left) == (210, 90)
