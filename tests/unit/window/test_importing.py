"""Label files into a window: the reason before the name, one undo per import, an end by hand, no edit meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Annotation, Kind, Project, Status
from napari_hicstruct.annotations.records import Origin
from napari_hicstruct.errors import Cancelled, ProjectError
from napari_hicstruct.jobs import drain
from napari_hicstruct.plugin.state.labels import labels
from napari_hicstruct.plugin.state.labels.importing import ImportAs, ImportState
from napari_hicstruct.plugin.state.labels.set_commands import SetCommands
from tests.window_kit import CHROM, SteppedRunner, TinyWindow, actions, iv, loop, make_project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as made:
        yield made


def loops(path: Path, n: int, chrom: str = CHROM) -> Path:
    lines = (f"{chrom}\t{k * 100}\t{k * 100 + 100}\t{chrom}\t{k * 100 + 500}\t{k * 100 + 600}\n" for k in range(n))
    path.write_text("".join(lines))
    return path


def bring_in(window: TinyWindow, runner: SteppedRunner, path: Path) -> None:
    """Import a file to the end: it is read, then stored."""
    window.importing.start([path])
    for _ in range(2):
        runner.advance(9)


def test_a_refusal_gives_the_reason_then_the_name_and_the_path_as_details(tmp_path: Path, project: Project) -> None:
    window = TinyWindow(project)
    good, foreign = loops(tmp_path / "good.bedpe", 3), loops(tmp_path / "other.bedpe", 2, chrom="chr5")
    window.importing.start([good, foreign])
    report = window.importing.report
    assert report is not None
    first, *rest = report.lines()
    assert first.text.startswith("Not imported: Has no chromosome of the map: it has chr5, the map has chr17.")
    assert first.text.endswith("— other.bedpe")
    assert first.details == str(foreign)
    assert [line.text for line in rest] == ["3 loops — good.bedpe"]
    assert str(tmp_path) not in report.headline()


def test_undo_of_an_import_leaves_no_empty_set_and_redo_brings_all_back(tmp_path: Path, project: Project) -> None:
    window = TinyWindow(project)
    window.importing.start([loops(tmp_path / "a.bedpe", 3), loops(tmp_path / "b.bedpe", 2)])
    assert [s.name for s in window.labels.sets()] == ["a", "b"]
    window.review.undo()
    assert project.sets() == [], "files imported together are one step"
    window.review.redo()
    assert project.count() == 5
    assert [s.name for s in project.sets()] == ["a", "b"]


def test_what_is_cancelled_does_not_come_in_and_what_is_in_stays(tmp_path: Path, project: Project) -> None:
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    state = ImportState(window.labels)
    state.start([loops(tmp_path / "a.bedpe", 3), loops(tmp_path / "b.bedpe", 4)])
    runner.advance(5)  # both are read
    runner.advance(2)  # the first is stored
    state.cancel()
    assert (state.running, window.labels.busy.ending) == (True, True), "until it has really ended"
    runner.advance()
    assert [s.name for s in project.sets()] == ["a"]
    assert state.report is not None
    assert [one.path.name for one in state.report.refused] == ["b.bedpe"]
    assert not state.running
    assert window.labels.busy.text == ""


def test_an_import_ends_with_its_map_and_the_next_one_goes(tmp_path: Path, project: Project) -> None:
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    window.importing.start([loops(tmp_path / "a.bedpe", 3)])
    runner.advance(1)
    window.importing.end()
    assert not window.importing.running
    assert window.labels.busy.text == ""
    assert window.importing.report is not None
    assert [one.path.name for one in window.importing.report.refused] == ["a.bedpe"]
    window.importing.start([loops(tmp_path / "b.bedpe", 3)])
    for _ in range(3):
        runner.advance(9)
    assert [one.name for one in project.sets()] == ["b"]


def test_no_edit_is_made_while_files_come_in(tmp_path: Path, project: Project) -> None:
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    window.importing.start([loops(tmp_path / "a.bedpe", 3)])
    assert window.labels.attempt(lambda p: p.add([loop(0, 50_000)], set_id=p.human_set().id)) is None
    assert window.labels.hinted == "The import has not ended yet: wait for it, or cancel it."
    window.importing.start([loops(tmp_path / "b.bedpe", 2)])  # joins what runs
    runner.advance(3)
    runner.advance(3)
    runner.advance(3)
    assert actions(project) == ["import", "import"]
    assert window.labels.hinted == "", "it has ended"
    assert not window.importing.running
    assert window.importing.report is not None
    assert [one.path.name for one in window.importing.report.imported] == ["a.bedpe", "b.bedpe"]


def test_the_queue_stays_with_a_candidate_that_could_not_be_judged(tmp_path: Path, project: Project) -> None:
    project.add([loop(0, 50_000), loop(100_000, 200_000)], set_id=project.add_set("calls", Origin.PREDICTED).id)
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    window.review.next()
    first = window.labels.current_uid
    window.importing.start([loops(tmp_path / "a.bedpe", 3)])
    window.review.accept()
    window.review.next()
    said = "The import has not ended yet, and this one is not judged: wait for it, or cancel it."
    assert (window.labels.current_uid, window.labels.hinted) == (first, said)
    window.importing.cancel()
    runner.advance()
    assert window.labels.hinted == ""
    window.review.accept()
    assert window.labels.current_uid not in (first, None)
    assert [one.uid for one in project.query() if one.status is Status.ACCEPTED] == [first]


def test_an_import_waits_for_other_work_on_the_project(tmp_path: Path, project: Project) -> None:
    window = TinyWindow(project, SteppedRunner())
    window.labels.busy.start("Undo", lambda _: iter(()), done=print, failed=print)  # type: ignore[arg-type,return-value]
    with pytest.raises(ProjectError, match="Undo has not ended yet"):
        window.importing.start([tmp_path / "a.bedpe"])
    window.labels.busy.end()


def test_what_is_ticked_holds_for_the_next_import_however_it_comes(tmp_path: Path, project: Project) -> None:
    window = TinyWindow(project)
    path = tmp_path / "a.bedpe"
    path.write_text("".join(loops(path, 3).read_text().splitlines(keepends=True)[1:]))  # no line starts at 0
    window.importing.tick(one_based=True, complete_in=(f"{CHROM}:1-1000",))
    window.importing.start([path])  # as a drop does
    window.importing.start([path])
    first, second = (project.query(set_ids=[one.id])[0].anchor1 for one in project.sets())
    assert (first.start, second.start) == (99, 100)
    assert len(project.reviewed()) == 1


def test_what_is_ticked_stays_where_nothing_could_be_imported(tmp_path: Path, project: Project) -> None:
    window = TinyWindow(project, SteppedRunner())
    window.importing.tick(one_based=True)
    window.labels.busy.start("Undo", lambda _: iter(()), done=print, failed=print)  # type: ignore[arg-type,return-value]
    with pytest.raises(ProjectError):
        window.importing.start([tmp_path / "a.bedpe"])
    assert window.importing.ticked.one_based
    window.map_changed.emit()
    assert window.importing.ticked.one_based
    window.labels.busy.end()


def test_a_large_file_is_read_in_a_process_of_its_own_and_holds_the_same(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_hicstruct.workflows import import_labels

    path = loops(tmp_path / "a.bedpe", 2_500)
    window = TinyWindow(project)
    window.importing.start([path])
    monkeypatch.setattr(import_labels, "_MAX_BYTES_HERE", 1_000)
    window.importing.start([path])
    first, second = (project.query(set_ids=[one.id]) for one in project.sets())
    assert len(first) == 2_500
    assert [record.with_(uid="") for record in first] == [record.with_(uid="") for record in second]


def test_undo_of_very_many_records_is_made_beside_the_window(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "_BESIDE", 2)
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    bring_in(window, runner, loops(tmp_path / "a.bedpe", 3))
    window.review.undo()
    assert window.labels.busy.text == "Undo"
    window.review.undo()  # not twice
    assert project.count() == 3
    runner.advance(9)
    assert project.count() == 0
    assert window.labels.hinted.startswith("Undone: import ")
    window.review.redo()
    runner.advance(9)
    assert window.labels.hinted == "Redone: import a."
    assert project.count() == 3


STEPS = {
    "undo": lambda window, uids: window.review.undo(),
    "judgment": lambda window, uids: window.review.judge_many(uids, Status.ACCEPTED),
    "delete": lambda window, uids: window.review.delete_many(uids),
    "delete set": lambda window, uids: SetCommands(window.labels).delete(window.labels.sets()[0].id),
    "duplicate set": lambda window, uids: SetCommands(window.labels).duplicate(window.labels.sets()[0].id),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_long_step_that_is_cancelled_changes_nothing_and_edits_wait_until_it_has_ended(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(labels, "_BESIDE", 2)
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    bring_in(window, runner, loops(tmp_path / "a.bedpe", 4))
    before, uids = sorted(project.query(), key=lambda one: one.uid), [one.uid for one in project.query()]
    STEPS[name](window, uids)
    runner.advance(1)
    busy = window.labels.busy
    assert busy.text
    busy.cancel()
    assert busy.ending
    assert window.labels.attempt(lambda p: p.human_set()) is None, "what is being stopped may still come"
    runner.advance(9)
    assert (busy.text, busy.ending) == ("", False)
    assert window.labels.hinted.endswith("was cancelled: nothing was changed.")
    assert sorted(project.query(), key=lambda one: one.uid) == before
    assert [one.name for one in project.sets()] == ["a"]
    STEPS[name](window, uids)
    runner.advance(9)
    assert sorted(project.query(), key=lambda one: one.uid) != before or len(project.sets()) == 2


def test_a_step_is_stopped_in_the_middle_of_its_transaction(tmp_path: Path, project: Project) -> None:
    """A real check of a real token, asked between the pieces of a step: all of it is as it was."""
    TinyWindow(project).importing.start([loops(tmp_path / "a.bedpe", 2_500)])
    asked = []

    def check() -> None:
        asked.append(project)
        if len(asked) == 2:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled), project.stoppable(check):
        project.undo()
    assert project.count() == 2_500
    assert project.can_undo
    assert project.undo() is not None
    assert project.count() == 0


def test_a_step_that_was_done_when_its_cancelling_came_says_so(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "_BESIDE", 2)
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    bring_in(window, runner, loops(tmp_path / "a.bedpe", 4))
    window.review.undo()
    real = project.undo

    def undo() -> object:
        change = real()
        window.labels.busy.cancel()  # a moment too late
        return change

    monkeypatch.setattr(project, "undo", undo)
    runner.advance(9)
    assert project.count() == 0
    assert window.labels.hinted.startswith("Undone: import ")


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.REJECTED, Status.EDITED, None])
def test_files_are_taken_for_what_a_person_says(tmp_path: Path, project: Project, status: Status | None) -> None:
    path = tmp_path / "ones.bedpe"
    path.write_text("".join(f"{CHROM}\t{k}0001\t{k}5000\t{CHROM}\t{k}00001\t{k}05000\n" for k in range(2, 5)))
    TinyWindow(project).importing.start([path], as_=ImportAs(status, one_based=True))
    records = project.query()
    assert [record.status for record in records] == [status or Status.PROPOSED] * 3
    assert (records[0].anchor1.start, records[0].anchor1.end) == (20_000, 25_000)


def _without_uids(project: Project) -> list[Annotation]:
    """Records of a project; those of one place come by source, not by their random uids."""
    return sorted((one.with_(uid="") for one in project.query()), key=lambda one: (one.anchor1.start, one.source))


def test_files_that_are_complete_somewhere_make_the_project_that_the_shell_makes(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_hicstruct.workflows.import_labels import iter_import

    paths, bed = [loops(tmp_path / "a.bedpe", 3), loops(tmp_path / "b.bedpe", 2)], tmp_path / "done.bed"
    bed.write_text(f"{CHROM}\t600000\t900000\n")
    regions = (f"{CHROM}:50k-500k", str(bed))
    window = TinyWindow(project)
    window.importing.start(paths, as_=ImportAs(Status.ACCEPTED, complete_in=regions))
    monkeypatch.setattr("napari_hicstruct.contacts.open_map", lambda _: window.source)
    other = tmp_path / "shell.hicproj"
    drain(iter_import("tiny", paths, other, status=Status.ACCEPTED, complete_in=regions))
    expected = _without_uids(project)
    with Project.open(other) as shell:
        for one in (project, shell):
            assert _without_uids(one) == expected
            blocks = [(block.rows, block.cols, block.kinds) for block in one.reviewed()]
            places = iv(50_000, 500_000), iv(600_000, 900_000)
            assert blocks == [(place, place, (Kind.LOOP,)) for place in places]
            one.undo()
            assert (one.sets(), one.reviewed(), one.can_undo) == ([], [], False), "one undo for all of it"
    report = window.importing.report
    assert report is not None
    assert report.headline().endswith("Complete in 2 regions: what is not named there is learnt as absent.")
    assert window.review.redo_text() == "import a, b"


@pytest.mark.parametrize("text", ["chr9:1-2", "nowhere.bed", "empty.bed"])
def test_nothing_comes_in_where_it_is_complete_in_no_place(tmp_path: Path, project: Project, text: str) -> None:
    (tmp_path / "empty.bed").write_text("# nothing\n")
    text = str(tmp_path / text) if text == "empty.bed" else text
    window = TinyWindow(project)
    window.importing.start([loops(tmp_path / "a.bedpe", 3)], as_=ImportAs(complete_in=(text,)))
    assert project.newest_entry() == 0
    assert window.importing.report is not None
    assert window.importing.report.is_failure


def test_what_was_said_of_one_file_is_not_said_of_another(tmp_path: Path, project: Project) -> None:
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    window.importing.start([loops(tmp_path / "a.bedpe", 3)], as_=ImportAs(complete_in=(CHROM,)))
    window.importing.start([loops(tmp_path / "b.bedpe", 2)])  # joins what runs
    for _ in range(3):
        runner.advance(9)
    assert [s.name for s in project.sets()] == ["a", "b"]
    assert [block.rows for block in project.reviewed()] == [iv(0, 1_000_000)]
