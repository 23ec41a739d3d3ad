"""Targets, losses and measures of segmentation against what they are by definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_hicstruct.config.segmentation import SegmentationLossConfig
from napari_hicstruct.evaluation import masks
from napari_hicstruct.labels.image_targets import border_distance, signed_distance, soft_boundary, targets
from napari_hicstruct.losses.segmentation.distance import distance_l1, distance_loss, eikonal
from napari_hicstruct.losses.segmentation.edge import edge_loss
from napari_hicstruct.losses.segmentation.mask import class_planes, probabilities, segmentation_loss
from napari_hicstruct.losses.segmentation.overlap import soft_dice


def disc(size: int = 40, radius: float = 10, at: tuple[float, float] = (20, 20)) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return ((y - at[0]) ** 2 + (x - at[1]) ** 2 <= radius**2).astype(np.int64)


def naive_distance(labels: np.ndarray) -> np.ndarray:
    """Half a pixel less than the way to the nearest pixel of another label: borders run between pixels."""
    places = np.argwhere(np.ones_like(labels, bool))
    out = np.full(labels.shape, np.inf)
    for y, x in places:
        other = places[labels[tuple(places.T)] != labels[y, x]]
        if len(other):
            out[y, x] = np.sqrt(((other - (y, x)) ** 2).sum(1)).min() - 0.5
    return out


def test_distance_is_that_to_another_label() -> None:
    labels = np.zeros((14, 15), np.int64)
    labels[2:9, 3:7], labels[2:9, 7:12] = 1, 2  # two that touch
    near = naive_distance(labels)
    # the nearest pixel of the own label beside a border stands in for the other label: at corners that is farther
    assert np.abs(border_distance(labels) - near).max() < 0.6
    straight = np.zeros((9, 9), np.int64)
    straight[:, 4:] = 1
    assert np.allclose(border_distance(straight), naive_distance(straight))


def test_signed_distance_is_above_zero_inside_and_truncated() -> None:
    labels = disc()
    found = signed_distance(labels, 6)
    assert ((found > 0) == (labels > 0)).all()
    assert found.max() == 1 == -found.min()
    assert found[20, 20 + 10] == pytest.approx(0.5 / 6)
    touching = np.zeros((10, 10), np.int64)
    touching[:, :5], touching[:, 5:] = 1, 2
    assert (signed_distance(touching, 4) > 0).all(), "a border between two objects is no background"
    assert signed_distance(touching, 4)[0].tolist() == pytest.approx(
        [1, 0.875, 0.625, 0.375, 0.125, 0.125, 0.375, 0.625, 0.875, 1]
    )


@pytest.mark.parametrize("value", [0, 3])
def test_one_label_everywhere_has_no_border(value: int) -> None:
    labels = np.full((8, 8), value)
    assert not soft_boundary(labels, 1.0).any()
    assert (signed_distance(labels, 5) == (1 if value else -1)).all()


def test_targets_number_classes_by_their_values_or_count_objects_as_one() -> None:
    labels = np.array([[0, 5, 9], [9, 7, 0]])
    made = targets(labels, (5, 9), truncate=3, width=1)
    assert made.mask.tolist() == [[0, 1, 2], [2, 0, 0]]
    assert targets(labels, (), truncate=3, width=1).mask.tolist() == [[0, 1, 1], [1, 1, 0]]


def test_boundary_is_one_beside_a_border_and_falls_as_a_gaussian() -> None:
    labels = np.zeros((3, 9), np.int64)
    labels[:, 4:] = 1
    assert soft_boundary(labels, 2.0)[1, 4:].tolist() == pytest.approx([math.exp(-(d**2) / 8) for d in range(5)])


def logits_of(mask: torch.Tensor, sure: float, classes: int, *, softmax: bool) -> torch.Tensor:
    planes = class_planes(mask, classes)
    if softmax:
        planes = torch.cat([(mask == 0)[:, None].float(), planes], 1)
    return sure * (2 * planes - 1)


@pytest.mark.parametrize("softmax", [True, False])
def test_segmentation_loss_is_zero_for_the_truth_and_blind_where_nobody_knows(softmax: bool) -> None:
    mask = torch.randint(0, 3, (2, 8, 8), generator=torch.Generator().manual_seed(1))
    known = torch.ones(2, 1, 8, 8)
    known[:, :, :4] = 0
    options = SegmentationLossConfig()
    logits = logits_of(mask, 30.0, 2, softmax=softmax)
    planes = class_planes(mask, 2)
    assert float(segmentation_loss(logits, planes, known, options)) < 1e-4
    wrong = logits.clone()
    wrong[:, :, :4] = -wrong[:, :, :4]
    assert torch.allclose(
        segmentation_loss(wrong, planes, known, options), segmentation_loss(logits, planes, known, options)
    )
    wrong[:, :, 4:] = -wrong[:, :, 4:]
    assert float(segmentation_loss(wrong, planes, known, options)) > 5


def test_segmentation_loss_is_cross_entropy_plus_dice() -> None:
    generator = torch.Generator().manual_seed(2)
    mask = torch.randint(0, 3, (2, 5, 6), generator=generator)
    logits, known = torch.randn(2, 3, 5, 6, generator=generator), torch.ones(2, 1, 5, 6)
    options = SegmentationLossConfig(cross_entropy=2.0, dice=0.5)
    ce = torch.nn.functional.cross_entropy(logits, mask)
    p = probabilities(logits, softmax=True)
    t = class_planes(mask, 2)
    overlap = torch.stack([(2 * (p[:, k] * t[:, k]).sum() + 1) / (p[:, k].sum() + t[:, k].sum() + 1) for k in range(2)])
    assert torch.allclose(soft_dice(p, t, known), overlap)
    found = segmentation_loss(logits, t, known, options)
    assert torch.allclose(found, 2 * ce + 0.5 * (1 - overlap).mean(), atol=1e-5)


def test_eikonal_is_zero_for_a_distance_and_not_for_its_double() -> None:
    y, _ = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    target = ((y - 15.5) / 8).clamp(-1, 1)[None, None]
    known = torch.ones_like(target)
    assert float(eikonal(target, target, known, 8.0)) < 1e-3
    assert float(eikonal(2 * target, target, known, 8.0)) == pytest.approx(1, abs=0.05)
    assert float(eikonal(0 * target, target, known, 8.0)) == pytest.approx(1, abs=0.05)
    off, on = SegmentationLossConfig(), SegmentationLossConfig(eikonal=1.0)
    assert float(distance_loss(0 * target, target, known, 8.0, off)) == pytest.approx(
        float(distance_l1(0 * target, target, known))
    )
    assert float(distance_loss(0 * target, target, known, 8.0, on)) > float(
        distance_loss(0 * target, target, known, 8.0, off)
    )


def test_eikonal_makes_slopes_of_one() -> None:
    target = torch.linspace(-1, 1, 16).expand(1, 1, 16, 16)
    value = (0.2 * target).clone().requires_grad_()
    known, optimizer = torch.ones_like(target), torch.optim.Adam([value], 0.02)
    before = float(eikonal(value.detach(), target, known, 4.0))
    for _ in range(60):
        optimizer.zero_grad()
        eikonal(value, target, known, 4.0).backward()
        optimizer.step()
    assert float(eikonal(value.detach(), target, known, 4.0)) < 0.3 * before


def test_edge_loss_weighs_borders_more() -> None:
    target = torch.zeros(1, 1, 8, 8)
    target[..., 3] = 1
    known = torch.ones_like(target)
    missed, invented = torch.full_like(target, -4.0), -4 * torch.ones_like(target)
    invented[..., 3], invented[..., 6] = 4, 4
    options = SegmentationLossConfig(edge_dice=0)
    assert float(edge_loss(missed, target, known, options)) > 2 * float(edge_loss(invented, target, known, options))


def test_measures_of_a_shifted_disc() -> None:
    truth, found = disc(), disc(at=(20, 23))
    both = int((truth & found).sum())
    assert masks.dice(found > 0, truth > 0) == pytest.approx(2 * both / (truth.sum() + found.sum()))
    assert masks.boundary_f(truth, truth) == 1
    assert masks.boundary_f(found, truth, tolerance=4) == 1
    assert 0 < masks.boundary_f(found, truth, tolerance=1) < 0.8
    assert 2 <= masks.hausdorff_95(found, truth) <= 3
    assert masks.distance_error(signed_distance(truth, 5) * 5, truth, 5) == pytest.approx(0, abs=1e-5)


def test_measures_of_nothing_say_nothing() -> None:
    empty, some = np.zeros((20, 20), np.int64), disc(20, 5, (10, 10))
    assert math.isnan(masks.dice(empty > 0, empty > 0))
    assert math.isnan(masks.boundary_f(empty, empty))
    assert math.isnan(masks.hausdorff_95(empty, empty))
    assert masks.dice(empty > 0, some > 0) == 0 == masks.boundary_f(empty, some)
    assert masks.hausdorff_95(empty, some) == pytest.approx(math.hypot(20, 20))


def test_measures_are_blind_where_nobody_knows() -> None:
    truth, found = disc(), disc()
    found[:5, :5] = 1
    known = np.ones_like(truth, bool)
    known[:8, :8] = False
    assert masks.dice(found > 0, truth > 0, known) == 1 == masks.boundary_f(found, truth, known)
    assert masks.hausdorff_95(found, truth, known) == 0


def test_a_merged_pair_is_a_border_missed() -> None:
    two = np.zeros((20, 20), np.int64)
    two[5:15, 3:10], two[5:15, 10:17] = 1, 2
    one = (two > 0).astype(np.int64)
    assert masks.dice(one > 0, two > 0) == 1
    assert masks.boundary_f(one, two, tolerance=1) < 0.95
