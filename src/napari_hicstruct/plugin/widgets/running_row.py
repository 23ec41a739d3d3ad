"""The row under a button while its work runs: progress with time left, and buttons that end it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QProgressBar, QPushButton, QWidget

from napari_hicstruct.plugin.widgets.boxes import Wide, hbox
from napari_hicstruct.plugin.widgets.style import compact_button
from napari_hicstruct.wording import clock

if TYPE_CHECKING:
    from napari_hicstruct.jobs import Progress


class RunningRow(QWidget):
    """A bar, *Stop* where there is something to keep, and ✕; hidden while nothing runs.

    Parameters
    ----------
    work : object, optional
        Whose ``cancel`` and ``stop`` the buttons call.
    cancel : str
        Tooltip of ✕: what becomes of the work.
    stop : str
        Tooltip of *Stop*; without it there is no such button.
    """

    def __init__(self, work: Any = None, *, cancel: str, stop: str = "") -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip(stop or cancel)  # hidden without a text of its own
        self.cancel_button = compact_button("✕", cancel)
        hbox(Wide(self.bar), self.stop_button, self.cancel_button, on=self, spacing=8)
        self.stop_button.setVisible(bool(stop))
        if work is not None:
            self.cancel_button.clicked.connect(lambda: work.cancel())
            self.stop_button.clicked.connect(lambda: work.stop())
        self.hide()

    def set_running(self, running: bool, *, stopping: bool = False) -> None:
        """Show the row, with an empty bar at first, while something runs; ``stopping``: *Stop* was pressed."""
        self.stop_button.setEnabled(not stopping)
        self.stop_button.setText("Stopping …" if running and stopping else "Stop")
        if running and self.isHidden():
            self.bar.setValue(0)
            self.bar.setFormat("starting …")
        self.setVisible(running)

    def follow(self, progress: Progress) -> None:
        """Show how far the work is and how long it still takes."""
        self.bar.setUpdatesEnabled(False)  # else each step would paint the whole window at once
        self.bar.setValue(round(progress.fraction * 1000))
        left = progress.seconds_left
        stage = progress.stage.replace("%", "%%")
        self.bar.setFormat(stage if left is None else f"{stage} · %p% · {clock(left)} left")
        self.bar.setToolTip(" · ".join(text for text in (progress.stage, progress.message) if text))
        self.bar.setUpdatesEnabled(True)
