"""The whole repair: results, folder, resuming, what ends it early, bad input."""

from __future__ import annotations

import errno
import json
import math
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_hicstruct.config import files
from napari_hicstruct.config.base import with_changes
from napari_hicstruct.config.repair import KeepLargest, LabelClass, RepairConfig, Touches
from napari_hicstruct.errors import Cancelled, ConfigError, OutputError
from napari_hicstruct.jobs import CancelToken, Progress, drain
from napari_hicstruct.label_repair import occupancies
from napari_hicstruct.label_repair.joint import JointLoss
from napari_hicstruct.label_repair.shape import ShapeLoss
from napari_hicstruct.workflows.repair import LabelSample, RepairOptions, RepairResult, iter_repair
from napari_hicstruct.workflows.repair.run_folder import clear_run
from tests.unit.repair.repair_kit import DISK, FAST, SMALL, ball, dice, sample, samples, two_disks

CPU = RepairOptions(device="cpu")
RULED = FAST.model_copy(update={"rules": (KeepLargest(of="disk"), Touches(of="small", other="disk"))})


def repair(
    given: list[LabelSample],
    config: RepairConfig = FAST,
    options: RepairOptions = CPU,
    each: Callable[[Progress], None] | None = None,
) -> RepairResult:
    return drain(iter_repair(given, config, options), each)


def in_folder(folder: Path, **more: Any) -> RepairOptions:
    return replace(CPU, folder=folder, **more)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RepairResult, list[Progress]]:
    """A run that nothing disturbed."""
    folder, steps = tmp_path_factory.mktemp("whole"), []
    result = repair(samples(), RULED, in_folder(folder, soft=True), steps.append)
    return folder, result, steps


def test_repaired_labels_have_the_form_of_the_input_and_its_shapes(whole: tuple[Path, RepairResult, Any]) -> None:
    for before, stages in zip(
        samples(), zip(whole[1].samples, whole[1].shapes, whole[1].fused, strict=True), strict=True
    ):
        for after in stages:
            assert (after.name, after.spacing, after.labels.dtype) == (before.name, before.spacing, before.labels.dtype)
            assert dice(after.labels == DISK, before.labels == DISK) > 0.9
            assert dice(after.labels == SMALL, before.labels == SMALL) > 0.7


def test_progress_counts_to_its_end_and_carries_the_losses(whole: tuple[Path, RepairResult, list[Progress]]) -> None:
    steps = whole[2]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total
    order = list(dict.fromkeys(step.stage for step in steps))
    assert order == ["shape: small", "shape: disk", "fusion", "joint", "done"]
    said = [step.payload for step in steps if step.payload is not None]
    assert {(one.stage, one.class_name) for one in said} == {("shape", "small"), ("shape", "disk"), ("joint", "")}
    last = {one.class_name: one for one in said if one.dice is not None}
    assert (last["disk"].epoch, last[""].epoch) == (FAST.shape.epochs, FAST.joint.steps)


def test_the_result_crosses_processes(whole: tuple[Path, RepairResult, list[Progress]]) -> None:
    again = pickle.loads(pickle.dumps(whole[1]))
    assert again.dice == whole[1].dice
    assert (again.samples[0].labels == whole[1].samples[0].labels).all()
    assert pickle.loads(pickle.dumps(whole[2][-2])) == whole[2][-2]


def test_the_folder_keeps_function_account_changes_log_and_checkpoints(
    whole: tuple[Path, RepairResult, Any],
) -> None:
    folder, result, _ = whole
    names = {"function.safetensors", "run.json", "changes.tsv", "log.jsonl", "checkpoints"}
    assert {path.name for path in folder.iterdir()} == names
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {
        "settings.json",
        f"shape-{DISK}.ckpt",
        f"shape-{SMALL}.ckpt",
        "joint.ckpt",
    }
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run == json.loads(json.dumps(result.run))
    assert set(run["seconds"]) == {"shape", "fusion", "joint"}
    assert run["settings"]["shape"]["epochs"] == FAST.shape.epochs
    assert set(run["thresholds"]) == {"disk", "small"}
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(one["class_name"], one["epoch"]) for one in log if one["stage"] == "joint"] == [
        ("", step) for step in range(20, 81, 20)
    ]
    assert all(math.isfinite(one["loss"]) for one in log)


