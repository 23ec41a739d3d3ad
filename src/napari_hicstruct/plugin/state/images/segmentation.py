"""Segmentation of pictures in a window: train on labels, segment, learn from what a person paints, roll back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_hicstruct.errors import Cancelled, ConfigError, HicStructError, LabelError
from napari_hicstruct.jobs import CancelToken, Progress
from napari_hicstruct.plugin.state.images.pictures import Picture, why_not_picture
from napari_hicstruct.plugin.state.images.repair_images import LabelImage
from napari_hicstruct.plugin.state.images.segmentation_images import (
    Painted,
    SegmentedPicture,
    iter_counted,
    iter_painted,
    why_not_labels,
)
from napari_hicstruct.plugin.state.images.segmentation_jobs import (
    Correction,
    CorrectionSettings,
    SegmentationBackend,
    SegmentOptions,
    iter_correct_picture,
    iter_segment_picture,
    iter_train_picture,
)
from napari_hicstruct.plugin.state.images.segmentation_models import SegmentationModels
from napari_hicstruct.plugin.state.images.segmentation_settings import SegmentationSettings
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Runner
from napari_hicstruct.plugin.state.panel_work import RunningWork
from napari_hicstruct.plugin.state.sentences import as_sentence, reason
from napari_hicstruct.wording import how_many

if TYPE_CHECKING:
    from pathlib import Path

    from napari_hicstruct.workflows.segment.correct import CorrectedSegmentation
    from napari_hicstruct.workflows.segment.train import TrainedSegmentation

Work = Literal["", "train", "segment", "correct"]
_BUSY: dict[Work, str] = {
    "train": "A model is being trained.",
    "segment": "A picture is being segmented.",
    "correct": "A model learns from corrections.",
}
ALL_TASKS = "all tasks"
"""Name of the curve of the whole loss."""


class SegmentationState(RunningWork):
    """Image and Labels layers → models; pictures → labels; painted labels → better models.

    One of the three runs at a time.

    Parameters
    ----------
    runner : Runner
    backend : SegmentationBackend, optional
        What to run in place of ``workflows.segment``.

    Attributes
    ----------
    picture : Picture or None
        That is learnt from and segmented.
    labels : LabelImage or None
        Of that picture.
    correction : Correction or None
        The segmentation whose corrections are learnt from.
    painted : Painted or None
        How much of it was painted; None until it is counted.
    correction_settings : CorrectionSettings
    whole : bool
        All of the picture was looked at, also where nothing was painted.
    settings : SegmentationSettings
    options : SegmentOptions
    models : SegmentationModels
    work : str
        Which of ``train``, ``segment`` and ``correct`` runs; empty: nothing.
    losses, validation : dict of str to list of (int, float)
        By task, of the training that runs or ran last: step and value.
    corrected : CorrectedSegmentation or None
        What came of the corrections last.
    segmented : Signal(SegmentedPicture)
        A picture was segmented.
    said : dict of str to str
        By work: what came of it, in words.
    """

    curves_changed = Signal()
    message = Signal()
    segmented = Signal(object)
    corrected_changed = Signal()

    def __init__(self, runner: Runner, *, backend: SegmentationBackend | None = None) -> None:
        super().__init__(runner)
        self._backend = backend or SegmentationBackend()
        self._counting = BackgroundJob(runner, on_done=self._counted, on_error=self._not_counted)
        self._comparing = BackgroundJob(runner, on_done=self._compared, on_error=self._not_compared)
        self.picture: Picture | None = None
        self.labels: LabelImage | None = None
        self.correction: Correction | None = None
        self.painted: Painted | None = None
        self.whole = False
        self.correction_settings = CorrectionSettings()
        self.settings = SegmentationSettings()
        self.options = SegmentOptions()
        self.models = SegmentationModels()
        self.models.changed.connect(self.changed.emit)
        self.work: Work = ""
        self._stop_asked = CancelToken()
        self.problem = self.problem_of_paint = ""
        self.losses: dict[str, list[tuple[int, float]]] = {}
        self.validation: dict[str, list[tuple[int, float]]] = {}
        self.corrected: CorrectedSegmentation | None = None
        self.said: dict[Work, str] = {}

    # ------------------------------------------------------------------ what is worked on
    def choose(self, picture: Picture | None, labels: LabelImage | None) -> None:
        """Learn from these, and segment that picture; the labels are counted in the background."""
        self.picture, self.labels = picture, labels
        self.count()

    def count(self) -> None:
        """Count the pixels of each value anew."""
        labels, self.problem = self.labels, ""
        if labels is None:
            self._counting.close()
            self._counted({})
        else:
            self._counting.start(lambda token: iter_counted(labels, token))
        self.changed.emit()

    def _counted(self, counts: dict[int, int]) -> None:
        self.settings.take_counts(counts)
        self.changed.emit()

    def _not_counted(self, error: HicStructError) -> None:
        if not isinstance(error, Cancelled):
            self.problem = reason(error)
            self._counted({})

    @property
    def counting(self) -> bool:
        """True while pixels are counted."""
        return self._counting.running

    def choose_correction(self, correction: Correction | None) -> None:
        """Learn from what was painted there; it is compared in the background."""
        self.correction = correction
        self.compare()

    def compare(self) -> None:
        """Find anew what was painted."""
        correction, self.problem_of_paint = self.correction, ""
        if correction is None:
            self._comparing.close()
            self.painted = None
        else:
            before, after = correction.segmented.labels, correction.painted
            self._comparing.start(lambda token: iter_painted(before, after, token))
        self.changed.emit()

    def _compared(self, painted: Painted) -> None:
        self.painted = painted
        self.changed.emit()

    def _not_compared(self, error: HicStructError) -> None:
        if not isinstance(error, Cancelled):
            self.painted, self.problem_of_paint = None, reason(error)
            self.changed.emit()

    @property
    def comparing(self) -> bool:
        """True while labels are compared with what was segmented."""
        return self._comparing.running

    # ------------------------------------------------------------------ settings
    def edit(self, call: Callable[[SegmentationSettings], object]) -> bool:
        """Change the settings; what is refused is said in one sentence, and False comes back."""
        try:
            call(self.settings)
        except (ConfigError, LabelError) as error:
            self._say("train", reason(error))
            self.changed.emit()
            return False
        self._say("train", "")
        self.changed.emit()
        return True

    def choose_options(self, options: SegmentOptions) -> None:
        """Segment so."""
        self.options = options
        self.changed.emit()

    def set_correction(self, values: Mapping[str, Any]) -> None:
        """Learn so from corrections."""
        self.correction_settings = CorrectionSettings.model_validate(values)

    def check_whole(self, on: bool) -> None:
        """All of the picture was looked at, or only where something was painted."""
        self.whole = on
        self.changed.emit()

    def open_model(self, folder: str | Path) -> None:
        """Take a model from elsewhere into the list; what is refused is said in one sentence."""
        self.models.open(folder)
        self._say("segment", self.models.problem)

    @property
    def unpainted(self) -> float:
        """Share of the picture in [0, 1] that has no label; nan where nothing is counted."""
        if self.labels is None or not self.settings.rows:
            return math.nan
        return 1 - sum(row.pixels for row in self.settings.rows) / math.prod(self.labels.data.shape)

    # ------------------------------------------------------------------ why not
    def why_not_train(self) -> str:
        """Why nothing can be trained now; empty if it can."""
        if self.picture is None:
            return "Choose an Image layer."
        if self.labels is None:
            return "Choose a Labels layer of this picture, or press New and paint some objects."
        if why_not := self.problem or why_not_labels(self.picture, self.labels):
            return why_not
        return "Counting pixels …" if self.counting else self.settings.why_not()

    def why_not_picture(self) -> str:
        """Why nothing can be done with the picture; empty if it can."""
        return "Choose an Image layer." if self.picture is None else why_not_picture(self.picture)

    def why_not_segment(self) -> str:
        """Why nothing can be segmented now; empty if it can."""
        picture = self.picture
        return self.why_not_picture() or ("" if picture is None else self.models.why_not(picture))

    def why_not_correct(self) -> str:
        """Why nothing can be learnt from corrections now; empty if it can."""
        if self.correction is None:
            return "Segment a picture first, then correct the new layer with napari's brush."
        if self.problem_of_paint:
            return self.problem_of_paint
        if not self.correction.segmented.model.is_dir():
            return f"The model {self.correction.segmented.model.name} is not there any more: segment the picture again."
        if self.painted is None:
            return "Comparing …"
        if not self.painted.pixels:
            return f"Nothing is painted on “{self.correction.painted.name}” yet: correct it with napari's brush."
        return ""

    # ------------------------------------------------------------------ running
    def busy(self) -> str:
        """What runs, in a sentence; empty: nothing."""
        return _BUSY.get(self.work, "") if self.running else ""

    def train(self) -> bool:
        """Train on the picture and its labels as they are now; False if that cannot be."""
        picture, labels = self.picture, self.labels
        if self._refused("train", self.why_not_train()) or picture is None or labels is None:
            return False
        backend, settings, stop = self._backend, deepcopy(self.settings), CancelToken()
        self._stop_asked = stop
        self._forget_curves()
        self._job.start(
            lambda token: iter_train_picture(backend, picture, labels, settings, token=token, stop=stop), stop=stop
        )
        self.changed.emit()
        return True

    def segment(self) -> bool:
        """Segment the picture by the model that is chosen; False if that cannot be."""
        picture, model = self.picture, self.models.chosen
        if self._refused("segment", self.why_not_segment()) or picture is None or model is None:
            return False
        backend, options, folder = self._backend, self.options, model.path
        self._job.start(lambda token: iter_segment_picture(backend, picture, folder, options, token))
        self.changed.emit()
        return True

    def correct(self) -> bool:
        """Learn from what was painted; False if that cannot be."""
        correction = self.correction
        if self._refused("correct", self.why_not_correct()) or correction is None:
            return False
        backend, stop = self._backend, CancelToken()
        settings, whole = self.correction_settings, self.whole
        self._forget_curves()
        self._set_corrected(None)
        self._job.start(
            lambda token: iter_correct_picture(backend, correction, settings, whole=whole, token=token, stop=stop),
            stop=stop,
        )
        self.changed.emit()
        return True

    def _refused(self, work: Work, why_not: str) -> bool:
        """Say why something cannot begin; else remember that it does."""
        if why_not := self.busy() or why_not:
            self._say(work, why_not)
            return True
        self.work = work
        self._say(work, "")
        return False

    def end(self) -> bool:
        """End all silently and wait until nothing runs any more: the window goes."""
        self._counting.end()
        self._comparing.end()
        return super().end()

    def _forget_curves(self) -> None:
        self.losses, self.validation = {}, {}
        self.curves_changed.emit()

    def _notice(self, text: str) -> None:
        self._say(self.work, text)

    def _take_step(self, progress: Progress) -> None:
        """One more point of each curve: lines of losses, dots of the same on what is not learnt from."""
        number, step = int(progress.done), progress.payload
        if not isinstance(step, dict):
            return
        if any(points and points[-1][0] > number for points in self.losses.values()):
            self.losses, self.validation = {}, {}  # another training has begun
        tasks = step.get("tasks") or ({ALL_TASKS: step["loss"]} if "loss" in step else {})
        for task, value in tasks.items():
            self.losses.setdefault(task, []).append((number, float(value)))
        for task, value in (step.get("held_out") or {}).items():
            self.validation.setdefault(task, []).append((number, float(value)))
        self.curves_changed.emit()

    def _done(self, result: Any) -> None:
        ends: dict[Work, Callable[[Any], None]] = {
            "train": self._trained, "segment": self._segmented, "correct": self._corrected
        }  # fmt: skip
        ends[self.work](result)
        self.changed.emit()

    def _trained(self, result: TrainedSegmentation) -> None:
        self.models.refresh(choose=result.model)
        figures = result.figures
        names = {"dice": "Dice", "boundary_f": "boundary F"}
        parts = [
            f"{text} {figures[name]:.2f}" for name, text in names.items() if math.isfinite(figures.get(name, math.nan))
        ]
        on = f" ({', '.join(parts)} on blocks that were held out)" if parts else ""
        last = max((points[-1][0] for points in self.losses.values() if points), default=0)
        how = f"Stopped at step {last:,} of {self.settings.base.steps:,}" if self._stop_asked.cancelled else "Trained"
        self._say("train", " ".join([f"{how}: {result.model.name}{on}.", *map(as_sentence, result.notes)]))

    def _segmented(self, result: tuple[SegmentedPicture, tuple[str, ...]]) -> None:
        picture, notes = result
        inside = picture.labels > 0
        n_found, share = len(set(picture.labels[inside].tolist())), 100 * float(inside.mean())
        found = f"{how_many(n_found, 'label')}, on {share:.1f} % of the picture" if n_found else "nothing was found"
        self._say("segment", " ".join([f"Segmented by {picture.model.name}: {found}.", *map(as_sentence, notes)]))
        self.segmented.emit(picture)

    def _corrected(self, result: CorrectedSegmentation) -> None:
        self.models.refresh(choose=result.model)
        self._set_corrected(result)
        self._say("correct", " ".join(map(as_sentence, result.notes)))

    def _failed(self, error: HicStructError) -> None:
        self._say(self.work, "Cancelled: nothing was kept." if isinstance(error, Cancelled) else reason(error))
        self.changed.emit()

    def _say(self, work: Work, text: str) -> None:
        self.said[work] = text
        self.message.emit()

    def _set_corrected(self, result: CorrectedSegmentation | None) -> None:
        self.corrected = result
        self.corrected_changed.emit()

    # ------------------------------------------------------------------ afterwards
    @property
    def in_use(self) -> bool:
        """Whether the model that came of the corrections is the one that is chosen."""
        chosen, result = self.models.chosen, self.corrected
        return chosen is not None and result is not None and result.taken and chosen.path == result.model

    def use(self) -> None:
        """Segment by the model that came of the corrections."""
        if self.corrected is not None:
            self.models.choose(self.corrected.model)
            self.corrected_changed.emit()

    def go_back(self) -> None:
        """Segment by the model before the corrections again."""
        if self.corrected is not None:
            self.models.choose(self.corrected.parent)
            self.corrected_changed.emit()
