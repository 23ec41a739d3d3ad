"""The *Learn* section: fine-tune on the corrections with one click, follow the training, take its model or leave it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QPushButton, QWidget
from superqt.utils import qdebounced

from napari_hicstruct.jobs import Progress
from napari_hicstruct.plugin.controllers.session import Session
from napari_hicstruct.plugin.layers.validation_regions import ValidationRegions
from napari_hicstruct.plugin.panels.learn.changes import ChangesView
from napari_hicstruct.plugin.panels.learn.close_guard import CloseGuard
from napari_hicstruct.plugin.panels.learn.lineage import LineageView
from napari_hicstruct.plugin.panels.learn.loss_curve import LossCurve
from napari_hicstruct.plugin.panels.learn.result import ResultView
from napari_hicstruct.plugin.panels.learn.settings import FinetuneSettings
from napari_hicstruct.plugin.widgets.boxes import vbox
from napari_hicstruct.plugin.widgets.lifetime import follow
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.style import Said, allow, reveal, show_text, subdued
from napari_hicstruct.wording import how_many

_REST_MS = 800  # judging by keys must not wait for counting, which reads the journal
_MIN_RATE = 0.05  # steps/s that are worth showing; last layers are solved in one
_TIP = "Learn from all corrections in the background; the new model is used only if it is better or no different."


class LearnPanel(QWidget):
    """Corrections → a new model, its numbers, its place in the lineage, and what it changed."""

    summary = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self.state = session, session.learning
        state = self.state
        self._build()
        self._lay_out()
        self.guard = CloseGuard(self, running=lambda: state.running, keep=self._keep_and_close, discard=state.end)
        follow(self, session.labels.changed, self.count_soon)
        follow(self, session.viewer.events.theme, self._theme_changed)
        follow(self, state.changed, self._update)
        follow(self, state.progressed, self._step)
        follow(self, state.message, self.message.say)
        follow(self, state.project_changed, self._project_changed)
        follow(self, state.result_changed, self._result_changed)
        follow(self, state.compared, self.changes.offer_models)
        follow(self, state.ended, self._ended)
        self._theme_changed()
        self._project_changed()
        self._update()

    def _build(self) -> None:
        state = self.state
        self.corrections = QLabel()
        self.corrections.setWordWrap(True)
        self.count_soon = qdebounced(state.count, timeout=_REST_MS, parent=self)
        self.button = QPushButton("Fine-tune")
        self.button.setObjectName("hicLearn")
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(lambda: self.start())
        self.how = FinetuneSettings()
        self.validation = ValidationRegions(self._session.canvas)
        self.how.validation.toggled.connect(self.validation.show)
        self.running = RunningRow(
            state,
            cancel="Cancel. Nothing is kept; the model in use stays.",
            stop="End the training now and keep the best so far; it is then compared as usual.",
        )
        self.speed, self.message = subdued(QLabel()), Said()
        self.curve = LossCurve()
        self.result = ResultView(state)
        self.lineage, self.changes = LineageView(self._session.prediction.models.by_sha), ChangesView(self._session)
        self.lineage.use_model.connect(lambda entry: state.use(entry.sha256, "chosen in the lineage"))
        self.lineage.compare_model.connect(self._compare_with_parent)

    def _lay_out(self) -> None:
        layout = vbox(on=self, spacing=5)
        self.folds = {
            "how": Fold("How", self.how, tooltip="Where it starts, what is trained, how long, on what."),
            "lineage": Fold(
                "Models of this project",
                self.lineage,
                tooltip="Which came from which, how good each is, which is in use.",
            ),
            "changes": Fold("What changed", self.changes, tooltip="Predictions that appeared, vanished or moved."),
        }
        for widget in (self.corrections, self.button, self.folds["how"], self.running, self.speed, self.curve):
            layout.addWidget(widget)
        for widget in (self.message, self.result, self.folds["lineage"], self.folds["changes"]):
            layout.addWidget(widget)
        self.speed.hide()

    def showEvent(self, event: Any) -> None:
        """Watch the window that the dock is in."""
        super().showEvent(event)
        self.guard.watch()

    def end(self) -> None:
        """The dock goes: what the panel drew goes, too; a fine-tune that runs goes on."""
        self.changes.end()
        self.validation.close()

    def start(self) -> None:
        """Fine-tune with the settings as they stand."""
        if self.state.start(self.how.request()):
            self.curve.clear()
            reveal(self.running)

    # ------------------------------------------------------------------ what the state reports
    def _update(self) -> None:
        state = self.state
        reason, running = state.why_not(), state.running
        self._show_counts()
        allow(self.button, _TIP, reason, "A fine-tune is running." if running else "")
        self.corrections.setToolTip(reason)
        self.how.setEnabled(not running)
        self.running.set_running(running, stopping=state.stopping)
        if not running:
            self.speed.hide()

    def _show_counts(self) -> None:
        total, new = self.state.total, self.state.new
        if total is not None:  # else they are being counted
            text = how_many(total, "correction")
            if self.state.has_learnt:
                text += f" · {new:,} new"
            self.corrections.setText(f"{text} since the last fine-tune" if self.state.has_learnt else text)
            self.summary.emit(text if total else "")

    def _step(self, progress: Progress) -> None:
        self.running.follow(progress)
        live, rate = progress.payload, self.state.rate
        if live is None:
            show_text(self.speed, "")  # the bar names the stage
            return
        self.curve.add(live)
        where = f"{live.training} · step {live.step:,} of {live.steps:,}"
        show_text(self.speed, f"{where} · {rate:.1f} steps/s" if rate >= _MIN_RATE else where)

    def _ended(self) -> None:
        self.curve.clear()
        self.guard.go_on()

    def _result_changed(self) -> None:
        if self.state.result is not None and not self.state.learnt_at:  # one of another day is nobody's answer
            reveal(self.result)

    def _keep_and_close(self) -> None:
        self.state.closing = True
        self.state.stop()

    def _compare_with_parent(self, entry: Any) -> None:
        """Compare a model with its parent, on the view."""
        self.folds["changes"].unfold(True)
        self.changes.compare_models(*self.state.references(entry.parent, entry.sha256))

    def _project_changed(self) -> None:
        project = self.state.project
        self.count_soon.cancel()
        self.curve.clear()
        self.lineage.set_lineage(None if project is None else project.lineage, self.state.read_only)
        self.validation.set_project(project)

    def _theme_changed(self, _event: Any = None) -> None:
        self.curve.set_theme(self._session.viewer.theme)
