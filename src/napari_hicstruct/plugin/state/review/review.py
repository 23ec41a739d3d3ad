"""Review: go from candidate to candidate, judge them, undo.  ``controllers.review`` adds what needs a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_hicstruct.annotations.records import Kind, Status
from napari_hicstruct.genome import display_region, format_bp
from napari_hicstruct.plugin.state.labels.kind_change import as_kind
from napari_hicstruct.plugin.state.labels.labels import LabelState, Others
from napari_hicstruct.plugin.state.labels.objects import ObjectList
from napari_hicstruct.plugin.state.labels.palette import name_of
from napari_hicstruct.plugin.state.labels.sample_truth import TRUTH_STEP
from napari_hicstruct.plugin.state.map.framing import frame, surround
from napari_hicstruct.plugin.state.review.queue import ReviewQueue
from napari_hicstruct.plugin.state.review.reviewed import ReviewedRegions

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, Change
    from napari_hicstruct.annotations.changes import StepSummary

_PLACED = ("move", "resize")
"""Steps that give another status only because a place changed."""

_NOT_JUDGED = ", and this one is not judged"


class ReviewState:
    """Commands on the current object.

    Attributes
    ----------
    labels : LabelState
    queue : ReviewQueue
        What N and P step through.
    objects : ObjectList
        What the table shows.
    regions : ReviewedRegions
    advance : bool
        Go on to the next candidate after A or R: only from a candidate that the queue brought up.  What a person chose
        by a click, by the lasso, in the table or by its number is judged where it is, and the camera stays.
    caught_changed : Signal
        Others are caught, or none any more.
    tool_changed : Signal
        The mouse does something else now.
    """

    caught_changed = Signal()
    tool_changed = Signal()

    def __init__(self, labels: LabelState) -> None:
        self.labels = labels
        self.queue = ReviewQueue(labels)
        self.objects = ObjectList(labels, self.queue)
        self.regions = ReviewedRegions(labels)
        self.advance = True
        self._by_hand: set[str] = set()
        self._unjudged: str | None = None

    @property
    def caught(self) -> list[str]:
        """Uids of candidates that wait for one judgment together; none without a lasso."""
        return []

    # ------------------------------------------------------------------ judge
    def targets(self) -> list[str]:
        """What a key acts on: the current object."""
        current = self.labels.current
        return [] if current is None else [current.uid]

    def accept(self) -> None:
        """The targets are right."""
        self._judge(Status.ACCEPTED)

    def reject(self) -> None:
        """The targets are not there."""
        self._judge(Status.REJECTED)

    def _judge(self, status: Status) -> None:
        targets, current = self.targets(), self.labels.current
        if self.caught:
            self.judge_many(targets, status)
        elif not targets:
            self.labels.hint(self.nothing_to_judge())
        elif self.labels.refused_as_busy(_NOT_JUDGED):
            self._unjudged = self.labels.current_uid
        elif not (seen := self.seen(targets)):
            self._bring_into_view(targets[0])
        else:
            targets, left = seen, len(targets) - len(seen)
            brought = self.labels.candidate_up and current is not None and targets == [current.uid]
            if self.labels.attempt(lambda project: project.set_status(targets, status)) is not None:
                self.queue.judged(targets)
                self._judged_where_chosen(targets, not brought)
                if left:
                    self.labels.hint(f"{status.value.capitalize()}: {len(seen):,}. Not judged: {left:,} out of view.")
                if self.advance and brought:
                    self.next()

    def seen(self, uids: Sequence[str]) -> list[str]:
        """Those of which some is in view: nothing unseen is judged."""
        return [uid for uid in uids if self._is_in_view(uid)]

    def _bring_into_view(self, uid: str) -> None:
        """Fly to what a key would have judged unseen, and say that it was not judged; as before, whoever chose it."""
        record = self.labels.record(uid)
        if record is None:
            return
        self.go_to(uid, from_queue=self.labels.candidate_up and uid == self.labels.current_uid)
        if self._is_in_view(uid):
            what, place = self.summary_of(uid), display_region(record.span)
            self.labels.hint(f"Not judged: {what} lay out of view, at {place}. It is shown now: press the key again.")

    def nothing_to_judge(self) -> str:
        """Why there are no targets, and what to do."""
        return "Nothing is selected: press N for the next candidate, or click one."

    def _judged_where_chosen(self, uids: Sequence[str], by_hand: bool) -> None:
        """Note where a person looks for objects: undo, too, leaves the camera there."""
        (self._by_hand.update if by_hand else self._by_hand.difference_update)(uids)

    def judge_many(self, uids: Sequence[str], status: Status) -> bool:
        """Accept or reject many in one step that one undo takes back; False if that was refused.

        Those that the lasso caught were chosen by hand: the camera stays with them.
        """
        current = self.labels.current
        by_hand = bool(self.caught)
        goes_on = self.advance and self.labels.candidate_up and not by_hand

        def then(_change: Change) -> None:
            self._judged_where_chosen(uids, by_hand)
            self.let_go()
            self.queue.judged(uids)
            said = f"{status.value.capitalize()}: {len(uids):,}. U takes all of it back."
            self.labels.hint(said)
            if goes_on and current is not None and current.uid in set(uids):
                if nothing := self.queue.nothing():
                    self.labels.hint(f"{said} {nothing}")
                else:
                    self.next()

        return self.labels.attempt_many(
            len(uids), "The judgment", lambda project: project.set_status(uids, status), then
        )

    def judge_chosen(self, uids: Sequence[str], status: Status) -> bool:
        """Accept or reject what a person chose beside the map, in one step; the camera stays, also at undo."""

        def then(_change: Change) -> None:
            self._judged_where_chosen(uids, True)
            self.queue.judged(uids)

        return self.labels.attempt_many(
            len(uids), "The judgment", lambda project: project.set_status(uids, status), then
        )

    def let_go(self) -> None:
        """Nothing waits for a common judgment any more."""

    def delete(self) -> None:
        """Take the targets out of the project (undo brings them back)."""
        self.delete_many(self.targets())

    def delete_many(self, uids: Sequence[str], then: Callable[[Change], object] = lambda _: None) -> None:
        """Take these out of the project, as one step; ``then`` is called when they are."""
        if uids:
            self.labels.attempt_many(len(uids), "Deleting", lambda project: project.delete(uids), then)
        else:
            self.labels.hint("Nothing is selected to delete: click an object first.")

    def changed_kind(self, uid: str, kind: Kind) -> Annotation | None:
        """An object as it would be as another kind; None if its place does not do for that."""
        record, window = self.labels.record(uid), self.labels.window
        if record is None or window.source is None:
            return None
        return as_kind(record, kind, window.resolution or window.finest)

    def change_kind(self, uid: str, kind: Kind) -> None:
        """Say that an object is another kind of structure."""
        old, new = self.labels.record(uid), self.changed_kind(uid, kind)
        if old is None or new is None or new is old:
            return
        if self.labels.attempt(lambda project: project.update([new], action="relabel")) is not None:
            self.labels.hint(f"Now a {name_of(kind)}, it was a {name_of(old.kind)}. U takes it back.")

    def undo(self) -> None:
        """Take back the last step; a judgment's candidate comes back under the cursor.

        What was only moved or resized, and is in view, is marked where it is: the camera stays.
        """
        step = self._next("undo")
        what, stays = self._words_of(step), step is not None and step.action in _PLACED
        self._travel("undo", step, lambda change: self._undone(change, what, stays=stays))

    def _undone(self, change: Change | None, what: str, *, stays: bool = False) -> None:
        if change is None:
            self.labels.hint("Nothing to undo.")
            return
        self.labels.hint(f"Undone: {what}.")
        judged = _judged(change)
        self.queue.reopened(judged)
        if len(judged) == 1 and stays and self._is_in_view(judged[0]):
            if judged[0] != self.labels.current_uid:
                self.labels.set_current(judged[0])
        elif len(judged) == 1 and judged[0] in self._by_hand:
            self.labels.set_current(judged[0])
        elif len(judged) == 1:
            self.queue.go_to(judged[0])
            self.go_to(judged[0], from_queue=True)
        elif len(judged) > 1:
            self.labels.hint(f"Undone: the judgment of {len(judged):,} objects.")

    def _is_in_view(self, uid: str) -> bool:
        record, window = self.labels.record(uid), self.labels.window
        if record is None or window.source is None:
            return False
        return window.sees(record, self.labels.triangle_of(uid))

    def redo(self) -> None:
        """Make the step again that was last taken back."""
        step = self._next("redo")
        current, brought, what = self.labels.current, self.labels.candidate_up, self._words_of(step)
        self._travel("redo", step, lambda change: self._redone(change, current if brought else None, what))

    def _redone(self, change: Change | None, current: Annotation | None, what: str) -> None:
        if change is None:
            self.labels.hint("Nothing to redo.")
            return
        self.labels.hint(f"Redone: {what}.")
        if current is not None and _judged(change) == [current.uid] and self.advance:
            self.next()

    def _travel(self, which: str, step: StepSummary | None, then: Callable[[Change | None], None]) -> None:
        """Undo or redo a step; one of very many records is made beside the window."""
        if step is None:
            if not self.labels.refused_as_busy():
                then(None)
            return
        self.labels.attempt_many(step.count, which.capitalize(), lambda project: getattr(project, which)(), then)

    def _next(self, which: str) -> StepSummary | None:
        """What undo or redo would do; that what is known of the sample came in is no step of a person's."""
        project = self.labels.project
        step = None if project is None else getattr(project, f"next_{which}")()
        return None if step is not None and step.action == TRUTH_STEP else step

    def mark_region_reviewed(self) -> None:
        """What is in view and not labelled is truly absent."""
        self.regions.mark_view()

    def change_others(self) -> None:
        """Dim, hide, show: the next of the three ways in which the other objects are drawn."""
        ways = list(Others)
        new = ways[(ways.index(self.labels.others) + 1) % len(ways)]
        self.labels.set_others(new)
        self.labels.hint(f"Other objects while a candidate is up: {new.value}")

    # ------------------------------------------------------------------ go
    def next(self) -> None:
        """Fly to the next candidate of the queue."""
        self._step(1)

    def previous(self) -> None:
        """Fly to the candidate before this one that was passed over."""
        self._step(-1)

    def _step(self, by: int) -> None:
        """Not away from one whose judgment had to wait: the person would think that it was kept."""
        current = self.labels.current_uid
        if current is not None and current == self._unjudged and self.labels.refused_as_busy(_NOT_JUDGED):
            return
        self._unjudged = None
        uid = self.queue.step(by)
        if uid is not None:
            self.go_to(uid, from_queue=True)
        else:
            self.labels.hint(self.queue.nothing() or "This is the first of what is left.")

    def go_to(self, uid: str, *, from_queue: bool = False) -> None:
        """Make an object the current one and fly there; ``from_queue``: as the queue's candidate, not by choice."""
        record, window = self.labels.record(uid), self.labels.window
        if record is None:
            return
        self.labels.set_current(uid, from_queue=from_queue)
        length = None if window.source is None else window.source.chromsizes.get(record.chrom)
        rows, cols = frame(record, self.labels.triangle_of(uid), finest=window.finest, length=length)
        if record.kind is Kind.LOOP and window.map is not None:
            window.map.suit(*surround(rows, cols), record.distance / 2)
        self.labels.attempt(lambda _: window.go_to(rows, cols, rest=True), keeps=False)
        self.labels.hint(self.summary_of(uid))

    def summary_of(self, uid: str) -> str:
        """An object in few words: ``loop #3 · 250 kb``; empty if there is no such one."""
        record = self.labels.record(uid)
        if record is None:
            return ""
        return f"{name_of(record.kind)} #{self.objects.number(uid):,} · {format_bp(record.distance)}"

    def go_to_number(self, kind: Kind, number: int) -> str | None:
        """Fly to *kind* #*number* (1-based); its uid, or None if there is none."""
        uid = self.objects.numbered(kind, number)
        if uid is None:
            self.labels.hint(f"There is no {name_of(kind)} #{number:,}; there are {self.objects.count(kind):,}.")
        else:
            self.go_to(uid)
        return uid

    # ------------------------------------------------------------------ in words
    def undo_text(self) -> str:
        """What undo would take back, in words."""
        return self._words_of(self._next("undo"))

    def redo_text(self) -> str:
        """What redo would do again, in words."""
        return self._words_of(self._next("redo"))

    def _words_of(self, step: StepSummary | None) -> str:
        if step is None:
            return ""
        if step.sets:  # of an import that is complete in a region, too
            return f"{step.action} {', '.join(step.sets)}"
        if step.regions:
            return f"mark the region as {'not reviewed' if step.action == 'unreview' else 'reviewed'}"
        if step.count != 1:
            return f"{step.action} {step.count:,} objects"
        return f"{step.action} {name_of(next(iter(step.kinds)))}"

    def close(self) -> None:
        """Let go of the window."""
        self.regions.close()
        self.queue.close()


def _judged(change: Change) -> list[str]:
    """Uids of what a step gave another status."""
    before = {record.uid: record.status for record in change.before}
    return [r.uid for r in change.after if before.get(r.uid, r.status) is not r.status]
