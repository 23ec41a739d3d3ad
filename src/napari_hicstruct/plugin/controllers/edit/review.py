"""What the keys and buttons do in a window: judge what is selected or caught, take a tool, check a stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.genome import display_region
from napari_hicstruct.plugin.controllers.canvas.distance import DistanceTool
from napari_hicstruct.plugin.controllers.edit import gestures
from napari_hicstruct.plugin.controllers.edit.edit_tool import EditTool
from napari_hicstruct.plugin.controllers.edit.editor import Editor
from napari_hicstruct.plugin.controllers.edit.hints import edit_hint
from napari_hicstruct.plugin.controllers.edit.lasso import Lasso
from napari_hicstruct.plugin.controllers.edit.stripe_check import clear_stripe_check, show_stripe_check
from napari_hicstruct.plugin.layers.overlays.halo import Halo
from napari_hicstruct.plugin.layers.overlays.overlay import NAMES
from napari_hicstruct.plugin.state.labels.geometry import Triangle, new_loop
from napari_hicstruct.plugin.state.review.review import ReviewState

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Change, Project


class Review(ReviewState):
    """Commands on the current object and on the selected ones.

    Attributes
    ----------
    editor : Editor
    lasso : Lasso
    distance : DistanceTool
    edit_tool : EditTool
    halo : Halo
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.labels)
        self.editor = editor
        self.lasso = Lasso(editor.labels, editor.canvas, lambda: self.queue.uids)
        self.lasso.changed.connect(self._lasso_changed)
        self.distance = DistanceTool(editor.labels, editor.canvas)
        self.distance.changed.connect(self.tool_changed.emit)
        self.halo = Halo(editor.canvas, editor.overlays)
        self.edit_tool = EditTool(editor.labels, editor.canvas, self.halo)
        editor.tool_changed.connect(self.tool_changed.emit)
        editor.drawn.connect(self._drawn)
        self.labels.current_changed.connect(self._current_changed)
        self.labels.window.chrom_changed.connect(self._elsewhere)
        self.labels.window.map_changed.connect(self._elsewhere)

    @property
    def caught(self) -> list[str]:
        """What the lasso caught."""
        return self.lasso.uids

    def let_go(self) -> None:
        """Put the lasso away; nothing is judged."""
        self.lasso.put_away()

    def targets(self) -> list[str]:
        """What a key acts on: what the lasso caught, what is selected in the active overlay, else the current one.

        Nothing while the lasso is out and has caught nothing: who draws round some does not mean another one.
        """
        if self.lasso.drawing:
            return list(self.caught)
        return self.editor.selected_uids() or super().targets()

    def nothing_to_judge(self) -> str:
        """Why there are no targets, and what to do."""
        if self.lasso.drawing:
            return "The lasso has caught nothing yet: draw round candidates, or press Esc."
        return super().nothing_to_judge()

    def go_to(self, uid: str, *, from_queue: bool = False) -> None:
        """Make an object the current one and fly there; nothing else is selected or caught."""
        record = self.labels.record(uid)
        if record is not None:
            self.lasso.put_away()
            self.editor.deselect()
            self.editor.bring_back()
        super().go_to(uid, from_queue=from_queue)
        if record is not None and self.editor.unhide(record.kind):
            self.labels.hint(f"{self.summary_of(uid)} · the layer {NAMES[record.kind]} was hidden and is shown again")
        self.editor.canvas.slice_now()
        self.editor.flush()  # all of it before the window is painted: once, not once for each thing that changed

    def select(self, uid: str | None, *, of: int = 1) -> None:
        """What was clicked becomes the current object and nothing else is selected; None: nothing is.

        ``of`` objects lie there: another click selects the next.  A click beside all objects leaves the lasso's catch.
        """
        edits = self.edit_tool.uid is not None
        if uid is None and self.caught:
            return
        self.lasso.put_away()
        self.editor.deselect()
        self.labels.set_current(uid)
        if uid is None:
            self.labels.hint("")
        elif edits:
            self.edit()
        else:
            more = f" · click again for the next of {of} here" if of > 1 else ""
            self.labels.hint(self.summary_of(uid) + more)

    def delete(self) -> None:
        """Take what is selected and in view out of the project, nothing else; undo brings it back."""
        targets, shown = self.targets(), set(filter(self._is_in_view, self.editor.shown_uids()))
        seen = [uid for uid in targets if uid in shown]
        if targets and not seen:
            self.labels.hint("What is selected is not shown here: nothing was deleted.")
            return
        what = self.summary_of(seen[0]) if len(seen) == 1 else f"{len(seen):,} objects"

        def then(_change: Change) -> None:
            self.lasso.put_away()
            self.labels.hint(f"Deleted: {what}. U brings it back.")

        self.delete_many(seen, then)

    def undo(self) -> None:
        """Take back the last step; the removal of a layer of ours is one, and brings back the layer, not records."""
        kinds = self.editor.bring_back()
        if kinds:
            self.labels.hint(f"Shown again: {', '.join(NAMES[kind] for kind in kinds)}.")
        else:
            super().undo()

    def _undone(self, change: Change | None, what: str, *, stays: bool = False) -> None:
        """Nor does the camera leave the object that is edited."""
        chosen, edited = self._by_hand, self.edit_tool.uid
        self._by_hand = chosen if edited is None else {*chosen, edited}
        super()._undone(change, what, stays=stays)
        self._by_hand = chosen

    def _drawn(self) -> None:
        """The layers were refilled: halo and handles follow."""
        current = self.labels.current
        if current is None or current.uid not in self.editor.shown_uids():
            self.halo.draw(None, Triangle.STORED)
        else:
            self.halo.draw(current, self.labels.triangle_of(current.uid))
        if self.edit_tool.uid is not None:
            self.edit_tool.draw()

    def _elsewhere(self, *_: object) -> None:
        """Another chromosome or map, or none: its axes have other names."""
        self.lasso.put_away()
        self.edit_tool.stop()
        self.halo.close()

    def _current_changed(self, uid: str | None) -> None:
        if self.edit_tool.uid not in (None, uid):
            self.edit_tool.stop()

    def _lasso_changed(self) -> None:
        self.labels.set_choosing(self.lasso.drawing)
        self.caught_changed.emit()
        self.tool_changed.emit()

    def check_stripe(self, number: int, *, transpose: bool = False) -> None:
        """*Go to stripe #number*: the stripe check on raw counts (Esc ends it)."""
        uid = self.objects.numbered(Kind.STRIPE, number)
        record = None if uid is None else self.labels.record(uid)
        if record is None:
            self.labels.hint(f"There is no stripe #{number:,}; there are {self.objects.count(Kind.STRIPE):,}.")
            return
        self.labels.set_current(uid)
        title = f"stripe #{number:,}"
        canvas = self.editor.canvas
        check = self.labels.attempt(lambda _: show_stripe_check(canvas, record, title, transpose=transpose))
        if check is not None:
            note = f" · {check.note}" if check.note else ""
            self.labels.hint(
                f"{title} · rows: anchor {display_region(record.anchor1)}\n"
                f"columns: extent {display_region(record.anchor2)}\n"
                f"{check.values}, not balanced{note} · Esc ends"
            )

    # ------------------------------------------------------------------ tools
    @property
    def tool(self) -> str:
        """The command whose tool the mouse has: ``add loop``, ``measure``; empty while it pans or edits."""
        if self.lasso.drawing or self.distance.in_hand:
            return "lasso_candidates" if self.lasso.drawing else "measure"
        active = self.editor.canvas.viewer.layers.selection.active
        for kind, overlay in self.editor.overlays.items():
            if overlay.layer is active and overlay.layer.mode == overlay.add_mode:
                return f"add {kind.value}"
        return ""

    def add(self, kind: Kind) -> None:
        """Take the tool that adds objects of ``kind`` by mouse."""
        if self.labels.attempt(lambda _: True, keeps=False) is None:
            return
        if any(s.locked for s in self.labels.sets() if s.name == "human"):
            self.labels.hint("The human set is locked: unlock it in Labels to add objects.")
            return
        self._activate(kind, self.editor.overlay(kind).add_mode)

    def add_loop_at(self, place: tuple[float, float]) -> None:
        """A loop at the bins under a place (row, column; bp)."""

        def add(project: Project) -> None:
            loop = new_loop(place, self.labels.window.grid(), **gestures.new_fields(project))
            gestures.put(self.labels, project, [loop])
            self.labels.set_current(loop.uid)

        self.labels.attempt(add)

    def edit(self) -> None:
        """Give the current object handles: the mouse moves and resizes it, and pans beside it."""
        chosen = self.targets()
        if len(chosen) > 1 or (self.lasso.drawing and not chosen):
            self.labels.hint("E edits one object: click it, then press E.")
            return
        if chosen and chosen[0] != self.labels.current_uid:
            self.labels.set_current(chosen[0])
        current = self.labels.current
        if current is None:
            self.labels.hint("Nothing is selected: press N for the next object, or click one.")
            return
        kept_in = self.labels.set_of(current.uid)
        locked = f"The set “{kept_in.name}” is locked: unlock it in Labels to edit it." if kept_in.locked else ""
        if refusal := self.labels.refusal or locked:
            self.labels.hint(refusal)
            return
        self._put_away()
        self.editor.pan()
        overlay = self.editor.overlay(current.kind)
        overlay.layer.visible = True
        self.editor.flush()
        if current.uid not in overlay.uids:
            self.go_to(current.uid)
            self.editor.redraw([current.kind])
        self.editor.canvas.viewer.layers.selection.active = overlay.layer
        self.edit_tool.start(current.uid)
        self._drawn()
        self.labels.hint(edit_hint(current.kind))
        self.tool_changed.emit()

    def lasso_candidates(self) -> None:
        """Draw round candidates of the queue, to judge all of them in one step."""
        if self.labels.attempt(lambda _: True, keeps=False) is not None:
            self.editor.pan()
            self.edit_tool.stop()
            self.distance.put_away()
            self.lasso.start()

    def measure(self) -> None:
        """Measure distances with the mouse; nothing is edited."""
        self.editor.pan()
        self.edit_tool.stop()
        self.lasso.put_away()
        self.distance.start()

    def _put_away(self) -> None:
        """What draws on the map without being a layer's own tool goes."""
        self.lasso.put_away()
        self.distance.put_away()

    def stop(self) -> None:
        """Put all tools down: the mouse pans again."""
        self.editor.pan()
        self.edit_tool.stop()
        self._put_away()
        clear_stripe_check(self.editor.canvas)
        self.labels.hint("")

    def refuse_paste(self) -> None:
        """napari's paste would put objects where no contact is, unseen by the journal."""
        self.labels.hint("Objects are not pasted: L, S, T or B adds one where the map shows it.")

    def _activate(self, kind: Kind, mode: str) -> None:
        self._put_away()
        self.edit_tool.stop()
        self.editor.pan(but=kind)
        layer: Any = self.editor.overlay(kind).layer
        layer.visible = True
        self.editor.canvas.viewer.layers.selection.active = layer
        layer.mode = mode
        self.editor.mode_changed(self.editor.overlay(kind))

    def close(self) -> None:
        """Take what is temporary out of the window."""
        self.lasso.close()
        self.distance.close()
        self.labels.window.chrom_changed.disconnect(self._elsewhere)
        self.labels.window.map_changed.disconnect(self._elsewhere)
        self.edit_tool.close()
        self.halo.close()
        super().close()
