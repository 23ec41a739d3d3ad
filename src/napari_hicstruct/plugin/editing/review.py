"""What the keys and buttons do: go to objects, judge them, take a tool, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.genome import Interval, format_bp
from napari_hicstruct.plugin.editing.geometry import box_of, is_flipped
from napari_hicstruct.plugin.editing.objects import ObjectList
from napari_hicstruct.plugin.editing.stripe_check import clear_stripe_check, show_stripe_check

if TYPE_CHECKING:
    from napari_hicstruct.plugin.editing.editor import Editor

_NAMES = {Kind.LOOP: "loop", Kind.STRIPE: "stripe", Kind.TAD: "TAD", Kind.BOUNDARY: "boundary"}


def name_of(kind: Kind) -> str:
    """The kind as people write it."""
    return _NAMES[kind]


class Review:
    """Commands on the current object and on the selected ones.

    Attributes
    ----------
    advance : bool
        Go on to the next object after A or R (only when the current one was judged, not a selection).
    """

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.objects = ObjectList(editor)
        self.advance = True

    # ------------------------------------------------------------------ judge
    def targets(self) -> list[str]:
        """What a key acts on: the objects selected in the active overlay, else the current one."""
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
        if not targets:
            self.editor.hint("Nothing is selected: press N for the next object, or click one.")
            return
        following = None
        if self.advance and current is not None and targets == [current.uid]:
            following = self.objects.step(current.uid, 1) if self.objects.place(current.uid) is not None else None
        done = self.editor.attempt(lambda project: project.set_status(targets, status))
        if done is not None and following is not None and following != targets[0]:
            self.go_to(following)

    def delete(self) -> None:
        """Take the targets out of the project (undo brings them back)."""
        targets = self.targets()
        if targets:
            self.editor.attempt(lambda project: project.delete(targets))
        else:
            self.editor.hint("Nothing is selected to delete.")

    def undo(self) -> None:
        """Take back the last step."""
        if self.editor.attempt(lambda project: project.undo()) is None:
            self.editor.hint("Nothing to undo.")

    def redo(self) -> None:
        """Make the step again that was last taken back."""
        if self.editor.attempt(lambda project: project.redo()) is None:
            self.editor.hint("Nothing to redo.")

    def mark_region_reviewed(self) -> None:
        """What is in view and not labelled is truly absent."""
        if self.editor.session.source is None:
            return
        rows, cols = self.editor.session.visible()
        if self.editor.attempt(lambda project: project.mark_reviewed(rows, cols)) is not None:
            self.editor.hint(f"{rows} × {cols} is marked as reviewed.")
            self.editor.changed.emit()

    # ------------------------------------------------------------------ go
    def next(self) -> None:
        """Fly to the next object of the table."""
        self._step(1)

    def previous(self) -> None:
        """Fly to the object before this one in the table."""
        self._step(-1)

    def _step(self, by: int) -> None:
        current = self.editor.current
        uid = self.objects.step(None if current is None else current.uid, by)
        if uid is None:
            self.editor.hint("No object passes the filter.")
        else:
            self.go_to(uid)

    def go_to(self, uid: str) -> None:
        """Make an object the current one and fly there."""
        catalogue = self.editor.catalogue
        record = None if catalogue is None else catalogue.records.get(uid)
        if record is None:
            return
        self._let_go_of_selection()
        self.editor.set_current(uid)
        rows, cols = self._window(record)
        self.editor.attempt(lambda _: self.editor.session.go_to(rows, cols))
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
        if step.count != 1:
            return f"{step.action} {step.count:,} objects"
        return f"{step.action} {name_of(next(iter(step.kinds)))}"

    def _let_go_of_selection(self) -> None:
        for overlay in self.editor.overlays.values():
            overlay.select([])

    def _window(self, record: Annotation) -> tuple[Interval, Interval]:
        length = self._length(record.chrom)
        triangle = self.editor.triangle_of(record.uid)
        if record.kind is Kind.LOOP:
            half = max(25 * max(len(record.anchor1), self.editor.view.finest()), int(0.1 * record.distance))
            pair = record.anchor1.expand(half, length), record.anchor2.expand(half, length)
            return pair[::-1] if is_flipped(record, triangle) else pair
        if record.kind is Kind.BOUNDARY:
            around = record.span.expand(50 * max(len(record.anchor1), self.editor.view.finest()), length)
            return around, around
        if record.kind is Kind.TAD:
            around = record.span.expand(max(len(record.span) // 2, 10 * self.editor.view.finest()), length)
            return around, around
        box = box_of(record, triangle)
        margin = max(250_000, len(record.span) // 4)
        middle_rows = Interval(record.chrom, int(box.top), int(box.bottom))
        middle_cols = Interval(record.chrom, int(box.left), int(box.right))
        half = max(len(middle_rows), len(middle_cols)) // 2 + margin
        return tuple(_around(part, half, length) for part in (middle_rows, middle_cols))  # type: ignore[return-value]

    def _length(self, chrom: str) -> int | None:
        source = self.editor.session.source
        return None if source is None else source.chromsizes.get(chrom)

    # ------------------------------------------------------------------ tools
    def add(self, kind: Kind) -> None:
        """Take the tool that adds objects of ``kind`` by mouse."""
        if self.editor.attempt(lambda project: project) is None:
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

    def stop(self) -> None:
        """Put all tools down: the mouse pans again."""
        for overlay in self.editor.overlays.values():
            overlay.layer.mode = "pan_zoom"
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


def _around(part: Interval, half: int, length: int | None) -> Interval:
    middle = int(part.center)
    grown = Interval(part.chrom, max(0, middle - half), middle + half)
    return grown if length is None else grown.clamp(length)
