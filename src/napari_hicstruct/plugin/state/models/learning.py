"""Fine-tuning on the corrections of a project: how many there are, the run, its result and what becomes of it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.errors import Cancelled, HicStructError, JobError, ProjectError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.jobs import AFTER_PAINT_S, BackgroundJob, Runner
from napari_hicstruct.plugin.state.models.finetune_request import LearnRequest, Where
from napari_hicstruct.plugin.state.models.models import reference_of
from napari_hicstruct.plugin.state.models.prediction import PredictionState, spare_threads
from napari_hicstruct.plugin.state.panel_work import PanelWork
from napari_hicstruct.plugin.state.project import ProjectState
from napari_hicstruct.plugin.state.sentences import reason, short_text

if TYPE_CHECKING:
    from napari_hicstruct.annotations.project import Project
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.finetune.job import FinetuneJob, FinetuneResult


class LearnBackend:
    """``workflows.finetune``, imported when used; tests put another in its place."""

    def count_corrections(self, project: Project) -> tuple[int, int]:
        """Corrections in all, and those made since the last fine-tune."""
        from napari_hicstruct.workflows.finetune import count_corrections

        return count_corrections(project)

    def prepare(self, project: Project, source: ContactSource, request: LearnRequest) -> FinetuneJob:
        """What a fine-tune reads; a :class:`HicStructError` if it cannot be."""
        from napari_hicstruct.workflows.finetune import prepare_finetune

        return prepare_finetune(project, source, request.config, device=request.device, threads=spare_threads())

    def run(
        self, job: FinetuneJob, where: Where, *, token: CancelToken, stop: CancelToken
    ) -> Generator[Progress, None, FinetuneResult]:
        """Learn; payloads are ``Live`` or None."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.finetune import iter_finetune

        if where == "thread":
            return iter_finetune(job, token=token, stop=stop)
        return in_process(iter_finetune, job, token=token, stop=stop, threads=spare_threads())

    def record(self, project: Project, job: FinetuneJob, result: FinetuneResult) -> FinetuneResult:
        """Record the run and its model, take it into use if it was taken; the result as the project keeps it."""
        from napari_hicstruct.workflows.finetune import record_as_kept

        return record_as_kept(project, job, result)

    def last_result(self, project: Project) -> tuple[FinetuneResult, str] | None:
        """The last fine-tune that the project keeps, and when it ended."""
        from napari_hicstruct.workflows.finetune import last_result

        return last_result(project)


def iter_count(
    backend: LearnBackend, project: Project, token: CancelToken
) -> Generator[Progress, None, tuple[int, int]]:
    """Count the corrections: in all, and new ones; 0.2 s with 100,000 candidates, too long for the window."""
    yield Clock().step("counting corrections", 0, 0)
    token.wait(AFTER_PAINT_S)
    token.check()
    return backend.count_corrections(project)


def iter_learn(
    backend: LearnBackend,
    project: Project,
    source: ContactSource,
    request: LearnRequest,
    *,
    token: CancelToken,
    stop: CancelToken,
) -> Generator[Progress, None, tuple[FinetuneJob, FinetuneResult]]:
    """Read the corrections and learn from them; gives what was read and what came of it."""
    yield Clock().step("reading corrections", 0, 0)
    job = backend.prepare(project, source, request)
    token.check()
    result = yield from backend.run(job, request.where, token=token, stop=stop)
    return job, result


