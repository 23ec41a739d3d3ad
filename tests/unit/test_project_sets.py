"""Sets of a project: names, colours, order; to duplicate, merge or delete one is one step, and undone as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.annotations import Annotation, Kind, Origin, Project, Status
from napari_hicstruct.annotations.sets import SET_COLOURS
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.predict.about_run import kept_run, label_of_run, place_of_run, words_of_run
from napari_hicstruct.workflows.predict.request import PredictRequest
from tests.annotation_kit import MAP, new_project


def loops(n: int, **fields: object) -> list[Annotation]:
    places = [(Interval("chr1", i * 50_000, i * 50_000 + 5_000), Interval("chr1", 900_000, 905_000)) for i in range(n)]
    return [Annotation(kind=Kind.LOOP, anchor1=a, anchor2=b, **fields) for a, b in places]  # type: ignore[arg-type]


def names(project: Project) -> list[str]:
    return [one.name for one in project.sets()]


def test_sets_get_colours_of_their_own_that_stay_and_can_be_changed(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        made = [project.add_set(f"caller {i}", Origin.IMPORTED) for i in range(8)]
        assert [one.colour for one in made] == list(SET_COLOURS)
        project.delete_set(made[2].id)
        assert project.add_set("another", Origin.IMPORTED).colour == SET_COLOURS[2]
        assert project.update_set(made[0].id, colour="#123456", triangle="lower").colour == "#123456"
        with pytest.raises(ProjectError, match="is no colour"):
            project.update_set(made[0].id, colour="reddish")
        with pytest.raises(ProjectError, match="no triangle"):
            project.update_set(made[0].id, triangle="left")
    with Project.open(tmp_path / "p.hicproj", map=MAP) as again:
        first = again.sets()[0]
        assert (first.colour, first.triangle) == ("#123456", "lower")


def test_two_sets_of_one_name_are_numbered(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        for _ in range(3):
            project.add_set("HiCCUPS", Origin.IMPORTED)
        other = project.add_set("x", Origin.IMPORTED)
        assert project.update_set(other.id, name="HiCCUPS").name == "HiCCUPS (4)"
        assert project.update_set(other.id, name="HiCCUPS (4)").name == "HiCCUPS (4)"
        assert names(project) == ["HiCCUPS", "HiCCUPS (2)", "HiCCUPS (3)", "HiCCUPS (4)"]


def test_order_is_kept(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        a, _, c = (project.add_set(name, Origin.IMPORTED) for name in "abc")
        project.order_sets([c.id, a.id])
        assert names(project) == ["c", "a", "b"]
        project.add_set("d", Origin.IMPORTED)
        assert names(project) == ["c", "a", "b", "d"]
        project.delete_set(a.id)
        project.undo()
    with Project.open(tmp_path / "p.hicproj", map=MAP) as again:
        assert names(again) == ["c", "a", "b", "d"]


def test_an_import_is_one_step_and_leaves_no_empty_set(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        made = project.add_as_set("HiTAD", Origin.IMPORTED, loops(3), action="import")
        assert project.count(set_ids=[made.id]) == 3
        summary = project.next_undo()
        assert summary is not None
        assert (summary.action, summary.count, summary.sets) == ("import", 3, ("HiTAD",))
        change = project.undo()
        assert change is not None
        assert change.sets == {made.id}
        assert (project.sets(), project.count()) == ([], 0)
        with pytest.raises(ProjectError, match="has no set"):
            project.add(loops(1), set_id=made.id)
        project.redo()
        assert (names(project), project.count()) == (["HiTAD"], 3)


def test_deleting_a_set_is_undone_as_one(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        made = project.add_as_set("HiTAD", Origin.IMPORTED, loops(3), action="import")
        kept = project.add_as_set("Peakachu", Origin.IMPORTED, loops(2), action="import")
        uids = {record.uid for record in project.query(set_ids=[made.id])}
        project.set_status([min(uids)], Status.ACCEPTED)
        before = project.query()
        judged = project.judgments()
        change = project.delete_set(made.id)
        assert {record.uid for record in change.before} == uids
        assert (names(project), project.count()) == (["Peakachu"], 2)
        assert project.judgments() == judged
        project.undo()
        assert (names(project), project.query()) == (["HiTAD", "Peakachu"], before)
        assert project.set_of(min(uids)) == made.id
        assert kept.id != made.id
        empty = project.add_set("empty", Origin.HUMAN)
        project.delete_set(empty.id)
        assert "empty" not in names(project)
        project.undo()
        assert "empty" in names(project)


def test_merging_moves_the_records_and_judges_nothing(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        one = project.add_as_set("one", Origin.IMPORTED, loops(3), action="import")
        other = project.add_as_set("other", Origin.PREDICTED, loops(2), action="predict")
        accepted = project.query(set_ids=[one.id])[0]
        project.set_status([accepted.uid], Status.ACCEPTED)
        project.reviewer = "somebody else"
        judged, newest = project.judgments(), project.newest_entry()
        change = project.merge_sets(one.id, other.id)
        assert {record.uid for record in change.before} == {record.uid for record in change.after}
        assert set(change.after_sets) == {other.id}
        assert (names(project), project.count(set_ids=[other.id])) == (["other"], 5)
        assert project.get(accepted.uid).status is Status.ACCEPTED
        assert (project.judgments(), project.corrections_since(newest)) == (judged, 0)
        project.undo()
        assert [project.count(set_ids=[which.id]) for which in (one, other)] == [3, 2]
        assert (project.judgments(), project.corrections_since(newest)) == (judged, 0)
        with pytest.raises(ProjectError, match="not merged into itself"):
            project.merge_sets(one.id, one.id)


def test_a_duplicate_is_a_set_of_its_own_and_no_judgment(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        one = project.add_as_set("one", Origin.IMPORTED, loops(3), action="import")
        uids = [record.uid for record in project.query(set_ids=[one.id])]
        project.set_status(uids[:2], Status.REJECTED)
        newest = project.newest_entry()
        copy = project.duplicate_set(one.id)
        assert (copy.name, copy.origin) == ("one copy", Origin.IMPORTED)
        assert copy.colour != one.colour
        copies = project.query(set_ids=[copy.id])
        assert [record.status for record in copies] == [record.status for record in project.query(set_ids=[one.id])]
        assert not {record.uid for record in copies} & set(uids)
        assert (len(project.judgments()), project.corrections_since(newest)) == (2, 0)
        project.undo()
        assert names(project) == ["one"]


def test_a_locked_set_is_neither_deleted_nor_merged(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        one = project.add_as_set("one", Origin.IMPORTED, loops(1), action="import")
        other = project.add_as_set("other", Origin.IMPORTED, loops(1), action="import")
        project.update_set(one.id, locked=True)
        for refused in (
            lambda: project.delete_set(one.id),
            lambda: project.merge_sets(one.id, other.id),
            lambda: project.merge_sets(other.id, one.id),
        ):
            with pytest.raises(ProjectError, match="locked"):
                refused()
        assert (names(project), project.count()) == (["one", "other"], 2)


RUN = {
    "model": {"name": "default", "version": "0.4", "sha256": "a" * 64},
    "parameters": {
        "regions": ["chr1:0-1,000,000", "chr2:0-1,000,000"],
        "tasks": ["loop", "flame"],
        "mode": "fast",
        "limits": {"tad_size": [100_000, 2_000_000], "crown_width": 5_000},
        "min_probability": {"flame": 0.25},
    },
}


def test_the_run_of_a_predicted_set_is_kept_with_it_and_with_its_copy(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        made = project.add_as_set("calls", Origin.PREDICTED, loops(3), action="predict", runs=[RUN])
        project.add_as_set("others", Origin.IMPORTED, loops(2), action="import")
        copy = project.duplicate_set(made.id)
        project.undo()
        project.redo()
        other = project.add_as_set("more", Origin.PREDICTED, loops(3), action="predict", runs=[{**RUN, "x": 1}])
        project.merge_sets(other.id, made.id)
        project.add_run(made.id, RUN)
    with Project.open(tmp_path / "p.hicproj", map=MAP, read_only=True) as again:
        runs = again.runs()
        assert (runs[made.id], runs[copy.id]) == ([RUN, {**RUN, "x": 1}], [RUN]), (
            "each once; those that were merged, too"
        )


def test_words_of_a_run_also_of_limits_and_tasks_that_are_not_known_here() -> None:
    assert words_of_run(RUN) == "fast; TAD size 100 kb–2 Mb; crown width 5 kb; probability of flame ≥ 0.25"
    assert place_of_run(RUN) == "loops, flame in 2 regions"
    plain = kept_run({**RUN["model"], "device": "cpu"}, PredictRequest(regions=(), mode="accurate").to_run())
    assert plain["model"] == RUN["model"]
    assert words_of_run(plain) == "accurate; no limits set"
    assert label_of_run(plain) == "default 0.4"
