"""A job in a process of its own under the window's worker: answers, ends, and the end of napari."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.errors import Cancelled, HicStructError, JobError
from napari_hicstruct.jobs import CancelToken, Progress, in_process
from napari_hicstruct.plugin.controllers.workers import QtRunner
from napari_hicstruct.plugin.state.jobs import BackgroundJob
from tests import jobs_kit as kit

ROOT = Path(__file__).resolve().parents[2]


class Seen:
    """What a :class:`BackgroundJob` calls."""

    def __init__(self) -> None:
        self.steps, self.done, self.errors = list[Progress](), list[Any](), list[HicStructError]()
        self.job = BackgroundJob(
            QtRunner(), on_step=self.steps.append, on_done=self.done.append, on_error=self.errors.append
        )

    def start(self, make_job: Callable[..., Any], *args: Any, stop: CancelToken | None = None) -> None:
        self.job.start(lambda token: in_process(make_job, *args, token=token, stop=stop), stop=stop)


@pytest.fixture
def seen(qtbot) -> Generator[Seen, None, None]:
    seen = Seen()
    yield seen
    assert seen.job.end()


def test_steps_and_result(qtbot, seen: Seen) -> None:
    seen.start(kit.counting, 300)
    qtbot.waitUntil(lambda: bool(seen.done), timeout=10_000)
    assert seen.done == ["done"]
    assert [step.payload for step in seen.steps if step.payload] == [100, 200, 300]
    assert not seen.job.running


@pytest.mark.parametrize(
    ("make_job", "text"),
    [
        (partial(kit.failing, RuntimeError("CUDA out of memory")), "RuntimeError: CUDA out of memory"),
        (partial(kit.failing, MemoryError("12 GB")), "MemoryError: 12 GB"),
        (partial(kit.dying, "kill"), "killed (SIGKILL)"),
        (partial(kit.dying, "abort"), "crashed (SIGABRT)"),
        (partial(kit.unpicklable, "result"), "cannot be handed over"),
    ],
)
def test_every_failure_reaches_the_person_once(qtbot, seen: Seen, make_job: Callable[..., Any], text: str) -> None:
    seen.start(make_job)
    qtbot.waitUntil(lambda: bool(seen.errors), timeout=10_000)
    qtbot.wait(100)
    (error,) = seen.errors
    assert isinstance(error, JobError)
    assert text in str(error)
    assert (seen.done, seen.job.running) == ([], False)


def test_stop_gives_the_best_so_far(qtbot, seen: Seen, tmp_path: Path) -> None:
    seen.start(kit.polite, str(tmp_path), stop=CancelToken())
    qtbot.waitUntil(lambda: bool(seen.steps), timeout=10_000)
    assert not seen.job.stopping
    seen.job.stop()
    assert seen.job.stopping
    assert seen.job.running
    qtbot.waitUntil(lambda: bool(seen.done), timeout=10_000)
    assert (seen.done, seen.errors) == (["best so far"], [])
    assert not seen.job.stopping


def test_cancel_is_heard_at_once_and_ends_the_process(qtbot, seen: Seen, tmp_path: Path) -> None:
    seen.start(kit.polite, str(tmp_path), stop=CancelToken())
    qtbot.waitUntil(lambda: bool(seen.steps), timeout=10_000)
    seen.job.cancel()
    (error,) = seen.errors
    assert isinstance(error, Cancelled)
    assert kit.gone(seen.steps[0].payload)
    assert (tmp_path / "ended").read_text() == "Cancelled"
    qtbot.wait(100)
    assert len(seen.errors) == 1


def test_the_end_waits_and_then_kills(qtbot, seen: Seen) -> None:
    seen.start(kit.deaf)
    qtbot.waitUntil(lambda: bool(seen.steps), timeout=10_000)
    began = time.monotonic()
    assert seen.job.end(0.3)
    assert time.monotonic() - began >= 0.3
    assert kit.gone(seen.steps[0].payload, 0.1)
    assert (seen.done, seen.errors) == ([], [])


def test_the_end_of_polite_work_does_not_kill(qtbot, seen: Seen, tmp_path: Path) -> None:
    seen.start(kit.polite, str(tmp_path))
    qtbot.waitUntil(lambda: bool(seen.steps), timeout=10_000)
    assert seen.job.end(60)
    assert (tmp_path / "ended").read_text() == "Cancelled"


def test_the_end_says_if_a_thread_goes_on(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def slow(token: CancelToken) -> Generator[Progress, None, None]:
        yield kit.step(0)
        release.wait(20)

    job = BackgroundJob(QtRunner())
    monkeypatch.setattr("napari_hicstruct.plugin.state.jobs._KILLED_SECONDS", 0.1)
    job.start(slow)
    qtbot.wait(100)
    assert not job.end(0.1)
    release.set()
    qtbot.waitUntil(job.end, timeout=5_000)


QUIT = """
import sys, time
import napari
from qtpy.QtCore import QTimer
from napari_hicstruct.jobs import in_process
from napari_hicstruct.plugin.controllers.workers import QtRunner
from napari_hicstruct.plugin.state.jobs import BackgroundJob
from tests import jobs_kit as kit

viewer = napari.Viewer(show=True)
def step(progress):
    print(progress.payload, flush=True)
    QTimer.singleShot(300, viewer.close)
job = BackgroundJob(QtRunner(), on_step=step)
job.start(lambda token: in_process(kit.deaf, token=token))
napari.run()
print("ended", flush=True)
"""


def test_napari_ends_while_a_process_says_nothing(tmp_path: Path) -> None:
    """napari waits for its worker threads without end; the thread waits for a process that is deaf."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", QUIT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200
    )
    pid, said = done.stdout.split()
    assert (said, done.returncode) == ("ended", 0), done.stderr[-2000:]
    assert kit.gone(int(pid), 0.1)