class LearningState(PanelWork):
    """Corrections → a new model, which is then used, or not.

    Parameters
    ----------
    window : ProjectState
    prediction : PredictionState
        Lists the models, and predicts the view again with one that was taken.
    runner : Runner
    backend : LearnBackend, optional
        What to run in place of ``workflows.finetune``.

    Attributes
    ----------
    total, new : int or None
        Corrections in all and those since the last fine-tune; None until they are counted.
    result : FinetuneResult or None
        Of the last fine-tune of this project, also one of the shell or of another day.
    learnt_at : str
        When a fine-tune ended that this window did not run (UTC, ISO 8601); else empty.
    in_use : bool
        Whether the project uses the model of ``result``.
    rate : float
        Training steps per second; 0 before the first.
    closing : bool
        The window goes as soon as the fine-tune has ended: nothing is predicted afterwards.
    changed : Signal
        Counts, or whether something runs.
    result_changed : Signal
        There is another result, or another model is in use.
    ended : Signal
        A fine-tune has ended: done, cancelled or failed.
    project_changed : Signal
        The corrections of another project are learnt from.
    compared : Signal(str, str)
        References of two models whose predictions can be compared: the old and the new one.
    """

    result_changed = Signal()
    ended = Signal()
    project_changed = Signal()
    compared = Signal(str, str)

    def __init__(
        self, window: ProjectState, prediction: PredictionState, runner: Runner, *, backend: LearnBackend | None = None
    ) -> None:
        super().__init__(runner)
        self._window, self._prediction = window, prediction
        self.backend = backend or LearnBackend()
        self._counting = BackgroundJob(runner, on_done=self._counted, on_error=self._not_counted)
        self.project: Any = None
        self.total: int | None = None
        self.new = 0
        self.result: FinetuneResult | None = None
        self.learnt_at = ""
        self.in_use = False
        self.rate = 0.0
        self.closing = False
        window.map_changed.connect(self._map_changed)
        window.project_changed.connect(self._project_changed)
        self._project_changed(window.project)

    # ------------------------------------------------------------------ what there is to learn
    def count(self) -> None:
        """Count the corrections, in the background."""
        backend, project = self.backend, self.project
        if project is None:
            self._counted((0, 0))
        else:
            self._counting.start(lambda token: iter_count(backend, project, token))

    @property
    def has_learnt(self) -> bool:
        """Whether there was a fine-tune that corrections can be newer than."""
        return self.result is not None or (self.total or 0) > self.new

    @property
    def counting(self) -> bool:
        """True while corrections are counted."""
        return self._counting.running

    def _counted(self, counts: tuple[int, int]) -> None:
        self.total, self.new = counts
        self.changed.emit()

    def _not_counted(self, error: HicStructError) -> None:
        self._counted((0, 0))
        self._say(short_text(error))

    @property
    def read_only(self) -> str:
        """Why the project cannot be changed; empty if it can."""
        read_only = self.project is not None and self.project.read_only
        return f"The project cannot be edited: {self.project.read_only_reason}" if read_only else ""

    def why_not(self) -> str:
        """Why no fine-tune can be started now; empty if one can."""
        if self._window.source is None:
            return "Open a contact map first."
        if self.read_only:
            return self.read_only
        if self.total is None:
            return "Counting corrections …"
        if not self.total:
            return "Nothing to learn from yet: accept, reject, edit or add objects in Review first."
        return ""

    # ------------------------------------------------------------------ running
    def start(self, request: LearnRequest) -> bool:
        """Fine-tune on what is in the project now, in the background; False if that cannot be."""
        source, why_not = self._window.source, self.why_not()
        if source is None or why_not or self.running:
            self._window.problem.emit(HicStructError(why_not or "A fine-tune is running already."))
            return False
        backend, project, stop = self.backend, self.project, CancelToken()
        self.rate = 0.0
        self._set_result(None, in_use=False)
        self._say("")
        self._job.start(lambda token: iter_learn(backend, project, source, request, token=token, stop=stop), stop=stop)
        self.changed.emit()
        return True

    def _take_step(self, progress: Progress) -> None:
        live: Any = progress.payload
        self.rate = live.steps_per_second or self.rate  # 0 while it validates

    def _done(self, outcome: Any) -> None:
        job, result = outcome
        try:
            result = self.backend.record(self.project, job, result)
        except HicStructError as error:
            self._failed(error)
            return
        except Exception as error:  # a full disk, a damaged file: the person must know it all the same
            self._failed(JobError(f"The new model could not be recorded ({type(error).__name__}: {error})."))
            return
        self._set_result(result, in_use=result.taken)
        self.count()
        self.changed.emit()
        self._prediction.models.follow()  # the new model is listed before it is offered
        self.compared.emit(*self.references(result.parent, result.sha256))
        closing = self.closing
        self.ended.emit()
        if result.taken and not closing:
            self.predict_with_result()

    def _failed(self, error: HicStructError) -> None:
        in_use = self.label_in_use()
        self.changed.emit()
        if isinstance(error, Cancelled):
            self._say(f"Cancelled: nothing was kept. {in_use} stays in use.")
        else:
            text = reason(error) if isinstance(error, ProjectError) else str(error)  # of which project is plain here
            self._say(f"{text}{_advice(error)} {in_use} stays in use.")
            self._window.problem.emit(error)
        self.ended.emit()

    def label_in_use(self) -> str:
        """The model that the project uses, as people read it."""
        try:
            current = self.project.lineage.current() if self.project is not None else None
        except HicStructError:  # the sentence that this ends is about a worse trouble
            current = None
        return getattr(current, "label", "") or getattr(self._prediction.models.chosen, "label", "") or "The model"

    # ------------------------------------------------------------------ afterwards
    def roll_back(self) -> None:
        """Use the model before the result's again."""
        if self.result is not None:
            self.use(self.result.parent, "rolled back")

    def use_anyway(self) -> None:
        """Use the result's model although it was not taken."""
        if self.result is not None:
            self.use(self.result.sha256, "used anyway")

    def use(self, sha256: str, reason: str) -> None:
        """Use a model of the project from now on."""
        try:
            self.project.lineage.use(sha256, reason)
        except HicStructError as error:
            self._say(short_text(error))
            self._window.problem.emit(error)
            return
        result = self.result
        if result is not None:
            self._set_result(result, in_use=sha256 == result.sha256, learnt_at=self.learnt_at)
        said = result is not None and sha256 in (result.sha256, result.parent)
        self._say("" if said else f"{self.label_in_use()} is in use.")  # the result's own text says it already

    def predict_with_result(self) -> None:
        """Predict the view with the new model, into a set of its own; a prediction that runs is left alone."""
        result, models = self.result, self._prediction.models
        if result is None:
            return
        if self._prediction.running:
            self._say("A prediction is running; press “Predict with it” when it has ended.")
            return
        models.follow()
        if models.choose(result.sha256):
            self._prediction.run_view(result.label)
        else:
            self._say(f"{result.label} cannot be read from {result.model}.")

    def references(self, *digests: str) -> list[str]:
        """What prediction requests name models by; empty where one is not listed."""
        return [reference_of(self._prediction.models.by_sha(sha)) for sha in digests]

    def _set_result(self, result: FinetuneResult | None, *, in_use: bool, learnt_at: str = "") -> None:
        self.result, self.in_use, self.learnt_at = result, in_use, learnt_at
        self.result_changed.emit()

    def _show_last(self) -> None:
        """The last fine-tune that the project keeps; nothing where it keeps none or cannot be read."""
        try:
            kept = None if self.project is None else self.backend.last_result(self.project)
            if kept is not None:
                result, learnt_at = kept
                current = self.project.lineage.current()
                in_use = current is not None and current.sha256 == result.sha256
                self._set_result(result, in_use=in_use, learnt_at=learnt_at)
                return
        except HicStructError as error:
            self._say(short_text(error))
        self._set_result(None, in_use=False)

    # ------------------------------------------------------------------ what happened elsewhere
    def _map_changed(self) -> None:
        self._project_changed(self._window.project)

    def _project_changed(self, project: Any) -> None:
        was_running = self.running
        self._job.close()  # what it learns belongs to the project before
        self._counting.close()
        self.project, self.total = project, None
        self._show_last()
        self._say("The fine-tune was cancelled: another map or project was opened." if was_running else "")
        self.project_changed.emit()
        self.count()
        self.changed.emit()


def _advice(error: HicStructError) -> str:
    """What helps where memory ran out."""
    if error.hint or "memory" not in str(error).lower():
        return ""
    return " Choose heads or adapters under How, run on the processor, or close other programs."
