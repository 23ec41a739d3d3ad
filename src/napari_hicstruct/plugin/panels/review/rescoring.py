"""Score the candidates with the model in use, and find places where it is unsure: what orders of the queue build on."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_hicstruct.plugin.state.rescoring import MAX_CANDIDATES, RescoringState
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.style import show_text, subdued


class RescoringPanel(QWidget):
    """Two buttons, and whether candidates are scored by itself after each fine-tune.

    Parameters
    ----------
    state : RescoringState
    """

    def __init__(self, state: RescoringState) -> None:
        super().__init__()
        self.state = state
        self.rescore = QPushButton("Rescore")
        self.rescore.setToolTip(
            f"Run the model in use on the first {MAX_CANDIDATES:,} of the queue again: its probabilities, how much its "
            "votes differ (order: votes differ), what it sees of them (order: spread over all kinds).\n"
            "The queue is ordered anew; the chosen candidate stays."
        )
        self.rescore.clicked.connect(lambda: state.rescore())
        self.propose = QPushButton("Find uncertain")
        self.propose.setToolTip(
            "Add places in view where the model is unsure although nothing is called there, to a set of their own."
        )
        self.propose.clicked.connect(lambda: state.propose())
        self.auto = QCheckBox("rescore after each fine-tune")
        self.auto.setChecked(state.auto)
        self.auto.setToolTip("The queue then follows what the new model is least certain of.")
        self.auto.toggled.connect(lambda on: setattr(state, "auto", on))
        self.running = RunningRow(cancel="Cancel; the queue stays as it is.")
        self.running.cancel_button.clicked.connect(lambda: state.cancel())
        self.message = subdued(QLabel())
        self.message.setWordWrap(True)
        self.message.hide()
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.rescore, 1)
        row.addWidget(self.propose, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        for widget in (self.auto, self.running, self.message):
            column.addWidget(widget)
        follow(self, state.changed, self._update)
        follow(self, state.progressed, self.running.follow)
        follow(self, state.message, self._show)
        self._update()

    def _show(self, text: str) -> None:
        show_text(self.message, text)

    def _update(self) -> None:
        self.running.set_running(self.state.running)
        self.rescore.setEnabled(self.state.can_rescore)
        self.propose.setEnabled(self.state.can_propose)
