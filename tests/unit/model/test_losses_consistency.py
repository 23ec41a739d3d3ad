"""Consistency between tasks and masked reconstruction, against loops over pixels; each teaches one side only."""

from __future__ import annotations

import math

import pytest
import torch

from napari_hicstruct.config.losses import ConsistencyConfig
from napari_hicstruct.losses.consistency import (
    MIN_DOMAIN_BP,
    Surroundings,
    block_loss,
    corner_loss,
    edge_loss,
    on_diagonal,
    symmetry_loss,
    window_consistency,
)
from napari_hicstruct.losses.reconstruction import reconstruction_loss

N = 8


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def known() -> torch.Tensor:
    out = torch.ones(2, N, N)
    out[0, :, 3], out[1, 2] = 0, 0.5
    return out


@pytest.mark.parametrize("loss", [corner_loss, edge_loss])
def test_contrasts_equal_the_equation(loss) -> None:  # type: ignore[no-untyped-def]
    p, rows, cols = random(2, N, N), random(2, N, seed=1), random(2, N, seed=2)
    total = 0.0
    for b in range(2):
        on = off = n_on = n_off = 0.0
        for i in range(N):
            for j in range(N):
                a, c = rows[b, i].item(), cols[b, j].item()
                mask, weight = (a * c if loss is corner_loss else max(a, c)), known()[b, i, j].item()
                on, n_on = on + weight * mask * p[b, i, j].item(), n_on + weight * mask
                off, n_off = off + weight * (1 - mask) * p[b, i, j].item(), n_off + weight * (1 - mask)
        total += max(0.0, off / n_off - on / n_on + 0.3) / 2
    assert total > 0
    assert loss(p, rows, cols, known(), margin=0.3).item() == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("loss", [corner_loss, edge_loss])
def test_contrasts_teach_the_task_and_never_the_boundaries(loss) -> None:  # type: ignore[no-untyped-def]
    p = random(2, N, N).requires_grad_()
    rows, cols = random(2, N, seed=1).requires_grad_(), random(2, N, seed=2).requires_grad_()
    loss(p, rows, cols, known(), margin=0.9).backward()
    assert rows.grad is None
    assert cols.grad is None
    assert p.grad is not None
    assert (p.grad[0, :, 3] == 0).all()
    best = torch.unravel_index(p.grad[0].argmin(), (N, N))  # where p should rise most: a corner, or in a band
    mask = (rows[0, :, None] * cols[0]) if loss is corner_loss else torch.maximum(rows[0, :, None], cols[0])
    assert mask[best] > mask.median()


@pytest.mark.parametrize("loss", [corner_loss, edge_loss])
def test_contrasts_rest_where_on_exceeds_off_or_nothing_is_there(loss) -> None:  # type: ignore[no-untyped-def]
    rows = torch.zeros(1, N)
    rows[0, [2, 6]] = 1
    corner = rows[:, :, None] * rows[:, None] if loss is corner_loss else (rows[:, :, None] + rows[:, None]).clamp(0, 1)
    every = torch.ones(1, N, N)
    assert loss(0.2 * corner, rows, rows, every).item() == 0
    assert loss(0.2 * (1 - corner), rows, rows, every).item() == pytest.approx(0.25)
    assert loss(random(1, N, N), torch.zeros(1, N), torch.zeros(1, N), every).item() == 0


def test_symmetry_is_the_mean_difference_on_the_diagonal_and_one_sided() -> None:
    p = random(2, N, N).requires_grad_()
    diagonal, weight = torch.tensor([0.0, 1.0]), known()
    loss = symmetry_loss(p, diagonal, weight)
    values = p.detach()[1]
    cells = [(i, j) for i in range(N) for j in range(N)]
    pairs = [(float(weight[1, i, j] * weight[1, j, i]), float(values[i, j] - values[j, i])) for i, j in cells]
    norm = sum(w for w, _ in pairs)
    want = sum(w * abs(d) for w, d in pairs) / norm
    assert loss.item() == pytest.approx(want, rel=1e-5)
    assert symmetry_loss(p, torch.zeros(2), weight).item() == 0
    loss.backward()
    assert p.grad is not None
    assert (p.grad[0] == 0).all()
    # not detached, both members of a pair would pull at each pixel: twice this
    slopes = [w * math.copysign(1, d) / norm if d else 0.0 for w, d in pairs]
    assert p.grad[1].flatten().tolist() == pytest.approx(slopes, rel=1e-5)


