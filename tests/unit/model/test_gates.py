"""Gates: what keeps experts alive and apart, what is logged of them, and where tasks should share them."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from napari_hicstruct.config.plugs import SelectorConfig
from napari_hicstruct.losses.gates import gate_consistency, gate_distance
from napari_hicstruct.models.context import Trace, WindowContext
from napari_hicstruct.models.library.selectors import experts, gates
from napari_hicstruct.models.library.selectors.logs import DEAD, selector_log
from tests.unit.model.model_kit import TASKS, WIDTH, context, features
from tests.unit.model.selector_kit import make, select

C, T = WIDTH, len(TASKS)
COARSE = {"low_rank_free": ("f2", "f3", "f4", "f5"), "strip": ("f2", "f3", "f4", "f5"), "hybrid_mid_high": ("f4", "f5")}
"""Scales with experts in coarse windows, by selector."""


class TestRegularisers:
    def test_imbalance_is_one_minus_the_entropy_of_the_mean_use(self) -> None:
        alpha = torch.rand(3, 4, 5, 6, generator=torch.Generator().manual_seed(0)).softmax(1)
        use = [float(alpha[:, k].mean()) for k in range(4)]
        expected = 1 + sum(u * math.log(u) for u in use) / math.log(4)
        assert gates.imbalance(alpha).item() == pytest.approx(expected, abs=1e-6)
        sure = torch.eye(4)[:, :, None, None]  # every window sure of its own expert: all are alive
        assert gates.imbalance(sure).item() == pytest.approx(0.0, abs=1e-6)
        assert gates.imbalance(sure[:1]).item() == pytest.approx(1.0)

    def test_correlation_is_the_mean_cosine_of_filters(self) -> None:
        made = nn.ModuleList(experts.prior_experts(C, 4))
        taps = torch.zeros(4, C, 5, 5)
        taps[0, :, 1:4, 1:4], taps[1, :, ::2, ::2] = made[0].weight[:, 0].detach(), made[1].weight[:, 0].detach()
        taps[2], taps[3, :, 2, 2] = made[2].weight[:, 0].detach(), 1.0
        cosines = [
            abs(float((taps[a, c] * taps[b, c]).sum() / (taps[a, c].norm() * taps[b, c].norm())))
            for c in range(C)
            for a in range(4)
            for b in range(a)
        ]
        found = experts.correlation(made, torch.zeros(1, C, 4, 4))
        assert found.item() == pytest.approx(sum(cosines) / len(cosines), abs=1e-5)

    @pytest.mark.parametrize("make_experts", [experts.free_experts, experts.strip_experts])
    def test_decorrelation_drives_filters_apart(self, make_experts: Any) -> None:
        torch.manual_seed(0)
        made = nn.ModuleList(make_experts(C, 3))
        optimizer = torch.optim.Adam(made.parameters(), lr=1e-2)
        first = None
        for _ in range(60):
            loss = experts.correlation(made, torch.zeros(1, C, 4, 4))
            first = loss.item() if first is None else first
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.5 * first

    def test_penalties_count_every_gate_and_every_set_of_experts_once(self) -> None:
        trace = Trace()
        selector = make("low_rank_free", decorrelation=0.5, entropy=0.25)
        for task in TASKS:
            select(selector, task, trace=trace)
        units = [selector.units[scale] for scale in ("f2", "f3", "f4", "f5")]
        alike = [experts.correlation(unit.experts, torch.zeros(1, C, 4, 4)).item() for unit in units]
        assert trace.penalties["expert_decorrelation"].item() == pytest.approx(0.5 * sum(alike), abs=1e-6)
        uneven = [float(gates.imbalance(alpha)) for name, alpha in trace.maps.items() if name.startswith("gate/")]
        assert len(uneven) == 4 * T
        assert trace.penalties["expert_entropy"].item() == pytest.approx(0.25 * sum(uneven), abs=1e-6)

    @pytest.mark.parametrize("seed", [0, 1])
    def test_without_the_entropy_experts_die_and_with_it_they_live(self, seed: int) -> None:
        """To copy the input the identity is right from the first step: nobody else gets anything to learn from."""
        log = {strength: selector_log(self.toy(strength, seed)) for strength in (0.0, SelectorConfig().entropy)}
        alone, together = log[0.0], log[SelectorConfig().entropy]
        assert alone["dead_experts/f2"] == 3
        assert together["dead_experts/f2"] == 0
        assert min(together[f"expert_use/t/f2/{k}"] for k in range(4)) > 5 * DEAD / 4

    def toy(self, strength: float, seed: int) -> Trace:
        """The trace of the last of 200 steps of learning to copy."""
        torch.manual_seed(seed)
        options = SelectorConfig(entropy=strength, decorrelation=0)
        mixture = experts.ExpertMixture(experts.prior_experts(4, 4), 4, ["t"], options)
        optimizer = torch.optim.Adam(mixture.parameters(), lr=2e-2)
        for _ in range(200):
            trace, x = Trace(), torch.randn(4, 4, 8, 8)
            y = mixture(x, "t", "f2", WindowContext(torch.ones(4, 5, 8, 8), "f2", None, trace))
            loss = (y - x).square().mean() + trace.penalties["expert_entropy"]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return trace


class TestLog:
    @pytest.mark.parametrize("name", COARSE)
    def test_experts(self, name: str) -> None:
        trace = Trace()
        for task in TASKS:
            select(make(name), task, trace=trace)
        log = selector_log(trace)
        for scale in COARSE[name]:
            for task in TASKS:
                shown = trace.maps[f"gate/{task}/{scale}"]
                assert sum(log[f"expert_use/{task}/{scale}/{k}"] for k in range(4)) == pytest.approx(1, abs=1e-4)
                assert shown.shape[2:] == features("f2", 32)[scale].shape[2:]
                p = shown[0, :, 0, 0]
                one = -float((p * p.log()).sum()) / math.log(4)
                assert 0 < log[f"gate_entropy/{task}/{scale}"] <= 1 + 1e-6
                assert log[f"gate_entropy/{task}/{scale}"] == pytest.approx(one, abs=0.1)

    def test_an_expert_is_dead_only_if_every_task_left_it(self) -> None:
        trace = Trace()
        first, second = torch.tensor([0.98, 0.02, 0.0]), torch.tensor([0.01, 0.99, 0.0])
        for task, use in (("a", first), ("b", second)):
            trace.show(f"gate/{task}/f3", use.view(1, 3, 1, 1).expand(2, 3, 4, 4))
        log = selector_log(trace)
        assert log["dead_experts/f3"] == 1
        assert log["expert_use/b/f3/1"] == pytest.approx(0.99)

    def test_weights_and_scales(self) -> None:
        trace = Trace()
        select(make("task_dw"), "tad", trace=trace)
        select(make("patch_gate"), "tad", trace=trace)
        log = selector_log(trace)
        shown = trace.maps["weights/tad/f3"]
        figures = [log[f"weights_{key}/tad/f3"] for key in ("min", "mean", "max", "std")]
        assert figures == pytest.approx([float(v) for v in (shown.min(), shown.mean(), shown.max(), shown.std())])
        assert 0 < figures[0] < 0.5 < figures[2] < 1  # no ReLU before the sigmoid
        assert sum(log[f"scale_use/tad/f2/{s}"] for s in ("f2", "f3", "f4", "f5")) == pytest.approx(1, abs=1e-5)
        assert 0 < log["scale_entropy/tad/f2"] <= 1

    def test_nothing_to_say(self) -> None:
        trace = Trace()
        select(make("identity"), "tad", trace=trace)
        assert selector_log(trace) == {}


class TestGateConsistency:
    def test_equals_the_norm_inside_the_mask(self) -> None:
        generator = torch.Generator().manual_seed(0)
        g, other = torch.rand(2, 4, 6, 6, generator=generator), torch.rand(2, 4, 6, 6, generator=generator)
        mask = torch.rand(2, 1, 6, 6, generator=generator)
        total = weight = 0.0
        for b in range(2):
            for i in range(6):
                for j in range(6):
                    total += float(mask[b, 0, i, j]) * float((g[b, :, i, j] - other[b, :, i, j]).abs().sum())
                    weight += float(mask[b, 0, i, j])
        assert gate_distance(g, other, mask).item() == pytest.approx(total / weight, rel=1e-5)

    def test_gates_learn_to_agree_where_boundaries_are(self) -> None:
        window = context(32)
        apart = {"loop": 0.9, "stripe": 0.6, "tad": 0.1}
        live = {
            f"gate/{t}/f2": torch.tensor([p, 1 - p]).view(1, 2, 1, 1).repeat(2, 1, 32, 32) for t, p in apart.items()
        }
        for g in live.values():
            g.requires_grad_()
        loss = gate_consistency(live, window, points=["loop"], masks=["stripe"], boundary="tad")
        assert loss.item() == pytest.approx((1.6 + 1.0) / 2, rel=1e-4)
        loss.backward()
        rows, cols = window.boundaries("f2")
        away = (rows[:, :, None] * cols[:, None, :] == 0)[:, None].expand(-1, 2, -1, -1)
        assert (live["gate/loop/f2"].grad[~away] != 0).any()
        assert (live["gate/tad/f2"].grad != 0).any()

    def test_reads_the_gates_of_a_pass(self) -> None:
        trace, window = Trace(), context(32)
        for task in TASKS:
            select(make("low_rank_free", gate="conv"), task, trace=trace)
        loss = gate_consistency(trace.live, window, points=["loop"], masks=["stripe"], boundary="tad")
        assert loss.item() > 0

    def test_without_experts_it_is_nothing(self) -> None:
        trace = Trace()
        for task in TASKS:
            select(make("task_dw"), task, trace=trace)
        assert gate_consistency(trace.live, context(32), points=["loop"], masks=["stripe"], boundary="tad") == 0
