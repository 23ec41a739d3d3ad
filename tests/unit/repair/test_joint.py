"""Stage 3: where points come from, what they teach, weights, thresholds; new samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import map_coordinates

from napari_hicstruct.label_repair import joint
from napari_hicstruct.label_repair.fitting import iter_fit
from napari_hicstruct.label_repair.joint import (
    JointProblem,
    class_weights,
    fit_thresholds,
    interpolated,
    joint_target,
)
from napari_hicstruct.label_repair.joint_stage import new_latents, step_points
from napari_hicstruct.label_repair.occupancies import Occupancies
from napari_hicstruct.label_repair.stages import make_field
from tests.unit.repair.repair_kit import FAST, ball, context, finish, two_disks

CONFIG = FAST.joint
CLASSES = 2


def images(n: int = 2) -> list[np.ndarray]:
    return [two_disks(k / 2) for k in range(n)]


def problem(teachers: Occupancies | None = None, n: int = 2, **changes: object) -> JointProblem:
    config = CONFIG.model_copy(update=changes)
    targets = [joint_target(image, CLASSES, (1, k)) for k, image in enumerate(images(n))]
    return JointProblem(targets, teachers, make_field(config, 2, n, CLASSES, (1,)), config, (1, 0))


def voxel(points: np.ndarray, n: int) -> np.ndarray:
    return np.floor((points + 1) / 2 * n).astype(int).clip(0, n - 1)


def test_every_class_has_its_positives_in_every_step() -> None:
    one = problem()
    rows, points, values = one.batch(0)
    assert sorted(rows.tolist()) == [0, 1]
    assert points.shape[0] * points.shape[1] == step_points(CONFIG, CLASSES, 2)
    positives = values.numpy().sum((0, 1))
    assert (positives >= CONFIG.positives).all()
    assert (values.sum(-1) == 0).sum() > CONFIG.negatives / 4, "background"


def test_a_point_has_the_label_of_the_voxel_it_lies_in() -> None:
    one = problem()
    for row, points, values in zip(*(part.numpy() for part in one.batch(3)), strict=True):
        at = voxel(points, 20)
        numbers = images()[int(row)][at[:, 0], at[:, 1]]
        assert (values == (numbers[:, None] == [1, 2])).all()
        assert len(np.unique(points[:, 0])) > 100, "anywhere in the voxel, not only at its centre"


def test_a_class_that_a_sample_lacks_gives_its_points_to_the_others() -> None:
    lacking = np.where(two_disks() == 1, 1, 0).astype(np.uint8)
    targets = [joint_target(image, CLASSES, (1,)) for image in (two_disks(), lacking, np.zeros((20, 20), np.uint8))]
    config = CONFIG.model_copy(update={"batch": 3})
    one = JointProblem(targets, None, make_field(config, 2, 3, CLASSES, (1,)), config, (1, 0))
    rows, points, values = one.batch(0)
    assert points.shape[1] * 3 == step_points(config, CLASSES, 3)
    of_class = {int(row): value.sum(0).tolist() for row, value in zip(rows, values.numpy(), strict=True)}
    assert of_class[1][0] > of_class[0][0]
    assert of_class[1][1] == 0
    assert of_class[2] == [0, 0]


def test_samples_take_turns_where_a_step_holds_few() -> None:
    one = problem(n=5)
    drawn = np.concatenate([one.batch(step)[0].numpy() for step in range(5)])
    assert sorted(drawn[:5].tolist()) == [0, 1, 2, 3, 4]
    assert sorted(drawn[5:].tolist()) == [0, 1, 2, 3, 4]
    assert torch.equal(one.batch(3)[1], problem(n=5).batch(3)[1])


def test_interpolation_between_voxels_is_linear() -> None:
    random = np.random.default_rng(1)
    values = random.integers(0, 256, (4, 5, 3, 2)).astype(np.uint8)
    places = random.random((30, 3)) * [6, 7, 5] - 1
    expected = [map_coordinates(values[..., k] / 255, places.T, order=1, mode="nearest") for k in range(2)]
    assert interpolated(values, places) == pytest.approx(np.stack(expected, -1), abs=1e-5)


def test_teachers_soften_labels_where_they_agree_and_only_there(tmp_path: Path) -> None:
    image = np.array([[1, 2, 0, 2]], np.uint8)
    teachers = Occupancies(tmp_path, [image.shape], CLASSES, write=True)
    soft = np.array([[[0.9, 0.7], [0.2, 0.8], [0.1, 0.6], [0.0, 0.3]]])
    for k in range(CLASSES):
        teachers.put(0, k, (slice(0, 1), slice(0, 4)), soft[..., k])
    config = CONFIG.model_copy(update={"distillation": (0.75, 0.25)})
    target = joint_target(image, CLASSES, (1,))
    one = JointProblem([target], teachers, make_field(config, 2, 1, CLASSES, (1,)), config, (1, 0))
    found = one._occupancy(0, np.arange(4), np.zeros((4, 2)), 0.75)
    expected = [
        [0.25 + 0.75 * 0.9, 0.7],  # the first class holds it: what the second one's teacher says
        [0.75 * 0.2, 0.25 + 0.75 * 0.8],
        [0.75 * 0.1, 0.0],  # the second teacher disagrees with stage 2: the label
        [0.0, 1.0],
    ]
    assert found == pytest.approx(np.array(expected), abs=0.004)


def test_the_teachers_weight_goes_from_the_first_to_the_last(tmp_path: Path) -> None:
    image = two_disks()
    teachers = Occupancies(tmp_path, [image.shape], CLASSES, write=True)
    teachers.put(0, 0, (slice(0, 20), slice(0, 20)), np.where(image == 1, 0.6, 0.4))
    config = CONFIG.model_copy(update={"distillation": (1.0, 0.0)})
    one = JointProblem([joint_target(image, 2, (1,))], teachers, make_field(config, 2, 1, 2, (1,)), config, (1, 0))
    first, last = one.batch(0)[2][..., 0], one.batch(config.steps - 1)[2][..., 0]
    assert float(first.max()) == pytest.approx(0.6, abs=0.01)
    assert set(last.unique().tolist()) == {0, 1}


def test_class_weights_are_inverse_frequencies_within_their_limits() -> None:
    image = np.repeat(np.arange(3), [50, 40, 10]).astype(np.uint8)
    free = class_weights([image, image], 2, (0.01, 100)).tolist()
    assert free == pytest.approx([0.5, 2.0])
    assert class_weights([image], 2, (0.8, 1.5)).tolist() == pytest.approx([0.8, 1.5])


def test_the_loss_sums_weighted_bce_over_independent_classes() -> None:
    one = problem(latent_weight=0.3, alpha=(0.5, 4.0))
    rows, points, values = one.batch(0)
    logits = one.field(rows, points)
    each = F.binary_cross_entropy_with_logits(logits, values, reduction="none").mean((0, 1))
    alpha = class_weights(images(), CLASSES, (0.5, 4.0))
    assert len(set(alpha.tolist())) > 1
    expected = (alpha * each).sum() + 0.3 * one.field.latent[rows].square().sum(1).mean()
    torch.testing.assert_close(one.module(rows, points, values), expected)
    probability = torch.sigmoid(logits)
    assert not torch.allclose(probability.sum(-1), torch.ones(()).expand(probability.shape[:2])), "no softmax"


def test_thresholds_are_fitted_in_the_order_of_priority() -> None:
    numbers = np.repeat(np.array([1, 2, 0], np.uint8), [30, 30, 40])
    probability = np.zeros((100, 2), np.float32)
    probability[:30, 0], probability[30:60, 0] = 0.75, 0.55  # the first class claims the second one's points at a half
    probability[:60, 1], probability[60:, 1] = 0.35, 0.1  # the second is shy, and claims the first one's, too
    first, second = fit_thresholds(probability, numbers)
    assert 0.55 < first <= 0.75
    assert 0.2 <= second <= 0.35
    assert fit_thresholds(np.eye(3, dtype=np.float32)[[0, 1, 2]][:, :2], np.array([1, 2, 0], np.uint8)) == [0.5, 0.5]


def test_one_function_learns_all_classes_of_all_samples() -> None:
    one = problem()
    fit = finish(iter_fit(one, one.schedule, context()))
    assert fit.best_dice > 0.9


def test_a_new_sample_optimises_its_latent_vector_alone() -> None:
    trained = problem().field
    with torch.no_grad():
        trained.latent.normal_()
    fitted = new_latents(trained, CONFIG, 3)
    assert [name for name, value in fitted.named_parameters() if value.requires_grad] == ["latent"]
    torch.testing.assert_close(fitted.latent, trained.latent.mean(0).expand(3, -1))
    targets = [joint_target(image, CLASSES, (1, k)) for k, image in enumerate(images(3))]
    one = JointProblem(targets, None, fitted, CONFIG, (1, 0))
    finish(iter_fit(one, one.schedule, context()))
    torch.testing.assert_close(fitted.mlp.fc2.weight, trained.mlp.fc2.weight, rtol=0, atol=0)
    assert not torch.allclose(fitted.latent, trained.latent.mean(0).expand(3, -1))


def test_large_classes_keep_some_of_their_voxels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "MAX_KEPT_VOXELS", 20)
    image = ball((30, 30), (15, 15), 9).astype(np.uint8)
    target = joint_target(image, 1, (1,))
    assert len(np.unique(target.of_class[0])) == len(np.unique(target.of_band[0])) == 20
    assert image.ravel()[target.of_class[0]].all()
