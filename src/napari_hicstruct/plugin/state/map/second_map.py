"""A second map beside the one that is open: which one, how both are shown, and what changed between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from psygnal import Signal

from napari_hicstruct.annotations.outlines import Triangle
from napari_hicstruct.contacts.pair_levels import DIVERGING, MAX_SMOOTH, Joined
from napari_hicstruct.contacts.protocol import RAW
from napari_hicstruct.errors import Cancelled, HicStructError, MapError, ProjectError
from napari_hicstruct.genome import NameMatcher, display_name
from napari_hicstruct.jobs import CancelToken, Progress, in_process
from napari_hicstruct.plugin.state.jobs import BackgroundJob, Job, Runner
from napari_hicstruct.wording import distinct_names

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.contacts.protocol import ContactSource
    from napari_hicstruct.workflows.compare import Comparison

SOURCE = "compare"
"""Of the records that say what changed."""

QUEUE_ORDER = "score"
"""The largest change has the highest ranking score."""

_NAME_LETTERS = 30
"""Of a map's name in a sentence: nothing breaks it, and longer ones would be wider than the section."""


class SecondMapState:
    """The second map of a window.

    Parameters
    ----------
    window : WindowState
    runner : Runner
        Of the comparison.

    Attributes
    ----------
    changed : Signal
        Another second map, or none; another way of showing both.
    picture_changed : Signal
        Another layer shows both maps, or none does.
    progress : Signal(Progress)
        Of the comparison that runs.
    running_changed : Signal
    compared : Signal(Comparison, Path)
        What changed, and the folder that holds it; its project is open.
    source : ContactSource or None
    picture : SecondMapLayer or None
        What draws both maps; None where the first lies there alone.
    joined : Joined
        How both are shown.
    smooth : float
        Bins by which differences and ratios are smoothed.
    beside : bool
        The second map also lies in a canvas of its own, whose camera follows.
    own_process : bool
        Compare in a process of its own, so that the window stays smooth.
    """

    changed = Signal()
    picture_changed = Signal()
    progress = Signal(object)
    running_changed = Signal()
    compared = Signal(object, object)

    def __init__(self, window: Any, runner: Runner) -> None:
        self.window, self.runner = window, runner
        self.source: ContactSource | None = None
        self.picture: Any = None
        self.joined, self.smooth, self.beside = Joined.HALVES, 0.0, False
        self._before_flicker = Joined.HALVES
        self._job = BackgroundJob(runner, on_step=self.progress.emit, on_done=self._done, on_error=self._failed)
        self.running, self.own_process = False, True
        window.map_changed.connect(self.close)
        window.project_changed.connect(self._say_changes)

    # ------------------------------------------------------------------ which map
    def open_map(self, path: str | Path) -> None:
        """Open a second map.

        Raises
        ------
        MapError
            If it cannot be read, is the one that is open, or is of another assembly, of other chromosomes or bins.
        """
        from napari_hicstruct.contacts import open_map

        first = self._first()
        second = open_map(path)
        self._check(first, second)
        self.source = second
        if self.joined is Joined.FIRST:
            self.joined = Joined.HALVES
        self.changed.emit()

    def _check(self, first: ContactSource, second: ContactSource) -> None:
        from napari_hicstruct.contacts.pair_levels import pair_levels
        from napari_hicstruct.workflows.fuse.map_checks import common_assembly, common_chromosomes

        if first.fingerprint() == second.fingerprint():
            raise MapError("is the map that is open already.", where=second.uri, hint="Choose another one.")
        common_assembly(first, second)
        pairs = common_chromosomes(first, second, [])
        chrom = next((own for own, _ in pairs if own == self.window.chrom), pairs[0][0])
        pair_levels((first, second), chrom, (RAW, RAW), Joined.HALVES)

    def close(self) -> None:
        """Only one map is shown again."""
        self._job.close()
        self._set_running(False)
        if self.source is not None:
            self.source = None
            self.changed.emit()

    def end(self) -> None:
        """The window goes."""
        self._job.close()

    # ------------------------------------------------------------------ how both are shown
    def show(self, joined: Joined) -> None:
        """Show both maps otherwise."""
        if joined is not self.joined:
            self.joined = joined
            self.changed.emit()

    def set_smooth(self, bins: float) -> None:
        """Smooth differences and ratios by a Gaussian of so many bins."""
        bins = min(max(float(bins), 0.0), MAX_SMOOTH)
        if bins != self.smooth:
            self.smooth = bins
            self.changed.emit()

    def show_beside(self, on: bool) -> None:
        """Also show the second map in a canvas of its own."""
        if on != self.beside:
            self.beside = on
            self.changed.emit()

    @property
    def is_diverging(self) -> bool:
        """True while values about 0 are drawn, in colours of their own."""
        return None not in (self.source, self.window.source) and self.joined in DIVERGING

    def set_picture(self, picture: Any) -> None:
        """What draws both maps now: from the layer that does."""
        self.picture = picture  # also if it is the same: it shows them otherwise
        self.picture_changed.emit()

    def names(self, letters: int = _NAME_LETTERS) -> tuple[str, str]:
        """Of both maps, of at most so many letters: what tells them apart."""
        assert self.source is not None
        first, second = distinct_names(self._first().name, self.source.name, letters)
        return first, second

    def short_name(self) -> str:
        """Of the second map: where it is long, what tells it from the first; empty without one."""
        if self.source is None or self.window.source is None:
            return ""
        return self.names()[1]

    def meaning(self) -> str:
        """What the picture shows, for people."""
        if self.source is None or self.window.source is None:
            return ""
        first, second = self.names()
        if not self.chrom_of_second():
            return f"{second} has no {display_name(self.window.chrom)}: {first} alone"
        return {
            Joined.FIRST: first,
            Joined.SECOND: f"{second}, as deep as the first",
            Joined.HALVES: f"above: {first}\nbelow: {second}, as deep as the first",
        }.get(self.joined, f"red: more in {second},\nblue: less there")

    def flicker(self) -> str:
        """Show the other map in the same place; gives its name, empty without a second map."""
        if self.source is None:
            return ""
        now = Joined.FIRST if self.joined is Joined.SECOND else Joined.SECOND
        self.show(now)
        return self.source.name if now is Joined.SECOND else self._first().name

    def norms(self) -> tuple[str, str]:
        """Normalisation of both: that of the first, and the second's of that name, else its best."""
        window, second = self.window, self.source
        assert second is not None
        own = str(window.norm)
        chrom = self.chrom_of_second()
        finest = second.resolutions_of(chrom)[0]
        if own == RAW:
            return own, RAW
        return own, own if own in {n.name for n in second.normalisations(finest, chrom)} else second.default_norm(
            finest, chrom
        )

    def chrom_of_second(self) -> str:
        """The chromosome that is shown, as the second map names it; empty where it lacks it."""
        return "" if self.source is None else NameMatcher(self.source.chromsizes).match(self.window.chrom) or ""

    def import_labels(self, paths: Sequence[str | Path]) -> None:
        """Read the second map's labels into sets of their own, drawn on its half: below the diagonal.

        They are locked: they are no labels of the map that the project belongs to, and nothing is learnt from them.

        Raises
        ------
        LabelError, ProjectError
            As any import.
        """
        importing = self.window.importing

        def put(report: Any) -> None:
            importing.ended.disconnect(put)
            for one in report.imported:
                self.window.labels.set_triangle(one.set.id, Triangle.LOWER)
                self.window.labels.attempt(partial(_lock, one.set.id))
            self.window.labels.sets_changed()

        if importing.running:
            raise ProjectError("An import has not ended yet.", hint="Wait for it, or cancel it.")
        importing.ended.connect(put)
        try:
            importing.start(paths)
        except HicStructError:
            importing.ended.disconnect(put)
            raise

    def _first(self) -> ContactSource:
        if self.window.source is None:
            raise MapError("No map is open.", hint="Open a contact map first.")
        return cast("ContactSource", self.window.source)

    # ------------------------------------------------------------------ what changed
    def compare(self, folder: Path, *, fdr: float = 0.05) -> None:
        """Predict both maps on the chromosome that is shown, compare them, and open the project of the changes.

        Raises
        ------
        MapError
            Without two maps.
        OutputError, ProjectError
            If the folder cannot take the result, or work on the project has not ended yet.
        """
        from napari_hicstruct.workflows.compare import CompareRequest
        from napari_hicstruct.workflows.compare.write import check_folder

        first = self._first()
        if self.source is None:
            raise MapError("No second map is open.", hint="Open one first.")
        if busy := self.window.what_runs():
            raise ProjectError(f"{busy} has not ended yet.", hint="Wait for it, or cancel it.")
        check_folder(folder, first)
        request = CompareRequest(a=first.uri, b=self.source.uri, chroms=(self.window.chrom,), fdr=fdr)
        self._set_running(True)
        if self.own_process:
            self._job.start(lambda token: in_process(_comparing, request, folder, first, token=token))
        else:
            self._job.start(lambda token: _comparing(request, folder, first, token=token))

    def cancel(self) -> None:
        """End the comparison."""
        self._job.cancel()

    def _done(self, result: tuple[Comparison, Path]) -> None:
        self._set_running(False)
        found, folder = result
        if found.changes:
            try:
                self._open_changes(folder)
            except HicStructError as error:
                self.window.problem.emit(error)
        self.compared.emit(found, folder)

    def _open_changes(self, folder: Path) -> None:
        from napari_hicstruct.workflows.compare.write import PROJECT

        self.window.open_project(folder / PROJECT)

    def _say_changes(self, project: Project | None) -> None:
        """In a project of changes, also one of earlier: how much each changed, the queue from the largest on."""
        if project is None:
            return
        sets = [one.id for one in project.sets() if SOURCE in project.sources(one.id)]
        if not sets:
            return
        from napari_hicstruct.workflows.compare.write import change_in_words

        found = [one for one in project.query(set_ids=sets) if "change" in one.extra]
        queue = self.window.review.queue
        queue.set_order(QUEUE_ORDER)
        queue.set_notes("change", {one.uid: change_in_words(one.extra) for one in found})

    def _failed(self, error: HicStructError) -> None:
        self._set_running(False)
        if not isinstance(error, Cancelled):
            self.window.problem.emit(error)

    def _set_running(self, on: bool) -> None:
        if on != self.running:
            self.running = on
            self.running_changed.emit()


def _lock(set_id: int, project: Any) -> None:
    project.update_set(set_id, locked=True)


def _comparing(request: Any, folder: Path, first: ContactSource, *, token: CancelToken) -> Job:
    from napari_hicstruct.workflows.compare import iter_compare
    from napari_hicstruct.workflows.compare.write import write_comparison

    found = yield from iter_compare(request, token)
    yield Progress(stage="write", done=1, total=1)
    write_comparison(found, folder, first)
    return found, folder
