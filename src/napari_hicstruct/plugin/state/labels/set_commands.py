"""What a person does with whole sets: each command is kept in the project, those that change records with one undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_hicstruct.annotations.changes import AnnotationSet, Change
from napari_hicstruct.plugin.state.labels.labels import LabelState
from napari_hicstruct.wording import how_many


class SetCommands:
    """Rename, recolour, show alone, reorder, duplicate, merge and delete sets."""

    def __init__(self, labels: LabelState) -> None:
        self._labels = labels
        self._shown_before: frozenset[int] = frozenset()

    def named(self, set_id: int) -> AnnotationSet | None:
        """The set as it is now; None if it has gone."""
        return next((one for one in self._labels.sets() if one.id == set_id), None)

    def change(self, set_id: int, **values: Any) -> None:
        """Change ``name``, ``visible``, ``locked`` or ``colour``."""
        self._attempt(lambda project: project.update_set(set_id, **values))

    def rename(self, set_id: int, name: str) -> None:
        """Give another name; an empty one, or the same, changes nothing."""
        known, name = self.named(set_id), name.strip()
        if known is not None and name and name != known.name:
            self.change(set_id, name=name)

    def is_alone(self, set_id: int) -> bool:
        """True if this set is the only one that is shown, of several."""
        shown = [one.id for one in self._labels.sets() if one.visible]
        return shown == [set_id] and len(self._labels.sets()) > 1

    def show_alone(self, set_id: int) -> None:
        """Hide all other sets; once more shows those again that were shown before."""
        there = self._labels.sets()
        if self.is_alone(set_id):
            self._show((self._shown_before or frozenset(one.id for one in there)) | {set_id})
        else:
            self._shown_before = frozenset(one.id for one in there if one.visible)
            self._show(frozenset({set_id}))

    def _show(self, wanted: frozenset[int]) -> None:
        """These sets, and no others."""
        there = self._labels.sets()

        def show(project: Any) -> bool:
            for one in there:
                if one.visible is not (one.id in wanted):
                    project.update_set(one.id, visible=one.id in wanted)
            return True

        self._attempt(show)

    def can_move(self, set_id: int, by: int) -> bool:
        """True if there is a set above (-1) or below (1) it in the list."""
        order = [one.id for one in self._labels.sets()]
        return set_id in order and 0 <= order.index(set_id) + by < len(order)

    def move(self, set_id: int, by: int) -> None:
        """One place up (-1) or down (1) in the list."""
        if self.can_move(set_id, by):
            order = [one.id for one in self._labels.sets()]
            place = order.index(set_id)
            order.insert(place + by, order.pop(place))
            self._attempt(lambda project: project.order_sets(order) or True)

    def duplicate(self, set_id: int) -> None:
        """A copy with all its objects, in a colour of its own."""

        def then(made: AnnotationSet) -> None:
            self._labels.hint(f"Made the set {made.name}. U takes it back.")

        self._step("Duplicating a set", set_id, lambda project: project.duplicate_set(set_id), then)

    def merge(self, set_id: int, into: int) -> None:
        """Move all objects into another set."""
        old, new, alone = self.named(set_id), self.named(into), self.is_alone(set_id)

        def then(change: Change) -> None:
            if old is not None and new is not None:
                self._labels.hint(f"Moved {len(change.after):,} of {old.name} into {new.name}. U takes it back.")
            self._gone(alone)

        self._step("Merging sets", set_id, lambda project: project.merge_sets(set_id, into), then)

    def delete(self, set_id: int) -> None:
        """Take the set away with all its objects."""
        old, alone = self.named(set_id), self.is_alone(set_id)

        def then(change: Change) -> None:
            if old is not None:
                self._labels.hint(f"Deleted {old.name}: {how_many(len(change.before), 'object')}. U brings it back.")
            self._gone(alone)

        self._step("Deleting a set", set_id, lambda project: project.delete_set(set_id), then)

    def _gone(self, alone: bool) -> None:
        """Nobody can ask a set that has gone to show the others again."""
        if alone:
            self._show(self._shown_before or frozenset(one.id for one in self._labels.sets()))

    def _step(self, text: str, set_id: int, work: Callable[[Any], Any], then: Callable[[Any], object]) -> None:
        """One step of the journal; of very many records it is made beside the window."""
        project = self._labels.project
        number = 0 if project is None else project.count(set_ids=[set_id])
        self._labels.attempt_many(number, text, work, then)

    def _attempt(self, work: Callable[[Any], Any]) -> None:
        self._labels.attempt(work)
        self._labels.sets_changed()
