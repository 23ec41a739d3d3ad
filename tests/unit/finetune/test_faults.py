"""What can go wrong: one sentence for the person; the old model stays, nothing is left behind or half-recorded."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_hicstruct.annotations import Annotation, Project, Status
from napari_hicstruct.annotations.lineage import Lineage
from napari_hicstruct.annotations.schema import SCHEMA_VERSION
from napari_hicstruct.config.finetune import FinetuneConfig
from napari_hicstruct.config.leftovers import process_mark
from napari_hicstruct.errors import HicStructError, JobError, MapError, ModelError, OutputError, ProjectError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken, Clock, Progress, drain, in_process, process
from napari_hicstruct.models import store
from napari_hicstruct.workflows.finetune import (
    iter_finetune,
    model_in_use,
    open_for_learning,
    prepare_finetune,
    record,
    record_result,
)
from napari_hicstruct.workflows.finetune.job import FinetuneJob, FinetuneResult
from napari_hicstruct.workflows.finetune.learners.heads import HeadLearner
from napari_hicstruct.workflows.finetune.prepare import OneClassError
from napari_hicstruct.workflows.models import describe_model
from tests.unit.finetune.kit import (
    CHROM,
    HELD_OUT,
    LENGTH,
    judged,
    left_behind,
    loop,
    map_path,
    new_project,
    prepared,
    source,
    tiny_folder,
    verdict,
)

A, R = Status.ACCEPTED, Status.REJECTED


def unchanged(project: Project) -> bool:
    """Nothing was recorded, and nothing lies beside the project."""
    lineage = project.lineage
    return not (lineage.runs() or lineage.models() or lineage.uses() or left_behind(project.path.parent))


# ---------------------------------------------------------------------- corrections that cannot teach
@pytest.mark.parametrize(
    ("records", "error", "message"),
    [
        ([loop(10**6), loop(2 * 10**6)], ProjectError, "no corrections.*Accept, reject or add"),
        (
            [loop(10**6, status=A), loop(2 * 10**6, status=A)],
            OneClassError,
            r"So far you only accepted\. Reject some wrong ones, or mark a region as reviewed \(M\)\.$",
        ),
        ([loop(10**6, status=R)], OneClassError, "So far you only rejected. Accept some"),
        ([*judged(4), loop(LENGTH - 50_000, status=A)], MapError, "chr1 ends at 4,000,000 bp.*Delete or move it"),
    ],
    ids=["none", "accepted", "rejected", "outside"],
)
def test_corrections_are_checked_first(
    tmp_path: Path, records: list[Annotation], error: type[HicStructError], message: str
) -> None:
    with new_project(tmp_path, records) as project:
        with pytest.raises(error, match=message):
            prepare_finetune(project, source())
        assert unchanged(project)


def test_a_chromosome_that_the_map_lacks(tmp_path: Path) -> None:
    away = Interval("chr9", 0, 10_000)
    elsewhere = loop(10**6, status=A).with_(anchor1=away, anchor2=away)
    lost = pytest.raises(MapError, match="which the map does not have")
    with new_project(tmp_path, [*judged(4), elsewhere]) as project, lost:
        prepare_finetune(project, source())
    with new_project(tmp_path / "b", judged(4)) as project:
        project.mark_reviewed(Interval(CHROM, 0, LENGTH + 10_000), Interval(CHROM, 0, 10**6))
        with pytest.raises(MapError, match="a reviewed region lies at"):
            prepare_finetune(project, source())


def test_all_of_one_word_may_learn_beside_a_reviewed_region(tmp_path: Path) -> None:
    with new_project(tmp_path, [loop(10**6, status=A)]) as project:
        project.mark_reviewed(Interval(CHROM, 0, 10**6), Interval(CHROM, 0, 10**6))
        assert prepare_finetune(project, source()).corrections.blocks


def test_all_corrections_in_validation_regions(tmp_path: Path) -> None:
    inside = [loop(HELD_OUT[0].start + 50_000 * k, 100_000, (A, R)[k % 2]) for k in range(4)]
    with new_project(tmp_path, inside) as project:
        with pytest.raises(ProjectError, match=r"kept for validation.*Correct some candidates elsewhere"):
            drain(iter_finetune(prepared(project)))
        assert unchanged(project)


# ---------------------------------------------------------------------- project and map
def test_the_map_moved_beside_the_project_or_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tmp_path / "first"
    first.mkdir()
    there = Path(shutil.copy(map_path(), first / "map.mcool"))
    monkeypatch.setattr("tests.unit.finetune.kit.map_path", lambda: there)
    new_project(first).close()
    shutil.move(first, tmp_path / "second")
    opened, found = open_for_learning(tmp_path / "second" / "case.hicproj")
    with opened:
        assert Path(found.uri.partition("::")[0]) == tmp_path / "second" / "map.mcool"
        assert prepare_finetune(opened, found).corrections.records
    elsewhere = Path(shutil.move(tmp_path / "second" / "map.mcool", tmp_path / "elsewhere.mcool"))
    with pytest.raises(ProjectError, match=r"its map is not at .*map.mcool.*Copy it beside the project.*--map FILE"):
        open_for_learning(tmp_path / "second" / "case.hicproj")
    opened, found = open_for_learning(tmp_path / "second" / "case.hicproj", str(elsewhere))
    with opened:
        assert prepare_finetune(opened, found).map_uri == found.uri


def other_map(path: Path) -> Path:
    from napari_hicstruct.config.simulation import SimulationConfig
    from napari_hicstruct.synth import simulate_map
    from napari_hicstruct.synth.write import write_simulation
    from tests.unit.finetune.kit import FAST

    sim = simulate_map(SimulationConfig(length=2_000_000, **FAST), 9)
    return write_simulation(sim, path, depth=50, resolutions=(5_000, 10_000))


def test_another_map_is_refused(tmp_path: Path, project: Project) -> None:
    from napari_hicstruct.contacts import open_map

    path = project.path
    other = other_map(tmp_path / "other.mcool")
    with pytest.raises(ProjectError, match=r"belongs to another map.*relink"):
        prepare_finetune(project, open_map(other))
    project.close()
    with pytest.raises(ProjectError, match=r"belongs to another map.*relink"):
        open_for_learning(path, str(other))


def test_a_project_that_is_open_elsewhere(project: Project) -> None:
    second, found = open_for_learning(project.path)
    with second, pytest.raises(ProjectError, match=r"is editing it.*Save a copy"):
        prepare_finetune(second, found)


def test_a_project_of_a_newer_version_stays_as_it_is(project: Project) -> None:
    path = project.path
    project.close()
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO schema_version VALUES (?, 'tomorrow')", (SCHEMA_VERSION + 1,))
    raw.close()
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="newer"):
        open_for_learning(path)
    assert path.read_bytes() == before


def test_no_such_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"nothing.hicproj"):
        open_for_learning(tmp_path / "nothing.hicproj")


# ---------------------------------------------------------------------- while it learns
@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (
            RuntimeError("mat1 and mat2\nshapes cannot be multiplied"),
            "learning failed.*shapes cannot be multiplied.*stays",
        ),
        (RuntimeError(), "learning failed.*no details"),
        (MemoryError("4 GiB"), "memory is used up.*heads alone"),
        (torch.OutOfMemoryError("CUDA out of memory"), "memory is used up.*heads alone"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "memory is used up"),
    ],
    ids=["shape", "silent", "memory", "gpu", "cpu"],
)
def test_torch_fails(project: Project, monkeypatch: pytest.MonkeyPatch, raised: Exception, message: str) -> None:
    def fail(*_: object) -> Generator[Progress, None, Any]:
        yield Clock().step("fit heads", 0, 1)
        raise raised

    monkeypatch.setattr(HeadLearner, "fit", fail)
    threads = torch.get_num_threads()
    with pytest.raises(JobError, match=message) as caught:
        drain(iter_finetune(prepared(project, threads=1)))
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is raised
    assert torch.get_num_threads() == threads
    assert unchanged(project)


def test_killed_while_it_learns(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[process.Child] = []

    class Known(process.Child):
        def __init__(self, **more: Any) -> None:
            super().__init__(**more)
            children.append(self)

    monkeypatch.setattr(process, "Child", Known)
    job = in_process(iter_finetune, prepared(project), token=CancelToken(), stop=CancelToken())
    with pytest.raises(JobError, match="SIGKILL"):
        drain(job, lambda _: os.kill(children[0].pid, signal.SIGKILL))
    assert unchanged(project)


def test_weights_of_a_killed_process_go_with_the_next_fine_tune(project: Project) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    folder = project.models_folder
    for pid in (int(dead.stdout), os.getpid()):
        left = folder / f".tiny-0.{process_mark()[:5]}{pid:x}-abcdef.1+ft1"
        left.mkdir(parents=True)
        (left / "weights.safetensors").touch()
    prepare_finetune(project, source(), device="cpu")
    assert [one.name for one in folder.iterdir()] == [left.name], "what this process writes stays"
    shutil.rmtree(left)
    prepare_finetune(project, source(), device="cpu")
    assert unchanged(project)


# ---------------------------------------------------------------------- the new model is written
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("what", ["weights.safetensors", "model.json"])
def test_the_disk_is_full(project: Project, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    inside = store.in_place_of

    def full(path: Path) -> Any:
        if path.name == what and path.parent.parent == project.models_folder:
            raise FULL
        return inside(path)

    monkeypatch.setattr(store, "in_place_of", full)
    job = prepared(project)
    with pytest.raises(OutputError, match=r"could not be written.*No space left.*Free some disk") as caught:
        drain(iter_finetune(job))
    assert caught.value.where == job.out
    assert unchanged(project)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root, or Windows, may write anywhere")
def test_the_folder_cannot_be_written(project: Project) -> None:
    job = prepared(project)
    project.path.parent.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="could not be written"):
            drain(iter_finetune(job))
    finally:
        project.path.parent.chmod(0o700)


def test_a_file_stands_where_the_models_go(project: Project) -> None:
    project.models_folder.write_text("mine")
    job = prepared(project)
    with pytest.raises(OutputError, match="could not be written"):
        drain(iter_finetune(job))
    assert project.models_folder.read_text() == "mine"


# ---------------------------------------------------------------------- models of the lineage
def learnt(project: Project) -> tuple[FinetuneJob, FinetuneResult]:
    job = prepared(project, FinetuneConfig(ridge=3.0))
    return job, drain(iter_finetune(job))


@pytest.fixture
def second(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose model in use was fine-tuned."""
    verdict(monkeypatch, True)
    record_result(project, *learnt(project))
    return project


