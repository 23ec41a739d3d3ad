"""Selectors: each equals its equation written out slowly, has its number of weights, and detaches what it says."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from napari_hicstruct.config.model import TaskConfig
from napari_hicstruct.models import registry
from napari_hicstruct.models.context import Trace
from napari_hicstruct.models.library.selectors import experts, gates
from napari_hicstruct.models.selector import Selector
from tests.unit.model.model_kit import TASKS, WIDTH, context, features, small
from tests.unit.model.selector_kit import make, select

C, T = WIDTH, len(TASKS)
EXPERTS = {  # selector: scales with experts
    "low_rank_free": ("f1", "f2", "f3", "f4", "f5"),
    "low_rank_free_low": ("f1", "f2", "f3"),
    "low_rank_prior": ("f1", "f2", "f3", "f4", "f5"),
    "strip": ("f1", "f2", "f3", "f4", "f5"),
    "hybrid_high": ("f5",),
    "hybrid_mid_high": ("f4", "f5"),
}
WEIGHTS = {  # selector: scales with weights per task
    "task_dw": ("f1", "f2", "f3", "f4", "f5"),
    "hybrid_high": ("f1", "f2", "f3", "f4"),
    "hybrid_mid_high": ("f1", "f2", "f3"),
}
GATES = ("conv", "pooled", "task")
SCALEWISE = sorted({*EXPERTS, *WEIGHTS})


def readers(scale: str) -> list[str]:
    """Tasks that read a scale of the small network."""
    return ["loop"] if scale == "f1" else TASKS


def slow_filter(x: Tensor, weight: Tensor, dilation: int = 1) -> Tensor:
    """Depthwise ``y[c, i, j] = Σ_ab w[c, a, b] x[c, i + d(a - A), j + d(b - B)]``, zeros outside; ``w (C, a, b)``."""
    y = torch.zeros_like(x)
    height, width = x.shape[2:]
    reach = 8
    padded = nn.functional.pad(x, (reach,) * 4)
    for a in range(weight.shape[1]):
        for b in range(weight.shape[2]):
            i = reach + dilation * (a - weight.shape[1] // 2)
            j = reach + dilation * (b - weight.shape[2] // 2)
            y = y + weight[:, a, b].view(1, -1, 1, 1) * padded[:, :, i : i + height, j : j + width]
    return y


def slow_expert(expert: nn.Module, x: Tensor) -> Tensor:
    """One expert, written out."""
    if isinstance(expert, nn.Identity):
        return x
    if isinstance(expert, nn.Conv2d):
        return slow_filter(x, expert.weight[:, 0], expert.dilation[0])
    near = slow_filter(x, expert.near.weight[:, 0])
    both = slow_filter(near, expert.down.weight[:, 0]) + slow_filter(near, expert.across.weight[:, 0])
    return both * 0.5 * (1 + torch.erf(both / math.sqrt(2)))


def slow_gate(gate: nn.Module, x: Tensor, task: str, valid: Tensor) -> Tensor:
    """``(B, K, h, w)`` weights of a gate, written out."""
    batch, _, height, width = x.shape
    if isinstance(gate, gates.ConvGate):
        read = gate.read[task]
        logits = torch.einsum("bchw,kc->bkhw", x, read.weight[:, :, 0, 0]) + read.bias.view(1, -1, 1, 1)
    else:
        pooled = torch.stack([(x[b] * valid[b]).sum((1, 2)) / valid[b].sum() for b in range(batch)])
        mlp = gate.read
        if isinstance(gate, gates.TaskGate):
            pooled = torch.cat([pooled, gate.embedding[task].repeat(batch, 1)], 1)
        else:
            mlp = gate.read[task]
        hidden = pooled @ mlp[0].weight.T + mlp[0].bias
        logits = (hidden * torch.sigmoid(hidden)) @ mlp[2].weight.T + mlp[2].bias
        logits = logits[:, :, None, None].expand(-1, -1, height, width)
    odds = logits.exp()
    return odds / odds.sum(1, keepdim=True)


@pytest.mark.parametrize("finest", ["f1", "f2"])
@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("name", SCALEWISE)
def test_equals_its_equation(name: str, residual: bool, gate: str, finest: str) -> None:
    selector, window = make(name, residual=residual, gate=gate), context(32, finest)
    maps = features(finest, 32)
    for task in TASKS:
        read = selector(maps, task, window)
        assert read.keys() == maps.keys()
        for scale, x in maps.items():
            expected = x
            if task in readers(scale) and scale in EXPERTS.get(name, ()):
                unit = selector.units[scale]
                alpha = slow_gate(unit.gate, x, task, window.pooled("valid", scale))
                expected = sum(alpha[:, k : k + 1] * slow_expert(e, x) for k, e in enumerate(unit.experts))
                expected = expected + x if residual else expected
            elif task in readers(scale) and scale in WEIGHTS.get(name, ()):
                conv = selector.units[scale].weigh[task]
                raw = slow_filter(x, conv.weight[:, 0]) + conv.bias.view(1, -1, 1, 1)
                expected = x / (1 + torch.exp(-raw))
            torch.testing.assert_close(read[scale], expected, atol=1e-5, rtol=1e-4)


def _count(name: str, gate: str, n: int) -> int:
    per_expert = {"low_rank_prior": C * (9 + 9 + 25), "strip": n * C * (9 + 7 + 7)}.get(name, n * C * 9)
    total = sum(C * 10 * len(readers(scale)) for scale in WEIGHTS.get(name, ()))
    for scale in EXPERTS.get(name, ()):
        tasks, hidden, e = len(readers(scale)), gates.HIDDEN, gates.EMBEDDING
        mlp = C * hidden + hidden + hidden * n + n
        total += (
            per_expert + {"conv": tasks * (C * n + n), "pooled": tasks * mlp, "task": mlp + (hidden + tasks) * e}[gate]
        )
    return total


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", SCALEWISE)
def test_number_of_weights(name: str, gate: str) -> None:
    assert sum(p.numel() for p in make(name, gate=gate).parameters()) == _count(name, gate, 4)


@pytest.mark.parametrize("count", [2, 3, 4, 6, 8])
def test_priors_for_any_number_of_experts(count: int) -> None:
    made = experts.prior_experts(C, count)
    learnt = [(e.kernel_size[0], e.dilation[0]) for e in made if isinstance(e, nn.Conv2d)]
    assert len(made) == count
    assert sum(isinstance(e, nn.Identity) for e in made) == (count > 3)
    assert learnt[:3] == [(3, 1), (3, 2), (5, 1)][:count]


def test_e2_low_leaves_coarse_scales_alone() -> None:
    maps = features("f1", 32)
    read = make("low_rank_free_low")(maps, "loop", context(32, "f1"))
    assert [scale for scale in maps if read[scale] is maps[scale]] == ["f4", "f5"]


@pytest.mark.parametrize("name", SCALEWISE)
def test_f1_is_for_fine_tasks(name: str) -> None:
    maps = features("f1", 32)
    assert make(name)(maps, "stripe", context(32, "f1"))["f1"] is maps["f1"]
    coarse_only = [TaskConfig(name="tad", head="boundary", widths=(C,) * 3).model_dump()]
    config = small(selector=name, tasks=coarse_only)
    assert "f1" not in registry.resolve(registry.SELECTORS, name, "selector")(config).units


@pytest.mark.parametrize("gate", GATES)
def test_gates_do_not_train_the_encoder_where_detached(gate: str) -> None:
    """What the gate alone says of the features: it trains the gate, and the encoder only if it may."""
    gradients = {}
    for detach in (True, False):
        selector = make("low_rank_free", gate=gate, detach_gate=detach)
        maps, trace = features("f2", 32), Trace()
        selector(maps, "tad", context(32, trace=trace))
        trace.live["gate/tad/f2"][:, 0].sum().backward()
        read = selector.units["f2"].gate.read
        assert all(p.grad is not None for p in (read if gate == "task" else read["tad"]).parameters())
        gradients[detach] = maps["f2"].grad
    assert gradients[True] is None
    assert gradients[False].abs().max() > 0


def test_padding_does_not_change_a_window_s_gate() -> None:
    x, valid = torch.randn(1, C, 8, 8), torch.zeros(1, 1, 8, 8)
    valid[..., :5, :5] = 1.0
    other = torch.where(valid > 0, x, 100.0)
    torch.testing.assert_close(gates.pool(x, valid), gates.pool(other, valid))
    torch.testing.assert_close(gates.pool(x, valid), x[..., :5, :5].mean((2, 3)))
    assert torch.equal(gates.pool(x, torch.zeros_like(valid)), torch.zeros(1, C))


def test_one_mixed_filter_equals_the_mixture_of_outputs() -> None:
    made = nn.ModuleList(experts.prior_experts(C, 6))
    x, alpha = torch.randn(3, C, 12, 12), torch.rand(3, 6, 1, 1)
    by_filter, by_output = experts.mixed_by_filter(made, alpha, x), experts.mixed_by_output(made, alpha, x)
    torch.testing.assert_close(by_filter, by_output, atol=1e-5, rtol=1e-4)


def test_experts_start_near_identity() -> None:
    x = torch.randn(2, C, 16, 16)
    for name in ("low_rank_free", "low_rank_prior"):
        y = make(name).units["f2"](x, "tad", "f2", context(16))
        assert torch.corrcoef(torch.stack([x.flatten(), y.detach().flatten()]))[0, 1] > 0.8


class TestPatchGate:
    @pytest.mark.parametrize("finest", ["f1", "f2"])
    def test_equals_its_equation(self, finest: str) -> None:
        selector, maps = make("patch_gate"), features(finest, 32)
        for task in TASKS:
            read = selector(maps, task, context(32, finest))
            assert list(read) == (["f2", "f1"] if finest == "f1" and task == "loop" else ["f2"])
            for target, value in read.items():
                torch.testing.assert_close(value, self.slow(selector, maps, task, target), atol=1e-5, rtol=1e-4)

    def slow(self, selector: Selector, maps: dict[str, Tensor], task: str, target: str) -> Tensor:
        """Σ over scales, one at a time."""
        part, size = selector.at[target], maps[target].shape[-1]
        scales = [scale for scale in ("f1", "f2", "f3", "f4", "f5") if scale >= target]
        gate, odds, ups = part.gate[task], [], []
        for k, scale in enumerate(scales):
            conv = part.project[scale]
            u = torch.einsum("bchw,oc->bohw", maps[scale], conv.weight[:, :, 0, 0]) + conv.bias.view(1, -1, 1, 1)
            factor = size // u.shape[-1]
            ups.append(u.repeat_interleave(factor, 2).repeat_interleave(factor, 3))
            own = slice(k * C, (k + 1) * C)
            odds.append((slow_filter(ups[-1], gate.weight[own, 0]) + gate.bias[own].view(1, -1, 1, 1)).exp())
        mixed = sum(o * u for o, u in zip(odds, ups, strict=True)) / sum(odds)
        y = nn.functional.conv2d(mixed, part.out[task].weight, part.out[task].bias, padding=1)
        return y * torch.sigmoid(y)

    def test_number_of_weights(self) -> None:
        def at(scales: int, tasks: int) -> int:
            return scales * (C * C + C) + tasks * (scales * C * 10 + 9 * C * C + C)

        assert sum(p.numel() for p in make("patch_gate").parameters()) == at(4, T) + at(5, 1)

    def test_the_encoder_is_detached(self) -> None:
        selector, maps = make("patch_gate"), features("f1", 32)
        read = selector(maps, "loop", context(32, "f1"))
        sum(value.sum() for value in read.values()).backward()
        assert all(x.grad is None for x in maps.values())

    def test_penalties(self) -> None:
        trace = Trace()
        selector = make("patch_gate", entropy=0.1, smoothness=0.2)
        with torch.no_grad():
            for gate in selector.at["f2"].gate.values():
                gate.weight.zero_()
                gate.bias.zero_()
        select(selector, "tad", trace=trace)
        assert trace.penalties["scale_smoothness"] == 0  # all scales alike
        torch.testing.assert_close(trace.penalties["scale_entropy"], torch.zeros(()), atol=1e-6, rtol=0)
        with torch.no_grad():
            selector.at["f2"].gate["tad"].bias[:C] = 100.0  # f2 alone
        trace = Trace()
        select(selector, "tad", trace=trace)
        torch.testing.assert_close(trace.penalties["scale_smoothness"], torch.tensor(0.2 / 3))
        torch.testing.assert_close(trace.penalties["scale_entropy"], torch.tensor(0.1))


@pytest.mark.parametrize("name", ["low_rank_free", "low_rank_prior", "strip", "task_dw", "patch_gate"])
def test_bfloat16_gives_nearly_the_same(name: str) -> None:
    selector = make(name)
    with torch.no_grad():
        plain = select(selector, "loop", "f1")
        with torch.autocast("cpu", torch.bfloat16):
            short = select(selector, "loop", "f1")
    for scale, value in plain.items():
        torch.testing.assert_close(short[scale].float(), value, atol=0.08, rtol=0.05)