def test_soft_occupancies_are_those_of_the_last_stage(whole: tuple[Path, RepairResult, Any]) -> None:
    result = whole[1]
    assert [one.shape for one in result.occupancy] == [(2, 20, 20)] * 2
    names = [one.name for one in result.classes]
    disk = result.occupancy[0][names.index("disk")]
    assert disk.dtype == np.float32
    assert disk[10, 8] > 0.9 > 0.1 > disk[0, 0]
    shape = repair(samples(1), FAST, replace(CPU, until="shape", soft=True))
    assert shape.occupancy[0].shape == (2, 20, 20)
    assert repair(samples(1), FAST, replace(CPU, until="shape")).occupancy == ()


def ragged() -> np.ndarray:
    """Two disks with a hole, an island, and a fragment of the small class that touches nothing."""
    labels = two_disks()
    labels[10, 6] = 0
    labels[1:3, 1:3] = DISK
    labels[17:19, 2:4] = SMALL
    return labels


def test_holes_and_islands_go_and_rules_say_what_they_changed() -> None:
    config = with_changes(RULED, shape={"min_component": 0.0})
    result = repair([sample(ragged())], config, replace(CPU, until="fusion"))
    after = result.samples[0].labels
    assert (after == result.fused[0].labels).all()
    assert after[10, 6] == DISK
    assert not after[1:3, 1:3].any()
    assert not after[17:19, 2:4].any()
    assert dice(after == DISK, two_disks() == DISK) > 0.93
    assert all(one.sample == "a" and one.stage == "fusion" and one.voxels > 0 for one in result.changes)


def test_small_components_are_removed_in_stage_one() -> None:
    labels = two_disks()
    labels[1:3, 1:3] = DISK
    config = with_changes(FAST, shape={"min_component": 0.2, "box_share": 0.0})
    assert not repair([sample(labels)], config, replace(CPU, until="shape")).samples[0].labels[:4, :4].any()


@pytest.mark.parametrize("until", ["shape", "fusion"])
def test_a_run_can_end_after_an_earlier_stage(until: Any, tmp_path: Path) -> None:
    result = repair(samples(1), FAST, in_folder(tmp_path, until=until))
    assert not (tmp_path / "function.safetensors").exists()
    assert list(result.dice) == ["shape", "fusion"][: 1 if until == "shape" else 2]
    chosen = result.shapes if until == "shape" else result.fused
    assert (result.samples[0].labels == chosen[0].labels).all()


def test_labels_in_three_dimensions_with_unlike_spacings_and_shapes() -> None:
    given = [sample(two_disks(shape=shape), spacing=(3.0, 1.0, 1.0)) for shape in ((8, 16, 20), (10, 14, 18))]
    config = with_changes(FAST, shape={"points": 256, "epochs": 60}, joint={"steps": 160, "positives": 128})
    result = repair(given, config)
    for before, after in zip(given, result.samples, strict=True):
        assert after.labels.shape == before.labels.shape
        assert dice(after.labels == DISK, before.labels == DISK) > 0.85


def test_boxes_larger_than_the_evaluation_size_are_interpolated() -> None:
    config = with_changes(FAST, shape={"size": 12})
    result = repair(samples(1), config, replace(CPU, until="shape"))
    assert dice(result.samples[0].labels == DISK, samples(1)[0].labels == DISK) > 0.85


def test_a_class_that_one_sample_lacks_is_learnt_from_the_others() -> None:
    lacking = np.where(two_disks() == DISK, DISK, 0).astype(np.uint8)
    result = repair([sample(two_disks()), sample(lacking, "b")])
    assert (result.samples[0].labels == SMALL).any()
    assert not (result.fused[1].labels == SMALL).any()


def test_a_class_touching_the_border_is_not_worn_away_there() -> None:
    labels = np.where(ball((24, 24), (0, 12), 8), DISK, 0).astype(np.uint8)
    result = repair([sample(labels)], FAST, replace(CPU, until="shape"))
    after = result.samples[0].labels == DISK
    assert dice(after, labels == DISK) > 0.93
    assert after[0, 6:19].all()
    assert result.notes == (f"small ({SMALL}) occurs in no sample and is left out.",)


