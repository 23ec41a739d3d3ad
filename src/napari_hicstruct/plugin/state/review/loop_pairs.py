"""Loops of the project as enhancer–promoter pairs in one line; the queue's order, filter and cards follow."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.config.loop_pairs import LoopPairsConfig
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.plugin.state.jobs import Runner
from napari_hicstruct.plugin.state.panel_work import ReviewWork
from napari_hicstruct.plugin.state.review.review import ReviewState

if TYPE_CHECKING:
    from napari_hicstruct.annotations.records import Annotation
    from napari_hicstruct.workflows.epi.loops import LoopPairs


class LoopPairsBackend:
    """``workflows.epi.loops``, imported when used; tests put another in its place."""

    def find(
        self, records: Sequence[Annotation], config: LoopPairsConfig, *, token: CancelToken
    ) -> Generator[Progress, None, LoopPairs]:
        """The most probable pair of each loop."""
        from napari_hicstruct.plugin.state.models.prediction import spare_threads
        from napari_hicstruct.workflows.epi.loops import LoopPairsRequest, iter_loop_pairs

        given = {name: getattr(config, name) for name in type(config).model_fields}
        request = LoopPairsRequest(**given | {"line": config.line.strip()}, threads=spare_threads())
        return iter_loop_pairs(records, request, token=token)


class LoopPairsState(ReviewWork):
    """Asks which loops join an enhancer and a promoter, and hands the queue what was found.

    Attributes
    ----------
    config : LoopPairsConfig
        What is given.
    found : LoopPairs or None
        Of the last run.
    changed : Signal
        What is given, whether it runs, what was found.
    """

    def __init__(self, review: ReviewState, runner: Runner, *, backend: LoopPairsBackend | None = None) -> None:
        super().__init__(runner, review.labels.window)
        self._review, self._labels = review, review.labels
        self._backend = backend or LoopPairsBackend()
        self.config = LoopPairsConfig()
        self.found: LoopPairs | None = None
        self._window.project_changed.connect(lambda _: self.forget())

    def set(self, **values: Any) -> None:
        """Take over what a person gives."""
        self.config = LoopPairsConfig(**{**self.config.model_dump(), **values})
        self.changed.emit()

    def why_not(self) -> str:
        """Why it cannot be run now; empty if it can."""
        if self._labels.catalogue is None:
            return "There are no loops: run a model, or import some."
        return self.config.missing()

    def run(self) -> None:
        """Judge all loops of the project in the background."""
        if why := self.why_not():
            self._say(why)
            return
        assert self._labels.catalogue is not None
        uids = self._labels.catalogue.records.uids
        records = [one for one in map(self._labels.record, uids) if one is not None and one.kind is Kind.LOOP]
        find, config = self._backend.find, self.config
        self._say("")
        self._job.start(lambda token: find(records, config, token=token))
        self.changed.emit()

    def forget(self) -> None:
        """Take everything back: cards, order and filter know of no pairs."""
        self._job.close()
        if self.found is not None:
            self.found = None
            queue = self._review.queue
            queue.where(pair=0.0)
            queue.set_pairs({}, {})
        self._say("")
        self.changed.emit()

    def _done(self, found: LoopPairs) -> None:
        self.found = found
        pairs = {uid: one.p for uid, one in found.found.items()}
        self._review.queue.set_pairs(pairs, {uid: one.note(found.line) for uid, one in found.found.items()})
        self.changed.emit()
        self._say("\n".join([found.words(), *found.notes]))
