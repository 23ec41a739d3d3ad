"""A RuntimeError raised in a worker thread reaches the person (superqt loses it without the guard)."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from napari_hicstruct.errors import JobError
from napari_hicstruct.jobs import CancelToken, Clock, Progress, guarded
from napari_hicstruct.plugin.controllers.workers import QtRunner
from napari_hicstruct.plugin.state.jobs import Job


def failing(error: Exception) -> Generator[Progress, None, None]:
    yield Progress(stage="predict", done=0, total=2)
    raise error


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), ValueError("shape (3, 4)"), MemoryError("x")])
def test_the_worker_says_what_happened(qtbot, error: Exception) -> None:
    from napari.qt.threading import GeneratorWorker

    worker = GeneratorWorker(guarded, failing(error))
    caught: list[Exception] = []
    worker.errored.connect(caught.append)
    with qtbot.waitSignals([worker.errored, worker.finished], timeout=5_000):
        worker.start()
    (seen,) = caught
    assert isinstance(seen, JobError)
    assert seen.__cause__ is error
    assert str(error) in str(seen)
    qtbot.waitUntil(lambda: not worker.is_running, timeout=5_000)


def test_threads_take_short_turns_while_work_runs_and_usual_ones_afterwards(qtbot: Any) -> None:
    """Else each of a paint's dozens of turns waits 5 ms for the work beside it."""
    usual, seen, ended = sys.getswitchinterval(), [], []

    def work(token: CancelToken) -> Job:
        seen.append(sys.getswitchinterval())
        yield Clock().step("working", 0, 1)

    for _ in range(2):
        QtRunner().start(work, step=print, done=ended.append, failed=ended.append)
    qtbot.waitUntil(lambda: len(ended) == 2)
    qtbot.waitUntil(lambda: sys.getswitchinterval() == usual)
    assert ended == [None, None]
    assert max(seen) < usual
