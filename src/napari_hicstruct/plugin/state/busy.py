"""Long work on the project of a window: one piece at a time, beside the window, with progress and an end by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psygnal import Signal

from napari_hicstruct.errors import HicStructError, ProjectError
from napari_hicstruct.jobs import CancelToken, Progress, close_quietly
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job, MakeJob, Runner


class BusyState:
    """What runs now; edits wait for its end.

    Attributes
    ----------
    changed : Signal
        Something began or ended.
    step : Signal(Progress)
        How far it is.
    text : str
        What runs, for people; empty if nothing does.
    ending : bool
        Somebody asked it to end, and it has not ended yet.
    """

    changed = Signal()
    step = Signal(object)

    def __init__(self, runner: Runner) -> None:
        self.text = ""
        self.ending = False
        self.tell: Callable[[Progress], Any] = runner.in_main_thread(self.step.emit)
        self._job = BackgroundJob(runner, on_step=self.step.emit, on_done=self._done, on_error=self._failed)
        self._then: tuple[Callable[[Any], object], Callable[[HicStructError], object]]

    def start(
        self,
        text: str,
        make_job: MakeJob,
        *,
        done: Callable[[Any], object],
        failed: Callable[[HicStructError], object],
    ) -> None:
        """Run ``make_job(token)``; of ``done`` and ``failed`` one is called at the end, when nothing runs any more.

        Raises
        ------
        ProjectError
            If something runs: it would be lost without a word.
        """
        if self.text:
            raise ProjectError(f"{self.text} has not ended yet.", hint="Wait for it, or cancel it.")
        self._then = done, failed
        self._set(text)
        self._job.start(lambda token: _stoppable(make_job, token))

    def cancel(self) -> None:
        """Ask it to end; until it has, edits wait: it may have been done already, and then says so."""
        if self.text:
            self.ending = True
            self.changed.emit()
            self._job.ask_to_cancel()

    def end(self) -> None:
        """End it, tell nobody and wait: the window or its map goes."""
        self._job.end()
        self._set("")

    def _done(self, result: Any) -> None:
        self._set("")
        self._then[0](result)

    def _failed(self, error: HicStructError) -> None:
        self._set("")
        self._then[1](error)

    def _set(self, text: str) -> None:
        self.text, self.ending = text, False
        self.changed.emit()


def _stoppable(make_job: MakeJob, token: CancelToken) -> Job:
    """A job that ends at its next step once somebody asked it to."""
    job = make_job(token)
    try:
        while True:
            token.check()
            try:
                progress = next(job)
            except StopIteration as stop:
                return stop.value
            yield progress
    finally:
        close_quietly(job)
