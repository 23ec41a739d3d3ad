"""What becomes of a record when a person edits, judges or promotes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from napari_hicstruct.annotations.history import Item
from napari_hicstruct.annotations.records import Annotation, Status, new_uid

STATUS_ACTIONS = {
    Status.ACCEPTED: "accept",
    Status.REJECTED: "reject",
    Status.PROPOSED: "reset",
    Status.EDITED: "edit",
}
"""Name in the journal of giving a record this status."""

DELETE_SET, MERGE_SETS, DUPLICATE_SET = "delete set", "merge sets", "duplicate set"
"""Names in the journal of what is done to whole sets: nothing in such a step is a judgment."""

PROMOTED_FROM = "promoted_from"
"""Key of ``extra`` under which a promoted copy names the record that it was copied from."""


def mark_edited(item: Item) -> Item:
    """The item with its record marked as edited, if its place or kind changes."""
    before, after = item.before, item.after
    assert before is not None
    assert after is not None
    same = (before.kind, before.anchor1, before.anchor2) == (after.kind, after.anchor1, after.anchor2)
    return item if same else replace(item, after=after.with_(status=Status.EDITED))


def promoted_copy(record: Annotation) -> Annotation:
    """An accepted copy under a uid of its own that remembers where it comes from."""
    return record.with_(uid=new_uid(), status=Status.ACCEPTED, extra={**record.extra, PROMOTED_FROM: record.uid})


def copied(records: Iterable[Annotation]) -> list[Annotation]:
    """The same records under new uids; children follow their parents."""
    found = list(records)
    new = {record.uid: new_uid() for record in found}
    return [record.with_(uid=new[record.uid], parent=new.get(record.parent, record.parent)) for record in found]
