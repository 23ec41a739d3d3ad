"""Score the candidates with the model in use, and find places where it is unsure: what orders of the queue build on."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QWidget

from napari_hicstruct.plugin.state.review.rescoring import MAX_CANDIDATES, RescoringState
from napari_hicstruct.plugin.widgets.boxes import Wide, hbox, vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import Said, wordy_button


class RescoringPanel(QWidget):
    """Two buttons, and whether candidates are scored by itself after each fine-tune."""

    def __init__(self, state: RescoringState) -> None:
        super().__init__()
        self.state = state
        self.rescore = wordy_button(
            "Rescore",
            f"Run the model in use on the first {MAX_CANDIDATES:,} of the queue again: its probabilities, how much its "
            "votes differ (order: votes differ), what it sees of them (order: spread over all kinds).\n"
            "The queue is ordered anew; the chosen candidate stays.",
            lambda: state.rescore(),
        )
        self.propose = wordy_button(
            "Find uncertain",
            "Add places in view where the model is unsure although nothing is called there, to a set of their own.",
            lambda: state.propose(),
        )
        self.auto = QCheckBox("rescore after each fine-tune")
        self.auto.setChecked(state.auto)
        self.auto.setToolTip("The queue then follows what the new model is least certain of.")
        self.auto.toggled.connect(lambda on: setattr(state, "auto", on))
        self.running = RunningRow(state, cancel="Cancel; the queue stays as it is.")
        self.message = Said()
        row = hbox(Wide(self.rescore), Wide(self.propose), spacing=4)
        vbox(row, self.auto, self.running, self.message, on=self, spacing=3)
        follow(self, state.changed, self._update)
        follow(self, state.progressed, self.running.follow)
        follow(self, state.message, self.message.say)
        self._update()

    def _update(self) -> None:
        self.running.set_running(self.state.running)
        self.rescore.setEnabled(self.state.can_rescore)
        self.propose.setEnabled(self.state.can_propose)
