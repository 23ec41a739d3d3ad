"""The models of a project: their order, their use, their runs, and that they travel with it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from napari_hicstruct.annotations import ModelEntry, Project
from napari_hicstruct.errors import ProjectError
from tests.annotation_kit import loop, new_project

BASE, CHILD, OTHER = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "work"
    folder.mkdir()
    with new_project(folder) as opened:
        yield opened


def make_model(folder: Path, text: str = "weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_text(text)
    (folder / "card").mkdir()
    (folder / "card" / "model_card.yaml").write_text(f"of: {text}")
    return folder


def family(project: Project, elsewhere: Path) -> tuple[ModelEntry, ModelEntry]:
    """An installed base model and one that was fine-tuned from it in the project."""
    installed = make_model(elsewhere / "installed" / "default", "base")
    own = make_model(project.models_folder / "fine 1", "child")
    base = project.lineage.add(ModelEntry(BASE, "default", "1.2", installed, card={"ap": 0.5}))
    child = project.lineage.add(ModelEntry(CHILD, "mine", "1", own, parent=BASE, card={"ap": 0.6}))
    return base, child


def weights(entry: ModelEntry | None) -> str:
    assert entry is not None
    assert (entry.folder / "card" / "model_card.yaml").is_file()
    return (entry.folder / "model.safetensors").read_text()


def test_as_one_is_all_or_nothing_and_told_once(project: Project, tmp_path: Path) -> None:
    lineage, told = project.lineage, []
    lineage.changed.connect(lambda: told.append(len(lineage.models())))

    def breaks_off() -> None:
        with lineage.as_one():
            family(project, tmp_path / "first")
            lineage.use(BASE, "")
            assert lineage.current() is not None  # seen from within
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        breaks_off()
    assert (lineage.models(), lineage.uses()) == ([], [])
    assert set(told) <= {0}  # nobody heard of what was not kept
    told.clear()
    shutil.rmtree(project.models_folder)
    with lineage.as_one():
        family(project, tmp_path / "second")
        lineage.use(CHILD, "")
        assert told == []
    assert told == [2]
    with Project.open(project.path, read_only=True) as other:
        assert [use.sha256 for use in other.lineage.uses()] == [CHILD]


def test_an_edit_is_no_part_of_it(project: Project) -> None:
    human = project.human_set().id
    with project.lineage.as_one(), pytest.raises(RuntimeError, match="a transaction of its own"):
        project.add([loop()], set_id=human)
    assert project.count() == 0
    project.add([loop()], set_id=human)
    assert project.undo() is not None


def test_as_one_keeps_other_threads_out(project: Project, tmp_path: Path) -> None:
    family(project, tmp_path)
    seen: list[int] = []
    other = threading.Thread(target=lambda: seen.append(len(project.lineage.uses())))
    with project.lineage.as_one():
        project.lineage.use(BASE, "")
        other.start()
        other.join(0.2)
        assert other.is_alive()
        project.lineage.use(CHILD, "")
    other.join(5)
    assert seen == [2]


def test_everything_survives_closing(project: Project, tmp_path: Path) -> None:
    lineage = project.lineage
    assert (lineage.models(), lineage.current(), lineage.uses(), lineage.runs()) == ([], None, [], [])
    base, child = family(project, tmp_path)
    lineage.use(BASE, "the default")
    project.add([loop()], set_id=project.human_set().id)
    run = lineage.start_run(BASE, {"steps": 3, "rate": 1e-3}, project.newest_entry())
    lineage.finish_run(run, child=CHILD, before={"ap": 0.5}, after={"ap": 0.6}, taken=True, reason="better")
    lineage.use(CHILD, "better")
    lineage.use(BASE, "rolled back")
    path = project.path
    project.close()
    with Project.open(path) as again:
        lineage = again.lineage
        assert lineage.models() == [base, child]
        assert lineage.get(CHILD) == child
        assert child.label == "mine 1"
        assert lineage.lineage_of(CHILD) == [base, child]
        assert lineage.lineage_of(BASE) == [base]
        assert lineage.current() == base
        assert [(use.sha256, use.reason) for use in lineage.uses()] == [
            (BASE, "the default"),
            (CHILD, "better"),
            (BASE, "rolled back"),
        ]
        (found,) = lineage.runs()
        assert (found.id, found.parent, found.child, found.last_entry, found.taken) == (run, BASE, CHILD, 1, True)
        assert (found.config, found.before, found.after) == ({"steps": 3, "rate": 1e-3}, {"ap": 0.5}, {"ap": 0.6})
        assert found.finished is not None
        assert found.started < found.finished


def test_each_write_is_told_once_and_nothing_is_journalled(project: Project, tmp_path: Path) -> None:
    told: list[int] = []
    project.lineage.changed.connect(lambda: told.append(1))
    base, _ = family(project, tmp_path)
    assert len(told) == 2
    assert project.lineage.add(replace(base, name="another name")) == base  # known already
    assert len(told) == 2
    project.lineage.use(BASE, "")
    run = project.lineage.start_run(BASE, {}, 0)
    project.lineage.finish_run(run, child=None, before={}, after=None, taken=None, reason="stopped")
    assert len(told) == 5
    assert (project.newest_entry(), project.can_undo) == (0, False)


def test_a_run_that_made_no_model_learnt_nothing(project: Project, tmp_path: Path) -> None:
    family(project, tmp_path)
    lineage = project.lineage
    target = project.human_set().id
    assert lineage.last_learnt() == 0
    for start in range(3):
        project.add([loop(start)], set_id=target)
    numbers = {"before": {"ap": 0.5}, "after": {"ap": 0.4}, "taken": False, "reason": "worse"}
    lineage.finish_run(lineage.start_run(BASE, {}, 2), child=CHILD, **numbers)  # type: ignore[arg-type]
    failed = lineage.start_run(CHILD, {}, 3)
    assert lineage.last_learnt() == 2  # the second runs still
    lineage.finish_run(failed, child=None, before={}, after=None, taken=False, reason="out of memory")
    assert lineage.last_learnt() == 2
    lineage.finish_run(lineage.start_run(CHILD, {}, 3), child=BASE, **numbers)  # type: ignore[arg-type]
    assert lineage.last_learnt() == 3


def test_unknown_models_and_runs_are_refused(project: Project, tmp_path: Path) -> None:
    family(project, tmp_path)
    lineage = project.lineage
    run = lineage.start_run(BASE, {}, 0)
    end = {"before": {}, "after": None, "taken": False, "reason": ""}
    orphan = ModelEntry("d" * 64, "x", "1", tmp_path / "x", parent=OTHER)
    before = lineage.models(), lineage.uses(), lineage.runs()
    for call in (
        lambda: lineage.get(OTHER),
        lambda: lineage.lineage_of(OTHER),
        lambda: lineage.use(OTHER, ""),
        lambda: lineage.start_run(OTHER, {}, 0),
        lambda: lineage.finish_run(run, child=OTHER, **end),  # type: ignore[arg-type]
        lambda: lineage.add(orphan),
    ):
        with pytest.raises(ProjectError, match=r"p\.hicproj: does not know the model cccccccccccc\. Add the model"):
            call()
    with pytest.raises(ProjectError, match="journal has 0 entries, but the run names entry 7"):
        lineage.start_run(BASE, {}, 7)
    with pytest.raises(ProjectError, match="no open fine-tuning run 99"):
        lineage.finish_run(99, child=None, **end)  # type: ignore[arg-type]
    assert (lineage.models(), lineage.uses(), lineage.runs()) == before
    lineage.finish_run(run, child=None, **end)  # type: ignore[arg-type]
    with pytest.raises(ProjectError, match=f"no open fine-tuning run {run}"):
        lineage.finish_run(run, child=CHILD, **end)  # type: ignore[arg-type]


def test_read_only_project_tells_but_does_not_write(project: Project, tmp_path: Path) -> None:
    base, _ = family(project, tmp_path)
    run = project.lineage.start_run(BASE, {}, 0)
    with Project.open(project.path) as second:
        lineage = second.lineage
        assert lineage.get(BASE) == base
        for call in (
            lambda: lineage.add(ModelEntry(OTHER, "x", "1", tmp_path)),
            lambda: lineage.use(BASE, ""),
            lambda: lineage.start_run(BASE, {}, 0),
            lambda: lineage.finish_run(run, child=None, before={}, after=None, taken=False, reason=""),
        ):
            with pytest.raises(ProjectError, match=r"cannot be edited: .* is editing it"):
                call()


def test_project_and_models_travel_as_one_folder(project: Project, tmp_path: Path) -> None:
    base, _ = family(project, tmp_path)
    home = project.path.parent
    project.close()
    moved = tmp_path / "usb stick" / "renamed"
    moved.parent.mkdir()
    home.rename(moved)
    (moved / "p.hicproj").rename(moved / "q.hicproj")
    with Project.open(moved / "q.hicproj") as again:
        child = again.lineage.get(CHILD)
        assert weights(child) == "child"
        assert child.folder == moved / "p.models" / "fine 1"
        assert again.lineage.get(BASE).folder == base.folder  # outside: it stays where it is
        assert again.models_folder == moved / "q.models"
    os.chdir(tmp_path)
    with Project.open("usb stick/renamed/q.hicproj") as again:
        assert again.lineage.get(CHILD).folder == child.folder


def test_a_saved_copy_is_complete(project: Project, tmp_path: Path) -> None:
    base, _ = family(project, tmp_path)
    own = make_model(project.models_folder / "fine 2", "grandchild")
    project.lineage.add(ModelEntry(OTHER, "mine", "2", own, parent=CHILD))
    target = tmp_path / "copy"
    target.mkdir()
    project.save_as(target / "q.hicproj")
    project.close()
    shutil.rmtree(project.path.parent)
    moved = target.rename(tmp_path / "copied and moved")
    with Project.open(moved / "q.hicproj") as copy:
        assert [weights(entry) for entry in copy.lineage.models()] == ["base", "child", "grandchild"]
        assert copy.lineage.get(CHILD).folder == copy.models_folder / "fine 1"
        assert copy.lineage.get(BASE) == base
    assert sorted(p.name for p in moved.iterdir()) == ["q.hicproj", "q.models"]


def test_copies_of_renamed_projects_do_not_mix_models_up(project: Project, tmp_path: Path) -> None:
    """Two folders of one name, from before and after the project was renamed."""
    family(project, tmp_path)
    home = project.path.parent
    project.close()
    project.path.rename(home / "q.hicproj")
    with Project.open(home / "q.hicproj") as renamed:
        own = make_model(renamed.models_folder / "fine 1", "grandchild")
        renamed.lineage.add(ModelEntry(OTHER, "mine", "2", own, parent=CHILD))
        for name in ("q.hicproj", "p.hicproj"):
            target = tmp_path / f"copy of {name}"
            target.mkdir()
            renamed.save_as(target / name)
            with Project.open(target / name) as copy:
                assert [weights(entry) for entry in copy.lineage.models()] == ["base", "child", "grandchild"]
                assert all(m.folder.parent == copy.models_folder for m in copy.lineage.models()[1:])


def test_saving_over_another_project_takes_its_models_along(project: Project, tmp_path: Path) -> None:
    family(project, tmp_path)
    target = tmp_path / "other"
    target.mkdir()
    with new_project(target, "q.hicproj") as old:
        own = make_model(old.models_folder / "fine 1", "of the old project")
        old.lineage.add(ModelEntry(OTHER, "old", "1", own))
    (old.models_folder / "note.txt").write_text("a person's own")
    for _ in range(3):  # also over itself
        project.save_as(old.path)
        with Project.open(old.path) as copy:
            assert weights(copy.lineage.get(CHILD)) == "child"
            here = {entry.folder.name for entry in copy.lineage.models()[1:]}
        assert {p.name for p in old.models_folder.iterdir()} == here | {"note.txt"}
    assert weights(project.lineage.get(CHILD)) == "child"


def test_saving_over_a_project_that_shares_our_models_keeps_them(project: Project, tmp_path: Path) -> None:
    family(project, tmp_path)
    project.close()
    twin = project.path.with_name("twin.hicproj")
    shutil.copy(project.path, twin)  # by the file manager: both name p.models
    with Project.open(twin) as ours:
        ours.save_as(project.path)
        assert weights(ours.lineage.get(CHILD)) == "child"
    with Project.open(project.path) as copy:
        assert weights(copy.lineage.get(CHILD)) == "child"


def test_a_copy_that_fails_leaves_everything_as_it_was(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family(project, tmp_path)
    target = tmp_path / "other"
    target.mkdir()
    fresh = target / "fresh.hicproj"
    with new_project(target, "q.hicproj") as old:
        own = make_model(old.models_folder / "fine 1", "of the old project")
        old.lineage.add(ModelEntry(OTHER, "old", "1", own))
        with pytest.raises(ProjectError, match="is being edited by"):
            project.save_as(old.path)
    make_model(project.models_folder / "fine 2", "grandchild")
    project.lineage.add(ModelEntry("d" * 64, "mine", "2", project.models_folder / "fine 2", parent=CHILD))
    listing = sorted(target.rglob("*"))
    real, copied = shutil.copy2, []

    def full(source: str, place: str, **options: bool) -> str:
        copied.append(source)
        if len(copied) % 4 == 0:  # the last file of the second model
            raise OSError(28, "No space left on device")
        return real(source, place, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil.copytree, "__defaults__", (False, None, full, False, False))
        for path in (old.path, fresh):
            with pytest.raises(ProjectError, match=r"model fine 2 cannot be copied \(the disk is full\); nothing was"):
                project.save_as(path)
    assert len(copied) == 8
    with pytest.raises(ProjectError, match="no such folder"):
        project.save_as(tmp_path / "missing" / "x.hicproj")
    assert sorted(target.rglob("*")) == listing
    with Project.open(old.path) as again:
        assert weights(again.lineage.get(OTHER)) == "of the old project"


def test_a_model_that_was_deleted_does_not_keep_labels_from_being_saved(project: Project, tmp_path: Path) -> None:
    _, child = family(project, tmp_path)
    shutil.rmtree(child.folder)
    target = tmp_path / "copy"
    target.mkdir()
    project.save_as(target / "q.hicproj")
    with Project.open(target / "q.hicproj") as copy:
        assert copy.lineage.get(CHILD).folder == child.folder
    assert [p.name for p in target.iterdir()] == ["q.hicproj"]


def test_a_model_is_never_copied_into_itself(project: Project, tmp_path: Path) -> None:
    _, child = family(project, tmp_path)
    project.lineage.add(ModelEntry(OTHER, "all", "1", project.path.parent))  # the project's own folder: no part of it
    before = sorted(project.path.parent.rglob("*"))
    with pytest.raises(ProjectError, match="lies inside the model fine 1"):
        project.save_as(child.folder / "q.hicproj")
    assert sorted(project.path.parent.rglob("*")) == before
    project.save_as(tmp_path / "q.hicproj")
    with Project.open(tmp_path / "q.hicproj") as copy:
        assert copy.lineage.get(OTHER).folder == project.path.parent
        assert weights(copy.lineage.get(CHILD)) == "child"
