"""Layers ⇄ store: what the person does in a layer becomes one journal entry, the content of the store is drawn.

The store (:class:`~napari_hicstruct.annotations.Project`) is the truth.  The state before an edit is read from the
store, never from the layer; hidden sets and hidden layers never change data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.genome import Interval
from napari_hicstruct.plugin.controllers.edit import gestures
from napari_hicstruct.plugin.controllers.edit.hints import CanvasHint, LetterLoader, hint_for
from napari_hicstruct.plugin.controllers.edit.refill import Refiller
from napari_hicstruct.plugin.layers.canvas import Canvas
from napari_hicstruct.plugin.layers.overlays.casing import Casings
from napari_hicstruct.plugin.layers.overlays.drawing import DrawStyle, Item
from napari_hicstruct.plugin.layers.overlays.overlay import LIMITS, NAMES, Overlay, make_overlay
from napari_hicstruct.plugin.layers.projected import turn_meshes
from napari_hicstruct.plugin.state.labels.draw_limit import InView
from napari_hicstruct.plugin.state.labels.labels import LabelState

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Project
    from napari_hicstruct.annotations.changes import Change

_VIEW_DELAY_MS = 40
_ORDER = (Kind.TAD, Kind.STRIPE, Kind.BOUNDARY, Kind.LOOP)  # from below


class Editor:
    """Overlays of one window, and the person's edits in them.

    Parameters
    ----------
    labels : LabelState
    canvas : Canvas

    Attributes
    ----------
    drawn : Signal
        The layers were refilled.
    tool_changed : Signal
        The mouse does something else in the active layer, or another layer is active.
    layer_removed : Signal(Kind)
        A person took an overlay out of the window.
    overlays : dict of Kind to Overlay
        Those that are in the window.
    """

    drawn = Signal()
    tool_changed = Signal()
    layer_removed = Signal(Kind)

    def __init__(self, labels: LabelState, canvas: Canvas) -> None:
        self.labels, self.canvas = labels, canvas
        self.overlays: dict[Kind, Overlay] = {}
        self._removed: list[Kind] = []
        self._showing = False
        self._reason = ""
        self._window = labels.window
        self._canvas_hint = CanvasHint(canvas.viewer)
        self._casings = Casings(canvas)
        self._letters = LetterLoader(canvas.viewer)
        self._refiller = Refiller(canvas.viewer, self._refill)
        self._window.view_changed.connect(self._on_view)
        self._window.chrom_changed.connect(self._on_chrom)
        labels.stale.connect(self._on_stale)
        labels.recorded.connect(self._on_recorded)
        labels.hint_changed.connect(self._canvas_hint.show)
        canvas.viewer.layers.events.removed.connect(self._on_layer_removed)
        canvas.viewer.layers.selection.events.active.connect(self._on_active)

    # ------------------------------------------------------------------ drawing
    def overlay(self, kind: Kind) -> Overlay:
        """The overlay of ``kind``, put (back) into the window if it is not there."""
        if kind not in self.overlays:
            made = make_overlay(kind, self, **self.canvas.world_kwargs())
            self.overlays[kind] = made
            made.layer.get_status = self.canvas.read_out(made.layer.get_status)
            above = [o.layer for k, o in self.overlays.items() if _ORDER.index(k) > _ORDER.index(kind)]
            self.canvas.put_below(made.layer, above)
            self._refill(frozenset({kind}))
        return self.overlays[kind]

    def show_layers(self) -> None:
        """Put all overlays into the window, large shapes below small marks."""
        self._showing = True
        active = self.canvas.viewer.layers.selection.active
        for kind in _ORDER:
            self.overlay(kind)
        if active is not None:
            self.canvas.viewer.layers.selection.active = active

    def hide_layers(self) -> None:
        """Take all overlays out of the window; the labels stay in the project."""
        self._showing = False
        overlays = list(self.overlays.values())
        self.overlays.clear()
        with self.canvas.as_one():
            self._casings.remove(*Kind)
            self.canvas.remove(*(overlay.layer for overlay in overlays))

    def redraw(self, kinds: Iterable[Kind] = tuple(Kind)) -> None:
        """Redraw these kinds at once (unless a gesture is in progress)."""
        self._refiller.ask(kinds)
        self._refiller.flush()

    def flush(self) -> None:
        """Redraw at once what is stale (unless a gesture is in progress)."""
        self._refiller.flush()

    def turn_casings(self) -> None:
        """Draw the casings as the map lies: square or tilted."""
        turn_meshes(self.canvas, self._casings.meshes())

    def _refill(self, kinds: frozenset[Kind]) -> None:
        labels = self.labels
        for kind in kinds & self.overlays.keys():
            by, other, world = labels.by_score, labels.opacity_of_others, self.canvas.projection.bp_per_world
            style = DrawStyle(self.canvas.bp_per_px(), by, labels.current_uid, other, world)
            items, overlay = self._items(kind), self.overlays[kind]
            overlay.fill(items, style)
            moving = str(overlay.layer.mode) == "select"
            self._casings.draw(overlay.layer, kind, [] if moving else items, style)
        self.drawn.emit()

    def _items(self, kind: Kind) -> list[Item]:
        labels = self.labels
        if labels.catalogue is None or self._window.source is None:
            return []
        rows, cols = self._window.drawn_part()
        keep = [] if labels.current_uid is None else [labels.current_uid]
        records, total = labels.catalogue.in_view(
            kind, rows, cols, triangles=labels.shown(), limit=LIMITS[kind], keep=keep
        )
        labels.in_view[kind] = InView(len(records), total)
        if labels.opacity_of_others == 0:
            records = [record for record in records if record.uid == labels.current_uid]
        opacities = labels.catalogue.opacities(records) if kind is Kind.TAD else [1.0] * len(records)
        set_of = labels.catalogue.records.set_of
        looks = {one.id: (one.colour, labels.triangle(one.id)) for one in labels.sets()}
        return [Item(r, *looks[set_of(r.uid)], opacity) for r, opacity in zip(records, opacities, strict=True)]

    # ------------------------------------------------------------------ tools
    def selected_uids(self) -> list[str]:
        """Uids of what is selected with napari's arrow in the active layer; empty with any other tool."""
        active = self.canvas.viewer.layers.selection.active
        chosen = (o for o in self.overlays.values() if o.layer is active and o.layer.mode == "select")
        return next((overlay.selected_uids() for overlay in chosen), [])

    def shown_uids(self) -> list[str]:
        """Uids of all objects that are drawn, those in the margin around the view as well."""
        seen = (o for o in self.overlays.values() if o.layer.visible and o.layer.opacity > 0)
        return [uid for overlay in seen for uid in overlay.uids]

    def seen_uids(self) -> list[str]:
        """Of those, uids of which some lies in the view; others are drawn in the margin around it."""
        return [uid for uid in self.shown_uids() if self.labels.in_view_now(uid)]

    def bring_back(self) -> list[Kind]:
        """Put the layers back that were removed since the last edit; their kinds."""
        kinds, self._removed = self._removed, []
        for kind in kinds:
            self.overlay(kind)
        return kinds

    def unhide(self, kind: Kind) -> bool:
        """Show the layer of a kind if it was hidden, for nothing unseen is judged; True if it was."""
        layer = self.overlay(kind).layer
        hidden = not layer.visible
        if hidden:  # napari draws it anew also where it was shown
            layer.visible = True
        return hidden

    def deselect(self) -> None:
        """Select nothing in any overlay."""
        for overlay in self.overlays.values():
            overlay.select([])

    def pan(self, *, but: Kind | None = None) -> None:
        """Put the tools of all overlays down, but for one kind's."""
        for kind, overlay in self.overlays.items():
            if kind is not but:
                overlay.layer.mode = "pan_zoom"

    # ------------------------------------------------------------------ what the person did (Host)
    def items_changed(self, overlay: Overlay, indices: Sequence[int]) -> None:
        """Move or resize: one entry for the whole gesture, snapped to bins."""
        self._edit(
            overlay,
            lambda project: gestures.reshaped(self.labels, project, overlay, indices, grid=self._window.grid()),
        )

    def items_added(self, overlay: Overlay, indices: Sequence[int]) -> None:
        """A new object in the human set; a click that drew nothing is dropped."""
        bp_per_px = self.canvas.bp_per_px()

        def add(project: Project) -> None:
            grid = self._window.grid()
            gestures.drawn(self.labels, project, overlay, indices, grid=grid, bp_per_px=bp_per_px)

        self._edit(overlay, add)

    def items_removed(self, overlay: Overlay, uids: Sequence[str]) -> None:
        """Deleted with napari's own keys or buttons."""
        self._edit(overlay, lambda project: project.delete(uids))

    def items_selected(self, overlay: Overlay, uids: Sequence[str]) -> None:
        """The one object that is selected becomes the current one."""
        self._went_on()
        if len(uids) == 1:
            self.labels.set_current(uids[0])

    def mode_changed(self, overlay: Overlay) -> None:
        """Show what the mouse does in this layer now."""
        self.labels.hint(hint_for(overlay.kind, str(overlay.layer.mode), overlay.add_mode))
        self._refiller.ask({overlay.kind})  # nothing stays where an object was while it is moved
        self.tool_changed.emit()

    def stray(self, overlay: Overlay, reason: str) -> None:
        """The layer shows something that is not in the store: draw the store again."""
        if reason:
            self.labels.hint(reason)
            self._reason = reason
        self._refiller.ask({overlay.kind})

    def _went_on(self) -> None:
        """The person does something else: why something was refused has been read."""
        if self._reason and self.labels.hinted == self._reason:
            self.labels.hint("")
        self._reason = ""

    def _edit(self, overlay: Overlay, work: Any) -> None:
        """Write to the store; whatever happens, the layer is drawn from the store again."""
        self._refiller.ask({overlay.kind})
        self.labels.attempt(work)

    # ------------------------------------------------------------------ what happened elsewhere
    def _on_stale(self, kinds: Iterable[Kind]) -> None:
        self._refiller.ask(kinds)

    def _on_recorded(self, change: Change) -> None:
        """An edit after the removal of a layer is what undo takes back first; new objects are shown all the same."""
        self._removed.clear()
        missing = [kind for kind in _ORDER if kind not in self.overlays] if self._showing else []
        if missing and len(change.after) > len(change.before):
            for kind in {record.kind for record in change.after}.intersection(missing):
                self.overlay(kind)

    def _on_view(self, _rows: Interval, _cols: Interval) -> None:
        self._refiller.ask(delay_ms=_VIEW_DELAY_MS)
        self._went_on()

    def _on_chrom(self, _name: str) -> None:
        axes = self.canvas.world_kwargs()["axis_labels"]
        for overlay in self.overlays.values():
            overlay.layer.axis_labels = axes
        self._refiller.ask()

    def _on_active(self, _event: Any) -> None:
        self._went_on()
        self.tool_changed.emit()

    def _on_layer_removed(self, event: Any) -> None:
        for kind, overlay in list(self.overlays.items()):
            if overlay.layer is event.value:
                del self.overlays[kind]
                self._casings.remove(kind)
                self._removed.append(kind)
                self.labels.hint(f"{NAMES[kind]} are no longer shown; all of them are kept. U shows them again.")
                self.layer_removed.emit(kind)

    def close(self) -> None:
        """Take the layers out and let go of the window; nothing needs saving."""
        self._canvas_hint.show("")
        self._letters.close()
        self._refiller.close()
        self.labels.hint_changed.disconnect(self._canvas_hint.show)
        self.labels.stale.disconnect(self._on_stale)
        self.labels.recorded.disconnect(self._on_recorded)
        self._window.view_changed.disconnect(self._on_view)
        self._window.chrom_changed.disconnect(self._on_chrom)
        if self.canvas.viewer is not None:
            self.canvas.viewer.layers.events.removed.disconnect(self._on_layer_removed)
            self.canvas.viewer.layers.selection.events.active.disconnect(self._on_active)
        self.hide_layers()
