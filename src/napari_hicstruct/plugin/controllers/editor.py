"""Layers ⇄ store: what the person does in a layer becomes one journal entry, what the store says is drawn.

The store (:class:`~napari_hicstruct.annotations.Project`) is the truth.  The state before an edit is asked of the
store, never of the layer; hidden sets and hidden layers never change data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error
from psygnal import Signal
from superqt.utils import ensure_main_thread

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers import gestures
from napari_hicstruct.plugin.controllers.attempts import attempt
from napari_hicstruct.plugin.controllers.hints import CanvasHint, hint_for
from napari_hicstruct.plugin.controllers.refill import Refiller
from napari_hicstruct.plugin.layers.canvas import MapView
from napari_hicstruct.plugin.layers.overlays.drawing import Item, Look
from napari_hicstruct.plugin.layers.overlays.overlay import LIMITS, NAMES, Overlay, make_overlay
from napari_hicstruct.plugin.state.catalogue import Catalogue
from napari_hicstruct.plugin.state.geometry import Triangle

if TYPE_CHECKING:
    from napari_hicstruct.annotations import AnnotationSet, Change, Project
    from napari_hicstruct.plugin.controllers.session import Session

_VIEW_DELAY_MS = 40


class Editor:
    """Overlays of one session, and the person's edits in them.

    Attributes
    ----------
    changed : Signal
        Annotations, sets or the project changed.
    recorded : Signal(Change)
        One step was taken over from the store; ``changed`` follows.
    reset : Signal
        Sets or the project changed: nothing that was worked out from them holds; ``changed`` follows.
    drawn : Signal
        The layers were refilled.
    current_changed : Signal(str or None)
        Another object is the current one (uid).
    hint_changed : Signal(str)
        One line on what the mouse does now, or why something was refused.
    catalogue : Catalogue or None
        All objects of the project.
    hidden : dict of Kind to int
        How many objects in view did not fit into the layer of their kind.
    """

    changed = Signal()
    recorded = Signal(object)
    reset = Signal()
    drawn = Signal()
    current_changed = Signal(object)
    hint_changed = Signal(str)

    def __init__(self, session: Session) -> None:
        self.session = session
        self.viewer = session.viewer
        self.view = MapView(session)
        self.overlays: dict[Kind, Overlay] = {}
        self.catalogue: Catalogue | None = None
        self.hidden: dict[Kind, int] = {}
        self.by_score = False
        self._triangles: dict[int, Triangle] = {}
        self._sets: dict[int, AnnotationSet] = {}
        self._current: str | None = None
        self._project: Project | None = None
        self._canvas_hint = CanvasHint(self.viewer)
        self._refiller = Refiller(self.viewer, self._refill)
        session.view_changed.connect(self._on_view)
        session.chrom_changed.connect(self._on_chrom)
        session.map_changed.connect(self._on_map)
        session.project_changed.connect(self._on_project)
        self.viewer.layers.events.removed.connect(self._on_layer_removed)
        self._on_project(session._project)  # session.project would look for one, before the first picture

    # ------------------------------------------------------------------ sets and how they are drawn
    @property
    def project(self) -> Project | None:
        """The project whose annotations are drawn."""
        return self._project

    @property
    def refusal(self) -> str:
        """Why nothing can be edited; empty if it can (a project is made with the first edit)."""
        if self.session.source is None:
            return "Open a contact map first."
        return self._project.read_only_reason if self._project is not None else ""

    def sets(self) -> list[AnnotationSet]:
        """Sets of the project, oldest first."""
        return list(self._sets.values())

    def triangle(self, set_id: int) -> Triangle:
        """Where a set is drawn; as stored unless somebody chose otherwise."""
        return self._triangles.get(set_id, Triangle.STORED)

    def set_triangle(self, set_id: int, triangle: Triangle) -> None:
        """Draw a set above or below the diagonal, or as stored."""
        self._triangles[set_id] = Triangle(triangle)
        self.sets_changed()

    def triangle_of(self, uid: str) -> Triangle:
        """Where the object ``uid`` is drawn."""
        return self.triangle(self.catalogue.set_ids[uid]) if self.catalogue is not None else Triangle.STORED

    def sets_known(self, annotation_set: AnnotationSet) -> None:
        """Take note of a set that was just made."""
        self._sets.setdefault(annotation_set.id, annotation_set)

    def set_by_score(self, on: bool) -> None:
        """Let the soft score fade the lines, or not."""
        self.by_score = on
        self._refiller.ask()

    def sets_changed(self) -> None:
        """Sets were added, renamed, shown, hidden or locked: read them again and redraw."""
        self._sets = {} if self._project is None else {s.id: s for s in self._project.sets()}
        self._refiller.ask()
        self.reset.emit()
        self.changed.emit()

    # ------------------------------------------------------------------ the current object
    @property
    def current(self) -> Annotation | None:
        """The object that the keys act on."""
        if self._current is None or self.catalogue is None:
            return None
        return self.catalogue.records.get(self._current)

    def set_current(self, uid: str | None) -> None:
        """Make ``uid`` the current object; it is drawn thicker."""
        if uid == self._current:
            return
        old, self._current = self.current, uid
        self._refiller.ask({record.kind for record in (old, self.current) if record is not None})
        self.current_changed.emit(uid)

    # ------------------------------------------------------------------ drawing
    def overlay(self, kind: Kind) -> Overlay:
        """The overlay of ``kind``, put (back) into the window if it is not there."""
        if kind not in self.overlays:
            made = make_overlay(kind, self, **self.session.world_kwargs())
            self.overlays[kind] = made
            made.layer.get_status = self.view.read_out(made.layer.get_status)
            self.viewer.layers.append(made.layer)
            self._refill(frozenset({kind}))
        return self.overlays[kind]

    def show_layers(self) -> None:
        """Put all overlays into the window, large shapes below small marks."""
        active = self.viewer.layers.selection.active
        for kind in (Kind.TAD, Kind.STRIPE, Kind.BOUNDARY, Kind.LOOP):
            self.overlay(kind)
        if active is not None:
            self.viewer.layers.selection.active = active

    def hide_layers(self) -> None:
        """Take all overlays out of the window; the labels stay in the project."""
        overlays, self.overlays = list(self.overlays.values()), {}
        for overlay in overlays:
            if overlay.layer in self.viewer.layers:
                self.viewer.layers.remove(overlay.layer)

    def redraw(self, kinds: Iterable[Kind] = tuple(Kind)) -> None:
        """Redraw these kinds at once (unless a gesture is in progress)."""
        self._refiller.ask(kinds)
        self._refiller.flush()

    def flush(self) -> None:
        """Redraw at once what is stale (unless a gesture is in progress)."""
        self._refiller.flush()

    def _refill(self, kinds: frozenset[Kind]) -> None:
        for kind in kinds & self.overlays.keys():
            items = self._items(kind)
            self.overlays[kind].fill(items, Look(self.view.bp_per_px(), self.by_score, self._current))
        self.drawn.emit()

    def _items(self, kind: Kind) -> list[Item]:
        if self.catalogue is None or self.session.source is None:
            return []
        rows, cols = self.view.window()
        shown = {s.id: self.triangle(s.id) for s in self._sets.values() if s.visible}
        keep = [] if self._current is None else [self._current]
        records, total = self.catalogue.in_view(kind, rows, cols, triangles=shown, limit=LIMITS[kind], keep=keep)
        self.hidden[kind] = total - len(records)
        set_ids = self.catalogue.set_ids
        return [Item(r, self._sets[set_ids[r.uid]].origin, shown[set_ids[r.uid]]) for r in records]

    # ------------------------------------------------------------------ what the person did (Host)
    def items_changed(self, overlay: Overlay, indices: Sequence[int]) -> None:
        """Move or resize: one entry for the whole gesture, snapped to bins."""
        self._edit(overlay, lambda project: gestures.reshaped(self, project, overlay, indices))

    def items_added(self, overlay: Overlay, indices: Sequence[int]) -> None:
        """A new object in the human set; a click that drew nothing is dropped."""
        self._edit(overlay, lambda project: gestures.drawn(self, project, overlay, indices))

    def items_removed(self, overlay: Overlay, uids: Sequence[str]) -> None:
        """Deleted with napari's own keys or buttons."""
        self._edit(overlay, lambda project: project.delete(uids))

    def items_selected(self, overlay: Overlay, uids: Sequence[str]) -> None:
        """The one object that is selected becomes the current one."""
        if len(uids) == 1:
            self.set_current(uids[0])

    def mode_changed(self, overlay: Overlay) -> None:
        """Say what the mouse does in this layer now."""
        self.hint(hint_for(overlay.kind, str(overlay.layer.mode), overlay.add_mode))

    def stray(self, overlay: Overlay, reason: str) -> None:
        """The layer shows something that is not in the store: draw the store again."""
        if reason:
            self.hint(reason)
        self._refiller.ask({overlay.kind})

    def hint(self, text: str) -> None:
        """Tell the person in one line."""
        self._canvas_hint.show(text)
        self.hint_changed.emit(text)

    def _edit(self, overlay: Overlay, work: Any) -> None:
        """Write to the store; whatever happens, the layer is drawn from the store again."""
        self._refiller.ask({overlay.kind})
        self.attempt(work)

    def attempt(self, work: Any, *, keeps: bool = True) -> Any:
        """See :func:`~.attempts.attempt`."""
        return attempt(self, work, keeps=keeps, show_error=show_error)

    # ------------------------------------------------------------------ what happened elsewhere
    def _on_view(self, _rows: Interval, _cols: Interval) -> None:
        self._refiller.ask(delay_ms=_VIEW_DELAY_MS)

    def _on_chrom(self, _name: str) -> None:
        labels = self.session.world_kwargs()["axis_labels"]
        for overlay in self.overlays.values():
            overlay.layer.axis_labels = labels
        self._refiller.ask()

    def _on_map(self) -> None:
        if self.session.source is None:
            self._on_project(None)

    def _on_project(self, project: Project | None) -> None:
        if self._project is not None:
            self._project.changed.disconnect(self._on_change)
        self._project = project
        self._current = None
        self.catalogue = None if project is None else Catalogue(project)
        self._triangles.clear()
        if project is not None:
            project.changed.connect(self._on_change)
        self.sets_changed()
        self.current_changed.emit(None)

    @ensure_main_thread
    def _on_change(self, change: Change) -> None:
        if self.catalogue is None or self._project is None:
            return
        if change.set_ids - self._sets.keys():
            self._sets = {s.id: s for s in self._project.sets()}
        self.catalogue.apply(change)
        self._refiller.ask({record.kind for record in (*change.before, *change.after)})
        if self._current is not None and self._current not in self.catalogue.records:
            self.set_current(None)
        self.recorded.emit(change)
        self.changed.emit()

    def _on_layer_removed(self, event: Any) -> None:
        for kind, overlay in list(self.overlays.items()):
            if overlay.layer is event.value:
                del self.overlays[kind]
                self.hint(f"{NAMES[kind]} are no longer shown; the labels themselves are kept.")

    def close(self) -> None:
        """Take the layers out and let go of the session; nothing needs saving."""
        self._canvas_hint.show("")
        self._refiller.close()
        self._on_project(None)
        self._refiller.close()
        self.session.view_changed.disconnect(self._on_view)
        self.session.chrom_changed.disconnect(self._on_chrom)
        self.session.map_changed.disconnect(self._on_map)
        self.session.project_changed.disconnect(self._on_project)
        self.viewer.layers.events.removed.disconnect(self._on_layer_removed)
        self.hide_layers()
