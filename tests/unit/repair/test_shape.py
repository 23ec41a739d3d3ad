"""Stage 1: where points come from, what the loss is, that ragged shapes become smooth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from napari_hicstruct.config.repair import ShapeConfig
from napari_hicstruct.label_repair.fitting import iter_fit
from napari_hicstruct.label_repair.shape import ShapeLoss, ShapeProblem, shape_target
from napari_hicstruct.label_repair.stages import make_field
from napari_hicstruct.losses.occupancy import dice_focal, latent_penalty
from tests.unit.repair.repair_kit import ball, context, finish

SHAPE = (30, 30)


def problem(n: int = 3, **changes: Any) -> ShapeProblem:
    config = ShapeConfig(latent=8, train_size=32, points=200, batch=2, passes=1000, **changes)
    masks = [ball(SHAPE, (14 + k, 15), 6) for k in range(n)]
    targets = [target for k, mask in enumerate(masks) if (target := shape_target(mask, k, config)) is not None]
    return ShapeProblem(targets, make_field(config, 2, n, 1, (1,)), config, (1, 5))


def nodes_of(one: ShapeProblem, row: int, points: Any) -> Any:
    """Numbers of the nodes nearest to points, along each axis; shape (points, dimensions)."""
    axes = one.targets[row].axes
    return np.stack([np.abs(points[:, k, None] - axis).argmin(1) for k, axis in enumerate(axes)], -1)


def test_points_lie_at_nodes_with_the_occupancy_there() -> None:
    one = problem()
    rows, points, values = one.batch(0)
    assert rows.shape == (2,)
    assert points.shape == (2, 200, 2)
    assert values.shape == (2, 200)
    for row, some, value in zip(rows, points.numpy(), values.numpy(), strict=True):
        target, at = one.targets[int(row)], nodes_of(one, int(row), some)
        assert some == pytest.approx(np.stack([target.axes[k][at[:, k]] for k in (0, 1)], -1))
        grid = target.values.reshape(target.shape)
        assert value * 255 == pytest.approx(grid[at[:, 0], at[:, 1]])


@pytest.mark.parametrize(("epoch", "share"), [(0, 0.5), (150, 0.3), (250, 0.1)])
def test_the_share_of_band_points_follows_the_schedule(epoch: int, share: float) -> None:
    one = problem()
    rows, points, _ = one.batch(epoch * one.epoch_steps)
    for row, some in zip(rows, points.numpy(), strict=True):
        target = one.targets[int(row)]
        flat = np.ravel_multi_index(tuple(nodes_of(one, int(row), some).T), target.shape)
        first = round(share * 200)
        assert np.isin(flat[:first], target.band).all()
        assert np.isin(flat[first:], target.band).mean() < 0.7, "these come from the whole box"


def test_every_sample_is_drawn_in_every_epoch_and_batches_depend_on_the_step_alone() -> None:
    one = problem(3)
    for epoch in range(3):
        drawn = torch.cat([one.batch(epoch * one.epoch_steps + k)[0] for k in range(one.epoch_steps)])
        assert set(drawn.tolist()) == {0, 1, 2}
    assert torch.equal(one.batch(7)[1], problem(3).batch(7)[1])
    assert not torch.equal(one.batch(7)[1], one.batch(8)[1])


def test_one_sample_alone_is_drawn_often_enough() -> None:
    one = problem(1)
    assert one.epoch_steps == 2
    assert one.batch(0)[0].tolist() == [0, 0]


def test_the_loss_is_bce_plus_the_latent_penalty_or_dice_and_focal() -> None:
    one = problem(latent_weight=0.5)
    rows, points, values = one.batch(0)
    logits = one.field(rows, points)[..., 0]
    penalty = one.field.latent[rows].square().sum(1).mean()
    expected = F.binary_cross_entropy_with_logits(logits, values) + 0.5 * penalty
    torch.testing.assert_close(one.module(rows, points, values), expected)
    other = ShapeLoss(one.field, one.config.model_copy(update={"loss": "dice_focal", "latent_weight": 0.0}))
    torch.testing.assert_close(other(rows, points, values), dice_focal(logits, values, 4.0))


def test_dice_and_focal_are_weighted_seven_to_three() -> None:
    logits, target = torch.tensor([[2.0, -1.0, 0.5]]), torch.tensor([[1.0, 0.0, 0.0]])
    p = torch.sigmoid(logits)
    dice = (2 * (p * target).sum() + 1) / ((p + target).sum() + 1)
    right = torch.where(target == 1, p, 1 - p)
    focal = (-((1 - right) ** 4) * right.log()).mean()
    torch.testing.assert_close(dice_focal(logits, target, 4.0), 0.7 * (1 - dice) + 0.3 * focal)
    perfect = torch.where(target == 1, 30.0, -30.0)
    assert float(dice_focal(perfect, target, 4.0)) == pytest.approx(0, abs=1e-6)
    assert float(latent_penalty(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))) == 12.5


@pytest.mark.parametrize("loss", ["bce", "dice_focal"])
@pytest.mark.parametrize("kind", ["fourier", "grid"])
def test_a_function_learns_its_shapes(kind: str, loss: str) -> None:
    one = problem(3, kind=kind, loss=loss, epochs=60, bandwidth=2.0, grids=(4, 8))
    fit = finish(iter_fit(one, one.schedule, context()))
    assert fit.best_dice > 0.9
    assert one.validate(one.module, torch.device("cpu")) == pytest.approx(fit.best_dice)


def test_small_boxes_and_few_samples_are_not_drawn_time_and_again() -> None:
    config = ShapeConfig(train_size=32, epochs=300, points=256, margin=4, passes=400)

    def points(n: int, shape: tuple[int, int], given: ShapeConfig = config) -> int:
        targets = [shape_target(ball(shape, (shape[0] // 2, shape[1] // 2), 8), row, given) for row in range(n)]
        assert all(targets)
        return ShapeProblem([one for one in targets if one], make_field(given, 2, n, 1, [0]), given, (1,)).points

    few, many = points(1, SHAPE), points(8, SHAPE)
    assert 32 <= few < many <= 256
    draws = 300 * 2 * 4 * few  # epochs, steps, samples in a step
    assert 350 < draws / 25**2 <= 400  # passes over the voxels of the box
    assert points(1, SHAPE, config.model_copy(update={"passes": 1e6})) == 256
