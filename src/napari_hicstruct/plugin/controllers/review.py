"""What the keys and buttons do in a window: judge what is selected or caught, take a tool, check a stripe."""

from __future__ import annotations

from typing import Any

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.plugin.controllers.editor import Editor
from napari_hicstruct.plugin.controllers.lasso import Lasso
from napari_hicstruct.plugin.controllers.stripe_check import clear_stripe_check, show_stripe_check
from napari_hicstruct.plugin.state.review import ReviewState


class Review(ReviewState):
    """Commands on the current object and on the selected ones.

    Attributes
    ----------
    editor : Editor
    lasso : Lasso
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor.labels)
        self.editor = editor
        self.lasso = Lasso(editor.labels, editor.canvas, lambda: self.queue.uids)
        self.lasso.changed.connect(self._lasso_changed)
        editor.tool_changed.connect(self.tool_changed.emit)

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
        if self.labels.record(uid) is not None:
            self.lasso.put_away()
            self.editor.deselect()
        super().go_to(uid, from_queue=from_queue)

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
                f"{title} · rows x {record.anchor1}\ncolumns y {record.anchor2}\nraw counts{note} · Esc ends"
            )

    # ------------------------------------------------------------------ tools
    @property
    def tool(self) -> str:
        """The command whose tool the mouse has: ``add loop``, ``lasso_candidates``; empty while it pans or edits."""
        if self.lasso.drawing:
            return "lasso_candidates"
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

    def edit(self) -> None:
        """Select the current object so that the mouse moves and resizes it."""
        current = self.labels.current
        if current is None:
            self.labels.hint("Nothing is selected: press N for the next object, or click one.")
            return
        overlay = self.editor.overlay(current.kind)
        self.editor.flush()
        if current.uid not in overlay.uids:
            self.go_to(current.uid)
            self.editor.redraw([current.kind])
        self._activate(current.kind, "select")
        overlay.select([current.uid])

    def lasso_candidates(self) -> None:
        """Draw round candidates of the queue, to judge all of them in one step."""
        if self.labels.attempt(lambda _: True, keeps=False) is not None:
            self.editor.pan()
            self.lasso.start()

    def stop(self) -> None:
        """Put all tools down: the mouse pans again."""
        self.editor.pan()
        self.lasso.put_away()
        clear_stripe_check(self.editor.canvas)
        self.labels.hint("")

    def refuse_paste(self) -> None:
        """napari's paste would put objects where no contact is, unseen by the journal."""
        self.labels.hint("Objects are not pasted: L, S, T or B adds one where the map shows it.")

    def _activate(self, kind: Kind, mode: str) -> None:
        self.lasso.put_away()
        self.editor.pan(but=kind)
        layer: Any = self.editor.overlay(kind).layer
        layer.visible = True
        self.editor.canvas.viewer.layers.selection.active = layer
        layer.mode = mode
        self.editor.mode_changed(self.editor.overlay(kind))

    def close(self) -> None:
        """Take what is temporary out of the window."""
        self.lasso.close()
        super().close()