@pytest.mark.parametrize("damage", ["gone", "card", "other"])
@pytest.mark.parametrize("which", ["tiny-0.3+ft1", "tiny-0.3"])
def test_a_model_of_the_lineage_is_gone(second: Project, tmp_path: Path, damage: str, which: str) -> None:
    folder = second.models_folder / which
    if damage == "card":
        (folder / "model.json").write_text("{")
    else:
        shutil.rmtree(folder)
    if damage == "other":
        shutil.copytree(next(p for p in second.models_folder.iterdir()), folder)
    with pytest.raises(ModelError, match=r"Copy the folder of .* back to its place, or use another model"):
        prepare_finetune(second, source())
    assert len(second.lineage.runs()) == 1
    if which == "tiny-0.3":  # what is in use is whole: it can go on from there
        assert prepare_finetune(second, source(), FinetuneConfig(start="last")).start == str(model_in_use(second).path)


def test_weights_of_the_model_in_use_are_damaged(second: Project) -> None:
    weights = second.models_folder / "tiny-0.3+ft1" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"abcd")
    before = left_behind(second.path.parent)
    steps: list[Progress] = []
    with pytest.raises(ModelError, match="does not match its checksum"):
        drain(iter_finetune(prepared(second)), steps.append)
    assert len(steps) == 1  # before anything was learnt
    assert left_behind(second.path.parent) == before


