"""*Adapt to this map*: the model's gate set by the map's own windows, calls before and after, and back again."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import HicStructError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.plugin.state.jobs import Runner
from napari_hicstruct.plugin.state.models.prediction import PredictionState, spare_threads
from napari_hicstruct.plugin.state.panel_work import ReviewWork
from napari_hicstruct.plugin.state.review.review import ReviewState
from napari_hicstruct.plugin.state.sentences import short_text

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.predict.adapt_compare import AdaptedCalls

ABOUT = "adapting"
BEFORE, AFTER = "before adapting", "adapted"


def _delete(set_id: int, project: Any) -> Any:
    return project.delete_set(set_id)


class AdaptBackend:
    """``workflows.predict.adapt_compare``, imported when used; tests put another in its place."""

    def compare(
        self, source: ContactSource, *, token: CancelToken, **request: Any
    ) -> Generator[Progress, None, AdaptedCalls]:
        """Calls before and after."""
        from napari_hicstruct.workflows.predict.adapt_compare import iter_compare_adapted
        from napari_hicstruct.workflows.predict.request import PredictRequest

        return iter_compare_adapted(source, PredictRequest(threads=spare_threads(), **request), token=token)

    def why_not(self, model: Any) -> str:
        """Why a model cannot adapt; empty if it can."""
        from napari_hicstruct.workflows.predict.adapt import why_not_adapt

        return why_not_adapt(model)


class AdaptState(ReviewWork):
    """Adapts the chosen model to the open map and shows what that changes in view; one call takes it back.

    Parameters
    ----------
    prediction : PredictionState
        Whose runs are adapted from then on.
    review : ReviewState
        Whose queue says what changed.
    runner : Runner
    backend : AdaptBackend, optional

    Attributes
    ----------
    found : AdaptedCalls or None
        What changed in view.
    shown : str
        ``before`` or ``after``.
    """

    def __init__(
        self, prediction: PredictionState, review: ReviewState, runner: Runner, *, backend: AdaptBackend | None = None
    ) -> None:
        super().__init__(runner, review.labels.window)
        self._prediction, self._review, self._labels = prediction, review, review.labels
        self._backend = backend or AdaptBackend()
        self._sets: dict[str, int] = {}
        self._known: tuple[Any, str] = (None, "")
        self.found: AdaptedCalls | None = None
        self.shown = "after"
        self._window.map_changed.connect(self._forget)
        self._window.project_changed.connect(self._project_changed)
        prediction.models.chosen_changed.connect(self._forget)

    @property
    def adapted(self) -> bool:
        """True if runs of the model are adapted to the map."""
        return self._prediction.adapt

    def offered(self) -> bool:
        """True if the chosen model has a gate."""
        return not self._why_model()

    def why_not(self) -> str:
        """Why it cannot be done now; empty if it can."""
        if self._window.source is None:
            return "Open a contact map first."
        return self._why_model() or self._prediction.why_not()

    def _why_model(self) -> str:
        model = self._prediction.models.chosen
        if model is None:
            return "No model is installed."
        if self._known[0] is not model:
            try:
                self._known = (model, self._backend.why_not(model))
            except HicStructError as error:
                self._known = (model, short_text(error))
        return self._known[1]

    # ------------------------------------------------------------------ adapt, look, take back
    def adapt(self) -> None:
        """Adapt, and compare calls before and after in view."""
        source = self._window.source
        if source is None or self.why_not():
            self._say(self.why_not())
            return
        try:
            regions = self._prediction.view_regions()
        except HicStructError as error:
            self._window.problem.emit(error)
            return
        request = self._prediction.request() | {"regions": regions}
        request.pop("adapt", None)
        self._say("")
        compare = self._backend.compare
        self._job.start(lambda token: compare(source, token=token, **request))
        self.changed.emit()

    def show(self, which: str) -> None:
        """Show the calls ``before`` or ``after``."""
        self.shown = which
        ids = dict(self._sets)

        def work(project: Any) -> bool:
            for name, set_id in ids.items():
                project.update_set(set_id, visible=name == which)
            return True

        self._labels.attempt(work)
        self._labels.sets_changed()
        self.changed.emit()

    def back(self) -> None:
        """The model as it was: both sets go, the queue says nothing of it, further runs are not adapted."""
        ids = list(self._sets.values())
        there = {one.id for one in self._labels.sets()}
        self._forget()
        for set_id in (one for one in ids if one in there):
            self._labels.attempt(partial(_delete, set_id))
        self._labels.sets_changed()
        self._say("The model is as it was.")

    # ------------------------------------------------------------------ what came of it
    def _done(self, found: AdaptedCalls) -> None:
        try:
            with self._window.project_to_write() as project:
                for which, name, records in (("before", BEFORE, found.before), ("after", AFTER, found.after)):
                    if records:
                        made = project.add_as_set(name, Origin.PREDICTED, records, action="predict", runs=[])
                        self._sets[which] = made.id
        except HicStructError as error:
            self._failed(error)
            return
        self.found, self._prediction.adapt = found, True
        self._review.queue.set_notes(ABOUT, found.changes)
        self.show("after")
        self._prediction.changed.emit()
        self._say("\n".join([*found.notes[-1:], *found.words()]))

    def _forget(self, *_: Any) -> None:
        self._job.close()
        self._sets, self.found, self.shown = {}, None, "after"
        self._prediction.adapt = False
        self._review.queue.set_notes(ABOUT, {})
        self._say("")
        self.changed.emit()

    def _project_changed(self, project: Any) -> None:
        if self._sets:  # of a project that has gone
            self._forget()
