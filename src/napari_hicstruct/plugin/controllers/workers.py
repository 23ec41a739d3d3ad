"""Long work in threads of Qt's pool, its answers in the window's thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from superqt.utils import GeneratorWorker, create_worker, ensure_main_thread

from napari_hicstruct.jobs import CancelToken, Progress, close_quietly
from napari_hicstruct.plugin.state.jobs import QUIT_SECONDS, Job, Worker

_TURN_S = 0.0005
"""A paint asks for the interpreter dozens of times: at Python's own 5 ms each that made a tenth of a second."""


class _ShortTurns:
    """While work runs beside the window, threads take the interpreter in short turns; afterwards as it was."""

    def __init__(self) -> None:
        self._running, self._usual = 0, 0.0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self._running == 0:
                self._usual = sys.getswitchinterval()
                sys.setswitchinterval(_TURN_S)
            self._running += 1

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0:
                sys.setswitchinterval(self._usual)


_short_turns = _ShortTurns()


class _Worker(GeneratorWorker):  # type: ignore[misc]  # superqt's class is untyped for mypy
    """A worker that stops when napari quits also while it waits for its next step, not only between two steps.

    When napari quits it asks each worker to stop, then waits for the threads without end; a job that yields nothing for
    a minute would hold up the end for a minute.

    Attributes
    ----------
    token : CancelToken
        Of the job.
    ended : threading.Event
        Set when the job has let go of all it held.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.token, self.ended = CancelToken(), threading.Event()

    def work(self) -> Any:
        try:
            with _short_turns:
                return super().work()
        finally:
            close_quietly(self._gen)
            self.ended.set()

    def quit(self) -> None:
        super().quit()
        self.token.cancel()
        timer = threading.Timer(QUIT_SECONDS, self.token.cancel, kwargs={"at_once": True})
        timer.daemon = True
        timer.start()


class QtRunner:
    """Runs jobs in superqt's generator workers; see :class:`~napari_hicstruct.plugin.state.jobs.Runner`."""

    def start(
        self,
        work: Callable[[CancelToken], Job],
        *,
        step: Callable[[Progress], None],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> Worker:
        """Run ``work(token)`` in a thread; of ``done`` and ``failed`` one is called at the end."""

        def generate() -> Job:
            return (yield from work(worker.token))

        connect = {"yielded": step, "returned": done, "errored": failed}
        worker: Any = create_worker(
            generate, _start_thread=False, _connect=connect, _worker_class=_Worker, _ignore_errors=True
        )
        worker.start()
        return worker  # type: ignore[no-any-return]

    def in_main_thread(self, call: Callable[..., None]) -> Callable[..., Any]:
        """The same function, run in Qt's main thread whoever calls it."""
        return ensure_main_thread(call)  # type: ignore[no-any-return]
