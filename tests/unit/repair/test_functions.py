"""Functions that were kept: evaluated at any size, applied to new samples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from napari_hicstruct.config.repair import KeepLargest, Near, Touches
from napari_hicstruct.errors import Cancelled, ConfigError, LabelError, ModelError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.label_repair import evaluate
from napari_hicstruct.models.implicit.store import load_function
from napari_hicstruct.workflows.repair import (
    RepairOptions,
    RepairResult,
    apply_function,
    evaluate_function,
    iter_repair,
)
from tests.unit.repair.repair_kit import DISK, FAST, SMALL, dice, sample, samples, two_disks

RULED = FAST.model_copy(
    update={
        "rules": (
            KeepLargest(of="*"),
            Touches(of="small", other="disk"),
            Near(of="small", others=("disk",), distance=3),
        ),
        "joint": FAST.joint.model_copy(update={"steps": 160}),
    }
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RepairResult]:
    folder = tmp_path_factory.mktemp("function")
    result = drain(iter_repair(samples(3), RULED, RepairOptions(folder=folder, device="cpu")))
    return folder / "function.safetensors", result


def test_the_card_says_what_the_tensors_mean(kept: tuple[Path, RepairResult]) -> None:
    _, card = load_function(kept[0])
    assert [one["name"] for one in card["classes"]] == ["small", "disk"]
    assert [one["name"] for one in card["samples"]] == ["s0", "s1", "s2"]
    assert len(card["thresholds"]) == 2
    assert "first class" in card["decision"]
    assert card["settings"]["joint"]["steps"] == 160


def test_evaluation_at_the_samples_own_size_is_the_repaired_labels(kept: tuple[Path, RepairResult]) -> None:
    path, result = kept
    for k, after in enumerate(result.samples):
        found = evaluate_function(path, k, after.labels.shape)
        assert found.dtype == np.uint8
        assert (found == after.labels).mean() > 0.98, "but for what the rules changed"


def test_evaluation_at_other_sizes_is_the_same_shape(kept: tuple[Path, RepairResult]) -> None:
    coarse, fine = (evaluate_function(kept[0], 1, (n, n)) for n in (20, 80))
    for value in (DISK, SMALL):
        again = fine[2::4, 2::4] == value
        assert dice(again, coarse == value) > 0.85
    uneven = evaluate_function(kept[0], 1, (20, 40))
    assert dice(uneven[:, ::2] == DISK, coarse == DISK) > 0.9


def test_evaluation_in_small_pieces_is_evaluation_at_once(
    kept: tuple[Path, RepairResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate_function(kept[0], 0, (30, 41))
    for points in (41 * 3, 7):
        monkeypatch.setattr(evaluate, "EVALUATION_POINTS", points)
        assert (evaluate_function(kept[0], 0, (30, 41)) == whole).all()


def test_a_new_sample_is_repaired_by_its_latent_vector(kept: tuple[Path, RepairResult]) -> None:
    clean = two_disks(0.75)
    ragged = clean.copy()
    ragged[10, 7] = 0
    ragged[1, 1] = DISK
    (after,) = drain(apply_function(kept[0], [sample(ragged.astype(np.int32), "new")]))
    assert (after.name, after.labels.dtype, after.labels.shape) == ("new", np.int32, (20, 20))
    assert dice(after.labels == DISK, clean == DISK) > 0.9
    assert after.labels[10, 7] == DISK
    assert after.labels[1, 1] == 0


def test_a_new_sample_can_lack_a_class_and_have_another_size(kept: tuple[Path, RepairResult]) -> None:
    lacking = np.where(two_disks() == DISK, DISK, 0).astype(np.uint8)
    (after,) = drain(apply_function(kept[0], [sample(lacking)], size=(40, 30)))
    assert after.labels.shape == (40, 30)
    assert after.spacing == pytest.approx((0.5, 20 / 30))
    assert (after.labels == DISK).any()


def test_what_does_not_fit_is_refused(kept: tuple[Path, RepairResult], tmp_path: Path) -> None:
    path = kept[0]
    with pytest.raises(LabelError, match="holds the label 5"):
        drain(apply_function(path, [sample(np.full((8, 8), 5))]))
    with pytest.raises(ModelError, match="of 2 dimensions, the labels of 3"):
        drain(apply_function(path, [sample(np.ones((4, 4, 4), int))]))
    with pytest.raises(ConfigError, match="size must be 2 whole numbers"):
        drain(apply_function(path, [sample(two_disks())], size=(3, 3, 3)))
    with pytest.raises(ConfigError, match="has 3 samples, none of number 3"):
        evaluate_function(path, 3, (8, 8))
    with pytest.raises(ConfigError, match="shape must be 2 whole numbers"):
        evaluate_function(path, 0, (8,))
    card, damaged = load_function(path)[1], tmp_path / "damaged.safetensors"
    save_file(load_file(path), damaged, metadata={"card": json.dumps(card | {"thresholds": [0.5]})})
    with pytest.raises(ModelError, match="lacks a threshold for each class"):
        evaluate_function(damaged, 0, (8, 8))


def test_fitting_a_new_sample_can_be_cancelled(kept: tuple[Path, RepairResult]) -> None:
    token = CancelToken()
    steps = apply_function(kept[0], [sample(two_disks())], token=token)
    next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        drain(steps)