@pytest.mark.parametrize("damage", ["weights", "gone", "other"])
def test_a_model_that_is_found_again_is_mended_where_it_lies(second: Project, damage: str) -> None:
    known = second.lineage.current()
    assert known is not None
    second.lineage.use(second.lineage.models()[0].sha256, "rolled back")
    if damage == "weights":
        weights = known.folder / "weights.safetensors"
        weights.write_bytes(weights.read_bytes()[:-4] + b"abcd")
    else:
        shutil.rmtree(known.folder)
    if damage == "other":
        shutil.copytree(second.lineage.models()[0].folder, known.folder)
    job, again = learnt(second)
    assert again.sha256 == known.sha256
    if damage == "other":  # it may be the only copy of that one
        with pytest.raises(OutputError, match=r"holds another model than tiny 0\.3\+ft1"):
            record_result(second, job, again)
        assert describe_model(known.folder).sha256 == second.lineage.models()[0].sha256
        assert len(second.lineage.runs()) == 1
        return
    assert record_result(second, job, again).folder == known.folder
    assert model_in_use(second).sha256 == known.sha256
    prepare_finetune(second, source(), FinetuneConfig(start="last"))
    assert not Path(job.out).exists()


# ---------------------------------------------------------------------- recording it
def test_a_listener_that_fails_takes_nothing_away(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(monkeypatch, True)
    job, result = learnt(project)

    def fails() -> None:
        raise ValueError("a widget")

    project.lineage.changed.connect(fails)
    with pytest.raises(Exception, match="a widget"):
        record_result(project, job, result)
    project.lineage.changed.disconnect(fails)
    assert [entry.folder.name for entry in project.lineage.models()] == ["tiny-0.3", "tiny-0.3+ft1"]
    assert model_in_use(project).sha256 == result.sha256
    assert all(describe_model(entry.folder).sha256 == entry.sha256 for entry in project.lineage.models())


def test_the_new_model_vanished_before_it_was_recorded(project: Project) -> None:
    job, result = learnt(project)
    shutil.rmtree(result.model)
    project.models_folder.rmdir()
    with pytest.raises(ModelError, match="does not hold the new model any more"):
        record_result(project, job, result)
    assert unchanged(project)


def test_no_room_for_the_copy_of_the_parent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    job, result = learnt(project)

    def full(source: Path, target: Path) -> None:
        Path(target).mkdir()
        raise shutil.Error([("a", "b", str(FULL))])

    with monkeypatch.context() as patch:
        patch.setattr(record.shutil, "copytree", full)
        with pytest.raises(OutputError, match=r"cannot be copied \(the disk is full\).*Free some disk"):
            record_result(project, job, result)
    assert project.lineage.models() == project.lineage.runs() == []
    assert [p.name for p in project.models_folder.iterdir()] == ["tiny-0.3+ft1"]
    record_result(project, job, result)  # the same again, once there is room
    assert len(project.lineage.models()) == 2


def test_a_folder_of_the_parents_name_is_not_taken_for_it(project: Project) -> None:
    job, result = learnt(project)
    stranger = tiny_folder(project.models_folder / "tiny-0.3")
    (stranger / "model.json").write_text("{}")
    record_result(project, job, result)
    assert project.lineage.models()[0].folder.name == "tiny-0.3-2"
    assert (stranger / "model.json").read_text() == "{}"


@pytest.mark.parametrize("method", ["start_run", "add", "use", "finish_run"])
def test_recording_is_all_or_nothing(project: Project, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    verdict(monkeypatch, True)
    job, result = learnt(project)
    whole, broken = getattr(Lineage, method), []

    def once(self: Lineage, *given: Any, **more: Any) -> Any:
        child = getattr(given[0], "sha256", given[0]) if given else None
        if not broken and (method in ("start_run", "finish_run") or child == result.sha256):
            broken.append(method)
            raise ProjectError("cannot be written (the disk is full).", where=project.path)
        return whole(self, *given, **more)

    told: list[list[object]] = []
    project.lineage.changed.connect(lambda: told.append(project.lineage.runs()))
    monkeypatch.setattr(Lineage, method, once)
    with pytest.raises(ProjectError, match="the disk is full"):
        record_result(project, job, result)
    assert broken
    assert all(runs == [] for runs in told)
    assert project.lineage.models() == project.lineage.runs() == project.lineage.uses() == []
    assert [p.name for p in project.models_folder.iterdir()] == ["tiny-0.3+ft1"]  # nothing is lost
    told.clear()
    record_result(project, job, replace(result))
    assert [len(runs) for runs in told] == [1]
    assert project.lineage.current().sha256 == result.sha256  # type: ignore[union-attr]
    assert project.lineage.runs()[-1].taken
