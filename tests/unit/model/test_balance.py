"""Balancing against the papers written out, torchjd's own where it has one, and resuming to the bit."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from napari_hicstruct.config.losses import LossConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.training.balance import Balancer, make_balancer

TASKS = ("loop", "stripe", "tad")
KINDS = ("fixed", "uncertainty", "gradnorm", "dwa")


def make(kind: str, weights: dict[str, float] | None = None, **options: Any) -> Balancer:
    return make_balancer(LossConfig(balancing=kind, **options), TASKS, weights or {})  # type: ignore[arg-type]


def losses(values: list[float], shared: torch.Tensor) -> dict[str, torch.Tensor]:
    """Losses with known values and gradient norms 1, 2, 3 … times them."""
    return {t: v * (1 + k) * (shared - 1).sum() + v for k, (t, v) in enumerate(zip(TASKS, values, strict=True))}


def run(balancer: Balancer, steps: int, seed: int = 0) -> torch.Tensor:
    """Weighted losses over some steps of random losses; log-variances take plain steps."""
    generator = torch.Generator().manual_seed(seed)
    shared = torch.ones(2, requires_grad=True)
    seen = []
    for _ in range(steps):
        values = (torch.rand(3, generator=generator) + 0.1).tolist()
        weighted = balancer.weigh(losses(values, shared), [shared])
        balancer.end_step()
        with torch.no_grad():
            for p in balancer.own_parameters():
                assert p.grad is not None
                p -= 0.1 * p.grad
        seen.append(torch.stack([loss.detach() for loss in weighted.values()]))
    return torch.stack(seen)


def test_fixed_weights_are_the_recipes() -> None:
    balancer = make("fixed", {"stripe": 0.5})
    out = balancer.weigh({"stripe": torch.tensor(4.0), "tad": torch.tensor(3.0)})
    assert {k: v.item() for k, v in out.items()} == {"stripe": 2.0, "tad": 3.0}
    assert balancer.current() == {"loop": 1.0, "stripe": 0.5, "tad": 1.0}


@pytest.mark.parametrize("kind", KINDS)
def test_equal_at_the_start_and_a_missing_task_is_no_fault(kind: str) -> None:
    shared = torch.ones(2, requires_grad=True)
    out = make(kind).weigh(losses([1.0, 1.0, 1.0], shared), [shared])
    assert len({round(v.item(), 6) for v in out.values()}) == 1
    piece = {"loop": (shared * 2).sum()}
    assert set(make(kind).weigh(piece, [shared])) == {"loop"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_weighs_as_one_that_never_stopped(kind: str) -> None:
    options = {"balance_window": 2}
    whole, first = make(kind, **options), make(kind, **options)
    run(whole, 7)
    run(first, 7)
    state = {k: v.clone() for k, v in first.state_dict().items()}
    second = make(kind, **options)
    second.load_state_dict(state)
    assert torch.equal(run(whole, 6, seed=1), run(second, 6, seed=1))
    assert whole.current() == second.current()
    assert kind == "fixed" or len(set(whole.current().values())) == 3


def test_uncertainty_equals_the_paper_and_torchjd() -> None:
    from torchjd.scalarization import UW

    balancer, theirs = make("uncertainty", {"tad": 0.5}), UW(3)
    s, values = [0.3, -0.7, 0.1], [2.0, 0.5, 1.0]
    (ours,) = balancer.own_parameters()
    ours.data, theirs.log_var.data = torch.tensor(s), torch.tensor(s)
    network = torch.ones(3, requires_grad=True)
    now = dict(zip(TASKS, network * torch.tensor(values), strict=True))
    weighted = torch.stack(list(balancer.weigh(now).values()))
    paper = theirs(network * torch.tensor([2.0, 0.5, 0.5]))  # the recipe halves the third
    assert weighted.sum().item() + sum(s) / 2 == pytest.approx(paper.item(), rel=1e-6)
    weight = [0.5 * math.exp(-a) * f for a, f in zip(s, (1.0, 1.0, 0.5), strict=True)]
    assert list(balancer.current().values()) == pytest.approx(weight, rel=1e-6)
    want_network, want_s = torch.autograd.grad(paper, (network, theirs.log_var))
    assert torch.allclose(torch.autograd.grad(weighted.sum(), network)[0], want_network)
    balancer.end_step()
    assert ours.grad is not None
    assert torch.allclose(ours.grad, want_s)


def test_uncertainty_averages_the_pieces_of_a_step_and_forgets_them() -> None:
    balancer = make("uncertainty")
    (s,) = balancer.own_parameters()
    for pieces in ([1.0, 3.0], [4.0]):
        for value in pieces:
            balancer.weigh({"loop": torch.tensor(value)})
        balancer.end_step()
        assert s.grad is not None
        assert s.grad.tolist() == pytest.approx([0.5 - 0.5 * sum(pieces) / len(pieces), 0, 0])


def test_dwa_equals_torchjd_window_by_window() -> None:
    from torchjd.scalarization import DWA

    balancer, theirs = make("dwa", balance_window=4), DWA(2.0)
    generator = torch.Generator().manual_seed(0)
    for step in range(16):
        values = torch.rand(3, generator=generator) + 0.1
        ours = balancer.weigh(dict(zip(TASKS, values, strict=True)))
        assert torch.stack(list(ours.values())).sum().item() == pytest.approx(theirs(values).item(), rel=1e-5)
        balancer.end_step()
        if step % 4 == 3:
            theirs.step()
    assert sum(balancer.current().values()) == pytest.approx(3, rel=1e-5)


def test_gradnorm_equals_the_paper() -> None:
    """L_grad differentiated by autograd, one descent step, weights renormalised (algorithm 1)."""
    balancer = make("gradnorm", balance_window=1, gradnorm_alpha=1.5, gradnorm_rate=0.025)
    shared = torch.ones(4, requires_grad=True)
    weight, first = torch.ones(3), torch.tensor([2.0, 1.0, 0.5])
    history = [first, torch.tensor([1.0, 0.9, 0.5]), torch.tensor([0.7, 0.8, 0.1])]
    for step, values in enumerate(history):
        now = losses(values.tolist(), shared)
        out = balancer.weigh(now, [shared])
        assert torch.allclose(torch.stack(list(out.values())).detach(), weight * values, rtol=1e-5)
        balancer.end_step()
        if step == 0:
            continue
        w = weight.clone().requires_grad_()
        norms = torch.stack([torch.autograd.grad(loss, shared, retain_graph=True)[0].norm() for loss in now.values()])
        g = w * norms
        left = values / first
        target = (g.mean() * (left / left.mean()) ** 1.5).detach()
        (slope,) = torch.autograd.grad((g - target).abs().sum(), w)
        stepped = weight - 0.025 / float(g.mean().detach()) * slope
        weight = 3 * stepped / stepped.sum()
        assert list(balancer.current().values()) == pytest.approx(weight.tolist(), rel=1e-4)


def test_gradnorm_evens_out_gradients() -> None:
    balancer = make("gradnorm", balance_window=1, gradnorm_alpha=0.0)
    shared = torch.ones(2, requires_grad=True)
    for _ in range(400):
        balancer.weigh(losses([1.0, 1.0, 1.0], shared), [shared])
        balancer.end_step()
    norms = [w * (k + 1) for k, w in enumerate(balancer.current().values())]
    assert max(norms) < 1.15 * min(norms)


def test_gradnorm_says_when_nothing_is_shared() -> None:
    shared, own = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    with pytest.raises(ConfigError, match="'stripe' does not reach"):
        make("gradnorm").weigh({"stripe": own.sum()}, [shared])


def test_measured_kinds_wait_for_tasks_they_have_not_seen() -> None:
    for kind in ("gradnorm", "dwa"):
        balancer, shared = make(kind, balance_window=1), torch.ones(2, requires_grad=True)
        for _ in range(4):
            balancer.weigh({"loop": shared.sum()}, [shared])
            balancer.end_step()
        assert set(balancer.current().values()) == {1.0}


def test_devices_measure_together() -> None:
    """The mean over devices decides, so all of them hold the same weights."""
    left, right = make("dwa", balance_window=1), make("dwa", balance_window=1)
    for a, b in (([1.0, 2.0, 3.0], [2.0, 1.0, 3.0]), ([0.5, 2.0, 1.0], [2.0, 0.1, 3.0])):
        for balancer, values in ((left, a), (right, b)):
            balancer.weigh(dict(zip(TASKS, map(torch.tensor, values), strict=True)))
        mean = (left.sums + right.sums) / 2
        for balancer in (left, right):
            balancer.end_step(lambda _, mean=mean: mean.clone())
    assert left.current() == right.current()
    single = make("dwa", balance_window=1)
    for values in ([1.5, 1.5, 3.0], [1.25, 1.05, 2.0]):
        single.weigh(dict(zip(TASKS, map(torch.tensor, values), strict=True)))
        single.end_step()
    assert list(left.current().values()) == pytest.approx(list(single.current().values()), rel=1e-5)
