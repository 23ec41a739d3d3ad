"""A RuntimeError raised in a worker thread reaches the person (superqt loses it without the guard)."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from napari_hicstruct.errors import JobError
from napari_hicstruct.jobs import Progress, guarded


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
