"""What the journal tells of people: who said what, how much is new; and reviewed regions as steps of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Annotation, Change, Kind, Origin, Project, Status
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from tests.annotation_kit import loop, new_project

PLACE = Interval("chr1", 50_000, 60_000)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with new_project(tmp_path) as opened:
        yield opened


@pytest.fixture
def calls(project: Project) -> list[Annotation]:
    """Five candidates of a model."""
    records = [loop(start, uid=name * 32) for start, name in zip(range(0, 500_000, 100_000), "abcde", strict=True)]
    project.add(records, set_id=project.add_set("p", Origin.PREDICTED).id, action="predict")
    return records


def said(project: Project) -> dict[str, dict[str, bool]]:
    """Reviewer → first letter of the uid → there?"""
    found: dict[str, dict[str, bool]] = {}
    for uid, reviewer, there in project.judgments():
        found.setdefault(reviewer, {})[uid[0]] = there
    return found


def test_the_last_word_counts_and_an_undone_one_does_not(project: Project, calls: list[Annotation]) -> None:
    a, b, c, d, e = (record.uid for record in calls)
    project.set_status([a, b, c], Status.ACCEPTED)
    project.set_status([b], Status.REJECTED)
    project.update([project.get(d).with_(anchor1=PLACE)], action="move")
    project.set_status([c], Status.PROPOSED)  # takes the word back
    project.set_status([e], Status.REJECTED)
    assert said(project) == {"ada": {"a": True, "b": False, "d": True, "e": False}}
    project.undo()
    project.undo()
    assert said(project) == {"ada": {"a": True, "b": False, "d": True, "c": True}}
    project.redo()
    assert said(project) == {"ada": {"a": True, "b": False, "d": True}}
    assert [uid[0] for uid, _, _ in project.judgments()] == ["a", "b", "d"]  # in the order given


def test_what_says_nothing_is_no_word(project: Project, calls: list[Annotation]) -> None:
    a, b = calls[0].uid, calls[1].uid
    project.set_status([a], Status.ACCEPTED)
    project.reviewer = "bob"
    project.update([project.get(a).with_(name="x")], action="relabel")
    project.delete([b])
    assert said(project) == {"ada": {"a": True}}
    tricky = loop(uid="f" * 32, status=Status.REJECTED, name='"status":"proposed"', extra={"k": '"status":"proposed"'})
    project.add([tricky], set_id=project.human_set().id, action="import")  # whose status the person who brings it gives
    assert said(project) == {"ada": {"a": True}, "bob": {"f": False}}


def test_a_second_reviewer_agrees_too(project: Project, calls: list[Annotation]) -> None:
    a, b, c, *_ = (record.uid for record in calls)
    project.set_status([a, b], Status.ACCEPTED)
    project.set_status([c], Status.REJECTED)
    project.reviewer = "bob"
    told: list[Change] = []
    project.changed.connect(told.append)
    assert [record.uid for record in project.set_status([a, c], Status.REJECTED).after] == [a, c]
    project.set_status([b], Status.ACCEPTED)
    assert project.set_status([a, c], Status.REJECTED).entry_id == 0  # said already: no step
    assert project.set_status([b], Status.ACCEPTED).entry_id == 0
    assert len(told) == 2
    assert said(project) == {"ada": {"a": True, "b": True, "c": False}, "bob": {"a": False, "b": True, "c": False}}
    project.undo()
    assert said(project)["bob"] == {"a": False, "c": False}
    assert project.get(b).status is Status.ACCEPTED
    project.reviewer = "ada"
    assert project.set_status([b], Status.ACCEPTED).entry_id == 0


def test_corrections_are_what_is_now_judged_otherwise(project: Project, calls: list[Annotation]) -> None:
    a, b, c, d, e = (record.uid for record in calls)
    assert project.corrections_since(0) == 0  # candidates are none
    project.set_status([a, b], Status.ACCEPTED)
    project.add([loop(7, status=Status.ACCEPTED)], set_id=project.human_set().id)
    learnt = project.newest_entry()
    assert (project.corrections_since(0), project.corrections_since(learnt)) == (3, 0)
    project.set_status([c], Status.REJECTED)
    project.update([project.get(d).with_(anchor1=PLACE)], action="move")
    project.set_status([a], Status.REJECTED)
    assert project.corrections_since(learnt) == 3
    project.set_status([c], Status.ACCEPTED)  # the same record again
    project.update([project.get(b).with_(name="x")], action="relabel")  # says nothing
    assert project.corrections_since(learnt) == 3
    project.set_status([e], Status.ACCEPTED)
    project.set_status([e], Status.PROPOSED)  # taken back
    project.delete([d])  # no longer there to learn from
    assert project.corrections_since(learnt) == 2
    project.add([loop(9)], set_id=project.human_set().id)  # a person's own needs no judgment
    assert project.corrections_since(learnt) == 3
    assert project.corrections_since(project.newest_entry()) == 0


def test_corrections_follow_undo_and_redo(project: Project, calls: list[Annotation]) -> None:
    a, b, *_ = (record.uid for record in calls)
    project.set_status([a], Status.ACCEPTED)
    project.undo()
    learnt = project.newest_entry()  # when a was not accepted
    project.redo()
    assert project.corrections_since(learnt) == 1
    learnt = project.newest_entry()
    project.undo()
    project.redo()
    assert project.corrections_since(learnt) == 0  # learnt already
    project.set_status([b], Status.REJECTED)
    project.undo()
    assert project.corrections_since(learnt) == 0
    project.reviewer = "bob"
    project.set_status([a], Status.ACCEPTED)
    assert project.corrections_since(learnt) == 0  # bob agrees: nothing new to learn


def test_a_reader_follows_who_edits(project: Project, calls: list[Annotation]) -> None:
    with Project.open(project.path) as reader:
        project.set_status([calls[0].uid], Status.ACCEPTED)
        assert reader.read_only
        assert reader.newest_entry() == project.newest_entry() == 2
        assert reader.judgments() == project.judgments() == [(calls[0].uid, "ada", True)]
        assert reader.corrections_since(0) == 1
        project.undo()
        assert reader.judgments() == []
        assert reader.corrections_since(0) == 0


def test_what_was_imported_is_no_judgment(project: Project) -> None:
    records = [loop(start * 10, score=0.5) for start in range(2_000)]
    project.add(records, set_id=project.add_set("i", Origin.IMPORTED).id, action="import")
    project.set_status([record.uid for record in records[:50]], Status.ACCEPTED)
    assert project.corrections_since(0) == len(project.judgments()) == 50


# ---- reviewed regions -----------------------------------------------------------------------------------------


def test_marking_a_region_is_a_step(project: Project) -> None:
    told: list[Change] = []
    project.changed.connect(told.append)
    region = project.mark_reviewed(Interval("chr1", 0, 100), Interval("chr1", 500, 900), [Kind.LOOP])
    other = project.mark_reviewed(Interval("chr2", 0, 100))
    assert project.reviewed() == [region, other]
    step = project.next_undo()
    assert step is not None
    assert (step.action, step.count, step.regions) == ("review", 0, 1)
    project.undo()
    project.undo()
    assert project.reviewed() == []
    project.redo()
    assert project.reviewed() == [region]  # its reviewer and time too
    assert [(change.action, change.marked, change.unmarked) for change in told] == [
        ("review", (region,), ()),
        ("review", (other,), ()),
        ("undo", (), (other,)),
        ("undo", (), (region,)),
        ("redo", (region,), ()),
    ]
    assert all((change.before, change.after, change.set_ids) == ((), (), frozenset()) for change in told)
    path = project.path
    project.close()
    with Project.open(path) as again:
        assert again.journal()[-1].marked == (region,)
        again.redo()
        assert again.reviewed() == [region, other]


def test_taking_regions_back_is_a_step(project: Project) -> None:
    regions = [project.mark_reviewed(Interval("chr1", start, start + 9)) for start in range(3)]
    project.unmark_reviewed([regions[0].id, regions[2].id, 99])
    assert project.reviewed() == [regions[1]]
    steps = project.newest_entry()
    project.unmark_reviewed([regions[0].id])  # gone already: no step
    assert project.newest_entry() == steps
    new = project.mark_reviewed(Interval("chr1", 50, 60))
    assert new.id not in {region.id for region in regions}  # an id is given once
    project.undo()
    project.undo()
    assert project.reviewed() == regions
    with pytest.raises(ProjectError, match="not on one chromosome"):
        project.mark_reviewed(Interval("chr1", 0, 9), Interval("chr2", 0, 9))
    assert project.reviewed() == regions
    assert project.can_redo
