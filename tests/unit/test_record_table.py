"""Records as columns: rows that stay, records made when they are asked for, growth."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.annotations import Annotation, Kind, Status
from napari_hicstruct.annotations.changes import Change
from napari_hicstruct.annotations.record_table import GONE, Columns, RecordTable
from tests.annotation_kit import loop, tad


def change(before: tuple[Annotation, ...], after: tuple[Annotation, ...], set_id: int = 1) -> Change:
    return Change(1, "x", before, after, frozenset({set_id}), after_sets=(set_id,) * len(after))


def test_a_record_keeps_its_row_while_it_is_gone() -> None:
    first, second, third = loop(), loop(300_000), tad(0, 500_000)
    table = RecordTable.of([first, second])
    table.apply(change((first,), ()))
    assert first.uid not in table
    assert list(table) == [second.uid]
    assert table.sets.tolist() == [GONE, 0]
    with pytest.raises(KeyError):
        table.row(first.uid)
    table.apply(change((), (third,)))
    table.apply(change((), (first,), set_id=2))
    assert list(table) == [first.uid, second.uid, third.uid]
    assert table.set_sizes() == {0: 1, 1: 1, 2: 1}
    assert table[first.uid] == first


def test_what_was_made_before_a_change_is_not_shown_after_it() -> None:
    record = loop()
    table = RecordTable.of([record, loop(300_000)])
    assert table[record.uid] is table[record.uid], "made once"
    judged = record.with_(status=Status.ACCEPTED)
    table.apply(change((record,), (judged,), set_id=0))
    assert table[record.uid] == judged
    assert len(table) == 2


def test_it_grows_and_keeps_what_it_holds() -> None:
    table, made = RecordTable(), [loop(10_000 * k, name=str(k)) for k in range(1, 300)]
    for record in made:
        table.put(Columns.of([record]), [1])
    assert table.records(table.live()) == made
    assert len(table._columns["span"]) < 2 * len(made), "twice as much room at a time"


def test_rows_of_a_kind_and_by_place() -> None:
    far, near, domain = loop(900_000), loop(100_000), tad(0, 500_000)
    table = RecordTable.of([far, domain, near], {far.uid: 1, near.uid: 1, domain.uid: 2})
    assert table.rows_of(Kind.LOOP, "chr1").tolist() == [0, 2]
    assert table.rows_of(Kind.LOOP, "chr9").tolist() == []
    assert table.by_place(table.live()).tolist() == [2, 0, 1]
    assert table.on_chromosome("chr1") == [far, domain, near]


def test_more_records_than_are_kept_at_hand() -> None:
    made = [loop(10_000 * k) for k in range(1, 5_001)]
    table = RecordTable.of(made)
    assert table.records(table.live()) == made
    assert table.records(np.arange(10)) == made[:10]
    assert len(table._made) <= 4_096
