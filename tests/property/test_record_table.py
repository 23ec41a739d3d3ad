"""The table of records after any steps of a project is what a table read anew from its file would be."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from napari_hicstruct.annotations import Annotation, Kind, Origin, Status
from napari_hicstruct.annotations.codec import to_row
from napari_hicstruct.annotations.loci import points, points_of
from napari_hicstruct.annotations.record_table import GONE, ChangedColumns, RecordTable
from napari_hicstruct.annotations.records import DIRECTION_CODES, KIND_CODES, STATUS_CODES
from napari_hicstruct.plugin.state.labels.palette import strength_of
from tests.annotation_kit import annotations, new_project

ANY = st.one_of(*(annotations(kind) for kind in Kind))
SOME = st.lists(ANY, min_size=1, max_size=5, unique_by=lambda record: record.uid)


@given(st.lists(ANY, max_size=80, unique_by=lambda record: record.uid))
@settings(max_examples=40, deadline=None)
def test_columns_are_the_records_values(records: list[Annotation]) -> None:
    table = RecordTable.of(records)
    rows = table.live()
    assert list(table) == [record.uid for record in records]
    assert table.records(rows) == records
    assert [tuple(to_row(one).items()) for one in table.records(rows)] == [tuple(to_row(r).items()) for r in records]
    assert table.kind.tolist() == [KIND_CODES[record.kind] for record in records]
    assert table.status.tolist() == [STATUS_CODES[record.status] for record in records]
    assert table.direction.tolist() == [DIRECTION_CODES[record.direction] for record in records]
    assert [table.names["chrom"][code] for code in table.chrom] == [record.chrom for record in records]
    np.testing.assert_array_equal(table.distance(), [record.distance for record in records])
    np.testing.assert_array_equal(np.nan_to_num(table.strength(), nan=1.0), [strength_of(r) for r in records])
    np.testing.assert_array_equal(points_of(table.kind, table.direction, table.span), points(records))
    who, names = table.callers(rows)
    assert [names[code] for code in who] == [record.model or record.source for record in records]


class Steps(RuleBasedStateMachine):
    """A project is edited, undone and redone; one table follows its changes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.project = new_project(Path(self.folder.name))
        for name in ("a", "b"):
            self.project.add_set(name, Origin.IMPORTED)
        self.table = self.project.table()
        self.project.changed.connect(self.table.apply)

    def some(self, data: Any) -> list[str]:
        there = list(self.table)
        return data.draw(st.lists(st.sampled_from(there), unique=True, max_size=4)) if there else []

    @rule(records=SOME, data=st.data())
    def add(self, records: list[Annotation], data: Any) -> None:
        self.project.add(records, set_id=data.draw(st.sampled_from(self.project.sets())).id)

    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        self.project.delete(self.some(data))

    @rule(data=st.data(), status=st.sampled_from(Status))
    def judge(self, data: Any, status: Status) -> None:
        self.project.set_status(self.some(data), status)

    @rule(data=st.data())
    def become_others(self, data: Any) -> None:
        new = [data.draw(ANY).with_(uid=uid) for uid in self.some(data)]
        self.project.update(new, action="move")

    @precondition(lambda self: len(self.project.sets()) == 2)
    @rule(data=st.data())
    def merge_sets(self, data: Any) -> None:
        first, second = data.draw(st.permutations([one.id for one in self.project.sets()]))
        before = len(self.table)
        self.project.merge_sets(first, second)
        assert self.table.set_sizes() == ({second: before} if before else {})

    @rule(steps=st.integers(1, 3), back=st.sampled_from(["undo", "redo"]))
    def travel(self, steps: int, back: str) -> None:
        go: Callable[[], object] = getattr(self.project, back)
        for _ in range(steps):
            go()

    @invariant()
    def it_is_as_if_read_anew(self) -> None:
        anew = self.project.table()
        assert list(self.table) == list(anew), "the same records, in the order in which they came in"
        assert self.table.uids == anew.uids, "each has the row that it would have"
        own, other = self.table.live(), anew.live()
        assert self.table.records(own) == anew.records(other)
        assert len(self.table) == len(anew) == len(own)
        for name in ("sets", "kind", "status", "direction", "span", "scores", "counts"):
            np.testing.assert_array_equal(getattr(self.table, name)[own], getattr(anew, name)[other])
        assert (self.table.sets[np.setdiff1d(np.arange(self.table.n_rows), own)] == GONE).all()
        assert self.table.set_sizes() == anew.set_sizes()

    def teardown(self) -> None:
        self.project.close()
        self.folder.cleanup()


Steps.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
TestSteps = Steps.TestCase


def test_columns_made_elsewhere_are_taken_over(tmp_path: Path) -> None:
    made = [annotation.with_(uid=f"{k}") for k, annotation in enumerate([_record()] * 200)]
    with new_project(tmp_path) as project:
        table, home = project.table(), project.add_set("a", Origin.IMPORTED).id
        change = project.add(made, set_id=home)
    table.apply(change, ChangedColumns.of(change))
    assert table.records(table.live()) == made
    assert table.set_sizes() == {home: 200}


def _record() -> Annotation:
    return Annotation(kind=Kind.LOOP, anchor1=("chr1", 0, 5_000), anchor2=("chr1", 50_000, 55_000), name="x")  # type: ignore[arg-type]
