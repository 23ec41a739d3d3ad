"""Prediction: model, tasks, device, scope; what a run finds lands window by window in a set of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.annotations.tally import CallTally
from napari_hicstruct.errors import Cancelled, HicStructError, RegionError
from napari_hicstruct.genome import Interval, display_name
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job, Runner
from napari_hicstruct.plugin.state.models.cluster_choice import ClusterChoice
from napari_hicstruct.plugin.state.models.models import ModelChoice
from napari_hicstruct.plugin.state.models.run_options import RunOptions
from napari_hicstruct.plugin.state.project import ProjectState
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.workflows.predict.store import PredictedSet

if TYPE_CHECKING:
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.plugin.state.tracks.model_tracks import ModelTracks
    from napari_hicstruct.workflows.genome.kept_runs import KeptRun

TASKS = {"loop": "loops", "stripe": "stripes", "tad": "TADs"}
_LIKELIER = "For the likelier ones alone: Labels, Show from p ≥ 0.50; Review, Filter, confidence."
_PARTED = "Its first set was deleted or merged while it ran: this one holds what was found afterwards."
_CHOOSE = "Choose at least one thing to find."


class PredictBackend:
    """``workflows.predict`` and ``workflows.models``, imported when used; tests put another in its place."""

    def predict(self, source: ContactSource, *, token: CancelToken, **request: Any) -> Generator[Progress, None, Any]:
        """Predict; payloads are tuples of annotations.  ``request`` is of a ``PredictRequest``."""
        from napari_hicstruct.workflows.predict import iter_predict
        from napari_hicstruct.workflows.predict.request import PredictRequest

        return iter_predict(source, PredictRequest(threads=spare_threads(), **request), token=token)

    def predict_on(
        self, source: ContactSource, scheduler: str, *, token: CancelToken, stop: CancelToken, **request: Any
    ) -> Generator[Progress, None, Any]:
        """Predict by the workers of a scheduler, to which the run belongs; ``stop`` ends it."""
        from napari_hicstruct.jobs.cluster import connect
        from napari_hicstruct.workflows.genome.following import Tokens
        from napari_hicstruct.workflows.genome.kept_runs import runs_folder
        from napari_hicstruct.workflows.genome.run import iter_predict_on
        from napari_hicstruct.workflows.predict.request import PredictRequest

        yield Clock().step("look for the scheduler", 0, 0)
        with connect(scheduler) as cluster:
            asked, tokens = PredictRequest(**request), Tokens(token, stop)
            return (yield from iter_predict_on(cluster, source, asked, runs_folder(), resume=True, tokens=tokens))

    def kept_runs(self, source: ContactSource) -> list[KeptRun]:
        """Runs of this map that belong to a scheduler."""
        from napari_hicstruct.workflows.genome.kept_runs import kept_runs, runs_folder

        return kept_runs(runs_folder(), source)

    def discard(self, source: ContactSource, **request: Any) -> None:
        """Remove what is left of such a run once its calls have been kept."""
        from napari_hicstruct.workflows.genome.genome_run import discard_store
        from napari_hicstruct.workflows.genome.kept_runs import runs_folder
        from napari_hicstruct.workflows.predict.request import PredictRequest

        discard_store(source, PredictRequest(**request), runs_folder())

    def capabilities(self, source: ContactSource) -> dict[str, str]:
        """Task → why it cannot be done (empty if it can)."""
        from napari_hicstruct.workflows.predict.request import capabilities

        return capabilities(source)

    def bins(self, source: ContactSource) -> tuple[int, tuple[int, ...]]:
        """The bin size (bp) in which a run reads the map by itself, and those to choose from."""
        from napari_hicstruct.workflows.predict.request import offered_bins

        return offered_bins(source)

    def models(self) -> list[Any]:
        """Models with ``name``, ``version``, ``tasks`` and ``card``."""
        from napari_hicstruct.workflows.models import list_models

        return list_models()


def _answer(call: Callable[..., Any], *args: Any) -> Job:
    """One call as a job."""
    yield from ()
    return call(*args)


def spare_threads() -> int:
    """Processor threads for long work: one core is left to the window."""
    import os

    return max(1, (os.cpu_count() or 2) - 1)


class PredictionState:
    """Runs a model in the background and adds what it finds to a fresh set of the project.

    Parameters
    ----------
    window : ProjectState
    runner : Runner
    backend : PredictBackend, optional
        What to run in place of the models that are installed.
    options : RunOptions, optional
        Those that are remembered; else the usual ones.
    cluster : ClusterChoice, optional
        Who runs a whole genome, as it is remembered; else this computer.

    Attributes
    ----------
    models : ModelChoice
    wanted : dict of str to bool
        Task → whether a person wants it.
    options : RunOptions
        Fast or accurate; limits of what is called.
    cluster : ClusterChoice
    offered : KeptRun or None
        A run of this map that goes on at a scheduler, or ended there, and that nobody follows.
    device, scope : str
        Scope: ``view``, ``chromosome`` or ``genome``.
    bin_size : int
        Bins in which the map is read, bp; 0: those that fit the model best.
    adapt : bool
        Runs are adapted to the map first (``state.adapting``).
    tracks : ModelTracks or None
        For models that read tracks: which of the window's.
    runs : dict of int to dict
        The request of each set of this project that was predicted in this window (``regions``, ``model``, …).
    predict : callable
        The backend's, for those who want a prediction that is kept nowhere.
    changed : Signal
        Models, tasks, options or whether something runs.
    progressed : Signal(Progress)
    message : Signal(str)
        What came of it, in words.
    finished : Signal
        A run has come to its end; its set has another name.
    """

    changed = Signal()
    progressed = Signal(object)
    message = Signal(str)
    finished = Signal()

    def __init__(
        self,
        window: ProjectState,
        runner: Runner,
        *,
        backend: PredictBackend | None = None,
        options: RunOptions | None = None,
        cluster: ClusterChoice | None = None,
    ) -> None:
        self._window = window
        self._backend = backend or PredictBackend()
        self.predict = self._backend.predict
        self.models = ModelChoice(self._backend.models, runner)
        self.wanted = dict.fromkeys(TASKS, True)
        self.options, self.cluster = options or RunOptions(), cluster or ClusterChoice()
        self.device, self.scope, self.bin_size = "auto", "view", 0
        self.adapt = False
        self.tracks: ModelTracks | None = None
        self.runs: dict[int, dict[str, Any]] = {}
        self._set = PredictedSet("")
        self._job = BackgroundJob(runner, on_step=self._step, on_done=self._done, on_error=self._failed)
        self._project: Any = None
        self._reasons: dict[str, str] | None = None
        self.offered: KeptRun | None = None
        self._looking = BackgroundJob(runner, on_done=self._offer)
        self._on_cluster = False
        self._kept_before: frozenset[str] = frozenset()  # chromosomes of the run whose calls a former window has kept
        self._found = CallTally()
        self._parted = False  # the set that the run filled was taken away meanwhile
        self._request: dict[str, Any] = {}
        self.options.changed.connect(self.changed.emit)
        self.cluster.changed.connect(self.changed.emit)
        self.models.refreshed.connect(self._model_changed)
        self.models.chosen_changed.connect(self._model_changed)
        window.map_changed.connect(self._map_changed)
        window.project_changed.connect(self._project_changed)
        self._project_changed(window.project)
        self._look_for_runs()

    # ------------------------------------------------------------------ choices
    def want(self, task: str, on: bool) -> None:
        """Look for a kind of structure, or not."""
        self.wanted[task] = on
        self.changed.emit()

    def bins(self) -> tuple[int, tuple[int, ...]]:
        """The bin size in which a run reads this map by itself, and those to choose from; 0 and none without a map."""
        source = self._window.source
        try:
            return (0, ()) if source is None else self._backend.bins(source)
        except HicStructError:  # said by what cannot be found
            return 0, ()

    def reasons(self) -> dict[str, str]:
        """Task → why it cannot be done on this map with this model (empty if it can)."""
        if self._reasons is None:
            self._reasons = self._find_reasons()
        return self._reasons

    def _find_reasons(self) -> dict[str, str]:
        source, model = self._window.source, self.models.chosen
        try:
            found = dict(self._backend.capabilities(source)) if source is not None else {}
        except HicStructError as error:
            found = dict.fromkeys(TASKS, short_text(error))
        for task, name in TASKS.items():
            if model is not None and model.tasks and task not in model.tasks:
                found[task] = f"This model does not find {name}."
        return {task: found.get(task, "") for task in TASKS}

    def tasks(self) -> tuple[str, ...]:
        """What is wanted and can be done."""
        return tuple(task for task, reason in self.reasons().items() if self.wanted[task] and not reason)

    def why_not(self) -> str:
        """Why nothing can be run now; empty if it can."""
        if self._window.source is None:
            return "Open a contact map first."
        if self.models.chosen is None:
            return "No model is installed."
        if not self.tasks():
            return self._why_no_task()
        if self._project is not None and self._project.read_only:
            return f"The project cannot be edited: {self._project.read_only_reason}"
        if self.scope == "genome" and (why := self.cluster.problem()):
            return why
        if self.tracks is not None and (why := self.tracks.problem()):
            return why
        return next(iter(self.options.problems()), "")

    def _why_no_task(self) -> str:
        """Why nothing is left to look for: the map or the model, else what is ticked."""
        reasons = list(self.reasons().values())
        return f"Nothing can be found here: {reasons[0].rstrip('.')}." if all(reasons) else _CHOOSE

    # ------------------------------------------------------------------ running
    @property
    def running(self) -> bool:
        """True while a model runs."""
        return self._job.running

    @property
    def set_name(self) -> str:
        """Of the last run."""
        return self._set.name

    def cancel(self) -> None:
        """End the run; what was found so far is kept."""
        if self._on_cluster:
            self._job.stop()
        else:
            self._job.cancel()

    def request(self) -> dict[str, Any]:
        """What a run would ask for, but for the regions."""
        tasks = self.tasks()
        return {
            "tasks": tasks,
            "model": self.models.reference,
            "device": self.device,
            "resolution": self.bin_size,
            **self.options.request(tasks),
            **({"adapt": True} if self.adapt else {}),
            **({"tracks": files} if self.tracks is not None and (files := self.tracks.files()) else {}),
        }

    def run_view(self, name: str = "") -> None:
        """Run on what is in view."""
        self.scope = "view"
        self.run(name)

    def run(self, name: str = "") -> None:
        """Run the chosen model; a run that still goes on is cancelled.

        Parameters
        ----------
        name : str
            Of the set that is made; by default the model's and the region's.
        """
        source = self._window.source
        try:
            if source is not None:
                self._window.look_for_project()  # another window may have made one, and hold it
            if source is None or self.why_not():
                raise HicStructError(self.why_not())
            regions, where = self._regions()
        except HicStructError as error:
            self._window.problem.emit(error)
            return
        parts = name or self.models.chosen.label, where, self.options.words()
        self._request = request = {"regions": regions, **self.request()}
        name = " · ".join(part for part in parts if part)
        self._set, self._found = PredictedSet(name, self._kept_run(), partial=True), CallTally()
        self._parted, self._kept_before = False, frozenset()
        self._on_cluster = self.scope == "genome" and self.cluster.place == "cluster"
        self._start(source, request, self.cluster.scheduler)

    def _start(self, source: ContactSource, request: dict[str, Any], scheduler: str) -> None:
        self.offered = None
        self.message.emit("")
        if self._on_cluster:
            predict_on, stop = self._backend.predict_on, CancelToken()
            self._job.start(lambda token: predict_on(source, scheduler, token=token, stop=stop, **request), stop=stop)
        else:
            predict = self.predict
            self._job.start(lambda token: predict(source, token=token, **request))
        self.changed.emit()

    # ------------------------------------------------------------------ runs that went on without a window
    def _look_for_runs(self) -> None:
        """See whether a run of this map belongs to a scheduler; reads a few small files, away from the window."""
        source, backend = self._window.source, self._backend
        self.offered = None
        if source is not None and hasattr(backend, "kept_runs"):
            self._looking.start(lambda _: _answer(backend.kept_runs, source))

    def _offer(self, found: list[KeptRun]) -> None:
        if found and not self.running:
            self.offered = found[0]
            self.changed.emit()

    def follow(self) -> None:
        """Follow the run that is offered: its calls go into the set that its window began, or into a new one."""
        source, offered = self._window.source, self.offered
        if source is None or offered is None or self.running:
            return
        try:
            self._window.look_for_project()
            self._request = request = {one.name: getattr(offered.request, one.name) for one in fields(offered.request)}
            self._set, self._found = PredictedSet("genome", self._kept_run(), partial=True), CallTally()
            with self._window.project_to_write() as project:
                self._kept_before = self._set.take_up(project)
        except HicStructError as error:
            self._window.problem.emit(error)
            return
        self._parted, self._on_cluster = False, True
        self._start(source, request, offered.scheduler)

    def _kept_run(self) -> dict[str, Any]:
        """What the project keeps of the run that begins."""
        from napari_hicstruct.contacts.fused import sources_of
        from napari_hicstruct.workflows.models import find_model
        from napari_hicstruct.workflows.predict.about_run import kept_run
        from napari_hicstruct.workflows.predict.request import PredictRequest

        model = self.models.chosen if self.offered is None else find_model(self.offered.request.model)
        about = {"name": model.name, "version": model.version, "sha256": model.sha256}
        fused = sources_of(self._window.source) if self._window.source is not None else None
        return kept_run(about, PredictRequest(**self._request).to_run(), fused)

    def _regions(self) -> tuple[tuple[Interval, ...], str]:
        """Regions to predict and their name."""
        sizes, chrom = self._window.source.chromsizes, self._window.chrom  # type: ignore[union-attr]
        if self.scope == "genome":
            return tuple(Interval(name, 0, length) for name, length in sizes.items()), "genome"
        if self.scope == "chromosome":
            return (Interval(chrom, 0, sizes[chrom]),), display_name(chrom)
        (seen,) = self.view_regions()
        return (seen,), f"{display_name(chrom)}:{seen.start / 1e6:.2f}-{seen.end / 1e6:.2f}M"

    def view_regions(self) -> tuple[Interval, ...]:
        """What is in view, as the regions of a request.

        Raises
        ------
        RegionError
            If nothing of the chromosome is.
        """
        rows, cols = self._window.visible()
        if not len(rows) or not len(cols):
            raise RegionError("Nothing of the chromosome is in view.", hint="Go back to the map, then run again.")
        return (Interval(rows.chrom, min(rows.start, cols.start), max(rows.end, cols.end)),)

    def _step(self, progress: Progress) -> None:
        self.progressed.emit(progress)
        if progress.message:
            self.message.emit(progress.message)
        if progress.payload and (new := [one for one in progress.payload if one.chrom not in self._kept_before]):
            self._keep(tuple(new))

    def _keep(self, records: tuple[Any, ...]) -> None:
        """Add what is new to this run's own set; the first results make the set.  An undo of the run ends it."""
        try:
            with self._window.project_to_write() as project:
                if self._set.entry is not None and not project.stands(self._set.entry):
                    self._taken_back()
                    return
                before = self._set.id
                self.runs.setdefault(self._set.add(project, records), self._request)
                self._parted |= before not in (None, self._set.id)
        except HicStructError as error:
            self._job.close()
            self._failed(error)
        else:
            self._found.add(records)

    def _taken_back(self) -> None:
        self._job.close()
        self.changed.emit()
        self.message.emit(f"Undone, and the run has ended: redo brings back what it had found ({self._found}).")

    def _done(self, result: Any) -> None:
        self._finish()
        if self._on_cluster and self._window.source is not None:
            self._backend.discard(self._window.source, **self._request)
        self.changed.emit()
        self.message.emit("\n".join([*self._words_of_found(), *getattr(result, "notes", ())]))

    def _words_of_found(self) -> list[str]:
        """What the run gave, by kind, and how to go through the likelier calls where most are not."""
        found = self._found
        if not found.total:
            return ["Nothing was found here."]
        likely = found.likely.total()
        said = [f"Found {found}.", f"Set: {self.set_name}.", *[_PARTED] * self._parted]
        return said + [_LIKELIER] * (2 * likely < found.total and likely > 0)

    def _finish(self) -> None:
        """The set is whole: it loses the word that said that it is not."""
        if self._set.id is None:
            return
        try:
            with self._window.project_to_write() as project:
                self._set.finish(project)
        except HicStructError as error:
            self._window.problem.emit(error)
        self.finished.emit()

    def _failed(self, error: HicStructError) -> None:
        self.changed.emit()
        kept = f" Kept so far: {self._found}." if self._found.total else ""
        self.message.emit(("Cancelled." if isinstance(error, Cancelled) else short_text(error)) + kept)
        self._window.problem.emit(error)

    def _model_changed(self) -> None:
        self._reasons = None
        self.changed.emit()

    def _map_changed(self) -> None:
        self._job.cancel()
        self.bin_size = 0  # a choice among the levels of the map before
        self.message.emit("")
        self._project = self._window.project
        self.models.set_project(self._project)
        self._look_for_runs()

    def _project_changed(self, project: Any) -> None:
        if self._project is not None:  # its set belongs to the project before; a first one was made to keep it
            self._job.cancel()
        self._project = project
        self.runs.clear()
        self.models.set_project(project)
