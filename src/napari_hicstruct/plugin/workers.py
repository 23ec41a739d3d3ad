"""Run a generator of Progress in a napari thread worker: every failure arrives, stale answers do not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any

from superqt.utils import create_worker

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import CancelToken, Progress, RequestIds, guarded

Job = Generator[Progress, None, Any]
MakeJob = Callable[[CancelToken], Job]


class BackgroundJob:
    """One place for one kind of long work; starting it again cancels what still runs.

    All callbacks run in the GUI thread, and only for the newest request: the answers of an older one are dropped.

    Parameters
    ----------
    on_step : callable, optional
        Called with each :class:`Progress`.
    on_done : callable, optional
        Called with the return value of the job.
    on_error : callable, optional
        Called once with the :class:`HicStructError` that ended the job; :class:`Cancelled` among them.
    """

    def __init__(
        self,
        *,
        on_step: Callable[[Progress], None] | None = None,
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[HicStructError], None] | None = None,
    ) -> None:
        self._on_step, self._on_done, self._on_error = on_step, on_done, on_error
        self._ids = RequestIds()
        self._token: CancelToken | None = None

    @property
    def running(self) -> bool:
        """True from :meth:`start` until the newest request has ended."""
        return self._token is not None

    def start(self, make_job: MakeJob) -> None:
        """Run ``make_job(token)`` in a thread; the generator itself is made there, too."""
        self._stop()
        request, token = self._ids.new(), CancelToken()
        self._token = token

        def work() -> Job:
            return (yield from guarded(_from_factory(make_job, token)))

        def step(progress: Progress) -> None:
            if self._ids.is_current(request) and self._on_step is not None:
                self._on_step(progress)

        def done(result: Any) -> None:
            if self._ids.is_current(request):
                self._token = None
                if self._on_done is not None:
                    self._on_done(result)

        def failed(error: Exception) -> None:
            if self._ids.is_current(request):
                self._token = None
                if self._on_error is not None:
                    self._on_error(error if isinstance(error, HicStructError) else HicStructError(str(error)))

        create_worker(work, _connect={"yielded": step, "returned": done, "errored": failed}, _ignore_errors=True)

    def cancel(self) -> None:
        """End the work for the person at once; the thread stops at its next check and can no longer be heard."""
        if self._token is not None:
            self._stop()
            if self._on_error is not None:
                self._on_error(Cancelled("Cancelled."))

    def close(self) -> None:
        """Stop without a word, for the end of a session."""
        self._stop()

    def _stop(self) -> None:
        if self._token is not None:
            self._token.cancel()
            self._token = None
        self._ids.new()


def _from_factory(make_job: MakeJob, token: CancelToken) -> Job:
    """Make the generator inside the guard, so that a failing import or argument check is caught as well."""
    job = make_job(token)
    with contextlib.closing(job):
        return (yield from job)
