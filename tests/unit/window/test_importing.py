"""Label files into a window: the reason before the name, one undo per file, an end by hand, no edit meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from napari_hicstruct.annotations import Project, Status
from napari_hicstruct.errors import ProjectError
from napari_hicstruct.plugin.state.importing import ImportAs, ImportState
from tests.window_kit import CHROM, SteppedRunner, TinyWindow, actions, loop, make_project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as made:
        yield made


def loops(path: Path, n: int, chrom: str = CHROM) -> Path:
    lines = (f"{chrom}\t{k * 100}\t{k * 100 + 100}\t{chrom}\t{k * 100 + 500}\t{k * 100 + 600}\n" for k in range(n))
    path.write_text("".join(lines))
    return path


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
    assert [s.name for s in project.sets()] == ["a"]
    assert state.report is not None
    assert [one.path.name for one in state.report.refused] == ["b.bedpe"]
    assert not state.running
    assert window.labels.busy.text == ""


def test_no_edit_is_made_while_files_come_in(tmp_path: Path, project: Project) -> None:
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    window.importing.start([loops(tmp_path / "a.bedpe", 3)])
    assert window.labels.attempt(lambda p: p.add([loop(0, 50_000)], set_id=p.human_set().id)) is None
    assert window.hints[-1] == "The import has not ended yet: wait for it, or cancel it."
    window.importing.start([loops(tmp_path / "b.bedpe", 2)])  # joins what runs
    runner.advance(3)
    runner.advance(3)
    runner.advance(3)
    assert actions(project) == ["import", "import"]
    assert not window.importing.running
    assert window.importing.report is not None
    assert [one.path.name for one in window.importing.report.imported] == ["a.bedpe", "b.bedpe"]


def test_an_import_waits_for_other_work_on_the_project(tmp_path: Path, project: Project) -> None:
    window = TinyWindow(project, SteppedRunner())
    window.labels.busy.start("Undo", lambda _: iter(()), done=print, failed=print)  # type: ignore[arg-type,return-value]
    with pytest.raises(ProjectError, match="Undo has not ended yet"):
        window.importing.start([tmp_path / "a.bedpe"])
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
    from napari_hicstruct.plugin.state import review

    monkeypatch.setattr(review, "_MANY", 2)
    runner = SteppedRunner()
    window = TinyWindow(project, runner)
    window.importing.start([loops(tmp_path / "a.bedpe", 3)])
    runner.advance(9)
    runner.advance(9)
    window.review.undo()
    assert window.labels.busy.text == "Undo"
    window.review.undo()  # not twice
    assert project.count() == 3
    runner.advance(9)
    assert project.count() == 0
    assert window.hints[-1].startswith("Taken back: import ")
    window.review.redo()
    runner.advance(9)
    assert project.count() == 3


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.REJECTED, Status.EDITED, None])
def test_files_are_taken_for_what_a_person_says(tmp_path: Path, project: Project, status: Status | None) -> None:
    path = tmp_path / "ones.bedpe"
    path.write_text("".join(f"{CHROM}\t{k}0001\t{k}5000\t{CHROM}\t{k}00001\t{k}05000\n" for k in range(2, 5)))
    TinyWindow(project).importing.start([path], as_=ImportAs(status, one_based=True))
    records = project.query()
    assert [record.status for record in records] == [status or Status.PROPOSED] * 3
    assert (records[0].anchor1.start, records[0].anchor1.end) == (20_000, 25_000)