@pytest.mark.parametrize("teacher", ["fine", "coarse"])
def test_blocks_equal_the_equation_and_teach_one_side(teacher: str) -> None:
    fine, coarse = random(2, 2 * N, 2 * N).requires_grad_(), (0.5 * random(2, N, N, seed=1)).requires_grad_()
    total = 0.0
    for b in range(2):
        for i in range(N):
            for j in range(N):
                block, c = fine[b, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].flatten().tolist(), coarse[b, i, j].item()
                gap = abs(c - max(block)) if teacher == "fine" else sum(max(0.0, f - c) for f in block) / 4
                total += known()[b, i, j].item() * gap
    loss = block_loss(fine, coarse, known(), teacher=teacher)
    assert loss.item() == pytest.approx(total / known().sum().item(), rel=1e-5)
    loss.backward()
    taught, still = (coarse, fine) if teacher == "fine" else (fine, coarse)
    assert still.grad is None
    assert taught.grad is not None
    assert (taught.grad != 0).any()


def test_agreeing_blocks_cost_nothing() -> None:
    fine = random(1, 2 * N, 2 * N)
    coarse = fine.view(1, N, 2, N, 2).amax((2, 4))
    for teacher in ("fine", "coarse"):
        assert block_loss(fine, coarse, torch.ones(1, N, N), teacher=teacher).item() == 0


def surroundings(hint: bool = True) -> Surroundings:
    bins = torch.arange(N)
    distance = torch.stack([(bins[:, None] - bins).abs(), (bins[:, None] - bins - 30).abs()])[:, None] * 50_000.0
    rows, cols = (random(2, N, seed=k) if hint else None for k in (1, 2))
    return Surroundings(rows, cols, distance, known())


def test_windows_on_the_diagonal_are_told_from_others() -> None:
    assert on_diagonal(surroundings().distance).tolist() == [1, 0]


def test_window_consistency_weighs_each_and_off_is_absent() -> None:
    points, masks = {"loop": random(2, 3, N, N) - 0.5}, {"stripe": random(2, 2, N, N, seed=4) - 0.5}
    around = surroundings()
    assert window_consistency(points, masks, around, ConsistencyConfig()) == {}
    options = ConsistencyConfig(corner=0.05, edge=0.05, symmetry=0.02, margin=0.5)
    terms = window_consistency(points, masks, around, options)
    assert set(terms) == {"corner/loop", "edge/stripe", "symmetry/loop", "symmetry/stripe"}
    p, far = torch.sigmoid(points["loop"][:, 0]), known() * (around.distance[:, 0] >= MIN_DOMAIN_BP)
    assert around.rows is not None
    assert around.cols is not None
    want = 0.05 * corner_loss(p, around.rows, around.cols, far, margin=0.5)
    assert torch.equal(terms["corner/loop"], want)
    assert want > 0
    without = window_consistency(points, masks, surroundings(hint=False), options)
    assert set(without) == {"symmetry/loop", "symmetry/stripe"}


@pytest.mark.parametrize("kind", ["huber", "poisson"])
def test_reconstruction_counts_hidden_pixels_alone(kind: str) -> None:
    output, target = (3 * random(1, 1, N, N) - 1).requires_grad_(), (9 * random(1, 1, N, N, seed=1)).floor()
    hidden = (random(1, 1, N, N, seed=2) > 0.6).float()
    total = 0.0
    for i in range(N):
        for j in range(N):
            o, t = output[0, 0, i, j].item(), target[0, 0, i, j].item()
            d = abs(o - math.log1p(t))
            one = (d * d / 2 if d <= 1 else d - 0.5) if kind == "huber" else math.exp(o) - t * o
            total += hidden[0, 0, i, j].item() * one
    loss = reconstruction_loss(output, target, hidden, kind=kind)
    assert loss.item() == pytest.approx(total / hidden.sum().item(), rel=1e-4)
    loss.backward()
    assert output.grad is not None
    assert torch.equal(output.grad != 0, hidden.bool())
    assert reconstruction_loss(output, target, torch.zeros_like(hidden), kind=kind).item() == 0
