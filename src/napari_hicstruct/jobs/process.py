"""Long work in a process of its own, with the face of a generator: steps, result and errors come back over a pipe.

Why not ``multiprocessing``: its spawned children import the parent's main module again.  A script without an
``if __name__ == "__main__"`` would run twice, a napari started by an entry script would import that script, and a
notebook's or ``python -c``'s functions fail in ways of their own.  So a plain interpreter is started, never forked; it
is given ``sys.path``, and then the pickled job; it has a main module of one line, which its own children (workers that
draw maps) can safely leave alone.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing.spawn
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from typing import IO, Any, BinaryIO, TypeVar, cast

from napari_hicstruct.errors import JobError
from napari_hicstruct.jobs.cancel import CancelToken
from napari_hicstruct.jobs.progress import Progress
from napari_hicstruct.jobs.wire import ChildTraceback, Inbox, Kind, packed, read_message, write_message

T = TypeVar("T")

GRACE = 3.0
NICE = 5
_LAST_GRACE = 1.0
_THREAD_LIMITS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
_BOOT = (
    "import json, sys; given = json.loads(sys.stdin.buffer.raw.readline()); sys.path[:] = given.pop('path'); "
    "from napari_hicstruct.jobs.child import main; main(**given)"
)


def in_process(
    make_job: Callable[..., Generator[Progress, None, T]],
    *args: Any,
    token: CancelToken,
    stop: CancelToken | None = None,
    grace: float = GRACE,
    threads: int = 0,
) -> Generator[Progress, None, T]:
    """Run ``make_job(*args, token=…, stop=…)`` in a process of its own, as if it ran here.

    Steps with a payload or a notice all arrive, in order; of the others as many as can be followed, the newest first
    where the caller is slow.  Closing this generator, and the end of this process by any means, ends the other one.

    Parameters
    ----------
    make_job : callable
        Gives the generator; it and ``args`` must pickle (use :func:`functools.partial` for keywords).
    token : CancelToken
        Cancels the job at its next check; what has not ended after ``grace`` seconds is terminated, then killed.
    stop : CancelToken, optional
        Ends the job early with the best so far.  Only if given is ``stop=`` passed on; such a job takes its time to
        end, ``grace`` does not count.
    threads : int
        Most threads of each numeric library, 0 for their own choice.

    Raises
    ------
    HicStructError
        The same that the job raised; its cause is the text of the traceback there.
    JobError
        For any other exception there, for what does not pickle, and if the process dies.
    """
    job = packed((make_job, args, stop is not None), f"the job {_name(make_job)} or one of its arguments")
    token.check()
    child = Child(threads=threads, grace=grace)
    try:
        with child.listening(token, stop):
            child.give(job)
            ended, result = yield from _answers(child)
        if ended:
            return cast(T, result)
        token.check()
        raise child.death()
    finally:
        child.end()


def _answers(child: Child) -> Generator[Progress, None, tuple[bool, Any]]:
    """The steps; then whether there is a result, and the result."""
    while (message := child.inbox.take()) is not None:
        kind, data = message
        if kind is Kind.RESULT:
            return True, _unpacked(data)
        if kind is Kind.FAILED:
            raise _failure(data)
        if kind is not Kind.READY:
            yield _unpacked(data)
    return False, None


class Child:
    """A process that waits for one job, then runs it.

    Parameters
    ----------
    threads : int
        Most threads of each numeric library, 0 for their own choice.
    grace : float
        Seconds between asking it to end and terminating it.
    preload : sequence of str
        Modules that it imports before there is a job.

    Attributes
    ----------
    grace : float
    inbox : Inbox
        What it says; closed when it has ended.
    """

    def __init__(self, *, threads: int = 0, grace: float = GRACE, preload: Sequence[str] = ()) -> None:
        self.grace = grace
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        self._process = self._start(threads)
        self._lock = threading.Lock()
        self._given, self._waiting = False, list[Kind]()
        self._timers: list[threading.Timer] = []
        self.inbox = Inbox()
        self._reader = threading.Thread(target=self._read, name="job process", daemon=True)
        self._reader.start()
        given = {"path": [str(place) or os.getcwd() for place in sys.path], "parent": os.getpid(), "nice": NICE}
        with contextlib.suppress(OSError):  # dead already: the inbox says so
            self._input.write(json.dumps(given | {"preload": list(preload)}).encode() + b"\n")
            self._input.flush()

    def _start(self, threads: int) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        if threads:  # before any library is imported: torch and numba read them once
            environment |= dict.fromkeys(_THREAD_LIMITS, str(threads))
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        # -P: the folder one stands in may hold a json.py
        command = [multiprocessing.spawn.get_executable(), "-P", "-c", _BOOT]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=self._log, env=environment, start_new_session=True,
                creationflags=hidden,
            )  # fmt: skip
        except OSError as error:
            self._log.close()
            hint = "Free memory, then start it again."
            raise JobError(f"the job's process cannot be started ({error}).", hint=hint) from error

    @property
    def _input(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdin)

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def give(self, job: bytes) -> None:
        """Hand over the job; what was asked for meanwhile follows."""
        with contextlib.suppress(OSError, ValueError):  # dead already: the inbox says so
            write_message(cast(BinaryIO, self._input), Kind.JOB, job)
        with self._lock:
            self._given = True
            waiting, self._waiting = self._waiting, []
        for kind in waiting:
            self._ask(kind)

    def _ask(self, kind: Kind) -> None:
        """Say one word to it; never waits, for the window may be the one who calls."""
        with self._lock:
            if not self._given:
                self._waiting.append(kind)
                return
            with contextlib.suppress(OSError, ValueError):
                write_message(cast(BinaryIO, self._input), kind)

    @contextlib.contextmanager
    def listening(self, token: CancelToken, stop: CancelToken | None) -> Generator[None, None, None]:
        """Pass on what the tokens say."""
        forget = [token.on_cancel(lambda: self._end_soon(0 if token.at_once else self.grace))]
        if stop is not None:
            forget.append(stop.on_cancel(lambda: self._ask(Kind.STOP)))
        try:
            yield
        finally:
            for call in forget:
                call()

    def _end_soon(self, seconds: float) -> None:
        """Ask it to end; terminate it after ``seconds``, kill it a second later."""
        self._ask(Kind.CANCEL)
        for wait, number in ((seconds, signal.SIGTERM), (seconds + _LAST_GRACE if seconds else 0, _KILL)):
            timer = threading.Timer(wait, self._signal, (number,))
            timer.daemon = True
            timer.start()
            self._timers.append(timer)

    def _signal(self, number: int) -> None:
        """Send a signal to it and to all that it started."""
        if self._process.returncode is None:
            _signal_group(self._process, number)

    def _read(self) -> None:
        """Thread: fill the inbox until the process has ended."""
        stream = cast(BinaryIO, self._process.stdout)
        try:
            while (message := read_message(stream)) is not None:
                self.inbox.put(message)
        except (OSError, ValueError):
            pass  # ended in the middle of a message
        finally:
            self.inbox.close()

    def end(self, *, at_once: bool = False) -> None:
        """Have it ended, with all that it started, and the pipes closed; safe to call twice."""
        self.inbox.close()  # it must not wait for us to read on
        if self._process.returncode is None:
            self._end_soon(0 if at_once else self.grace)
        self._process.wait()
        if self._process.returncode:
            _signal_group(self._process, signal.SIGTERM)
        for timer in self._timers:
            timer.cancel()
        self._reader.join(_LAST_GRACE)
        for stream in (self._process.stdin, self._process.stdout, self._log):
            with contextlib.suppress(OSError):
                cast(Any, stream).close()

    def death(self) -> JobError:
        """What it died of."""
        code = self._process.wait()
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 4000))
        said = self._log.read().decode(errors="replace").strip()
        if code == -_KILL:
            text = "the job's process was killed (SIGKILL): most often memory was used up."
            error = JobError(text, hint="Free memory, then start it again.")
        elif code < 0:
            error = JobError(f"the job's process crashed ({signal.Signals(-code).name}).", hint="Start it again.")
        else:
            text = f"the job's process ended without an answer (status {code})."
            error = JobError(text, hint="Start it again.")
        error.__cause__ = ChildTraceback(said) if said else None
        return error


_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(OSError):  # gone meanwhile
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _name(make_job: Any) -> str:
    return str(getattr(getattr(make_job, "func", make_job), "__qualname__", type(make_job).__name__))


def _failure(data: bytes) -> Exception:
    error, where = _unpacked(data)
    error.__cause__ = ChildTraceback(where)
    return cast(Exception, error)


def _unpacked(data: bytes) -> Any:
    try:
        return pickle.loads(data)
    except Exception as error:
        raise JobError(f"what the job gave cannot be read here ({type(error).__name__}: {error}).") from error
