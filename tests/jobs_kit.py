"""Jobs for processes of their own: a module that such a process can import without pytest."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from napari_hicstruct.errors import HicStructError, MapError
from napari_hicstruct.jobs import CancelToken, Progress

Steps = Generator[Progress, None, Any]


def step(done: float, total: float = 0, **more: Any) -> Progress:
    return Progress(stage="count", done=done, total=total, **more)


def counting(number: int, *, token: CancelToken) -> Steps:
    """Plain steps as fast as can be, every hundredth with a payload."""
    for k in range(1, number + 1):
        yield step(k, number, payload=k if k % 100 == 0 else None)
    return "done"


def noting(folder: str, *, token: CancelToken) -> Steps:
    """Two megabytes of payloads, many plain steps, then a note that it came to its end."""
    for k in range(1, 201):
        yield step(k, payload=bytes(10_000))
    for k in range(50):
        yield step(k, message=str(k))
    (Path(folder) / "ended").touch()


def facts(*, token: CancelToken) -> Steps:
    """What the process is like."""
    yield step(1, 1)
    print("printed"), print("printed", file=sys.stderr)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    found = {name: os.environ.get(name) for name in names}
    found |= {"nice": os.nice(0), "pid": os.getpid(), "input": sys.stdin.read(), "torch": "torch" in sys.modules}
    return found | {"main": getattr(sys.modules["__main__"], "__file__", None), "path": list(sys.path)}


def failing(error: BaseException, *, token: CancelToken) -> Steps:
    yield step(1, 2)
    raise error


class TwoPartError(HicStructError):
    """Pickles, but cannot be made again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (TwoPartError, ("only one",))


def failing_deep(*, token: CancelToken) -> Steps:
    yield step(1, 2)
    raise MapError("is broken.", where="chr1", hint="Repair it.") from KeyError("weight")


def broken_two_part(*, token: CancelToken) -> Steps:
    yield step(1, 2)
    raise TwoPartError("one", "two")


def not_a_job(*, token: CancelToken) -> Steps:
    raise RuntimeError("before the first step")


def dying(how: str, *, token: CancelToken) -> Steps:
    yield step(1, 2)
    if how == "abort":
        os.abort()
    elif how == "exit":
        os._exit(7)
    elif how == "leave":
        sys.exit(3)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def unpicklable(where: str, *, token: CancelToken) -> Steps:
    yield step(1, 2, payload=threading.Lock() if where == "payload" else None)
    return threading.Lock()


def big(megabytes: int, *, token: CancelToken) -> Steps:
    yield step(1, 1, payload=bytes(megabytes * 2**20))
    return bytes(megabytes * 2**20)


def polite(folder: str, *, token: CancelToken, stop: CancelToken | None = None) -> Steps:
    """Run until cancelled or stopped; leave a note of how it ended."""
    note = Path(folder) / "ended"
    try:
        while True:
            token.check()
            if stop is not None and stop.cancelled:
                time.sleep(0.5)  # what was best is judged and written
                note.write_text("stopped")
                return "best so far"
            yield step(1, payload=os.getpid())
            time.sleep(0.02)
    except BaseException as error:
        if not note.exists():
            note.write_text(type(error).__name__)
        raise


def deaf(*, token: CancelToken) -> Steps:
    """Never looks at its token, nor at a plea to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield step(1, payload=os.getpid())
    while True:
        time.sleep(60)


def with_helper(*, token: CancelToken) -> Steps:
    """Starts a process of its own, as a data loader does, and waits."""
    import subprocess

    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    yield step(1, payload=(os.getpid(), helper.pid))
    while True:
        time.sleep(60)


def spawning(*, token: CancelToken) -> Steps:
    """Uses multiprocessing's spawn, whose children read the main module's name."""
    import multiprocessing

    yield step(1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(abs, [-1, -2])


def gone(pid: int, seconds: float = 10) -> bool:
    """True once no such process runs any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
