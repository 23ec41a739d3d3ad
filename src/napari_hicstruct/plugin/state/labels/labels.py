"""The labels of a window: which sets there are and how they are drawn, the current object, and edits to the store.

The store (:class:`~napari_hicstruct.annotations.Project`) is the truth; this follows it and says what changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.annotations.record_table import ChangedColumns
from napari_hicstruct.annotations.records import Annotation, Kind, Origin
from napari_hicstruct.errors import Cancelled, HicStructError
from napari_hicstruct.jobs import CancelToken, Clock
from napari_hicstruct.plugin.state.busy import BusyState
from napari_hicstruct.plugin.state.jobs import Job, Runner
from napari_hicstruct.plugin.state.labels.catalogue import Catalogue
from napari_hicstruct.plugin.state.labels.draw_limit import InView
from napari_hicstruct.plugin.state.labels.geometry import Triangle, lies_in
from napari_hicstruct.plugin.state.labels.tad_levels import TadLevels
from napari_hicstruct.plugin.state.project import ProjectState
from napari_hicstruct.plugin.state.sentences import short_text
from napari_hicstruct.plugin.state.settings import Settings

if TYPE_CHECKING:
    from napari_hicstruct.annotations import AnnotationSet, Change, Project
    from napari_hicstruct.genome import Interval


class Others(StrEnum):
    """What becomes of all other objects while a candidate of the queue is up."""

    DIM = "dim"
    HIDE = "hide"
    SHOW = "show"


OPACITY = {Others.DIM: 0.22, Others.HIDE: 0.0, Others.SHOW: 1.0}
"""Of the lines of the others."""

_TAD_LEVELS = "tad_levels"
_BESIDE = 5_000
"""Records of a step that would be felt in the window."""
_MANY_RECORDS = 10_000
_WAIT = "wait for it, or cancel it."
_MAX_WAIT_S = 1.0


class LabelState:
    """Sets, objects and the current one.

    Parameters
    ----------
    window : ProjectState
    runner : Runner
        Steps of the store are taken over in its main thread.

    Attributes
    ----------
    changed : Signal
        Annotations, sets or the project changed.
    recorded : Signal(Change)
        One step was taken over from the store; ``changed`` follows.
    reset : Signal
        Sets or the project changed: nothing that was worked out from them holds; ``changed`` follows.
    stale : Signal(iterable of Kind)
        What is drawn of these kinds is no longer right.
    current_changed : Signal(str or None)
        Another object is the current one (uid).
    hint_changed : Signal(str)
        One line on what the mouse does now, or why something was refused.
    others_changed : Signal(Others)
        Other objects are drawn in another way while a candidate is up.
    busy : BusyState
        Long work on the project; no edit is made meanwhile.
    catalogue : Catalogue or None
        All objects of the project.
    hinted : str
        The line that is shown.
    by_score : bool
        Whether the soft score fades the lines.
    min_probability : float
        Proposals with a smaller one are not drawn; not remembered, so that nothing is missing unseen another day.
    others : Others
        How the others are drawn while a candidate is up.
    runs : dict of int to list of dict
        How sets were predicted: model and parameters of each run, by set; sets of older versions are not in it.
    in_view : dict of Kind to InView
        How many objects of a kind are in view, and how many fit into its layer.
    """

    changed = Signal()
    recorded = Signal(object)
    reset = Signal()
    stale = Signal(object)
    current_changed = Signal(object)
    hint_changed = Signal(str)
    others_changed = Signal(str)

    def __init__(self, window: ProjectState, runner: Runner, settings: Settings) -> None:
        self.window, self.runner, self.busy = window, runner, BusyState(runner)
        self.catalogue: Catalogue | None = None
        self.in_view: dict[Kind, InView] = {}
        self.by_score = False
        self.min_probability = 0.0
        self.others = Others.DIM
        self._settings = settings
        self._up = self._choosing = self._away = False
        self._triangles: dict[int, Triangle] = {}
        self._sources: dict[int, str] = {}
        self._sets: dict[int, AnnotationSet] = {}
        self.runs: dict[int, list[dict[str, Any]]] = {}
        self._current: str | None = None
        self._project: Project | None = None
        self.hinted = ""
        self.busy.changed.connect(self._clear_refusal)
        self._take_over_later = runner.in_main_thread(self._take_over)
        window.map_changed.connect(lambda: self.hint(""))  # what was said is of the map before
        window.project_changed.connect(self._on_project)
        window.view_changed.connect(self._on_view)
        self._on_project(window.project)

    @property
    def project(self) -> Project | None:
        """The project whose annotations are drawn."""
        return self._project

    @property
    def refusal(self) -> str:
        """Why nothing can be edited; empty if it can (a project is made with the first edit)."""
        if self.window.source is None:
            return "Open a contact map first."
        return self._project.read_only_reason if self._project is not None else ""

    # ------------------------------------------------------------------ sets and how they are drawn
    def sets(self) -> list[AnnotationSet]:
        """Sets of the project, oldest first."""
        return list(self._sets.values())

    def set_of(self, uid: str) -> AnnotationSet:
        """The set of an object; KeyError if there is no such object."""
        return self._sets[self.catalogue.records.set_of(uid) if self.catalogue is not None else -1]

    def triangle(self, set_id: int) -> Triangle:
        """Where a set is drawn; as stored unless somebody chose otherwise."""
        known = self._sets.get(set_id)
        kept = Triangle(known.triangle) if known is not None and known.triangle else Triangle.STORED
        return self._triangles.get(set_id, kept)

    def set_triangle(self, set_id: int, triangle: Triangle) -> None:
        """Draw a set above or below the diagonal, or as stored; kept in the project if that can be written."""
        if self._project is not None and not self._project.read_only:
            self.attempt(lambda project: project.update_set(set_id, triangle=Triangle(triangle).value))
        else:
            self._triangles[set_id] = Triangle(triangle)
        self.sets_changed()

    def source_of(self, set_id: int) -> str:
        """Who a set's objects are by, as statistics call them; a person's, or an empty set's, by its origin."""
        known = self._sets.get(set_id)
        if known is None or self._project is None:
            return ""
        if known.origin is Origin.HUMAN:
            return known.origin.value
        if set_id not in self._sources:
            names = [] if self.catalogue is None else self.catalogue.records.sources(set_id)
            self._sources[set_id] = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        return self._sources[set_id] or known.origin.value

    def triangle_of(self, uid: str) -> Triangle:
        """Where the object ``uid`` is drawn."""
        return self.triangle(self.catalogue.records.set_of(uid)) if self.catalogue is not None else Triangle.STORED

    def shown(self) -> dict[int, Triangle]:
        """Ids of the sets that are shown, and where each is drawn."""
        return {s.id: self.triangle(s.id) for s in self._sets.values() if s.visible}

    def add_known_set(self, annotation_set: AnnotationSet) -> None:
        """Take note of a set that was just made."""
        self._sets.setdefault(annotation_set.id, annotation_set)

    def set_by_score(self, on: bool) -> None:
        """Let the soft score fade the lines, or not."""
        self.by_score = on
        self.stale.emit(tuple(Kind))

    def set_min_probability(self, value: float) -> None:
        """Draw proposals from this probability on; what was judged, or has none, is drawn all the same."""
        self.min_probability = value
        if self.catalogue is not None:
            self.catalogue.min_probability = value
        self.stale.emit(tuple(Kind))

    @property
    def tad_levels(self) -> TadLevels:
        """Which of nested TADs are drawn; remembered."""
        kept = self._settings.get(_TAD_LEVELS, "")
        return TadLevels(kept) if kept in list(TadLevels) else TadLevels.ALL

    def set_tad_levels(self, levels: TadLevels) -> None:
        """Draw other levels of nested TADs, now and in windows to come."""
        self._settings.set(_TAD_LEVELS, str(levels))
        if self.catalogue is not None:
            self.catalogue.tad_levels = levels
        self.stale.emit((Kind.TAD,))

    def sets_changed(self) -> None:
        """Sets were added, renamed, shown, hidden or locked: read them again and redraw."""
        self._read_sets()
        self.stale.emit(tuple(Kind))
        self.reset.emit()
        self.changed.emit()

    # ------------------------------------------------------------------ the current object
    @property
    def current(self) -> Annotation | None:
        """The object that the keys act on."""
        return None if self._current is None else self.record(self._current)

    @property
    def current_uid(self) -> str | None:
        """Its uid, also while it is not in the catalogue."""
        return self._current

    def record(self, uid: str) -> Annotation | None:
        """An object of the project, None if there is no such one."""
        return None if self.catalogue is None else self.catalogue.records.get(uid)

    def in_view_now(self, uid: str) -> bool:
        """True if some of an object lies in what the window shows; False if there is no such object."""
        record = self.record(uid)
        if record is None or self.window.source is None:
            return False
        return self.window.sees(record, self.triangle_of(uid))

    @property
    def candidate_up(self) -> bool:
        """True while the current object is one that the queue brought up, not one that a person chose."""
        return self._up and self._current is not None

    @property
    def opacity_of_others(self) -> float:
        """Of the lines of all objects but the current one."""
        looked_at = self.candidate_up and not self._choosing and not self._away
        return OPACITY[self.others] if looked_at else 1.0

    def set_current(self, uid: str | None, *, from_queue: bool = False) -> None:
        """Make ``uid`` the current object; it is drawn thicker, and others recede if the queue brought it up."""
        if uid == self._current and (self._up or not from_queue):
            return  # the queue's own candidate, clicked, is still the queue's
        old, faint = self.current, self.opacity_of_others
        self._current, self._up, self._away = uid, from_queue, False
        same = faint == self.opacity_of_others
        self.stale.emit({r.kind for r in (old, self.current) if r is not None} if same else tuple(Kind))
        self.current_changed.emit(uid)

    def set_others(self, others: Others) -> None:
        """Dim, hide or show all but the candidate that is up."""
        self.others = Others(others)
        self.others_changed.emit(self.others)
        self.stale.emit(tuple(Kind))
        self.changed.emit()

    def set_choosing(self, on: bool) -> None:
        """Show all objects while a tool chooses among them, whatever is up."""
        if on is not self._choosing:
            self._choosing = on
            self.stale.emit(tuple(Kind))

    def _on_view(self, rows: Interval, cols: Interval) -> None:
        """Who looks elsewhere than at the candidate looks at the others: they are drawn in full."""
        current, faint = self.current, self.opacity_of_others
        if current is not None:
            triangle = self.triangle_of(current.uid)
            tilted = self.window.projection.tilted  # what lies on such a canvas is no rectangle of rows and columns
            seen = self.window.sees(current, triangle) if tilted else lies_in(current, triangle, rows, cols)
            self._away = not seen
        if faint != self.opacity_of_others:
            self.stale.emit(tuple(Kind))

    # ------------------------------------------------------------------ edits
    def hint(self, text: str) -> None:
        """Show one line to the person."""
        self.hinted = text
        self.hint_changed.emit(text)

    def refused_as_busy(self, done: str = "") -> bool:
        """True, and said, if other work on the project goes on; ``done``: what therefore was not done."""
        if self.busy.text:
            self.hint(f"{self.busy.text} has not ended yet{done}: {_WAIT}")
        return bool(self.busy.text)

    def _clear_refusal(self) -> None:
        """What had to wait may be done now."""
        if not self.busy.text and self.hinted.endswith(_WAIT):
            self.hint("")

    def attempt(self, work: Callable[[Any], Any], *, keeps: bool = True) -> Any:
        """Call ``work(project)``; an error for people is shown to the person, None is returned.

        Parameters
        ----------
        work : callable
        keeps : bool
            ``work`` keeps something: a project is made if there is none, and taken away again if nothing came into it.
            Without it ``work`` is given None where there is no project.
        """
        if self.window.source is None:
            self.hint("Open a contact map first: edits belong to a map.")
            return None
        if keeps and self.refused_as_busy():
            return None
        try:
            with self.window.project_to_write() if keeps else nullcontext(self._project) as project:
                return work(project)
        except HicStructError as error:
            self.hint(short_text(error))
            self.window.problem.emit(error)
            return None

    def attempt_many(self, number: int, text: str, work: Callable[[Any], Any], then: Callable[[Any], object]) -> bool:
        """``then(work(project))``; of very many records the work is done beside the window and can be cancelled.

        Parameters
        ----------
        number : int
            Records that it is about.
        text : str
            What runs, for people.
        work, then : callable

        Returns
        -------
        bool
            False if it was refused.
        """
        project = self._project
        if self.refused_as_busy():
            return False
        if project is None or number <= _BESIDE:
            result = self.attempt(work)
            if result is not None:
                then(result)
            return result is not None

        def job(token: CancelToken) -> Job:
            yield Clock().step(text, 0, 0)
            with project.stoppable(token.check):
                return work(project)

        def failed(error: HicStructError) -> None:
            if isinstance(error, Cancelled):
                self.hint(f"{text} was cancelled: nothing was changed.")
            else:
                self.window.problem.emit(error)

        self.busy.start(text, job, done=then, failed=failed)
        return True

    # ------------------------------------------------------------------ following the store
    def _on_project(self, project: Project | None) -> None:
        if self._project is not None:
            self._project.changed.disconnect(self._on_change)
        self._project = project
        self._current, self._up = None, False
        self.catalogue = None if project is None else Catalogue(project)
        if self.catalogue is not None:
            self.catalogue.tad_levels = self.tad_levels
            self.catalogue.min_probability = self.min_probability
        self._triangles.clear()
        if project is not None:
            project.changed.connect(self._on_change)
        self.sets_changed()
        self.current_changed.emit(None)

    def _on_change(self, change: Change) -> None:
        """In the thread of whoever edits: what takes long for many records is done there.

        It then waits until the window has taken them over: going on at once, it would hold the interpreter meanwhile.
        """
        taken = threading.Event()
        self._take_over_later(self._project, change, ChangedColumns.of(change), taken)
        if len(change.before) + len(change.after) > _MANY_RECORDS:
            taken.wait(_MAX_WAIT_S)

    def _take_over(self, project: Project, change: Change, columns: ChangedColumns, taken: threading.Event) -> None:
        try:
            self._follow(project, change, columns)
        finally:
            taken.set()

    def _follow(self, project: Project, change: Change, columns: ChangedColumns) -> None:
        if self.catalogue is None or self._project is not project:
            return
        if change.sets or change.set_ids - self._sets.keys():
            self._read_sets()
        elif len(change.before) != len(change.after):
            for set_id in change.set_ids:
                self._sources.pop(set_id, None)
        self.catalogue.records.apply(change, columns)
        self.stale.emit(columns.kinds)
        if self._current is not None and self._current not in self.catalogue.records:
            self.set_current(None)
        self.recorded.emit(change)
        if change.sets:
            self.reset.emit()
        self.changed.emit()

    def _read_sets(self) -> None:
        self._sources.clear()
        self._sets = {} if self._project is None else {s.id: s for s in self._project.sets()}
        self.runs = {} if self._project is None else self._project.runs()
