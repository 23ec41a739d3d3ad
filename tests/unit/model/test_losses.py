"""Head losses against naïve loops over pixels, and their off-switch: what is not known does not count."""

from __future__ import annotations

import math

import pytest
import torch

from napari_hicstruct.config.losses import BoundaryLossConfig, LossConfig, MaskLossConfig, PointLossConfig
from napari_hicstruct.losses.boundary import boundary_loss, soft_dice
from napari_hicstruct.losses.labels import centre_line, smooth_labels
from napari_hicstruct.losses.mask import length_loss, log_iou, mask_loss, thinness_loss
from napari_hicstruct.losses.point import heatmap_focal, offset_l1, point_loss


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def case(size: int = 9) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Probability, 0/1 mask with a vertical run, and weights with zeros and halves."""
    p, known = random(2, size, size).sigmoid(), torch.ones(2, size, size)
    mask = (random(2, size, size, seed=1) > 0.8).float()
    mask[:, 1:7, 4] = 1
    known[0, :3], known[1, :, 6] = 0, 0.5
    return p, mask, known


def test_focal_equals_the_equation() -> None:
    logit, target = random(1, 6, 6), random(1, 6, 6, seed=1).sigmoid()
    target[0, 2, 3] = target[0, 4, 4] = 1.0
    known = torch.ones(1, 6, 6)
    known[0, 0, 0], known[0, 5, 1] = 0, 0.3
    total = 0.0
    for y in range(6):
        for x in range(6):
            p, t = torch.sigmoid(logit[0, y, x]).item(), target[0, y, x].item()
            one = 0.25 * (1 - p) ** 2 * math.log(p) if t == 1 else 0.75 * (1 - t) ** 4 * p**2 * math.log(1 - p)
            total -= known[0, y, x].item() * one
    assert heatmap_focal(logit, target, known).item() == pytest.approx(4 * total / 4, rel=1e-4)


def test_offsets_count_at_centres_only() -> None:
    heat, known = torch.zeros(1, 5, 5), torch.ones(1, 5, 5)
    heat[0, 1, 1], heat[0, 3, 3] = 1, 0.9
    offset, target = torch.zeros(1, 2, 5, 5), torch.full((1, 2, 5, 5), 0.25)
    assert offset_l1(offset, target, heat, known).item() == pytest.approx(0.25)
    assert offset_l1(offset, target, torch.zeros(1, 5, 5), known).item() == 0
    output = random(1, 3, 5, 5)
    plain = point_loss(output, heat, target, known, PointLossConfig(offset=0))
    assert torch.equal(plain, heatmap_focal(output[:, 0], heat, known))


def test_log_iou_of_equal_masks_is_zero() -> None:
    mask = (random(2, 8, 8) > 0).float()
    assert log_iou(mask, mask, torch.ones_like(mask)).item() == pytest.approx(0, abs=1e-6)
    assert log_iou(1 - mask, mask, torch.ones_like(mask)).item() > 2


def test_length_counts_links_that_hold() -> None:
    p, mask, known = case()
    links = held = 0.0
    for b in range(2):
        for y in range(9):
            for x in range(9):
                for dy, dx in ((0, 1), (1, 0)):
                    if y + dy < 9 and x + dx < 9:
                        both = [(mask * known)[b, y, x].item(), (mask * known)[b, y + dy, x + dx].item()]
                        links += both[0] * both[1]
                        held += both[0] * both[1] * p[b, y, x].item() * p[b, y + dy, x + dx].item()
    assert length_loss(p, mask, known).item() == pytest.approx(1 - held / links, rel=1e-5)
    assert length_loss(p, torch.zeros_like(p), known).item() == 0


def test_one_gap_in_the_middle_costs_more_than_at_the_end() -> None:
    mask, known = torch.zeros(1, 12, 12), torch.ones(1, 12, 12)
    mask[0, 1:11, 5] = 1
    middle, end = mask.clone(), mask.clone()
    middle[0, 5, 5], end[0, 10, 5] = 0, 0
    assert length_loss(middle, mask, known) > length_loss(end, mask, known) > length_loss(mask, mask, known) == 0


@pytest.mark.parametrize("width", [3, 5])
def test_thinness_counts_what_survives_erosion(width: int) -> None:
    p, mask, known = case()
    mask[1, 2:8, 2:8] = 1  # truly thick: free
    half, total = width // 2, 0.0
    for b in range(2):
        for y in range(9):
            for x in range(9):
                ys, xs = slice(max(y - half, 0), y + half + 1), slice(max(x - half, 0), x + half + 1)
                total += (p[b, ys, xs].min() * known[b, y, x] * (1 - mask[b, ys, xs].min())).item()
    want = total / (p * known).sum().item()
    assert thinness_loss(p, mask, known, width=width).item() == pytest.approx(want, rel=1e-4)


def test_thin_bands_are_free_whichever_way_they_run() -> None:
    known, nothing = torch.ones(1, 20, 20), torch.zeros(1, 20, 20)
    for rows, cols in ((slice(8, 12), slice(None)), (slice(None), slice(3, 7))):
        thin = nothing.clone()
        thin[0, rows, cols] = 1
        assert thinness_loss(thin, nothing, known).item() == 0
    thick = nothing.clone()
    thick[0, 5:14, 5:14] = 1
    assert thinness_loss(thick, nothing, known).item() == pytest.approx(25 / 81)


def test_mask_loss_is_the_sum_of_its_parts_and_zero_weights_add_nothing() -> None:
    output, mask, known = random(2, 2, 9, 9), *case()[1:]
    down, off = 1 - mask, dict.fromkeys(("bce", "log_iou", "direction", "length", "thinness"), 0.0)
    assert mask_loss(output, mask, down, known, MaskLossConfig(**off)).item() == 0
    names = [*off, "cldice", "hough"]
    parts = [mask_loss(output, mask, down, known, MaskLossConfig(**{**off, name: 1.0})) for name in names]
    assert all(part > 0 for part in parts)
    whole = mask_loss(output, mask, down, known, MaskLossConfig(**dict.fromkeys(names, 1.0)))
    assert whole.item() == pytest.approx(sum(parts).item(), rel=1e-5)


def test_centre_lines_are_thin_and_the_direction_keeps_the_whole_mask() -> None:
    mask = torch.zeros(1, 40, 40)
    mask[0, 5:35, 10:17] = 1  # seven bins wide, around column 13
    line = centre_line(mask, 3)
    assert line[0, 20].nonzero()[:, 0].tolist() == [12, 13, 14]
    even = torch.zeros(1, 40, 40)
    even[0, 5:35, 10:16] = 1
    assert centre_line(even, 3)[0, 20].nonzero()[:, 0].tolist() == [11, 12, 13, 14]
    single = torch.zeros(1, 40, 40)
    single[0, 5:35, 10] = 1
    assert centre_line(single, 5)[0, 20].nonzero()[:, 0].tolist() == [8, 9, 10, 11, 12]
    output = random(1, 2, 40, 40).requires_grad_()
    only_way = MaskLossConfig(bce=0, log_iou=0, length=0, thinness=0, centre_line=3)
    mask_loss(output, mask, mask, torch.ones_like(mask), only_way).backward()
    assert output.grad is not None
    assert torch.equal(output.grad[0, 1] != 0, mask[0] > 0)


def test_smoothing() -> None:
    assert smooth_labels(torch.tensor([0.0, 0.5, 1.0]), 0.1).tolist() == pytest.approx([0.05, 0.5, 0.95])
    target = torch.tensor([0.0, 1.0])
    assert smooth_labels(target, 0.0) is target


def test_boundary_loss_equals_the_equation() -> None:
    logit, target, known = random(2, 9), random(2, 9, seed=1).sigmoid(), torch.ones(2, 9)
    known[0, 2], known[1, 5] = 0, 0.5
    error = weights = variation = 0.0
    for b in range(2):
        for i in range(9):
            p, t, k = torch.sigmoid(logit[b, i]).item(), target[b, i].item(), known[b, i].item()
            soft = 0.9 * t + 0.05
            error -= k * (1 + 4 * t) * (soft * math.log(p) + (1 - soft) * math.log(1 - p))
            weights += k * (1 + 4 * t)
            if i:
                before = torch.sigmoid(logit[b, i - 1]).item()
                variation += k * known[b, i - 1].item() * abs(p - before)
    options = BoundaryLossConfig(smoothing=0.1, variation=0.05)
    want = error / weights + 0.05 * variation / 16
    assert boundary_loss(logit, target, known, options).item() == pytest.approx(want, rel=1e-4)


def test_dice_equals_the_equation_and_matches_soft_labels() -> None:
    p, t, known = random(2, 9).sigmoid(), random(2, 9, seed=1).sigmoid(), torch.ones(2, 9)
    known[0, 2] = 0
    rows = [(a, b) for a, b, k in zip(p.flatten(), t.flatten(), known.flatten(), strict=True) if k]
    both, squares = sum(float(a * b) for a, b in rows), sum(float(a * a + b * b) for a, b in rows)
    assert soft_dice(p, t, known).item() == pytest.approx(1 - (2 * both + 1) / (squares + 1), rel=1e-5)
    assert soft_dice(t, t, known).item() == pytest.approx(0, abs=1e-6)
    dice = BoundaryLossConfig(kind="dice", variation=0)
    assert boundary_loss(torch.logit(t), t, known, dice).item() == pytest.approx(0, abs=1e-5)


def test_boundary_loss_falls_towards_the_truth_and_total_variation_counts() -> None:
    target, known = torch.zeros(1, 40), torch.ones(1, 40)
    target[0, 20] = 1
    for kind in ("bce", "dice"):
        options = BoundaryLossConfig(kind=kind)
        right = boundary_loss((target - 0.5) * 8, target, known, options)
        assert right < boundary_loss(-(target - 0.5) * 8, target, known, options)
    rough = random(1, 40) * 3
    loud, off = (boundary_loss(rough, target, known, BoundaryLossConfig(variation=v)) for v in (1.0, 0.0))
    assert loud > off


EVERYTHING = MaskLossConfig(cldice=0.5, hough=0.5, smoothing=0.1)


@pytest.mark.parametrize("name", ["point", "mask", "mask, all on", "boundary", "boundary, dice"])
def test_what_is_not_known_has_no_gradient_and_the_rest_has(name: str) -> None:
    known = torch.ones(1, 16, 16)
    known[0, :, :8] = 0
    target = (random(1, 16, 16, seed=4) > 0.5).float()
    if name.startswith("boundary"):
        output = random(1, 16).requires_grad_()
        options = BoundaryLossConfig(kind="dice" if "dice" in name else "bce")
        loss = boundary_loss(output, target[:, 0], known[:, 0], options)
    elif name == "point":
        output = random(1, 3, 16, 16).requires_grad_()
        loss = point_loss(output, target, random(1, 2, 16, 16, seed=5), known)
    else:
        output = random(1, 2, 16, 16).requires_grad_()
        loss = mask_loss(output, target, 1 - target, known, EVERYTHING if "all" in name else MaskLossConfig())
    loss.backward()
    assert output.grad is not None
    # skeleton and erosion look a few pixels beyond what is known
    edge = 2 if "mask" in name else 8
    assert (output.grad[..., :edge] == 0).all()
    assert (output.grad[..., 8:] != 0).any()


def test_sample_weights_scale_gradients() -> None:
    """Half the weight on one window of two: half its share of the gradient, whatever the head."""
    output = random(2, 3, 8, 8).requires_grad_()
    heat, offset = torch.zeros(2, 8, 8), torch.zeros(2, 2, 8, 8)
    heat[:, 2:6, 2:6] = 1
    weight = torch.ones(2, 8, 8)
    weight[1] = 0.5
    (gradient,) = torch.autograd.grad(point_loss(output, heat, offset, weight), output)
    (single,) = torch.autograd.grad(point_loss(output, heat, offset, torch.ones(2, 8, 8)), output)
    ratio = (gradient[1, 0] / gradient[0, 0]) / (single[1, 0] / single[0, 0])
    assert torch.allclose(ratio, torch.full_like(ratio, 0.5), rtol=1e-3)


def test_the_designs_defaults() -> None:
    config = LossConfig()
    assert (config.point.gamma, config.point.alpha, config.point.offset) == (2, 0.25, 1)
    assert (config.mask.bce, config.mask.log_iou, config.mask.length) == (1, 0.5, 0.1)
    assert (config.mask.cldice, config.mask.hough, config.boundary.variation) == (0, 0, 0.05)
    assert (config.balancing, config.conflict, config.conflict_buckets) == ("fixed", "none", False)
    assert not any((config.consistency.corner, config.consistency.edge, config.consistency.block))
    with pytest.raises(ValueError, match="hough_angles"):
        MaskLossConfig(hough=0.1, hough_angles=())


def test_losses_of_bfloat16_outputs_are_float32() -> None:
    output, target, known = random(1, 3, 16, 16).bfloat16(), torch.zeros(1, 16, 16), torch.ones(1, 16, 16)
    target[0, 3:12, 4] = 1
    losses = [
        point_loss(output, target, random(1, 2, 16, 16), known),
        mask_loss(output[:, :2], target, target, known, EVERYTHING),
        boundary_loss(output[:, 0, 0], target[:, 3], known[:, 0]),
    ]
    assert all(loss.dtype == torch.float32 and torch.isfinite(loss) for loss in losses)
