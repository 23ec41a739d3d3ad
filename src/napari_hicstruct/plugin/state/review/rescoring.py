"""The scores of the model in use for the candidates of the queue, and places where it is unsure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.plugin.state.jobs import Runner
from napari_hicstruct.plugin.state.models.prediction import spare_threads
from napari_hicstruct.plugin.state.panel_work import ReviewWork
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.contacts.protocol import ContactSource


MAX_CANDIDATES = 2_000
"""Candidates that are scored, the first of the queue: more take minutes and nobody gets there."""

PROPOSALS = "doubtful"
"""Name of the set of proposals."""


class RescoreBackend:
    """The workflows, each in a process of its own, imported when used; tests put another in its place."""

    def rescore(
        self, source: ContactSource, project: Project, records: Sequence[Annotation], *, token: CancelToken
    ) -> Generator[Progress, None, dict[str, Any]]:
        """Score records by the model in use; returns ``CandidateScore`` by uid."""
        from napari_hicstruct.workflows.rescore import iter_rescore

        return _in_process(partial(iter_rescore, model=_model(project)), source, tuple(records), token=token)

    def propose(
        self,
        source: ContactSource,
        project: Project | None,
        known: Sequence[Annotation],
        region: Interval,
        *,
        token: CancelToken,
    ) -> Generator[Progress, None, list[Annotation]]:
        """Further places in a region; returns annotations."""
        from napari_hicstruct.workflows.propose import iter_propose

        return _in_process(partial(iter_propose, model=_model(project)), source, tuple(known), region, token=token)


def _model(project: Project | None) -> str:
    from napari_hicstruct.workflows.finetune import model_in_use
    from napari_hicstruct.workflows.models import DEFAULT, find_model

    return str((find_model(DEFAULT) if project is None else model_in_use(project)).path)


def _in_process(make_job: Any, *args: Any, token: CancelToken) -> Generator[Progress, None, Any]:
    from napari_hicstruct.jobs import in_process

    threads = spare_threads()
    return in_process(partial(make_job, threads=threads), *args, token=token, threads=threads)


class RescoringState(ReviewWork):
    """Scores the candidates with the model in use, by request and after each fine-tune; proposes further places.

    Parameters
    ----------
    review : ReviewState
    runner : Runner
    backend : RescoreBackend, optional
        What to run in place of the workflows.

    Attributes
    ----------
    auto : bool
        Score the candidates by itself once another model is in use.
    changed : Signal
        Whether something runs, or can.
    """

    def __init__(self, review: ReviewState, runner: Runner, *, backend: RescoreBackend | None = None) -> None:
        super().__init__(runner, review.labels.window)
        self._review, self._labels = review, review.labels
        self._backend = backend or RescoreBackend()
        self._then: Callable[[Any], None] = self._scored
        self._project: Project | None = None
        self._current = ""
        self.auto = True
        self._window.project_changed.connect(self._project_changed)
        self._window.map_changed.connect(self._map_changed)
        self._project_changed(self._window.project)

    @property
    def can_rescore(self) -> bool:
        """True if there may be candidates."""
        return not self.running and self._project is not None

    @property
    def can_propose(self) -> bool:
        """True if there is a map."""
        return not self.running and self._window.source is not None

    def rescore(self) -> None:
        """Score the first candidates of the queue with the model in use, in the background."""
        source, project = self._window.source, self._project
        uids = self._review.queue.uids[:MAX_CANDIDATES]
        if source is None or project is None or not uids:
            self._say("There are no candidates to score: run a model, import labels, or find uncertain places.")
            return
        records = [record for record in map(self._labels.record, uids) if record is not None]
        rescore = self._backend.rescore
        self._start(lambda token: rescore(source, project, records, token=token), self._scored)

    def propose(self) -> None:
        """Search the view for places where the model in use is unsure."""
        source, project, catalogue = self._window.source, self._project, self._labels.catalogue
        if source is None or (project is not None and project.read_only):
            self._say("The project cannot be edited." if source is not None else "Open a contact map first.")
            return
        rows, cols = self._window.visible()
        region = Interval(self._window.chrom, min(rows.start, cols.start), max(rows.end, cols.end))
        known = [] if catalogue is None else catalogue.records.on_chromosome(region.chrom)
        propose = self._backend.propose
        self._start(lambda token: propose(source, project, known, region, token=token), self._proposed)

    def _start(self, make_job: Any, then: Callable[[Any], None]) -> None:
        self._then = then
        self._say("")
        self._job.start(make_job)
        self.changed.emit()

    def _done(self, outcome: Any) -> None:
        self._then(outcome)

    def _scored(self, result: Any) -> None:
        self.changed.emit()
        self._review.queue.set_seen(result)
        self._say(f"{how_many(len(result), 'candidate')} scored again; the queue is in the new order.")

    def _proposed(self, proposals: Sequence[Annotation]) -> None:
        self.changed.emit()
        if not proposals:
            self._say("The model finds nothing uncertain here that is not in a list already.")
            return
        try:
            with self._window.project_to_write() as project:
                sets = {one.name: one for one in project.sets() if not one.locked}
                mine = sets.get(PROPOSALS) or project.add_set(PROPOSALS, Origin.PREDICTED)
                project.add(proposals, set_id=mine.id, action="predict")
        except HicStructError as error:
            self._failed(error)
        else:
            self._say(f"{how_many(len(proposals), 'uncertain place')} added to the set “{mine.name}”.")

    # ------------------------------------------------------------------ what happened elsewhere
    def _project_changed(self, project: Project | None) -> None:
        if self._project is not None:
            self._project.lineage.changed.disconnect(self._lineage_changed)
        self._job.close()
        self._project = project
        self._current = self._in_use()
        if project is not None:
            project.lineage.changed.connect(self._lineage_changed)
        self._say("")
        self.changed.emit()

    def _map_changed(self) -> None:
        if self._window.source is None:
            self._project_changed(None)
        self.changed.emit()

    def _lineage_changed(self) -> None:
        before, self._current = self._current, self._in_use()
        if self._current != before and before and self.auto and self._review.queue.left:
            self.rescore()

    def _in_use(self) -> str:
        """Digest of the model in use, be it the project's own or the installed default; empty where there is none.

        A project without a lineage gets one at its first fine-tune: that is no other model yet.
        """
        from napari_hicstruct.workflows.models import DEFAULT, find_model

        try:
            current = None if self._project is None else self._project.lineage.current()
            return find_model(DEFAULT).sha256 if current is None else current.sha256
        except HicStructError:
            return ""
