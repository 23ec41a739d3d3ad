"""What the window is at, if that takes longer than a moment: text, bar, and an end by hand."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from superqt.utils import qthrottled

from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.state.busy import BusyState
from napari_hicstruct.plugin.widgets.running_row import RunningRow

_STEP_MS = 150
_AFTER_MS = 300
"""Shorter work would only flicker."""


class BusyRow(RunningRow):
    """The row of :class:`~napari_hicstruct.plugin.state.busy.BusyState`; the dock has one."""

    def __init__(self, busy: BusyState) -> None:
        super().__init__(busy, cancel="Cancel. What is not finished is as if it had never begun.")
        self._busy = busy
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show)
        self.tell = qthrottled(self.follow, timeout=_STEP_MS, leading=False, parent=self)

    def update_busy(self) -> None:
        """Something began or ended."""
        if not self._busy.text:
            self._timer.stop()
            self.set_running(False)
        elif self.isHidden() and not self._timer.isActive():
            self._timer.start(_AFTER_MS)
        self.cancel_button.setEnabled(not self._busy.ending)
        if self._busy.ending:
            self.bar.setRange(0, 0)
            self.bar.setFormat("stopping …")

    def follow(self, progress: Progress) -> None:
        """Show how far it is; of what cannot be counted, that it goes on."""
        if self._busy.ending:
            return
        self.bar.setRange(0, 1000 if progress.total else 0)
        super().follow(progress)

    def _show(self) -> None:
        self.set_running(bool(self._busy.text))
