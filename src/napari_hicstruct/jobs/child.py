"""The job's side of :mod:`~napari_hicstruct.jobs.process`: run one generator, tell its steps, never outlive the parent.

The pipes are this process's first standard input and output; the job itself sees an empty input, and what it prints
goes to the log that the parent shows if this process dies.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from typing import Any, BinaryIO

from napari_hicstruct.errors import HicStructError, JobError
from napari_hicstruct.jobs.cancel import CancelToken
from napari_hicstruct.jobs.progress import Progress
from napari_hicstruct.jobs.runner import drain
from napari_hicstruct.jobs.wire import Kind, packed, read_message, write_message

STEP_SECONDS = 0.02
"""Steps without payload or notice follow each other no faster."""
_LOOK_SECONDS, _TIDY_SECONDS = 2.0, 1.0


def main(parent: int, nice: int, preload: Sequence[str]) -> None:
    """Wait for a job on the standard input, run it, answer on the standard output."""
    source, answers = _take_pipes()
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(nice)
    for name in preload:
        importlib.import_module(name)
    write_message(answers, Kind.READY)
    message = read_message(source)
    if message is None:  # nobody needs us any more
        return
    token, stop = CancelToken(), CancelToken()
    threading.Thread(target=_listen, args=(source, token, stop, parent), daemon=True).start()
    try:
        result = _run(message[1], token, stop, Steps(answers))
        write_message(answers, Kind.RESULT, packed(result, f"the result, of type {type(result).__name__},"))
    except BaseException as error:
        write_message(answers, Kind.FAILED, _failure(error))


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes under numbers that no process started here inherits; prints go to the log."""
    source = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    faulthandler.enable()
    return source, answers


def _run(data: bytes, token: CancelToken, stop: CancelToken, steps: Steps) -> Any:
    try:
        make_job, args, stoppable = pickle.loads(data)
    except Exception as error:
        hint = "Functions and classes that it is given must be in a module, not in a script or notebook."
        raise JobError(
            f"the job cannot be read in its process ({type(error).__name__}: {error}).", hint=hint
        ) from error
    return drain(make_job(*args, token=token, **({"stop": stop} if stoppable else {})), steps.tell)


class Steps:
    """Tells steps: each that carries a payload or a notice, of the others as many as an eye can follow."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._sent, self._before = -STEP_SECONDS, ("", "")

    def tell(self, step: Progress) -> None:
        """Send ``step`` unless it can be missed."""
        now, said = time.monotonic(), (step.stage, step.message)
        if step.payload is not None or step.notice:
            what = f"the payload of '{step.stage}', of type {type(step.payload).__name__},"
            write_message(self._answers, Kind.KEPT, packed(step, what))
        elif said != self._before or now - self._sent >= STEP_SECONDS or step.done == step.total:
            write_message(self._answers, Kind.STEP, packed(step, f"the step '{step.stage}'"))
        else:
            return
        self._sent, self._before = now, said


def _failure(error: BaseException) -> bytes:
    """The error, as it was if it is meant for people and pickles, and where it arose."""
    where = "".join(traceback.format_exception(error))
    if isinstance(error, SystemExit):
        error = JobError(f"the job left by sys.exit({error.code!r}).")
    elif not isinstance(error, HicStructError):
        error = JobError(f"{type(error).__name__}: {error}")
    try:
        pickle.loads(data := pickle.dumps((error, where)))
    except Exception:
        data = pickle.dumps((JobError(str(error)), where))
    return data


def _listen(source: BinaryIO, token: CancelToken, stop: CancelToken, parent: int) -> None:
    """Pass on what the parent asks for; if it is gone, give the job a moment to tidy up, then end all of us."""
    while True:
        if not _readable(source):
            if os.getppid() == parent:
                continue
            break  # a process that the parent forked may hold the pipe open
        message = read_message(source)
        if message is None:
            break
        (token if message[0] is Kind.CANCEL else stop).cancel()
    token.cancel()
    time.sleep(_TIDY_SECONDS)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGTERM)  # those that the job started, too
    os._exit(1)


def _readable(source: BinaryIO) -> bool:
    """True if there is something to read or the parent is gone; looks up now and then."""
    if sys.platform == "win32":  # select knows no pipes there, and nothing forks
        return True
    import select

    return bool(select.select([source], [], [], _LOOK_SECONDS)[0])
