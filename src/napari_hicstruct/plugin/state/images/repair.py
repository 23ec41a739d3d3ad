"""Label repair in a window: which images, their classes, the run, its loss curves, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import CancelToken, Clock, Progress
from napari_hicstruct.plugin.state.images.repair_images import (
    LabelImage,
    Repaired,
    RepairOutcome,
    changes_between,
    counted_together,
)
from napari_hicstruct.plugin.state.images.repair_settings import RepairSettings, Until
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Runner
from napari_hicstruct.plugin.state.models.prediction import spare_threads
from napari_hicstruct.plugin.state.panel_work import PanelWork
from napari_hicstruct.plugin.state.sentences import reason
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from pathlib import Path

    from napari_hicstruct.config.repair import Rule
    from napari_hicstruct.workflows.repair import RepairResult
    from napari_hicstruct.workflows.repair.job import RepairJob

Shown = Literal["before", "after", "changes"]
MAX_CLASSES = 64
"""More values than these are objects, not classes: each has a function of its own."""

ALL_CLASSES = "all classes"
"""Name of the curve of stage 3."""


class RepairBackend:
    """``workflows.repair`` in a process of its own, imported when used; tests put another in its place."""

    def run(self, job: RepairJob, *, token: CancelToken, stop: CancelToken) -> Generator[Progress, None, RepairResult]:
        """Repair; payloads are ``RepairStep`` or None."""
        from napari_hicstruct.jobs.process import in_process
        from napari_hicstruct.workflows.repair.job import iter_repair_job

        return in_process(iter_repair_job, job, token=token, stop=stop, threads=spare_threads())


def iter_repair_images(
    backend: RepairBackend,
    images: Sequence[LabelImage],
    settings: RepairSettings,
    *,
    token: CancelToken,
    stop: CancelToken,
) -> Generator[Progress, None, RepairOutcome]:
    """Read the images, repair them, and say where they differ."""
    from napari_hicstruct.workflows.repair import LabelSample
    from napari_hicstruct.workflows.repair.job import RepairJob

    yield Clock().step("reading labels", 0, 0)
    before = [image.read() for image in images]
    settings.take_counts(counted_together(before))  # somebody may have painted since they were counted
    token.check()
    samples = tuple(
        LabelSample(image.name, labels.astype("uint8") if labels.dtype == bool else labels, image.spacing)
        for image, labels in zip(images, before, strict=True)
    )
    job = RepairJob(samples, settings.config(), settings.until, threads=spare_threads())
    result = yield from backend.run(job, token=token, stop=stop)
    found = [
        Repaired(image, labels, sample.labels, changes_between(labels, sample.labels))
        for image, labels, sample in zip(images, before, result.samples, strict=True)
    ]
    return RepairOutcome(tuple(found), result)


def iter_counted(images: Sequence[LabelImage], token: CancelToken) -> Generator[Progress, None, dict[int, int]]:
    """Voxels of each value in all images together."""
    yield Clock().step("counting voxels", 0, 0)
    read = []
    for image in images:
        token.check()
        read.append(image.read())
    return counted_together(read)


class RepairState(PanelWork):
    """Labels layers → the same labels, smooth and consistent, as new layers.

    Parameters
    ----------
    runner : Runner
    backend : RepairBackend, optional
        What to run in place of ``workflows.repair``.

    Attributes
    ----------
    images : tuple of LabelImage
        The samples: they share one function.
    settings : RepairSettings
    stage : str
        The training whose curves are in ``losses``: ``"shape"`` or ``"joint"``.
    losses : dict of str to list of (int, float)
        By class, of stage 3 under :data:`ALL_CLASSES`: epoch or step, and loss.
    dices : dict of str to list of (int, float)
        The same at validations.
    outcome : RepairOutcome or None
        Of the last run.
    shown : str
        Which of ``before``, ``after`` and ``changes`` the window shows of it.
    curves_changed : Signal
    outcome_changed : Signal
        There is another outcome.
    shown_changed : Signal
    """

    curves_changed = Signal()
    outcome_changed = Signal()
    shown_changed = Signal()

    def __init__(self, runner: Runner, *, backend: RepairBackend | None = None) -> None:
        super().__init__(runner)
        self._backend = backend or RepairBackend()
        self._counting = BackgroundJob(runner, on_done=self._counted, on_error=self._not_counted)
        self.images: tuple[LabelImage, ...] = ()
        self.settings = RepairSettings()
        self.problem = ""
        self.stage = ""
        self.losses: dict[str, list[tuple[int, float]]] = {}
        self.dices: dict[str, list[tuple[int, float]]] = {}
        self.outcome: RepairOutcome | None = None
        self.shown: Shown = "after"

    # ------------------------------------------------------------------ what is repaired
    def choose(self, images: Sequence[LabelImage]) -> None:
        """Repair these; they are counted in the background."""
        self.images = tuple(images)
        self.count()

    def count(self) -> None:
        """Count the voxels of each class anew."""
        images, self.problem = self.images, self._misfit()
        if not images or self.problem:
            self._counting.close()
            self._counted({})
        else:
            self._counting.start(lambda token: iter_counted(images, token))
        self.changed.emit()

    @property
    def counting(self) -> bool:
        """True while voxels are counted."""
        return self._counting.running

    def _misfit(self) -> str:
        """Why the images cannot be samples of one function; empty if they can."""
        axes = {image.ndim for image in self.images}
        if odd := sorted(axes - {2, 3}):
            name = next(image.name for image in self.images if image.ndim in odd)
            return f"“{name}” has {how_many(odd[0], 'axis', 'axes')}: only 2-D and 3-D labels can be repaired."
        return "2-D and 3-D labels cannot be samples of one function." if len(axes) > 1 else ""

    def _counted(self, counts: dict[int, int]) -> None:
        self.settings.take_counts(counts)
        self.changed.emit()

    def _not_counted(self, error: HicStructError) -> None:
        if not isinstance(error, Cancelled):
            self.problem = reason(error)
            self._counted({})

    # ------------------------------------------------------------------ settings
    def edit(self, call: Callable[[RepairSettings], object]) -> bool:
        """Change the settings; what is refused is said in one sentence, and False comes back."""
        return self._attempt(lambda: call(self.settings))

    def choose_preset(self, preset: str | Path) -> bool:
        """Begin anew with a preset or a YAML file."""
        return self.edit(lambda settings: settings.choose_preset(preset))

    def choose_stage(self, until: Until) -> None:
        """End with this stage."""
        self.settings.until = until
        self.changed.emit()

    def add_rule(self, rule: Rule) -> bool:
        """Apply one more rule."""
        return self.edit(lambda settings: settings.add_rule(rule))

    def why_not(self) -> str:
        """Why nothing can be repaired now; empty if it can."""
        if not self.images:
            return "Choose a Labels layer, or several of one kind."
        if self.problem:
            return self.problem
        if self.counting:
            return "Counting voxels …"
        n_classes = len(self.settings.rows)
        if not n_classes:
            return "There is nothing but background in it."
        if n_classes > MAX_CLASSES:
            text = f"There are {n_classes:,} values: these seem to be single objects."
            return f"{text} A repair is of up to {how_many(MAX_CLASSES, 'class', 'classes')}."
        return ""

    # ------------------------------------------------------------------ running
    def start(self) -> bool:
        """Repair the images as they are now, in the background; False if that cannot be."""
        if self.why_not() or self.running:
            self._say(self.why_not() or "A repair is running already.")
            return False
        backend, images, stop = self._backend, self.images, CancelToken()
        settings = deepcopy(self.settings)  # who edits on does not change what is being repaired
        self.stage, self.losses, self.dices = "", {}, {}
        self._say("")
        self._job.start(lambda token: iter_repair_images(backend, images, settings, token=token, stop=stop), stop=stop)
        self.curves_changed.emit()
        self.changed.emit()
        return True

    def end(self) -> bool:
        """End all silently and wait until nothing runs any more: the window goes."""
        self._counting.end()
        return super().end()

    def _take_step(self, progress: Progress) -> None:
        """One more point of a curve; each training has curves of its own."""
        step: Any = progress.payload
        if step.stage != self.stage:
            self.stage, self.losses, self.dices = step.stage, {}, {}
        name = step.class_name or ALL_CLASSES
        self.losses.setdefault(name, []).append((step.epoch, step.loss))
        if step.dice is not None:
            self.dices.setdefault(name, []).append((step.epoch, step.dice))
        self.curves_changed.emit()

    def _done(self, outcome: RepairOutcome) -> None:
        self.outcome, self.shown = outcome, "after"
        notes = () if outcome.result is None else outcome.result.notes
        labelled = sum(int(((one.before > 0) | (one.after > 0)).sum()) for one in outcome.images)
        n_changed = sum(one.n_changed for one in outcome.images)
        what = how_many(n_changed, "voxel") if any(one.image.ndim == 3 for one in outcome.images) else ""
        what = what or how_many(n_changed, "pixel")
        share = f"{100 * n_changed / max(labelled, 1):.2g} % of those with a label"
        self._say(" ".join([f"Repaired: {what} changed ({share}).", *notes]))
        self.changed.emit()
        self.outcome_changed.emit()
        self.shown_changed.emit()

    # ------------------------------------------------------------------ afterwards
    def show(self, shown: Shown) -> None:
        """Show the labels before, those after, or those after with what changed over them."""
        self.shown = shown
        self.shown_changed.emit()

    def rule_changes(self) -> list[tuple[str, str, int]]:
        """What each rule changed in the last run: the rule, the class, voxels in all images; the most first."""
        result = None if self.outcome is None else self.outcome.result
        total: dict[tuple[str, str], int] = {}
        for one in () if result is None else result.changes:
            key = one.rule, one.class_name
            total[key] = total.get(key, 0) + one.voxels
        return [(rule, name, n) for (rule, name), n in sorted(total.items(), key=lambda item: -item[1])]

    def class_changes(self) -> list[tuple[str, int, int]]:
        """Classes of the last run, with their voxels before and after, in all images."""
        if self.outcome is None or self.outcome.result is None:
            return []
        counts = [counted_together([getattr(one, side) for one in self.outcome.images]) for side in ("before", "after")]
        return [
            (one.name, counts[0].get(one.value, 0), counts[1].get(one.value, 0)) for one in self.outcome.result.classes
        ]