def test_a_class_of_one_voxel_is_never_lost() -> None:
    labels = np.where(two_disks() == DISK, DISK, 0).astype(np.uint8)
    labels[3, 16] = SMALL
    result = repair([sample(labels)])
    for stage in (result.shapes, result.fused, result.samples):
        assert (stage[0].labels == SMALL).any()
        assert (stage[0].labels == SMALL).sum() < 12
    assert "a: small is a single voxel; its shape is a guess." in result.notes


def test_a_class_that_a_function_loses_keeps_its_largest_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: ShapeLoss, rows: torch.Tensor, points: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.field(rows, points).exp().mean()

    monkeypatch.setattr(ShapeLoss, "forward", never)
    config = with_changes(FAST, shape={"validate_every": FAST.shape.epochs})
    labels = two_disks()
    labels[1, 1] = SMALL
    result = repair([sample(labels)], config, replace(CPU, until="shape"))
    assert "a: small was lost by its function; its largest labelled part stays." in result.notes
    assert (result.samples[0].labels == two_disks())[labels != DISK].all()


# ---------------------------------------------------------------------- what ends a run early
def nan_for(monkeypatch: pytest.MonkeyPatch, kind: type[torch.nn.Module], after: int) -> None:
    """The loss becomes NaN after so many steps."""
    plain, calls = kind.forward, []

    def forward(self: Any, *batch: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        loss: torch.Tensor = plain(self, *batch)
        return loss * math.nan if len(calls) > after else loss

    monkeypatch.setattr(kind, "forward", forward)


def test_nan_in_the_loss_keeps_the_best_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    nan_for(monkeypatch, ShapeLoss, 60)
    steps: list[Progress] = []
    result = repair(samples(1), FAST, replace(CPU, until="fusion"), steps.append)
    assert [step.message for step in steps if step.notice] == [note for note in result.notes if "NaN" in note]
    assert any("small: the loss was no number (NaN)" in note and "the best so far" in note for note in result.notes)
    assert any(
        "disk: the loss was no number (NaN)" in note and "labels stay as they are" in note for note in result.notes
    )
    assert dice(result.samples[0].labels == SMALL, samples(1)[0].labels == SMALL) > 0.6
    assert (result.samples[0].labels == DISK).sum() > 0.9 * (samples(1)[0].labels == DISK).sum()


def test_nan_in_the_one_function_leaves_the_labels_of_stage_two(monkeypatch: pytest.MonkeyPatch) -> None:
    nan_for(monkeypatch, JointLoss, 3)
    result = repair(samples(1))
    assert (result.samples[0].labels == result.fused[0].labels).all()
    assert any("labels of stage 2 are the result" in note for note in result.notes)


def test_stop_goes_on_with_the_best_so_far() -> None:
    stop = CancelToken()

    def each(step: Progress) -> None:
        if step.stage == "shape: small" and step.payload is not None and step.payload.dice is not None:
            stop.cancel()

    result = repair(samples(1), FAST, replace(CPU, stop=stop), each)
    assert (result.samples[0].labels == SMALL).any()
    assert (result.samples[0].labels == DISK).any()
    said = " ".join(result.notes)
    assert "small: training was stopped at step" in said
    assert "disk: training was stopped before its turn; its labels stay as they are" in said
    assert "before the one function was trained" in said
    assert list(result.dice) == ["shape", "fusion"]


def test_stop_in_stage_three_gives_the_best_of_it() -> None:
    stop = CancelToken()

    def each(step: Progress) -> None:
        if step.stage == "joint" and step.payload is not None and step.payload.dice is not None:
            stop.cancel()

    result = repair(samples(1), FAST, replace(CPU, stop=stop), each)
    assert list(result.dice) == ["shape", "fusion", "joint"]
    assert any(note.startswith("The one function: training was stopped at step") for note in result.notes)


@pytest.mark.parametrize("stage", ["shape: disk", "joint"])
def test_a_cancelled_run_goes_on_to_the_same_labels(
    stage: str, whole: tuple[Path, RepairResult, Any], tmp_path: Path
) -> None:
    token = CancelToken()

    def each(step: Progress) -> None:
        if step.stage == stage and step.payload is not None:
            token.cancel()

    with pytest.raises(Cancelled):
        repair(samples(), RULED, in_folder(tmp_path, token=token), each)
    assert not (tmp_path / "run.json").exists()
    result = repair(samples(), RULED, in_folder(tmp_path, resume=True))
    for one, other in zip(result.samples, whole[1].samples, strict=True):
        assert (one.labels == other.labels).all()
    assert result.dice == whole[1].dice
    log = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert log == (whole[0] / "log.jsonl").read_text(encoding="utf-8")


# ---------------------------------------------------------------------- folders
@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with a run of stage 1."""
    repair(samples(1), FAST, in_folder(tmp_path, until="shape"))
    return tmp_path


def test_a_folder_with_a_run_is_refused_unless_it_is_resumed_or_cleared(begun: Path) -> None:
    before = {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match=r"holds an earlier repair\. Nothing was written\..*--resume"):
        repair(samples(1), FAST, in_folder(begun))
    assert {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()} == before
    (begun / "labels.npy").write_bytes(b"")
    clear_run(begun)
    assert [path.name for path in begun.iterdir()] == ["labels.npy"]
    repair(samples(1), FAST, in_folder(begun, until="shape"))


@pytest.mark.parametrize("second", [{"resume": True}, {"overwrite": True}])
def test_two_runs_do_not_write_into_one_folder(begun: Path, second: dict[str, bool]) -> None:
    first = iter_repair(samples(1), FAST, in_folder(begun, resume=True))
    next(first)
    before = {path.name for path in begun.rglob("*")}
    with pytest.raises(OutputError, match="another run writes to it"):
        repair(samples(1), FAST, in_folder(begun, **second))
    assert {path.name for path in begun.rglob("*")} == before
    first.close()
    repair(samples(1), FAST, in_folder(begun, **second))
    assert not list(begun.glob("*.lock"))


@pytest.mark.parametrize(
    ("config", "given", "key"),
    [
        (with_changes(FAST, shape={"epochs": 50}), samples(1), "shape.epochs"),
        (with_changes(FAST, seed=9), samples(1), "seed"),
        (RULED, samples(1), "rules"),
        (FAST, [sample(two_disks(1.0), "s0")], r"labels.1 \(s0\).sha256"),
        (FAST, [sample(two_disks(), "s0", (1.0, 2.0))], r"labels.1 \(s0\).spacing"),
        (FAST, samples(2), r"labels.2 \(s1\)"),
    ],
)
def test_a_run_is_not_resumed_with_other_settings_or_labels(
    config: RepairConfig, given: list[LabelSample], key: str, begun: Path
) -> None:
    with pytest.raises(ConfigError, match=rf"'{key}' is not that of the run in this folder"):
        repair(given, config, in_folder(begun, resume=True))


def test_a_run_can_be_resumed_for_a_later_stage(begun: Path) -> None:
    steps: list[Progress] = []
    result = repair(samples(1), FAST, in_folder(begun, resume=True), steps.append)
    assert "joint" in result.dice
    trained = [one for one in steps if one.stage.startswith("shape") and one.payload is not None]
    assert not trained, "stage 1 was there"


def test_a_run_without_its_settings_is_not_resumed(begun: Path) -> None:
    (begun / "checkpoints" / "settings.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be resumed"):
        repair(samples(1), FAST, in_folder(begun, resume=True))


def test_a_full_disk_is_an_error_with_a_hint_and_the_run_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(occupancies.os, "posix_fallocate", full)
        with pytest.raises(OutputError, match=r"disk is full.*Free some disk"):
            repair(samples(1), FAST, in_folder(tmp_path))
    assert not list(tmp_path.rglob("occupancy*"))
    with monkeypatch.context() as patch:
        patch.setattr(files.shutil, "disk_usage", lambda _: os.terminal_size((0, 0)) and type("D", (), {"free": 10})())
        with pytest.raises(OutputError, match="may need"):
            repair(samples(1), FAST, in_folder(tmp_path, resume=True))
    assert repair(samples(1), FAST, in_folder(tmp_path, resume=True, until="shape")).samples


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="a file stands where the folder should be"):
        repair(samples(1), FAST, in_folder(tmp_path / "file" / "run"))


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no device"):
        repair(samples(1), FAST, RepairOptions(device="cuda:77"))


def test_settings_without_classes_repair_what_is_there() -> None:
    found = with_changes(FAST, classes=[])
    result = repair(samples(1), found, replace(CPU, until="shape"))
    assert result.classes == (LabelClass(name="class 2", value=2), LabelClass(name="class 1", value=1))
