"""Soft clDice and the deep Hough auxiliary against the papers, written out pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_hicstruct.losses.cldice import cldice_loss, soft_skeleton
from napari_hicstruct.losses.hough import hough, hough_loss


def naive_filter(x: np.ndarray, offsets: list[tuple[int, int]], largest: bool) -> np.ndarray:
    out = np.empty_like(x)
    height, width = x.shape
    for i in range(height):
        for j in range(width):
            seen = [x[i + a, j + b] for a, b in offsets if 0 <= i + a < height and 0 <= j + b < width]
            out[i, j] = max(seen) if largest else min(seen)
    return out


CROSS = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
SQUARE = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]


def naive_skeleton(p: np.ndarray, iterations: int) -> np.ndarray:
    """Algorithm 1 of Shit et al. 2021."""

    def opened(x: np.ndarray) -> np.ndarray:
        return naive_filter(naive_filter(x, CROSS, False), SQUARE, True)

    skeleton = np.maximum(p - opened(p), 0)
    for _ in range(iterations):
        p = naive_filter(p, CROSS, False)
        skeleton = skeleton + (1 - skeleton) * np.maximum(p - opened(p), 0)
    return skeleton


def naive_cldice(p: np.ndarray, t: np.ndarray, known: np.ndarray, iterations: int) -> float:
    sp, st = naive_skeleton(p, iterations) * known, naive_skeleton(t, iterations) * known
    precision, sensitivity = ((sp * t).sum() + 1) / (sp.sum() + 1), ((st * p).sum() + 1) / (st.sum() + 1)
    return float(1 - 2 * precision * sensitivity / (precision + sensitivity))


def random(size: int = 10) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    p, known = torch.rand(1, size, size, generator=generator), torch.ones(1, size, size)
    target = torch.zeros(1, size, size)
    target[0, 1:9, 3:6] = 1
    known[0, :2] = 0
    return p, target, known


@pytest.mark.parametrize("iterations", [1, 3])
def test_cldice_equals_the_paper(iterations: int) -> None:
    p, target, known = random()
    arrays = [x[0].numpy().astype(np.float64) for x in (p, target, known)]
    want = naive_skeleton(arrays[0], iterations)
    assert np.allclose(soft_skeleton(p, iterations)[0].numpy(), want, atol=1e-5)
    assert cldice_loss(p, target, known, iterations=iterations).item() == pytest.approx(
        naive_cldice(*arrays, iterations), abs=1e-5
    )


def test_cldice_is_zero_for_the_truth_and_minds_gaps_more_than_width() -> None:
    truth, known = torch.zeros(1, 40, 40), torch.ones(1, 40, 40)
    truth[0, 5:35, 20:23] = 1
    wider, cut = truth.clone(), truth.clone()
    wider[0, 5:35, 19], cut[0, 15:25] = 1, 0  # 30 pixels either way
    assert cldice_loss(truth, truth, known).item() == pytest.approx(0, abs=1e-6)
    assert cldice_loss(cut, truth, known) > 2 * cldice_loss(wider, truth, known)


def test_gradients_of_cldice_and_hough_fill_a_gap() -> None:
    truth, known = torch.zeros(1, 24, 24), torch.ones(1, 24, 24)
    truth[0, 3:21, 12] = 1
    for loss in (cldice_loss, hough_loss):
        p = (truth * 0.8 + 0.1).clone()
        p[0, 10:14, 12] = 0.1
        p.requires_grad_()
        loss(p, truth, known).backward()
        assert p.grad is not None
        assert (p.grad[0, 10:14, 12] < 0).all()


def naive_hough(x: np.ndarray, angle: float) -> dict[int, float]:
    """Eq. 1–4 of Zhao et al. 2021 with bins as units: sums by line."""
    height, width = x.shape
    out: dict[int, float] = {}
    for i in range(height):
        for j in range(width):
            theta = math.radians(angle)
            r = round((j - width // 2) * math.cos(theta) + (i - height // 2) * math.sin(theta))
            out[r] = out.get(r, 0.0) + x[i, j]
    return out


@pytest.mark.parametrize("shape", [(9, 9), (8, 12)])
def test_hough_equals_the_paper(shape: tuple[int, int]) -> None:
    x = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    angles = (0.0, 90.0, 3.0, 45.0)
    found = hough(x, angles)
    for b in range(2):
        for a, angle in enumerate(angles):
            want = naive_hough(x[b].numpy().astype(np.float64), angle)
            middle = found.shape[2] // 2
            got = {r: found[b, a, middle + r].item() for r in want}
            assert got == pytest.approx(want, abs=1e-4)
            assert found[b, a].sum().item() == pytest.approx(x[b].sum().item(), rel=1e-5)  # no pixel is lost
    assert torch.allclose(found[:, 0][found[:, 0] > 0], x.sum(1).flatten())


def test_hough_loss_equals_the_equation() -> None:
    p, target, known = random()
    arrays = [x[0].numpy().astype(np.float64) for x in (p, target, known)]
    total = pixels = 0.0
    for angle in (-2.0, 2.0, 88.0, 92.0):
        n, sp, st = (naive_hough(x, angle) for x in (arrays[2], arrays[0] * arrays[2], arrays[1] * arrays[2]))
        for r in n:
            if n[r]:
                a, b = (min(max(s[r] / n[r], 1e-6), 1 - 1e-6) for s in (sp, st))
                total += n[r] * (b * math.log(b / a) + (1 - b) * math.log((1 - b) / (1 - a)))
                pixels += n[r]
    found = hough_loss(p, target, known, angles=(-2.0, 2.0)).item()
    assert found == pytest.approx(total / pixels, rel=1e-3)
    assert hough_loss(target, target, known).item() == pytest.approx(0, abs=1e-6)


def test_a_line_costs_more_than_the_same_pixels_strewn() -> None:
    truth, known = torch.zeros(1, 32, 32), torch.ones(1, 32, 32)
    line, strewn = truth.clone(), truth.clone()
    line[0, :, 7] = 1
    strewn[0, torch.arange(32), torch.randperm(32, generator=torch.Generator().manual_seed(0))] = 1
    assert hough_loss(line, truth, known) > hough_loss(strewn, truth, known)
