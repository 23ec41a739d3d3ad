"""Codes and gates: sizes, forms, scale, support sets, curriculum."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_hicstruct.config.gating import CurriculumConfig, GateConfig
from napari_hicstruct.models.gating.code import LineCode, SupportPooling
from napari_hicstruct.models.gating.gate import CellGate, FeatureGate, opened, sparse_distribution

FORMS = ("sigmoid", "sparsemax", "entmax")
DIMS = 96


def value(tensor: Tensor) -> float:
    return float(tensor.detach())


def small(**changes: object) -> GateConfig:
    return GateConfig.model_validate({"hidden": 16, "code": 32, "gate_hidden": 48, "support": 8} | changes)


def made(form: str, dims: int = DIMS, **changes: object) -> CellGate:
    torch.manual_seed(0)
    return CellGate(small(form=form, **changes), dims)


def numbers(lines: int = 6, n: int = 64) -> Tensor:
    return torch.randn(lines, n, generator=torch.Generator().manual_seed(1))


def test_sizes_are_the_design_s() -> None:
    net = CellGate(GateConfig(), 768)
    shapes = [tuple(layer.weight.shape) for layer in net.modules() if isinstance(layer, torch.nn.Linear)]
    assert (128, 64) in shapes
    assert (256, 128) in shapes
    assert (512, 256) in shapes
    assert (768, 512) in shapes
    assert GateConfig().support == 32


@pytest.mark.parametrize("form", FORMS)
def test_gates_have_mean_1_and_are_in_0_1_before_scaling(form: str) -> None:
    found = made(form)(numbers())
    torch.testing.assert_close(found.gate.mean(1), torch.ones(6))
    assert value(found.raw.min()) >= 0
    assert value(found.raw.max()) <= 1
    assert found.gate.shape == (6, DIMS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_a_new_gate_opens_the_wanted_share(form: str, share: float) -> None:
    found = made(form, 768, start_open=share)(numbers(20))
    assert value(found.share_open.mean()) == pytest.approx(share, abs=0.04)


def test_sparse_forms_shut_dimensions_exactly_and_sigmoid_never() -> None:
    assert bool((made("sparsemax")(numbers()).raw == 0).any())
    assert bool((made("sigmoid")(numbers()).raw > 0).all())


@pytest.mark.parametrize("form", ["sparsemax", "entmax"])
def test_what_all_lines_shut_can_open_again_and_no_value_is_another(form: str) -> None:
    bare, leaky = made(form, leak=0.0), made(form, leak=0.3)
    moved = []
    for net in (bare, leaky):
        found = net(numbers())
        shut = (found.raw == 0).all(0)
        assert bool(shut.any())
        found.gate[:, shut].sum().backward()  # a loss that would be served by what is shut
        moved.append(float(net.gate.net[-1].weight.grad[shut].abs().sum()))  # type: ignore[union-attr]
    assert moved[0] == 0
    assert moved[1] > 0
    assert torch.equal(bare(numbers()).gate, leaky(numbers()).gate)


@pytest.mark.parametrize("form", FORMS)
def test_every_weight_of_the_gate_gets_a_gradient(form: str) -> None:
    net = made(form)
    found = net(numbers(), torch.randn(6, 8, DIMS))
    (found.gate * torch.randn(6, DIMS, generator=torch.Generator().manual_seed(3))).sum().backward()
    silent = {name for name, p in net.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)}
    # a mean of 1 makes an offset void, except under a sigmoid; only entmax has an alpha
    allowed = {"sigmoid": {"gate.alpha_logit"}, "sparsemax": {"gate.alpha_logit", "gate.offset"}}
    assert silent - {"gate.offset", "code.support.score.bias"} <= allowed.get(form, set())


def test_alpha_of_entmax_is_learnt_between_softmax_and_sparsemax() -> None:
    net = FeatureGate(small(form="entmax"), DIMS)
    assert value(net.alpha.detach()) == pytest.approx(1.5, abs=0.02)
    logits = torch.linspace(-2, 2, 12, dtype=torch.float64)
    torch.testing.assert_close(
        sparse_distribution(logits, "entmax", 2.0), sparse_distribution(logits, "sparsemax", 2.0), atol=1e-6, rtol=1e-5
    )


@pytest.mark.parametrize("form", ["sparsemax", "entmax"])
def test_sparse_forms_agree_with_their_definition(form: str) -> None:
    """(α−1)z − τ, to the power 1/(α−1), with τ found by bisection in plain code."""
    alpha, logits = {"sparsemax": 2.0, "entmax": 1.5}[form], torch.randn(9, dtype=torch.float64)
    low, high = -10.0, 10.0
    for _ in range(200):
        tau = (low + high) / 2
        total = float(((alpha - 1) * logits - tau).clamp_min(0).pow(1 / (alpha - 1)).sum())
        low, high = (tau, high) if total > 1 else (low, tau)
    wanted = ((alpha - 1) * logits - tau).clamp_min(0).pow(1 / (alpha - 1))
    torch.testing.assert_close(sparse_distribution(logits, form, alpha), wanted, atol=1e-6, rtol=1e-4)  # type: ignore[arg-type]


def test_a_code_comes_from_numbers_from_samples_or_from_both() -> None:
    net = LineCode(small(), DIMS).eval()
    support = torch.randn(6, 8, DIMS)
    codes = [net(numbers(), None), net(None, support), net(numbers(), support)]
    assert {tuple(code.shape) for code in codes} == {(6, 32)}
    assert not torch.allclose(codes[0], codes[1])
    assert not torch.allclose(codes[0], codes[2])


def test_fewer_numbers_are_filled_up_and_more_are_refused() -> None:
    net = LineCode(small(), DIMS)
    few = numbers(2, 5)
    torch.testing.assert_close(net(few), net(torch.nn.functional.pad(few, (0, 59))))
    with pytest.raises(ValueError, match="65 numbers describe a line"):
        net(numbers(2, 65))
    with pytest.raises(ValueError, match="needs numbers"):
        net()


def test_the_order_of_support_samples_does_not_matter_and_any_number_may_be_given() -> None:
    net = SupportPooling(DIMS, 32).eval()
    samples = torch.randn(2, 8, DIMS)
    torch.testing.assert_close(net(samples), net(samples[:, torch.randperm(8)]), atol=1e-5, rtol=1e-4)
    assert net(samples[:, :3]).shape == (2, 32)
    torch.testing.assert_close(net(samples), net(torch.cat([samples, samples], 1)), atol=1e-5, rtol=1e-4)


def test_a_curriculum_opens_the_gate_after_the_first_epoch_over_three() -> None:
    plan = CurriculumConfig()
    assert [plan.share(epoch) for epoch in (0, 0.9, 1, 2.5, 4, 9)] == [0, 0, 0, 0.5, 1, 1]
    assert [CurriculumConfig(closed_until=0, opening=0).share(epoch) for epoch in (0, 3)] == [1, 1]
    gate = torch.tensor([[0.0, 2.0]])
    assert opened(gate, 0).tolist() == [[1, 1]]
    assert opened(gate, 0.5).tolist() == [[0.5, 1.5]]
    assert opened(gate, 1).tolist() == [[0, 2]]
