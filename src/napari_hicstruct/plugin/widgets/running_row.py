"""The row under a button while its work runs: progress with time left, and buttons that end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from napari_hicstruct.plugin.widgets.style import compact_button
from napari_hicstruct.wording import clock

if TYPE_CHECKING:
    from napari_hicstruct.jobs import Progress


class RunningRow(QWidget):
    """A bar, *Stop* where there is something to keep, and ✕; hidden while nothing runs.

    Parameters
    ----------
    cancel : str
        Tooltip of ✕: what becomes of the work.
    stop : str
        Tooltip of *Stop*; without it there is no such button.
    """

    def __init__(self, *, cancel: str, stop: str = "") -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip(stop or cancel)  # hidden without a text of its own
        self.cancel_button = compact_button("✕", cancel)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.bar, 1)
        line.addWidget(self.stop_button)
        line.addWidget(self.cancel_button)
        self.stop_button.setVisible(bool(stop))
        self.hide()

    def set_running(self, running: bool) -> None:
        """Show the row, with an empty bar at first, while something runs."""
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
