"""Long work of a window: every failure arrives, stale answers do not.  Where it runs is the runner's business."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any, Protocol

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import CancelToken, Progress, RequestIds, close_quietly, guarded

Job = Generator[Progress, None, Any]
MakeJob = Callable[[CancelToken], Job]

AFTER_PAINT_S = 0.3
"""Work that a large change brings about begins so much later: the window is drawn first, with all of the processor."""

QUIT_SECONDS = 2.0
"""So long the end of napari waits for work to stop by itself."""
_KILLED_SECONDS = 1.0


class Worker(Protocol):
    """One piece of work that was started.

    Attributes
    ----------
    token : CancelToken
        Of the job.
    ended : threading.Event
        Set when the job has let go of all it held.
    """

    token: CancelToken
    ended: threading.Event


class Runner(Protocol):
    """Runs generators away from the window, and calls back in its thread."""

    def start(
        self,
        work: Callable[[CancelToken], Job],
        *,
        step: Callable[[Progress], None],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> Worker:
        """Run ``work(token)``; of ``done`` and ``failed`` one is called at the end."""

    def in_main_thread(self, call: Callable[..., None]) -> Callable[..., Any]:
        """The same function, run in the window's thread whoever calls it."""


class BackgroundJob:
    """One place for one kind of long work; starting it again cancels what still runs.

    All callbacks run in the window's thread, and only for the newest request: the answers of an older one are dropped.
    The generator runs in a thread; one from :func:`~napari_hicstruct.jobs.in_process` has its work done in a process.

    Parameters
    ----------
    runner : Runner
    on_step : callable, optional
        Called with each :class:`Progress`.
    on_done : callable, optional
        Called with the return value of the job.
    on_error : callable, optional
        Called once with the :class:`HicStructError` that ended the job; :class:`Cancelled` among them.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        on_step: Callable[[Progress], None] | None = None,
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[HicStructError], None] | None = None,
    ) -> None:
        self._runner = runner
        self._on_step, self._on_done, self._on_error = on_step, on_done, on_error
        self._ids = RequestIds()
        self._worker: Worker | None = None
        self._stop_token: CancelToken | None = None
        self._unfinished: list[Worker] = []

    @property
    def running(self) -> bool:
        """True from :meth:`start` until the newest request has ended."""
        return self._worker is not None

    @property
    def stopping(self) -> bool:
        """True from :meth:`stop` until the work has ended."""
        return self._stop_token is not None and self._stop_token.cancelled

    def start(self, make_job: MakeJob, *, stop: CancelToken | None = None) -> None:
        """Run ``make_job(token)`` in the background; the generator itself is made there, too.

        Parameters
        ----------
        stop : CancelToken, optional
            What :meth:`stop` cancels; the job that ``make_job`` makes must know the same token.
        """
        self._cancel()
        request = self._ids.new()
        answered = False

        def work(token: CancelToken) -> Job:
            return (yield from guarded(_from_factory(make_job, token)))

        def step(progress: Progress) -> None:
            if self._ids.is_current(request) and self._on_step is not None:
                self._on_step(progress)

        def answer(callback: Callable[[Any], None] | None, value: Any) -> None:
            nonlocal answered
            answered = True
            if self._ids.is_current(request):
                self._forget()
                if callback is not None:
                    callback(value)

        def failed(error: Exception) -> None:
            answer(self._on_error, error if isinstance(error, HicStructError) else HicStructError(str(error)))

        worker = self._runner.start(work, step=step, done=lambda result: answer(self._on_done, result), failed=failed)
        self._unfinished = [one for one in self._unfinished if not one.ended.is_set()] + [worker]
        if not answered:
            self._worker, self._stop_token = worker, stop

    def cancel(self) -> None:
        """End the work for the person at once; the thread stops at its next check, its answer is dropped."""
        if self._worker is not None:
            self._cancel()
            if self._on_error is not None:
                self._on_error(Cancelled("Cancelled."))

    def ask_to_cancel(self) -> None:
        """Tell the work to end: what it says then, that it was cancelled or that it was done already, comes as ever."""
        if self._worker is not None:
            self._worker.token.cancel()

    def stop(self) -> None:
        """Ask the work to end early and give the best so far: ``on_done`` is called as at an ordinary end.

        Does nothing for work that was started without a ``stop`` token.
        """
        if self._stop_token is not None:
            self._stop_token.cancel()

    def close(self) -> None:
        """Stop silently, for the end of a session; does not wait."""
        self._cancel()

    def end(self, wait: float = QUIT_SECONDS) -> bool:
        """Stop silently and wait until nothing of this job runs any more, for the end of napari.

        Parameters
        ----------
        wait : float
            Seconds that the work has to stop by itself; a process that still runs then is killed.

        Returns
        -------
        bool
            False if work in a thread has not reached its next check yet (a thread cannot be killed).
        """
        self._cancel()
        until = time.monotonic() + wait
        for worker in self._unfinished:
            if not worker.ended.wait(max(0.0, until - time.monotonic())):
                worker.token.cancel(at_once=True)
        self._unfinished = [worker for worker in self._unfinished if not worker.ended.wait(_KILLED_SECONDS)]
        return not self._unfinished

    def _cancel(self) -> None:
        if self._worker is not None:
            self._worker.token.cancel()
            self._forget()
        self._ids.new()

    def _forget(self) -> None:
        self._worker = self._stop_token = None


def _from_factory(make_job: MakeJob, token: CancelToken) -> Job:
    """Make the generator inside the guard, so that a failing import or argument check is caught as well."""
    job = make_job(token)
    try:
        return (yield from job)
    finally:
        close_quietly(job)
