"""The one piece of long work behind a panel: whether it runs, how far it is, and what came of it in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psygnal import Signal

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Runner
from napari_hicstruct.plugin.state.project import ProjectState
from napari_hicstruct.plugin.state.sentences import reason, short_text


class RunningWork:
    """Base of what one piece of long work is done for at a time.

    Attributes
    ----------
    changed : Signal
        What is chosen, settings, or whether something runs.
    progressed : Signal(Progress)
    """

    changed = Signal()
    progressed = Signal(object)

    def __init__(self, runner: Runner) -> None:
        self._job = BackgroundJob(runner, on_step=self._step, on_done=self._done, on_error=self._failed)

    @property
    def running(self) -> bool:
        """True while it runs."""
        return self._job.running

    @property
    def stopping(self) -> bool:
        """True once a training was asked to end early."""
        return self._job.stopping

    def stop(self) -> None:
        """End the training now and go on with the best so far."""
        self._job.stop()
        self.changed.emit()

    def cancel(self) -> None:
        """End it; nothing comes of it."""
        self._job.cancel()

    def end(self) -> bool:
        """End all silently and wait until nothing runs any more: the window goes."""
        return self._job.end()

    def _step(self, progress: Progress) -> None:
        if progress.payload is not None:
            self._take_step(progress)
        self.progressed.emit(progress)
        if progress.notice and progress.message:
            self._notice(progress.message)

    def _take_step(self, progress: Progress) -> None:
        """What a step brings, a point of a curve."""

    def _notice(self, text: str) -> None:
        """What is to be said while it runs."""

    def _done(self, outcome: Any) -> None:
        raise TypeError("RunningWork is abstract.")

    def _failed(self, error: HicStructError) -> None:
        raise TypeError("RunningWork is abstract.")


class PanelWork(RunningWork):
    """Base of what repairs, fuses …; :meth:`_done` takes what came of it.

    Attributes
    ----------
    said : str
        What came of it, or why it cannot be; empty: nothing.
    message : Signal(str)
        As ``said``.
    """

    message = Signal(str)

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner)
        self.said = ""

    def _notice(self, text: str) -> None:
        self._say(text)

    def _failed(self, error: HicStructError) -> None:
        self._say("Cancelled: nothing was kept." if isinstance(error, Cancelled) else reason(error))
        self.changed.emit()

    def _attempt(self, change: Callable[[], object]) -> bool:
        """Change a setting; what is refused is said in one sentence, and False comes back."""
        try:
            change()
        except HicStructError as error:
            self._say(reason(error))
            self.changed.emit()
            return False
        self._say("")
        self.changed.emit()
        return True

    def _say(self, text: str) -> None:
        self.said = text
        self.message.emit(text)


class ReviewWork(PanelWork):
    """The same for work on the objects of a project; what fails is also a problem of the window."""

    def __init__(self, runner: Runner, window: ProjectState) -> None:
        super().__init__(runner)
        self._window = window

    def _step(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    def _failed(self, error: HicStructError) -> None:
        self.changed.emit()
        self._say("Cancelled." if isinstance(error, Cancelled) else short_text(error))
        self._window.problem.emit(error)
