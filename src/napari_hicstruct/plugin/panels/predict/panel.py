"""The *Predict* section: model, tasks, device, scope, and how far a run is."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_hicstruct.plugin.panels.predict.adapt import AdaptRow
from napari_hicstruct.plugin.panels.predict.bins import BinList
from napari_hicstruct.plugin.panels.predict.cluster import ClusterForm, FollowRow
from napari_hicstruct.plugin.panels.predict.limits import LimitsForm
from napari_hicstruct.plugin.panels.predict.tracks import TrackChoices
from napari_hicstruct.plugin.state.models.adapting import AdaptState
from napari_hicstruct.plugin.state.models.prediction import TASKS, PredictionState
from napari_hicstruct.plugin.state.models.run_options import MODES
from napari_hicstruct.plugin.widgets.boxes import hbox, vbox
from napari_hicstruct.plugin.widgets.inks import PROBLEM, inked
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.model_card import ModelCard
from napari_hicstruct.plugin.widgets.model_list import ModelList
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.style import Segmented, form, show_text, subdued, wordy_button

_DEVICES = {
    "auto": "The fastest device that this computer has.",
    "cpu": "Processor.",
    "cuda": "NVIDIA graphics card.",
    "mps": "Apple graphics.",
}
_WORDS_PX = 46
_SCOPES = {
    "view": ("View", "The region in view."),
    "chromosome": ("Chromosome", "The whole chromosome that is shown."),
    "genome": ("Genome", "All chromosomes, one after another."),
}


class PredictPanel(QWidget):
    """What a run is asked for, and what came of it.

    Parameters
    ----------
    state : PredictionState
    adapting : AdaptState, optional
        To adapt a model that can to the map.
    """

    def __init__(self, state: PredictionState, adapting: AdaptState | None = None) -> None:
        super().__init__()
        self.state = state
        self.adapt_row = None if adapting is None else AdaptRow(adapting)
        self.tracks = None if state.tracks is None else TrackChoices(state.tracks)
        self._build()
        self._lay_out()
        follow(self, state.changed, self._update)
        follow(self, state.progressed, self._running.follow)
        follow(self, state.message, self._show)
        self._show(state.models.problem)
        self._update()

    def _build(self) -> None:
        state = self.state
        self.model = ModelList(state.models)
        self.tasks: dict[str, QCheckBox] = {}
        for task, text in TASKS.items():
            box = self.tasks[task] = QCheckBox(text[0].upper() + text[1:])
            box.setChecked(state.wanted[task])
            box.toggled.connect(lambda on, task=task: state.want(task, on))
        self.device = QComboBox()
        for key, tooltip in _DEVICES.items():
            self.device.addItem(key, key)
            self.device.setItemData(self.device.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
        self.device.setToolTip("Where the model runs; auto takes the fastest device there is.")
        self.device.currentTextChanged.connect(lambda device: setattr(state, "device", device))
        self.scope = Segmented(_SCOPES, name="Scope")
        self.scope.chosen.connect(self._choose_scope)
        self.cluster, self.follow_row = ClusterForm(state.cluster), FollowRow(state)
        self.mode = Segmented({mode: (mode.capitalize(), said) for mode, said in MODES.items()}, name="Mode")
        self.mode.chosen.connect(state.options.choose_mode)
        self.bins = BinList(state)
        self.limits = LimitsForm(state.options)
        self.limits_fold = Fold(
            "Limits", self.limits, tooltip="Sizes, distances and probabilities of what is called; as a rule none."
        )
        self.problem = inked(QLabel(), PROBLEM)
        self.run_button = QPushButton("Run model")
        self.run_button.setObjectName("hicRun")
        self.run_button.clicked.connect(lambda: state.run())
        self._running = RunningRow(state, cancel="Cancel. What was found so far is kept.")
        self.bar, self.cancel_button = self._running.bar, self._running.cancel_button
        self.card = ModelCard()
        self.about = wordy_button("Card", "About this model: data, figures, calibration, lineage.")
        self.about.setCheckable(True)
        self.about.toggled.connect(lambda _: self._update())
        self.why_not, self.result, self.how_long = (subdued(QLabel()) for _ in range(3))
        for label in (self.why_not, self.result, self.how_long, self.problem):
            label.setWordWrap(True)

    def _lay_out(self) -> None:
        tasks = QWidget()
        line = hbox(on=tasks, spacing=2)
        for box in self.tasks.values():
            line.addWidget(box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(_narrow(form([("Model", [self.model, self.about, self.device])])))
        layout.addWidget(self.card)  # not in the grid: its row would stay open when it is hidden
        where = QWidget()
        vbox(self.scope, self.cluster, on=where, spacing=2)
        rows = [("Find", tasks), ("Where", where), ("Mode", self.mode), ("Bins", self.bins)]
        layout.addLayout(_narrow(form(rows)))
        for more in (self.tracks, self.adapt_row):
            if more is not None:
                layout.addWidget(more)
        for widget in (
            self.follow_row,
            self.how_long,
            self.limits_fold,
            self.problem,
            self.run_button,
            self.why_not,
            self._running,
            self.result,
        ):
            layout.addWidget(widget)

    def _choose_scope(self, scope: str) -> None:
        self.state.scope = scope
        self._update()

    def _update(self) -> None:
        state, running = self.state, self.state.running
        model = state.models.chosen
        self.about.setEnabled(model is not None)
        self.card.show_model(model if self.about.isChecked() else None)
        for task, reason in state.reasons().items():
            box = self.tasks[task]
            box.setEnabled(not reason)
            with QSignalBlocker(box):  # what cannot be found is not ticked, whatever is wanted on other maps
                box.setChecked(state.wanted[task] and not reason)
            box.setToolTip(reason or f"Find {TASKS[task]}.")
        self.scope.set_value(state.scope)
        self.cluster.setVisible(state.scope == "genome")
        self.cluster.refresh()
        if self.adapt_row is not None:
            self.adapt_row.refresh()
        self.follow_row.refresh()
        self.mode.set_value(state.options.mode)
        self.bins.refresh()
        show_text(self.how_long, "" if state.options.mode == "fast" else MODES[state.options.mode])
        self.limits.refresh()
        self.limits_fold.set_summary(self.limits.summary())
        reason, problems = state.why_not(), state.options.problems()
        show_text(self.problem, "\n".join(problems))
        show_text(self.why_not, "" if reason in problems else reason)
        self.run_button.setEnabled(not reason and not running)
        self.run_button.setToolTip(reason or "Run the model in the background; results appear as they come.")
        self._running.set_running(running)

    def _show(self, text: str) -> None:
        show_text(self.result, text)


def _narrow(grid: QGridLayout) -> QGridLayout:
    """Its words are short: the controls get the room."""
    grid.setColumnMinimumWidth(0, _WORDS_PX)
    return grid
