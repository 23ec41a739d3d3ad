"""Boxes of classes and interpolation in them: where voxels, nodes and coordinates lie."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from napari_hicstruct.config.repair import ShapeConfig
from napari_hicstruct.label_repair.boxes import class_box, image_box, resample
from napari_hicstruct.label_repair.masks import dice, largest, parts, surface_band, without_small
from napari_hicstruct.label_repair.shape import evaluation_axes, shape_target
from tests.unit.repair.repair_kit import ball


def test_the_box_has_the_margin_on_every_side() -> None:
    mask = np.zeros((40, 30), bool)
    mask[15:18, 12:20] = True
    box = class_box(mask, margin=10)
    assert box is not None
    assert (box.low, box.high) == ((5, 2), (28, 30))
    assert box.inside == (slice(5, 28), slice(2, 30))


def test_a_class_at_the_border_has_its_whole_box_of_which_only_the_image_counts() -> None:
    mask = np.zeros((30, 30), bool)
    mask[:4, 10:20] = True
    box = class_box(mask, margin=10)
    assert box is not None
    assert (box.low[0], box.high[0]) == (-10, 14)
    assert box.inside[0] == slice(0, 14)
    target = shape_target(mask, 0, ShapeConfig(train_size=24))
    assert target is not None
    assert target.shape[0] == 14, "one node a voxel: the ten beyond the image are not there to be drawn"
    assert target.axes[0][0] == pytest.approx((2 * 0.5 - 4) / 24)
    rows = np.unravel_index(target.band, target.shape)[0]
    assert rows.max() == 5


def test_far_small_islands_do_not_widen_the_box() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:20, 10:20] = True
    mask[55, 55] = True
    near, far = class_box(mask, 2, share=0.05), class_box(mask, 2)
    assert near is not None
    assert far is not None
    assert (near.low, near.high) == ((8, 8), (22, 22))
    assert far.high == (58, 58)


def test_a_class_without_voxels_has_no_box() -> None:
    assert class_box(np.zeros((5, 5), bool), 10) is None
    assert shape_target(np.zeros((5, 5), bool), 0, ShapeConfig()) is None


def test_unit_coordinates_reach_from_edge_to_edge() -> None:
    box = image_box((4, 10))
    assert box.to_unit(np.array([0, 2, 4]), 0).tolist() == [-1, 0, 1]
    assert box.to_unit(np.arange(10) + 0.5, 1) == pytest.approx(np.linspace(-0.9, 0.9, 10))


def test_resampling_is_linear_interpolation_in_every_dimension() -> None:
    random = np.random.default_rng(3)
    values = random.random((5, 7, 6)).astype(np.float32)
    places = [np.linspace(-1, n + 1, 9) for n in values.shape]
    grid = np.stack(np.meshgrid(*[at - 0.5 for at in places], indexing="ij"))
    expected = map_coordinates(values, grid, order=1, mode="nearest")
    assert resample(values, places) == pytest.approx(expected, abs=1e-5)


def test_an_axis_of_one_voxel_can_be_resampled() -> None:
    values = np.full((1, 3), 2.0, np.float32)
    assert (resample(values, [np.linspace(0, 1, 4), np.linspace(0, 3, 5)]) == 2).all()


def test_the_surface_of_a_resampled_mask_stays_where_it_was() -> None:
    mask = ball((24, 24, 24), (11.5, 11.5, 11.5), 6)
    target = shape_target(mask, 0, ShapeConfig(margin=4, train_size=64))
    assert target is not None
    volume = (target.values >= 128).mean() * np.prod(np.subtract(target.box.high, target.box.low))
    assert volume == pytest.approx(mask.sum(), rel=0.03)


def test_evaluation_is_at_the_voxels_or_at_the_size_and_interpolated() -> None:
    mask = np.zeros((40, 12), bool)
    mask[10:30, 4:8] = True
    box = class_box(mask, 2)
    assert box is not None
    axes, places = evaluation_axes(box, 64)
    assert places is None
    assert [len(axis) for axis in axes] == [24, 8]
    assert axes[1].numpy() == pytest.approx((np.arange(8) - 3.5) / 4)
    axes, places = evaluation_axes(box, 8)
    assert places is not None
    assert [len(axis) for axis in axes] == [8, 8]
    ramp = np.broadcast_to(axes[0].numpy()[:, None], (8, 8))
    full = resample(ramp.astype(np.float32), places)
    assert full[2:-2, 0] == pytest.approx((np.arange(24) - 11.5)[2:-2] / 12, abs=1e-5)


@pytest.mark.parametrize("shape", [(30, 30), (20, 20, 20)])
def test_the_band_reaches_the_radius_on_both_sides(shape: tuple[int, ...]) -> None:
    from scipy.ndimage import distance_transform_edt

    mask = ball(shape, tuple(n / 2 for n in shape), 6)
    away = np.where(mask, distance_transform_edt(mask), distance_transform_edt(~mask))
    assert (surface_band(mask, 2) == (away <= 2)).all()


def test_parts_meet_across_corners() -> None:
    mask = np.zeros((6, 6), bool)
    mask[0, 0] = mask[1, 1] = mask[4:6, 4:6] = True
    _, sizes = parts(mask)
    assert sorted(sizes.tolist()) == [2, 4]
    assert largest(mask).sum() == 4
    assert largest(mask, 2).sum() == 6
    assert without_small(mask, 0.4).sum() == 6
    assert without_small(mask, 0.6).sum() == 4
    assert not without_small(np.zeros((3, 3), bool), 0.5).any()


def test_dice_of_empty_masks_is_one() -> None:
    empty, full = np.zeros(4, bool), np.ones(4, bool)
    assert (dice(empty, empty), dice(empty, full), dice(full, full)) == (1, 0, 1)
