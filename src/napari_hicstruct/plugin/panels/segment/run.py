"""What stands under a button of the panel: how far its work is, the losses where it learns, and what came of it."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.panels.segment.curve import TaskCurve
from napari_hicstruct.plugin.state.images.segmentation import SegmentationState, Work
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import Said, reveal


class RunView(QWidget):
    """Bar, *Stop* where there is something to keep, ✕, curve and message of one kind of work.

    Parameters
    ----------
    state : SegmentationState
    work : "train", "segment" or "correct"
    stop : str
        Tooltip of *Stop*; without it there is neither that button nor a curve.
    """

    def __init__(self, state: SegmentationState, work: Work, *, stop: str = "") -> None:
        super().__init__()
        self._state, self._work = state, work
        self.row = RunningRow(state, cancel="Cancel. Nothing is kept.", stop=stop)
        self.curve, self.message = TaskCurve(), Said(quiet=False)
        vbox(self.row, self.curve, self.message, on=self, spacing=4)
        self._why_not = ""
        follow(self, state.progressed, self._step)
        follow(self, state.message, self._say)
        if stop:
            follow(self, state.curves_changed, self._draw)

    @property
    def _mine(self) -> bool:
        return self._state.running and self._state.work == self._work

    def begin(self) -> None:
        """The button was pressed, and the work begins."""
        self.curve.clear()
        reveal(self.row)

    def set_theme(self, theme: str) -> None:
        """Take the colours of napari's theme."""
        self.curve.set_theme(theme)

    def update_view(self, why_not: str) -> None:
        """Show how it stands; ``why_not``: why the work cannot begin now."""
        self._why_not = why_not
        state = self._state
        self.row.set_running(self._mine, stopping=state.stopping)
        self._say()

    def _step(self, progress: Progress) -> None:
        if self._mine:
            self.row.follow(progress)

    def _draw(self) -> None:
        if self._mine:
            self.curve.follow_losses(self._state.losses, self._state.validation)

    def _say(self) -> None:
        said = self._state.said.get(self._work, "")
        self.message.say(said or ("" if self._state.running else self._why_not))
