"""Steps of several entries: a run of a model is one undo, and what a person did meanwhile comes before it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Change, Origin, Project, Status
from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.annotations.schema import SCHEMA_VERSION
from napari_hicstruct.annotations.versions import VERSION_1, VERSION_2
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.predict.store import PredictedSet
from tests.annotation_kit import MAP, new_project


def loop(start: int) -> Annotation:
    first, second = Interval("chr1", start, start + 5_000), Interval("chr1", start + 200_000, start + 205_000)
    return Annotation(kind=Kind.LOOP, anchor1=first, anchor2=second)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with new_project(tmp_path) as made:
        yield made


def run_windows(project: Project, windows: int, *, each: int = 2, begin: int = 0) -> PredictedSet:
    run = PredictedSet("calls")
    for window in range(windows):
        run.add(project, [loop(begin + 20_000 * (window * each + one)) for one in range(each)])
    return run


def test_a_run_of_many_windows_is_one_undo_and_one_redo(project: Project) -> None:
    run_windows(project, 32)
    changes: list[Change] = []
    project.changed.connect(changes.append)
    step = project.next_undo()
    assert step is not None
    assert (step.action, step.count) == ("predict", 64)
    project.undo()
    assert project.count() == 0
    assert len(changes) == 1, "one step, one signal"
    assert not project.can_undo
    project.redo()
    assert project.count() == 64
    assert not project.can_redo
    assert len(changes) == 2


def test_two_runs_are_two_steps(project: Project) -> None:
    run_windows(project, 3)
    run_windows(project, 3, begin=1_000_000)
    project.undo()
    assert project.count() == 6
    project.undo()
    assert project.count() == 0


def test_what_was_judged_while_it_ran_is_undone_before_it(project: Project) -> None:
    run = PredictedSet("calls")
    first = loop(0)
    run.add(project, [first])
    project.set_status([first.uid], Status.ACCEPTED)
    run.add(project, [loop(20_000)])
    project.undo()
    assert project.get(first.uid).status is Status.PROPOSED, "the window that came in later stays"
    assert project.count() == 2
    run.add(project, [loop(40_000)])
    assert project.can_redo, "a window that comes in is nothing that a person did"
    project.redo()
    assert project.get(first.uid).status is Status.ACCEPTED
    project.undo()
    project.undo()
    assert project.count() == 0
    assert not project.can_undo


def test_the_steps_are_the_same_after_reopening(project: Project) -> None:
    run_windows(project, 4)
    uids = [record.uid for record in project.query()]
    project.set_status(uids[:3], Status.ACCEPTED)
    project.undo()
    path = project.path
    project.close()
    with Project.open(path, map=MAP) as again:
        assert again.judgments() == []
        again.redo()
        assert len(again.judgments()) == 3
        again.undo()
        again.undo()
        assert again.count() == 0
    with Project.open(path, map=MAP) as again:
        assert not again.can_undo
        again.redo()
        assert sorted(record.uid for record in again.query()) == sorted(uids)


def test_a_run_that_was_undone_does_not_stand_and_goes_on_as_a_new_step(project: Project) -> None:
    run = run_windows(project, 2)
    assert run.entry is not None
    assert project.stands(run.entry)
    project.undo()
    assert not project.stands(run.entry)
    assert project.sets() == [], "no empty set is left"
    run.add(project, [loop(900_000)])
    assert project.count() == 1
    assert not project.can_redo
    project.undo()
    assert project.count() == 0


def test_what_is_added_as_one_step_is_one_undo_sets_and_all(project: Project) -> None:
    project.add([loop(1_500_000)], set_id=project.human_set().id)
    with project.one_step():
        for number, name in enumerate(("HiCCUPS", "HiTAD", "Peakachu")):
            project.add_as_set(name, Origin.IMPORTED, [loop(20_000 * number)], action="import")
    project.set_status([project.query()[0].uid], Status.ACCEPTED)
    project.undo()
    step = project.next_undo()
    assert step is not None
    assert (step.action, step.count, step.sets) == ("import", 3, ("HiCCUPS", "HiTAD", "Peakachu"))
    project.undo()
    assert [one.name for one in project.sets()] == ["human"]
    assert project.count() == 1
    project.redo()
    assert len(project.sets()) == 4
    project.undo()
    project.undo()
    assert project.count() == 0


def downgrade(path: Path) -> None:
    """Make a file of schema 2 of it, without the tables that came later."""
    older = set(re.findall(r"CREATE TABLE (\w+)", "".join(VERSION_1 + VERSION_2)))
    raw = sqlite3.connect(path)
    tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in tables:
        if name not in older and not name.startswith("sqlite"):
            raw.execute(f"DROP TABLE {name}")
    raw.execute("DELETE FROM schema_version WHERE version > 2")
    raw.commit()
    raw.close()


def test_runs_of_older_projects_become_one_step(project: Project) -> None:
    calls, others = (project.add_set(name, Origin.PREDICTED).id for name in ("calls", "others"))
    first = [loop(20_000 * number) for number in range(5)]
    for record in first:
        project.add([record], set_id=calls, action="predict")
    project.undo()  # of the last window only, as it was
    project.redo()
    for number in range(3):
        project.add([loop(1_000_000 + 20_000 * number)], set_id=others, action="predict")
    project.set_status([first[0].uid], Status.ACCEPTED)
    path, before = project.path, project.query()
    project.close()
    downgrade(path)
    with Project.open(path, map=MAP) as old:
        assert old.query() == before
        counts = []
        while old.can_undo:
            old.undo()
            counts.append(old.count())
        assert counts == [8, 5, 4, 0], "the judgment, the second run, the window done again, the rest of the first run"
        while old.can_redo:
            old.redo()
        assert sorted(r.uid for r in old.query()) == sorted(r.uid for r in before)
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT max(version) FROM schema_version").fetchone() == (SCHEMA_VERSION,)
    raw.close()
