"""People's judgments of records, read off the journal: who found what there, and how much is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from napari_hicstruct.annotations.records import Origin, Status
from napari_hicstruct.annotations.rules import DELETE_SET, DUPLICATE_SET, MERGE_SETS
from napari_hicstruct.annotations.schema import annotation_set, journal, journal_item

_OF_SETS = (DELETE_SET, MERGE_SETS, DUPLICATE_SET)
JUDGED = frozenset((Status.ACCEPTED, Status.EDITED, Status.REJECTED))
_BEFORE, _AFTER = journal_item.c.before, journal_item.c.after
_STATE = ("$.status", "$.kind", "$.start1", "$.end1", "$.start2", "$.end2")
# An item without a judgment: a candidate comes in.  Found in the text, which is several times faster than reading the
# JSON of 100,000 imported records; inside a name or an extra column the quotes would be escaped.
_COMES_IN = and_(_BEFORE.is_(None), func.instr(_AFTER, '"status":"proposed"') > 0)


def _state(side: ColumnElement[Any]) -> ColumnElement[Any]:
    """Judgment, kind and place, as one text to compare."""
    return func.json_extract(side, *_STATE)


class ReviewerJudgment(NamedTuple):
    """One reviewer's latest judgment of one record: whether the structure is there."""

    uid: str
    reviewer: str
    present: bool


def latest_judgments(
    connection: Connection, standing: Sequence[int], reviewer: str | None = None
) -> list[ReviewerJudgment]:
    """Each reviewer's latest judgment of each record in the steps that stand (were not undone), oldest first.

    A judgment is to accept, reject, move or resize, to add as accepted, or to confirm what another judged;
    *reset* withdraws it.  Neither another name or score nor taking a record out is a judgment.
    """
    status = func.json_extract(_AFTER, "$.status")
    judges = or_(_BEFORE.is_(None), _BEFORE == _AFTER, _state(_BEFORE) != _state(_AFTER))
    query = (
        select(journal.c.id, journal.c.reviewer, func.json_extract(_AFTER, "$.uid"), status)
        .join(journal_item, journal_item.c.entry_id == journal.c.id)
        .where(_AFTER.is_not(None), ~_COMES_IN, judges, journal.c.action.not_in(_OF_SETS))
        .order_by(journal.c.id, journal_item.c.position)
    )
    if reviewer is not None:
        query = query.where(journal.c.reviewer == reviewer)
    counts = set(standing)
    found: dict[tuple[str, str], bool] = {}
    for entry_id, who, uid, now in connection.execute(query):
        if entry_id not in counts:
            continue
        found.pop((uid, who), None)
        if now in JUDGED:
            found[uid, who] = now != Status.REJECTED
    return [ReviewerJudgment(uid, who, present) for (uid, who), present in found.items()]


def corrected(connection: Connection, entries: Sequence[int]) -> set[str]:
    """Uids of records judged or added by the given steps: those whose judgment or place is now another."""
    if not entries:
        return set()
    human = annotation_set.c.origin == Origin.HUMAN.value
    query = (
        select(
            journal_item.c.entry_id,
            func.json_extract(func.coalesce(_AFTER, _BEFORE), "$.uid"),
            _state(_BEFORE),
            case((_AFTER.is_not(None), _state(_AFTER))),
            or_(human, func.json_extract(_AFTER, "$.status").in_([status.value for status in JUDGED])),
        )
        .join(annotation_set, annotation_set.c.id == journal_item.c.set_id)
        .join(journal, journal.c.id == journal_item.c.entry_id)
        .where(journal_item.c.entry_id >= min(entries), or_(~_COMES_IN, human), journal.c.action.not_in(_OF_SETS))
        .order_by(journal_item.c.entry_id, journal_item.c.position)
    )
    chosen = set(entries)
    first: dict[str, str | None] = {}
    last: dict[str, str | None] = {}
    for entry_id, uid, before, after, judged in connection.execute(query):
        if entry_id in chosen:
            first.setdefault(uid, before)
            last[uid] = after if after is not None and judged else first[uid]
    return {uid for uid in last if last[uid] != first[uid]}
