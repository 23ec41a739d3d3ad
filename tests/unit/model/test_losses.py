"""Losses against naïve loops over pixels, and their off-switch: what is not known does not count."""

from __future__ import annotations

import math

import pytest
import torch

from napari_hicstruct.losses.boundary import boundary_loss
from napari_hicstruct.losses.mask import log_iou, mask_loss
from napari_hicstruct.losses.point import heatmap_focal, offset_l1, point_loss


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_focal_equals_the_equation() -> None:
    logit, target = random(1, 6, 6), random(1, 6, 6, seed=1).sigmoid()
    target[0, 2, 3] = target[0, 4, 4] = 1.0
    known = torch.ones(1, 6, 6)
    known[0, 0, 0] = 0
    total = 0.0
    for y in range(6):
        for x in range(6):
            p, t = torch.sigmoid(logit[0, y, x]).item(), target[0, y, x].item()
            if known[0, y, x]:
                total -= 0.25 * (1 - p) ** 2 * math.log(p) if t == 1 else 0.75 * (1 - t) ** 4 * p**2 * math.log(1 - p)
    assert heatmap_focal(logit, target, known).item() == pytest.approx(4 * total / 4, rel=1e-4)


def test_offsets_count_at_centres_only() -> None:
    heat, known = torch.zeros(1, 5, 5), torch.ones(1, 5, 5)
    heat[0, 1, 1], heat[0, 3, 3] = 1, 0.9
    offset, target = torch.zeros(1, 2, 5, 5), torch.full((1, 2, 5, 5), 0.25)
    assert offset_l1(offset, target, heat, known).item() == pytest.approx(0.25)
    assert offset_l1(offset, target, torch.zeros(1, 5, 5), known).item() == 0


def test_log_iou_of_equal_masks_is_zero() -> None:
    mask = (random(2, 8, 8) > 0).float()
    assert log_iou(mask, mask, torch.ones_like(mask)).item() == pytest.approx(0, abs=1e-6)
    assert log_iou(1 - mask, mask, torch.ones_like(mask)).item() > 2


def test_boundary_loss_falls_towards_the_truth_and_total_variation_counts() -> None:
    target, known = torch.zeros(1, 40), torch.ones(1, 40)
    target[0, 20] = 1
    right = boundary_loss((target - 0.5) * 8, target, known)
    assert right < boundary_loss(-(target - 0.5) * 8, target, known)
    rough = random(1, 40) * 3
    assert boundary_loss(rough, target, known, variation=1.0) > boundary_loss(rough, target, known, variation=0.0)


@pytest.mark.parametrize("name", ["point", "mask", "boundary"])
def test_what_is_not_known_has_no_gradient_and_the_rest_has(name: str) -> None:
    known = torch.ones(1, 8, 8)
    known[0, :, :4] = 0
    target = (random(1, 8, 8, seed=4) > 0.5).float()
    if name == "boundary":
        output = random(1, 8).requires_grad_()
        loss = boundary_loss(output, target[:, 0], known[:, 0])
    elif name == "point":
        output = random(1, 3, 8, 8).requires_grad_()
        loss = point_loss(output, target, random(1, 2, 8, 8, seed=5), known)
    else:
        output = random(1, 2, 8, 8).requires_grad_()
        loss = mask_loss(output, target, 1 - target, known)
    loss.backward()
    assert output.grad is not None
    assert (output.grad[..., :4] == 0).all()
    assert (output.grad[..., 4:] != 0).any()
