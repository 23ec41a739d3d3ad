"""What a project promises: sets, edits, undo, queries, maps, reviewed regions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Annotation, Change, Kind, MapIdentity, Origin, Project, Status
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.genome import Interval
from tests.annotation_kit import MAP, OTHER_MAP, loop, new_project, tad


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with new_project(tmp_path) as opened:
        yield opened


def test_everything_survives_closing(project: Project) -> None:
    predicted = project.add_set("run 1", Origin.PREDICTED)
    record = loop(score=0.5, extra={"fdr": "0.01"}, supporters=("a", "b"))
    project.add([record], set_id=predicted.id)
    project.update_set(predicted.id, visible=False, name="run one")
    project.mark_reviewed(Interval("chr1", 0, 10**6), kinds=[Kind.LOOP])
    path = project.path
    project.close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # no log, no lock left
    with Project.open(path, map=MAP) as again:
        assert again.query() == [record]
        assert again.set_of(record.uid) == predicted.id
        assert [(s.name, s.visible, s.origin) for s in again.sets()] == [("run one", False, Origin.PREDICTED)]
        assert again.reviewed("chr1")[0].kinds == (Kind.LOOP,)
        assert again.reviewed("chr1")[0].reviewer == "ada"
        assert dict(again.map.chromsizes) == dict(MAP.chromsizes)


def test_moving_a_prediction_marks_it_edited_but_a_humans_own_stays(project: Project) -> None:
    predicted, mine = project.add_set("p", Origin.PREDICTED), project.human_set()
    theirs, own = loop(), loop(status=Status.ACCEPTED)
    project.add([theirs], set_id=predicted.id)
    project.add([own], set_id=mine.id)
    place = Interval("chr1", 50_000, 60_000)
    change = project.update([theirs.with_(anchor1=place), own.with_(anchor1=place)], action="move")
    assert [record.status for record in change.before] == [Status.PROPOSED, Status.ACCEPTED]
    assert project.get(theirs.uid).status is Status.EDITED
    assert project.get(own.uid).status is Status.ACCEPTED
    assert change.set_ids == {predicted.id, mine.id}
    # A change of name alone is no edit of the geometry.
    project.update([project.get(own.uid).with_(name="x")], action="relabel")
    entry = project.journal(limit=1)[0]
    assert (entry.action, entry.reviewer, entry.before[0].name, entry.after[0].name) == ("relabel", "ada", "", "x")


def test_promotion_copies_once(project: Project) -> None:
    predicted = project.add_set("p", Origin.PREDICTED)
    record = loop(score=0.9)
    project.add([record], set_id=predicted.id)
    copy = project.promote([record.uid]).after[0]
    assert copy.uid != record.uid
    assert copy.status is Status.ACCEPTED
    assert project.set_of(copy.uid) == project.human_set().id
    assert project.get(record.uid) == record
    assert project.promote([record.uid]).after == ()
    assert project.count() == 2


def test_one_call_is_one_step(project: Project) -> None:
    told: list[Change] = []
    project.changed.connect(told.append)
    target = project.human_set().id
    records = [loop(start) for start in range(0, 1_000_000, 1_000)]
    project.add(records, set_id=target, action="bulk")
    project.set_status([r.uid for r in records], Status.REJECTED)
    project.set_status([r.uid for r in records], Status.REJECTED)  # nothing changes: no step
    assert [change.action for change in told] == ["bulk", "reject"]
    undone = project.undo()
    assert undone is not None
    assert (undone.action, len(undone.after)) == ("undo", 1000)
    assert project.count(statuses=[Status.PROPOSED]) == 1000
    project.undo()
    assert project.count() == 0
    assert project.undo() is None
    project.redo()
    project.add([loop()], set_id=target)  # a fresh edit ends what could be redone
    assert not project.can_redo
    assert [entry.action for entry in reversed(project.journal())] == ["bulk", "reject", "undo", "undo", "redo", "add"]


def test_locked_set_and_unknown_object_are_refused(project: Project) -> None:
    one = project.add_set("p", Origin.PREDICTED)
    record = loop()
    project.add([record], set_id=one.id)
    project.update_set(one.id, locked=True)
    for edit in (
        lambda: project.delete([record.uid]),
        lambda: project.add([loop()], set_id=one.id),
        lambda: project.undo(),
    ):
        with pytest.raises(ProjectError, match="'p' is locked"):
            edit()
    with pytest.raises(ProjectError, match="no longer in the project"):
        project.delete(["nobody"])
    with pytest.raises(ProjectError, match="in the project already"):
        project.add([record], set_id=project.human_set().id)
    with pytest.raises(ProjectError, match="no set 99"):
        project.add([loop()], set_id=99)
    assert project.query() == [record]


def _overlaps(record: Annotation, start: int, end: int) -> bool:
    return record.span.start < end and record.span.end > start


def test_query_is_the_naive_one(project: Project) -> None:
    rng = random.Random(3)
    sets = [project.add_set("p", Origin.PREDICTED).id, project.human_set().id]
    held: dict[str, tuple[int, Annotation]] = {}
    for set_id in sets:
        records = [
            loop(rng.randrange(4_000_000), rng.randrange(20_000, 900_000), score=rng.random()) for _ in range(80)
        ]
        records += [tad(start, start + rng.randrange(1, 900_000)) for start in rng.sample(range(4_000_000), 80)]
        project.add(records, set_id=set_id)
        held |= {record.uid: (set_id, record) for record in records}
    for _ in range(40):
        start, end = sorted(rng.sample(range(5_000_000), 2))
        kind = rng.choice([None, Kind.LOOP, Kind.TAD])
        set_ids = rng.choice([None, sets[:1], sets])
        expected = {
            uid
            for uid, (set_id, record) in held.items()
            if _overlaps(record, start, end) and kind in (None, record.kind) and set_id in (set_ids or sets)
        }
        found = project.query(kind=kind, chrom="chr1", start=start, end=end, set_ids=set_ids)
        assert {record.uid for record in found} == expected
        assert project.count(kind=kind, chrom="chr1", start=start, end=end, set_ids=set_ids) == len(expected)
        assert found == sorted(found, key=lambda r: (r.span.start, r.span.end, r.uid))
    assert project.query(chrom="chr2") == []
    best = project.query(kind=Kind.LOOP, limit=5)
    scores = sorted((r.score for _, r in held.values() if r.kind is Kind.LOOP), reverse=True)
    assert sorted((r.score for r in best), reverse=True) == scores[:5]


def test_another_map_is_refused_and_relinked(tmp_path: Path) -> None:
    with new_project(tmp_path) as project:
        path = project.path
        project.add([loop(4_000_000)], set_id=project.human_set().id)
    with pytest.raises(ProjectError, match=r"p\.hicproj: belongs to another map \(/.*/maps/a\.mcool\).*relink"):
        Project.open(path, map=OTHER_MAP)
    with Project.open(path) as project:
        short = MapIdentity("maps/c.mcool", "f3", "hg19", {"chr1": 3_000_000})
        with pytest.raises(ProjectError, match="only 3,000,000 bp long"):
            project.relink(short)
        project.relink(OTHER_MAP)
    Project.open(path, map=OTHER_MAP).close()
    moved = MapIdentity("elsewhere/b.mcool", "f2", "hg38", OTHER_MAP.chromsizes)
    Project.open(path, map=moved).close()
    with Project.open(path) as project:
        assert project.map.uri == "elsewhere/b.mcool"


def test_a_wrong_reviewed_region_can_be_taken_back(project: Project) -> None:
    rows, cols = Interval("chr1", 0, 100), Interval("chr1", 500, 900)
    region = project.mark_reviewed(rows, cols)
    assert project.reviewed("chr1") == [region]
    assert project.reviewed("chr2") == []
    project.unmark_reviewed([region.id])
    assert project.reviewed("chr1") == []
    with pytest.raises(ProjectError, match="not on one chromosome"):
        project.mark_reviewed(rows, Interval("chr2", 0, 1))
