"""Thick slices: they are found by their own steps, and nowhere else; a function is taught their middles alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks._label_faults import corrupt_labels
from benchmarks._label_phantom import CARDIAC, heart_phantom
from napari_hicstruct.config.repair import ShapeConfig
from napari_hicstruct.label_repair.fitting import iter_fit
from napari_hicstruct.label_repair.masks import dice
from napari_hicstruct.label_repair.shape import ShapeProblem, evaluation_axes, shape_target
from napari_hicstruct.label_repair.slices import middles, slice_means, thick_slices
from napari_hicstruct.label_repair.stages import make_field
from tests.unit.repair.repair_kit import context, finish

SIZE = 48


def body() -> NDArray[np.uint8]:
    """Ten classes, of which a few voxels change from layer to layer along every axis."""
    return heart_phantom((SIZE,) * 3, 5)


def tube() -> NDArray[np.bool_]:
    """Slanted, so that it moves by its own width within a slice."""
    z, y, x = np.indices((SIZE,) * 3)
    return np.asarray(((y - z) ** 2 + (x - 24) ** 2 <= 9) & (z >= 6) & (z < 42))


def repeated(labels: NDArray[np.uint8], first: int, step: int, axis: int = 0) -> NDArray[np.uint8]:
    kept = np.arange(first, labels.shape[axis], step)
    nearest = np.abs(np.arange(labels.shape[axis])[:, None] - kept).argmin(1)
    return labels.take(kept[nearest], axis)


@pytest.mark.parametrize(("step", "axis"), [(2, 0), (3, 1), (4, 0), (4, 2)])
def test_repeated_slices_are_found_along_their_axis_alone(step: int, axis: int) -> None:
    labels = repeated(body(), 1, step, axis)
    found = thick_slices(labels)
    assert [edges is not None for edges in found] == [k == axis for k in range(3)]
    edges = found[axis]
    assert edges is not None
    assert (edges[0], edges[-1]) == (0, SIZE)
    layers = np.moveaxis(labels, axis, 0)
    differ = 1 + np.flatnonzero((layers[1:] != layers[:-1]).any((1, 2)))
    assert set(differ) <= set(edges)
    assert len(edges) - 2 == pytest.approx(SIZE / step, abs=2)


def test_slices_of_a_resampled_image_need_no_whole_number_of_voxels() -> None:
    labels = body()
    kept = np.floor((np.arange(SIZE) + 0.5) / 2.5) * 2.5 + 0.75
    labels = labels[np.rint(kept).astype(int).clip(0, SIZE - 1)]
    edges = thick_slices(labels)[0]
    assert edges is not None
    differ = 1 + np.flatnonzero((labels[1:] != labels[:-1]).any((1, 2)))
    assert np.isin(differ, edges).mean() > 0.9
    assert set(np.diff(edges)[2:-2]) == {2, 3}


@pytest.mark.parametrize("strength", ["weak", "medium", "strong"])
def test_they_are_found_below_other_faults(strength: str) -> None:
    step = {"weak": 2, "medium": 2, "strong": 3}[strength]  # of 48 voxels
    found = thick_slices(corrupt_labels(body(), strength, 7))
    edges = found[0]
    assert edges is not None
    assert np.median(np.diff(edges)) == step
    assert found[1:] == (None, None)


def test_there_are_none_in_smooth_empty_or_noisy_labels() -> None:
    for labels in (
        body(),
        np.zeros((SIZE,) * 3, np.uint8),
        np.random.default_rng(2).integers(0, 3, (SIZE,) * 3).astype(np.uint8),
        corrupt_labels(body(), "strong", 7, faults=("swaps", "holes", "islands")),
    ):
        assert thick_slices(labels) == (None, None, None)


def test_a_slice_is_the_mean_of_its_voxels_and_known_in_its_middle() -> None:
    edges = np.array([0, 1, 4, 6])
    assert middles(edges).tolist() == [0.5, 2.5, 5.0]
    values = np.array([7, 0, 1, 2, 4, 6], np.float32)
    assert (slice_means(edges) @ values).tolist() == [7, 1, 5]


def test_points_lie_in_the_middles_and_the_band_stays_within_its_slice() -> None:
    labels = repeated(body(), 1, 4)
    mask, edges = labels == CARDIAC["Coronary"], thick_slices(labels)
    target = shape_target(mask, 0, ShapeConfig(train_size=SIZE, margin=3), slices=edges)
    assert target is not None
    assert edges[0] is not None
    known = middles(edges[0])
    voxels = (target.axes[0] + 1) / 2 * (target.box.high[0] - target.box.low[0]) + target.box.low[0]
    assert all(np.abs(known - at).min() < 1e-4 for at in voxels[1:-1]), "but where the box cuts a slice"
    assert target.shape[1] > 3 * target.shape[0]
    inside = (target.values >= 128).reshape(target.shape).any((1, 2))
    of_band = np.unique(np.unravel_index(target.band, target.shape)[0])
    assert set(of_band) == set(np.flatnonzero(inside))


def test_a_tube_in_thick_slices_is_learnt_without_its_stairs() -> None:
    truth = tube()
    ragged = repeated(truth.astype(np.uint8), 1, 4)
    config = ShapeConfig(latent=8, train_size=SIZE, epochs=150, margin=4, passes=60, bandwidth=5, points=512)

    def repaired(slices: object) -> float:
        target = shape_target(ragged == 1, 0, config, slices=slices)  # type: ignore[arg-type]
        assert target is not None
        one = ShapeProblem([target], make_field(config, 3, 1, 1, (1,)), config, (1, 2))
        finish(iter_fit(one, one.schedule, context()))
        axes, _ = evaluation_axes(target.box, 256)
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(1, -1, 3)
        with torch.inference_mode():
            inside = (one.field(torch.tensor([0]), grid)[0, :, 0] >= 0).numpy()
        found = np.zeros_like(truth)
        found[target.box.inside] = inside.reshape([len(axis) for axis in axes])
        return dice(found, truth)

    stairs, middles_alone = repaired(None), repaired(thick_slices(ragged))
    assert middles_alone > stairs + 0.03
    assert middles_alone > 0.8
