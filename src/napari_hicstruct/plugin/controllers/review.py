"""What the keys and buttons do: go to candidates, judge them, take a tool, undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.kinds import KINDS
from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.genome import format_bp
from napari_hicstruct.plugin.controllers.lasso import Lasso
from napari_hicstruct.plugin.controllers.stripe_check import clear_stripe_check, show_stripe_check
from napari_hicstruct.plugin.layers.overlays.reviewed import ReviewedRegions
from napari_hicstruct.plugin.state.framing import frame, surround
from napari_hicstruct.plugin.state.objects import ObjectList
from napari_hicstruct.plugin.state.queue import ReviewQueue

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Change
    from napari_hicstruct.plugin.controllers.editor import Editor


def name_of(kind: Kind) -> str:
    """The kind as people write it."""
    return KINDS[kind].singular


class Review:
    """Commands on the current object and on the selected ones.

    Attributes
    ----------
    queue : ReviewQueue
        What N and P step through.
    objects : ObjectList
        What the table shows.
    regions : ReviewedRegions
    lasso : Lasso
    advance : bool
        Go on to the next candidate after A or R (only when the current one was judged, not a selection).
    """

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.queue = ReviewQueue(editor)
        self.objects = ObjectList(editor, self.queue)
        self.regions = ReviewedRegions(editor)
        self.lasso = Lasso(editor, lambda: self.queue.uids)
        self.advance = True

    # ------------------------------------------------------------------ judge
    def targets(self) -> list[str]:
        """What a key acts on: what the lasso caught, what is selected in the active overlay, else the current one."""
        if self.lasso.uids:
            return list(self.lasso.uids)
        active = self.editor.viewer.layers.selection.active
        for overlay in self.editor.overlays.values():
            if overlay.layer is active and overlay.selected_uids():
                return overlay.selected_uids()
        current = self.editor.current
        return [] if current is None else [current.uid]

    def accept(self) -> None:
        """Say that the targets are right."""
        self._judge(Status.ACCEPTED)

    def reject(self) -> None:
        """Say that the targets are not there."""
        self._judge(Status.REJECTED)

    def _judge(self, status: Status) -> None:
        targets, current = self.targets(), self.editor.current
        if self.lasso.uids:
            self.judge_many(targets, status)
        elif not targets:
            self.editor.hint("Nothing is selected: press N for the next candidate, or click one.")
        elif self.editor.attempt(lambda project: project.set_status(targets, status)) is not None:
            self.queue.judged(targets)
            if self.advance and current is not None and targets == [current.uid] and current.uid in self.queue.pool:
                self.next()

    def judge_many(self, uids: Sequence[str], status: Status) -> bool:
        """Accept or reject many in one step that one undo takes back; False if that was refused."""
        current = self.editor.current
        if self.editor.attempt(lambda project: project.set_status(uids, status)) is None:
            return False
        self.lasso.put_away()
        self.queue.judged(uids)
        self.editor.hint(f"{status.value.capitalize()}: {len(uids):,}. U takes all of it back.")
        if self.advance and current is not None and current.uid in set(uids):
            self.next()
        return True

    def delete(self) -> None:
        """Take the targets out of the project (undo brings them back)."""
        targets = self.targets()
        if targets:
            self.editor.attempt(lambda project: project.delete(targets))
        else:
            self.editor.hint("Nothing is selected to delete.")

    def undo(self) -> None:
        """Take back the last step; a judgement's candidate comes back under the cursor."""
        what = self.undo_text()
        change = self.editor.attempt(lambda project: project and project.undo(), keeps=False)
        if change is None:
            self.editor.hint("Nothing to undo.")
            return
        self.editor.hint(f"Taken back: {what}.")
        judged = _judged(change)
        self.queue.reopened(judged)
        if len(judged) == 1:
            self.queue.go_to(judged[0])
            self.go_to(judged[0])
        elif len(judged) > 1:
            self.editor.hint(f"Taken back: what was said of {len(judged):,} objects.")

    def redo(self) -> None:
        """Make the step again that was last taken back."""
        current = self.editor.current
        change = self.editor.attempt(lambda project: project and project.redo(), keeps=False)
        if change is None:
            self.editor.hint("Nothing to redo.")
        elif current is not None and _judged(change) == [current.uid] and self.advance:
            self.next()

    def mark_region_reviewed(self) -> None:
        """What is in view and not labelled is truly absent."""
        self.regions.mark_view()

    # ------------------------------------------------------------------ go
    def next(self) -> None:
        """Fly to the next candidate of the queue."""
        self._step(1)

    def previous(self) -> None:
        """Fly to the candidate before this one that was passed over."""
        self._step(-1)

    def _step(self, by: int) -> None:
        uid = self.queue.step(by)
        if uid is not None:
            self.go_to(uid)
        else:
            self.editor.hint(self.queue.nothing() or "This is the first of what is left.")

    def go_to(self, uid: str) -> None:
        """Make an object the current one and fly there."""
        catalogue = self.editor.catalogue
        record = None if catalogue is None else catalogue.records.get(uid)
        if record is None:
            return
        for overlay in self.editor.overlays.values():
            overlay.select([])
        self.editor.set_current(uid)
        rows, cols = frame(self.editor, record)
        if record.kind is Kind.LOOP and (shown := self.editor.session.map) is not None:
            shown.suit(*surround(rows, cols), record.distance / 2)
        self.editor.attempt(lambda _: self.editor.session.go_to(rows, cols), keeps=False)
        self.editor.hint(f"{name_of(record.kind)} #{self.objects.number(uid):,} · {format_bp(record.distance)}")

    def go_to_number(self, kind: Kind, number: int) -> str | None:
        """Fly to *kind* #*number* (1-based); its uid, or None if there is none."""
        uid = self.objects.numbered(kind, number)
        if uid is None:
            self.editor.hint(f"There is no {name_of(kind)} #{number:,}; there are {self.objects.count(kind):,}.")
        else:
            self.go_to(uid)
        return uid

    def check_stripe(self, number: int, *, transpose: bool = False) -> None:
        """*Go to stripe #number*: the stripe check on raw counts (Esc ends it)."""
        uid = self.objects.numbered(Kind.STRIPE, number)
        if uid is None or self.editor.catalogue is None:
            self.editor.hint(f"There is no stripe #{number:,}; there are {self.objects.count(Kind.STRIPE):,}.")
            return
        record = self.editor.catalogue.records[uid]
        self.editor.set_current(uid)
        title = f"stripe #{number:,}"
        check = self.editor.attempt(
            lambda _: show_stripe_check(self.editor.session, record, title, transpose=transpose)
        )
        if check is not None:
            note = f" · {check.note}" if check.note else ""
            self.editor.hint(
                f"{title} · rows x {record.anchor1}\ncolumns y {record.anchor2}\nraw counts{note} · Esc ends"
            )

    def undo_text(self) -> str:
        """What undo would take back, in words."""
        return self._step_text("next_undo")

    def redo_text(self) -> str:
        """What redo would do again, in words."""
        return self._step_text("next_redo")

    def _step_text(self, which: str) -> str:
        project = self.editor.project
        step = None if project is None else getattr(project, which)()
        if step is None:
            return ""
        if step.regions:
            return f"{'take back' if step.action == 'unreview' else 'mark'} reviewed region"
        if step.count != 1:
            return f"{step.action} {step.count:,} objects"
        return f"{step.action} {name_of(next(iter(step.kinds)))}"

    # ------------------------------------------------------------------ tools
    def add(self, kind: Kind) -> None:
        """Take the tool that adds objects of ``kind`` by mouse."""
        if self.editor.attempt(lambda _: True, keeps=False) is None:
            return
        if any(s.locked for s in self.editor.sets() if s.name == "human"):
            self.editor.hint("The human set is locked: unlock it in Labels to add objects.")
            return
        self._activate(kind, self.editor.overlay(kind).add_mode)

    def edit(self) -> None:
        """Select the current object so that the mouse moves and resizes it."""
        current = self.editor.current
        if current is None:
            self.editor.hint("Nothing is selected: press N for the next object, or click one.")
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
        if self.editor.attempt(lambda _: True, keeps=False) is not None:
            for overlay in self.editor.overlays.values():
                overlay.layer.mode = "pan_zoom"
            self.lasso.start()

    def stop(self) -> None:
        """Put all tools down: the mouse pans again."""
        for overlay in self.editor.overlays.values():
            overlay.layer.mode = "pan_zoom"
        self.lasso.put_away()
        clear_stripe_check(self.editor.viewer)
        self.editor.hint("")

    def refuse_paste(self) -> None:
        """napari's paste would put objects where no contact is, unseen by the journal."""
        self.editor.hint("Objects are not pasted: L, S, T or B adds one where the map shows it.")

    def _activate(self, kind: Kind, mode: str) -> None:
        for other, overlay in self.editor.overlays.items():
            if other is not kind:
                overlay.layer.mode = "pan_zoom"
        layer: Any = self.editor.overlay(kind).layer
        layer.visible = True
        self.editor.viewer.layers.selection.active = layer
        layer.mode = mode
        self.editor.mode_changed(self.editor.overlay(kind))

    def close(self) -> None:
        """Take what is temporary out of the window."""
        self.lasso.close()
        self.regions.close()


def _judged(change: Change) -> list[str]:
    """Uids of what a step gave another status."""
    before = {record.uid: record.status for record in change.before}
    return [r.uid for r in change.after if before.get(r.uid, r.status) is not r.status]
