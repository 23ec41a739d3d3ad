"""The *Learn* section: fine-tune on the corrections with one click, see it learn, take it or leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_hicstruct.errors import Cancelled, HicStructError, JobError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.plugin.controllers.editing import attach
from napari_hicstruct.plugin.controllers.notify import show_problem
from napari_hicstruct.plugin.controllers.workers import BackgroundJob
from napari_hicstruct.plugin.layers.validation_regions import ValidationPart
from napari_hicstruct.plugin.panels.learn.changes import ChangesView
from napari_hicstruct.plugin.panels.learn.close_guard import CloseGuard
from napari_hicstruct.plugin.panels.learn.count import CorrectionCount
from napari_hicstruct.plugin.panels.learn.lineage import LineageView
from napari_hicstruct.plugin.panels.learn.loss_curve import LossCurve
from napari_hicstruct.plugin.panels.learn.result import ResultView
from napari_hicstruct.plugin.panels.learn.settings import HowBox
from napari_hicstruct.plugin.state.learning import LearnBackend, default_learn_backend, iter_learn
from napari_hicstruct.plugin.widgets.model_list import reference_of
from napari_hicstruct.plugin.widgets.running_row import RunningRow
from napari_hicstruct.plugin.widgets.section import Fold
from napari_hicstruct.plugin.widgets.style import reveal, subdued

if TYPE_CHECKING:
    from napari_hicstruct.plugin.controllers.session import Session
    from napari_hicstruct.plugin.panels.predict.panel import PredictPanel

_SLOWEST = 0.05  # steps/s that are worth saying; last layers are solved in one
_TIP = "Learn all corrections in the background; the new model is used only if it is not worse."


class LearnPanel(QWidget):
    """Corrections → a new model, its numbers, its place in the lineage, and what it changed.

    Parameters
    ----------
    session : Session
    predict : PredictPanel
        Lists the models, and predicts the view again with one that was taken.
    backend : LearnBackend, optional
        What to run in place of ``workflows.finetune``.
    """

    summary = Signal(str)

    def __init__(self, session: Session, predict: PredictPanel, *, backend: LearnBackend | None = None) -> None:
        super().__init__()
        self._session, self._predict = session, predict
        self._backend = backend or default_learn_backend()
        self._job = BackgroundJob(on_step=self._step, on_done=self._done, on_error=self._failed)
        self._project: Any = None
        self._rate = 0.0
        self._build()
        self._lay_out()
        self.guard = CloseGuard(self, running=lambda: self._job.running, keep=self.stop, discard=self._job.end)
        attach(session).editor.changed.connect(self.corrections.edited)
        session.map_changed.connect(self._map_changed)
        session.project_changed.connect(self._project_changed)
        session.viewer.events.theme.connect(self._theme_changed)
        self._theme_changed()
        self._project_changed(session._project)  # session.project would look for one, before the first picture

    def _build(self) -> None:
        self.corrections = CorrectionCount(lambda: self._backend)
        self.corrections.counted.connect(self._counted)
        self.corrections.failed.connect(self._say)
        self.button = QPushButton("Fine-tune")
        self.button.setObjectName("hicLearn")
        self.button.setMinimumHeight(34)
        self.button.clicked.connect(lambda: self.start())
        self.how = HowBox()
        self.validation = ValidationPart(self._session)
        self.how.validation.toggled.connect(self.validation.show)
        self.running = RunningRow(
            cancel="Cancel. Nothing is kept; the model in use stays.",
            stop="End the training now and keep the best so far; it is then compared as usual.",
        )
        self.running.cancel_button.clicked.connect(self._job.cancel)
        self.running.stop_button.clicked.connect(self.stop)
        self.speed, self.said = subdued(QLabel()), subdued(QLabel())
        self.said.setWordWrap(True)
        self.curve = LossCurve()
        self.result = ResultView()
        self.result.roll_back.connect(self._roll_back)
        self.result.use_anyway.connect(self._use_anyway)
        self.result.predict_with.connect(self._predict_with_result)
        self.lineage, self.changes = LineageView(self._predict.model.by_sha), ChangesView(self._session, self._predict)
        self.lineage.use_model.connect(lambda entry: self._use(entry.sha256, "chosen in the lineage"))
        self.lineage.compare_model.connect(self._what_changed)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        self.folds = {
            "how": Fold("How", self.how, tooltip="Where it starts, what is trained, how long, on what."),
            "lineage": Fold("Lineage", self.lineage, tooltip="Models of this project."),
            "changes": Fold("What changed", self.changes, tooltip="Predictions that appeared, vanished or moved."),
        }
        for widget in (self.corrections, self.button, self.folds["how"], self.running, self.speed, self.curve):
            layout.addWidget(widget)
        for widget in (self.said, self.result, self.folds["lineage"], self.folds["changes"]):
            layout.addWidget(widget)
        self.speed.hide()
        self.said.hide()

    def showEvent(self, event: Any) -> None:
        """Watch the window that the dock is in."""
        super().showEvent(event)
        self.guard.watch()

    # ------------------------------------------------------------------ what there is to learn
    def _counted(self) -> None:
        self.summary.emit(self.corrections.short)
        self._update()

    def _why_not(self) -> str:
        """Why *Fine-tune* cannot be used now; empty if it can."""
        if self._session.source is None:
            return "Open a contact map first."
        if self._read_only():
            return self._read_only()
        if self.corrections.total is None:
            return "Counting corrections …"
        if not self.corrections.total:
            return "Nothing to learn from yet: accept, reject, edit or add objects in Review first."
        return ""

    def _read_only(self) -> str:
        project = self._project
        read_only = project is not None and project.read_only
        return f"The project cannot be edited: {project.read_only_reason}" if read_only else ""

    def _update(self) -> None:
        reason, running = self._why_not(), self._job.running
        self.button.setEnabled(not reason and not running)
        self.button.setToolTip(reason or ("A fine-tune is running." if running else _TIP))
        self.corrections.setToolTip(reason)
        self.how.setEnabled(not running)
        self.running.setVisible(running)
        self.speed.setVisible(running)
        self.running.stop_button.setEnabled(not self._job.stopping)
        self.running.stop_button.setText("Stopping …" if self._job.stopping else "Stop")

    # ------------------------------------------------------------------ running
    def start(self) -> None:
        """Fine-tune on what is in the project now, in the background."""
        source, reason = self._session.source, self._why_not()
        if source is None or reason or self._job.running:
            show_problem(HicStructError(reason or "A fine-tune is running already."))
            return
        backend, project, request, stop = self._backend, self._project, self.how.request(), CancelToken()
        self.curve.clear()
        self.result.show_result(None, in_use=False)
        self._say("")
        self.speed.setText("Reading corrections …")
        self._rate = 0.0
        self._job.start(lambda token: iter_learn(backend, project, source, request, token=token, stop=stop), stop=stop)
        self.running.begin()
        self._update()
        reveal(self.speed)

    def stop(self) -> None:
        """End the training now and keep the best so far."""
        self._job.stop()
        self._update()

    def _step(self, progress: Progress) -> None:
        self.running.follow(progress)
        live = progress.payload
        if live is None:
            self.speed.setText(progress.stage)
        else:
            self.curve.add(live)
            where = f"{live.training} · step {live.step:,} of {live.steps:,}"
            self._rate = live.steps_per_second or self._rate  # 0 while it validates
            self.speed.setText(f"{where} · {self._rate:.1f} steps/s" if self._rate >= _SLOWEST else where)
        if progress.notice and progress.message:
            self._say(progress.message)

    def _done(self, outcome: Any) -> None:
        job, result = outcome
        try:
            self._backend.record(self._project, job, result)
        except HicStructError as error:
            self._failed(error)
            return
        except Exception as error:  # a full disk, a damaged file: the person must hear of it all the same
            self._failed(JobError(f"The new model could not be recorded ({type(error).__name__}: {error})."))
            return
        self.curve.clear()
        self.result.show_result(result, in_use=result.taken, why_not=self._read_only())
        self.corrections.count()
        self._update()
        self.changes.offer_models(*self._references(result.parent, result.sha256))
        reveal(self.result)
        if self.guard.closing:
            self.guard.go_on()
        elif result.taken:
            self._predict_with_result()

    def _failed(self, error: HicStructError) -> None:
        in_use = self._label_in_use()
        self._update()
        self.curve.clear()
        if isinstance(error, Cancelled):
            self._say(f"Cancelled: nothing was kept. {in_use} stays in use.")
        else:
            self._say(f"{error}{_advice(error)} {in_use} stays in use.")
            show_problem(error)
        self.guard.go_on()

    def _label_in_use(self) -> str:
        try:
            current = self._project.lineage.current() if self._project is not None else None
        except HicStructError:  # the sentence that this ends is about a worse trouble
            current = None
        model = self._predict.model.currentData()
        return getattr(current, "label", "") or getattr(model, "label", "") or "The model"

    # ------------------------------------------------------------------ afterwards
    def _roll_back(self) -> None:
        if self.result.result is not None:
            self._use(self.result.result.parent, "rolled back")

    def _use_anyway(self) -> None:
        if self.result.result is not None:
            self._use(self.result.result.sha256, "used anyway")

    def _use(self, sha256: str, reason: str) -> None:
        try:
            self._project.lineage.use(sha256, reason)
        except HicStructError as error:
            self._say(str(error))
            show_problem(error)
            return
        result = self.result.result
        if result is not None:
            self.result.show_result(result, in_use=sha256 == result.sha256, why_not=self._read_only())
        self._say(f"{self._label_in_use()} is in use.")

    def _predict_with_result(self) -> None:
        """Predict the view with the new model, into a set of its own; a prediction that runs is left alone."""
        result = self.result.result
        if result is None:
            return
        if self._predict.running:
            self._say("A prediction is running; press “Predict with it” when it has ended.")
            return
        self._predict.model.follow()
        if self._predict.model.choose(result.sha256):
            self._predict.run_view(result.label)
        else:
            self._say(f"{result.label} cannot be read from {result.model}.")

    def _what_changed(self, entry: Any) -> None:
        """Compare a model with its parent, on the view."""
        self.folds["changes"].unfold(True)
        self.changes.compare_models(*self._references(entry.parent, entry.sha256))

    def _references(self, *shas: str) -> list[str]:
        return [reference_of(self._predict.model.by_sha(sha)) for sha in shas]

    # ------------------------------------------------------------------ what happened elsewhere
    def _map_changed(self) -> None:
        self._project_changed(self._session._project)

    def _project_changed(self, project: Any) -> None:
        was_running = self._job.running
        self._job.close()  # what it learns belongs to the project before
        self._project = project
        self.curve.clear()
        self.result.show_result(None, in_use=False)
        self._say("The fine-tune was cancelled: another map or project was opened." if was_running else "")
        self.lineage.set_lineage(None if project is None else project.lineage, self._read_only())
        self.validation.set_project(project)
        self.corrections.set_project(project)
        self._update()

    def _theme_changed(self, _event: Any = None) -> None:
        self.curve.set_theme(self._session.viewer.theme)

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))


def _advice(error: HicStructError) -> str:
    """What helps where memory ran out."""
    if error.hint or "memory" not in str(error).lower():
        return ""
    return " Choose heads or adapters under How, run on the processor, or close other programs."
