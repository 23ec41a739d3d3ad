"""How many corrections a project holds, counted in the background when the person rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QLabel

from napari_hicstruct.plugin.controllers.workers import BackgroundJob
from napari_hicstruct.plugin.state.learning import LearnBackend, iter_count

if TYPE_CHECKING:
    from napari_hicstruct.errors import HicStructError

_REST_MS = 800  # judging by keys must not wait for counting, which reads the journal


class CorrectionCount(QLabel):
    """``41 corrections · 6 new since the last fine-tune``.

    Parameters
    ----------
    backend : callable
        ``()`` → what counts.

    Attributes
    ----------
    total : int or None
        Corrections in all; None until they are counted.
    short : str
        The same for the header of a section; empty if there are none.
    """

    counted = Signal()
    failed = Signal(str)

    def __init__(self, backend: Callable[[], LearnBackend]) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.total: int | None = None
        self.short = ""
        self._backend, self._project = backend, None
        self.job = BackgroundJob(on_done=self._done, on_error=self._failed)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.count)

    def set_project(self, project: Any) -> None:
        """Count those of another project, or of none."""
        self._rest.stop()
        self.job.close()
        self._project, self.total = project, None
        self.count()

    def edited(self, *_: Any) -> None:
        """Count again once nothing has changed for a moment."""
        self._rest.start()

    def count(self) -> None:
        """Count now."""
        backend, project = self._backend(), self._project
        if project is None:
            self._done((0, 0))
        else:
            self.job.start(lambda _: iter_count(backend, project))

    def _failed(self, error: HicStructError) -> None:
        self._done((0, 0))
        self.failed.emit(str(error))

    def _done(self, counts: tuple[int, int]) -> None:
        if not isalive(self):  # counted for a window that is gone
            return
        self.total, new = counts
        noun = "correction" if self.total == 1 else "corrections"
        self.short = f"{self.total:,} {noun} · {new:,} new" if self.total else ""
        self.setText(f"{self.total:,} {noun} · {new:,} new since the last fine-tune")
        self.counted.emit()
