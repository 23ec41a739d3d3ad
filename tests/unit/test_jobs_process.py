"""A job in a process of its own: steps, results, errors and ends are those of a generator that runs here."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from napari_hicstruct.errors import Cancelled, JobError, MapError
from napari_hicstruct.jobs import CancelToken, Progress, drain, in_process
from napari_hicstruct.jobs.wire import ChildTraceback, Inbox, Kind
from tests import jobs_kit as kit

ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")


def run(make_job: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return drain(in_process(make_job, *args, token=CancelToken(), **options))


def test_steps_and_result_come_back() -> None:
    steps: list[Progress] = []
    assert drain(in_process(kit.counting, 300, token=CancelToken()), steps.append) == "done"
    assert [s.payload for s in steps if s.payload] == [100, 200, 300]
    assert [s.done for s in steps] == sorted(s.done for s in steps)
    assert (steps[-1].done, steps[-1].stage, steps[-1].total) == (300, "count", 300)


def test_of_many_small_steps_few_are_sent_and_the_last_arrives() -> None:
    steps: list[Progress] = []
    drain(in_process(kit.counting, 200_000, token=CancelToken()), steps.append)
    assert [s.payload for s in steps if s.payload] == list(range(100, 200_001, 100))
    assert len(steps) - 2_000 < 1_000
    assert steps[-1].done == 200_000


def test_a_slow_reader_does_not_hold_the_job_up(tmp_path: Path) -> None:
    job = in_process(kit.noting, str(tmp_path), token=CancelToken())
    next(job)  # and no more: what the job gives is more than a pipe holds
    end = time.monotonic() + 60
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    rest = list(job)
    assert [step.done for step in rest if step.payload] == list(range(2, 201))
    assert sum(step.payload is None for step in rest) == 1  # the newest of the many


def test_the_process_is_quiet_nice_and_limited(capfd: pytest.CaptureFixture[str]) -> None:
    found = run(kit.facts, threads=1)
    assert found["OMP_NUM_THREADS"] == found["MKL_NUM_THREADS"] == found["NUMBA_NUM_THREADS"] == "1"
    assert found["nice"] >= min(19, os.nice(0) + 5)
    assert found["pid"] != os.getpid()
    assert found["input"] == ""
    assert not found["torch"]
    assert found["main"] is None
    assert [p or os.getcwd() for p in sys.path] == found["path"]
    assert capfd.readouterr() == ("", "")
    assert kit.gone(found["pid"])


def test_threads_are_the_library_s_choice_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert run(kit.facts)["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), ValueError("shape"), MemoryError("12 GB")])
def test_any_failure_is_a_job_error_with_the_traceback_there(error: Exception) -> None:
    with pytest.raises(JobError, match=f"{type(error).__name__}: {error}") as caught:
        run(kit.failing, error)
    assert isinstance(caught.value.__cause__, ChildTraceback)
    assert "jobs_kit.py" in str(caught.value.__cause__)


def test_our_own_errors_arrive_whole() -> None:
    with pytest.raises(MapError) as caught:
        run(kit.failing_deep)
    assert str(caught.value) == "chr1: is broken. Repair it."
    assert "KeyError: 'weight'" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (kit.not_a_job, "RuntimeError: before the first step"),
        (kit.broken_two_part, "one and two"),
        (partial(kit.dying, "leave"), "sys.exit"),
        (partial(kit.failing, KeyboardInterrupt("x")), "KeyboardInterrupt"),
        (partial(kit.unpicklable, "payload"), "payload of 'count', of type lock, cannot be handed over"),
        (partial(kit.unpicklable, "result"), "the result, of type lock, cannot be handed over"),
    ],
)
def test_other_ends_are_job_errors(job: Callable[..., Any], text: str) -> None:
    with pytest.raises(JobError) as caught:
        run(job)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("how", "text"), [("kill", "killed (SIGKILL)"), ("abort", "crashed (SIGABRT)"), ("exit", "status 7")]
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_dies_is_one_error(how: str, text: str) -> None:
    job = in_process(kit.dying, how, token=CancelToken())
    assert next(job).done == 1
    with pytest.raises(JobError) as caught:
        next(job)
    assert text in str(caught.value)
    if how == "abort":
        assert "jobs_kit.py" in str(caught.value.__cause__)  # where it crashed


def test_what_does_not_pickle_is_said_before_anything_starts() -> None:
    with pytest.raises(JobError, match="the job counting or one of its arguments cannot be handed over"):
        run(kit.counting, threading.Lock())
    with pytest.raises(JobError, match="cannot be handed over"):
        run(lambda *, token: kit.counting(3, token=token))


def test_an_interpreter_that_cannot_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.spawn.get_executable", lambda: "/no/such/python")
    with pytest.raises(JobError, match="cannot be started"):
        run(kit.counting, 1)


@linux
def test_cancel_is_seen_at_the_next_check(tmp_path: Path) -> None:
    token = CancelToken()
    job = in_process(kit.polite, str(tmp_path), token=token)
    pid = next(job).payload
    threading.Timer(0.1, token.cancel).start()
    with pytest.raises(Cancelled):
        drain(job)
    assert (tmp_path / "ended").read_text() == "Cancelled"
    assert kit.gone(pid)


def test_cancelled_before_it_starts() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        drain(in_process(kit.counting, 3, token=token))


@linux
@pytest.mark.parametrize("at_once", [False, True])
def test_a_deaf_process_is_killed(at_once: bool) -> None:
    token = CancelToken()
    job = in_process(kit.deaf, token=token, grace=3600 if at_once else 0.2)
    pid = next(job).payload
    token.cancel(at_once=at_once)
    with pytest.raises(Cancelled):
        next(job)
    assert kit.gone(pid)


def test_stop_gives_the_best_so_far_and_takes_its_time(tmp_path: Path) -> None:
    token, stop = CancelToken(), CancelToken()
    job = in_process(kit.polite, str(tmp_path), token=token, stop=stop, grace=0.1)
    next(job)
    stop.cancel()
    assert drain(job) == "best so far"
    assert not token.cancelled


@linux
def test_closing_the_generator_ends_the_process(tmp_path: Path) -> None:
    job = in_process(kit.polite, str(tmp_path), token=CancelToken())
    pid = next(job).payload
    job.close()
    assert kit.gone(pid, 0.1)
    assert (tmp_path / "ended").read_text() == "Cancelled"


@linux
def test_what_the_job_started_ends_with_it() -> None:
    token = CancelToken()
    job = in_process(kit.with_helper, token=token)
    pid, helper = next(job).payload
    token.cancel(at_once=True)
    with pytest.raises(Cancelled):
        next(job)
    assert kit.gone(pid)
    assert kit.gone(helper)


@linux
@pytest.mark.parametrize("job", ["with_helper", "polite"])
def test_no_orphan_where_the_parent_is_killed(job: str, tmp_path: Path) -> None:
    arguments = f"{str(tmp_path)!r}, " if job == "polite" else ""
    code = (
        f"from napari_hicstruct.jobs import CancelToken, in_process; from tests import jobs_kit as kit\n"
        f"steps = in_process(kit.{job}, {arguments}token=CancelToken())\n"
        "print(next(steps).payload, flush=True)\nfor step in steps: pass"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().strip(" ()\n").split(",")]
    assert not kit.gone(pids[0], 0.1)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert all(kit.gone(pid) for pid in pids)


MAIN = """
import sys
from pathlib import Path
from napari_hicstruct.jobs import CancelToken, drain, in_process
from tests import jobs_kit as kit
with open(sys.argv[1], "a") as file: file.write("ran\\n")
print(drain(in_process(kit.{job}, token=CancelToken())))
"""


@pytest.mark.parametrize("how", ["-c", "script"])
def test_the_main_module_is_not_run_again(how: str, tmp_path: Path) -> None:
    code, note = MAIN.format(job="spawning"), tmp_path / "note"
    (tmp_path / "script.py").write_text(code)
    start = ["-c", code] if how == "-c" else [str(tmp_path / "script.py")]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *start, str(note)], env=os.environ | environment, cwd=ROOT, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[1, 2]", "")
    assert note.read_text() == "ran\n"


def test_a_job_of_the_main_script_says_where_it_must_be() -> None:
    code = (
        "from napari_hicstruct.jobs import *\n"
        "def mine(*, token): yield\n"
        "try: drain(in_process(mine, token=CancelToken()))\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "must be in a module, not in a script or notebook" in done.stdout


def test_a_big_payload_arrives() -> None:
    steps: list[Progress] = []
    assert len(drain(in_process(kit.big, 40, token=CancelToken()), steps.append)) == 40 * 2**20
    assert len(steps[0].payload) == 40 * 2**20


def test_the_inbox_lets_worthless_steps_give_way() -> None:
    inbox = Inbox()
    for message in [(Kind.STEP, b"1"), (Kind.STEP, b"2"), (Kind.KEPT, b"3"), (Kind.STEP, b"4"), (Kind.STEP, b"5")]:
        inbox.put(message)
    inbox.close()
    assert [inbox.take() for _ in range(4)] == [(Kind.STEP, b"2"), (Kind.KEPT, b"3"), (Kind.STEP, b"5"), None]


def test_the_inbox_waits_where_too_much_is_kept() -> None:
    inbox = Inbox(limit=10)
    inbox.put((Kind.KEPT, bytes(8)))
    thread = threading.Thread(target=inbox.put, args=((Kind.KEPT, bytes(9)),))
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    assert inbox.take() == (Kind.KEPT, bytes(8))
    thread.join(5)
    assert not thread.is_alive()
    assert inbox.take() == (Kind.KEPT, bytes(9))


def test_a_listener_of_a_token_hears_each_news_once() -> None:
    token, heard = CancelToken(), list[bool]()
    forget = token.on_cancel(lambda: heard.append(token.at_once))
    for at_once in (False, False, True, True, False):
        token.cancel(at_once=at_once)
    assert heard == [False, True]
    forget()
    late = list[bool]()
    token.on_cancel(lambda: late.append(True))
    assert late == [True]
