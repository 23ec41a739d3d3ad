"""Losses of gates: what each teaches, and what it does not."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from torch import Tensor

from napari_hicstruct.config.gating import GateConfig, GateLossConfig, RulesConfig
from napari_hicstruct.epi.rules import GateFigures, LossWeights, apply_rules
from napari_hicstruct.losses.gating.align import contrastive_alignment, mean_square_alignment
from napari_hicstruct.losses.gating.entropy import entropy_sign, gate_entropy
from napari_hicstruct.losses.gating.immax import class_margins, immax
from napari_hicstruct.losses.gating.smooth import rbf_smoothness
from napari_hicstruct.losses.gating.sparse import effective_share, l1, outside_band, participation
from napari_hicstruct.models.gating.gate import FeatureGate, sparse_distribution

BAND = (0.1, 0.3)


def value(tensor: Tensor) -> float:
    return float(tensor.detach())


# --- IMMAX ------------------------------------------------------------------------------------------------------------


def test_margins_follow_the_cube_root_of_counts_and_minimise_the_bound() -> None:
    positive, negative = class_margins(50, 1_000)
    assert positive + negative == pytest.approx(2)
    assert negative / positive == pytest.approx(20 ** (1 / 3))

    def bound(rho: float) -> float:
        return 50 / rho**2 + 1_000 / (2 - rho) ** 2

    assert bound(positive) < min(bound(positive * 0.98), bound(positive * 1.02))
    assert class_margins(5, 500, exponent=0) == (1, 1)
    with pytest.raises(ValueError, match="both classes"):
        class_margins(0, 5)


def test_immax_is_a_logistic_loss_in_bits_of_scores_over_margins() -> None:
    logits, labels = torch.tensor([0.3, -0.2, 1.0]), torch.tensor([1.0, 0.0, 0.0])
    by_hand = [
        math.log2(1 + math.exp(-0.3 / 0.5)),
        math.log2(1 + math.exp(-0.2 / 1.5)),
        math.log2(1 + math.exp(1 / 1.5)),
    ]
    assert value(immax(logits, labels, (0.5, 1.5))) == pytest.approx(sum(by_hand) / 3, rel=1e-5)
    assert value(immax(torch.zeros(4), torch.tensor([1.0, 0, 0, 0]), (0.5, 1.5))) == pytest.approx(1)


def test_the_rare_class_pulls_harder() -> None:
    logits = torch.zeros(2, requires_grad=True)
    immax(logits, torch.tensor([1.0, 0.0]), class_margins(1, 20)).backward()
    assert logits.grad is not None
    assert -value(logits.grad[0]) / value(logits.grad[1]) == pytest.approx(20 ** (1 / 3), rel=1e-4)


# --- sparse -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["sparsemax", "entmax"])
def test_l1_teaches_nothing_where_sums_are_constant(form: Literal["sparsemax", "entmax"]) -> None:
    logits = torch.randn(3, 40, dtype=torch.float64, requires_grad=True)
    raw = sparse_distribution(logits, form, 1.5)
    (nothing,) = torch.autograd.grad(l1(raw), logits, retain_graph=True)
    (something,) = torch.autograd.grad(participation(raw), logits)
    assert value(nothing.abs().max()) < 1e-9
    assert value(something.abs().max()) > 1e-4


def test_l1_of_a_sigmoid_can_fall_while_the_network_sees_the_same_gate() -> None:
    raw = torch.rand(3, 40)
    scaled = [one / one.mean(1, keepdim=True) for one in (raw, raw / 10)]
    torch.testing.assert_close(*scaled)
    assert value(l1(raw / 10)) == pytest.approx(value(l1(raw)) / 10)
    assert value(participation(raw / 10)) == pytest.approx(value(participation(raw)), rel=1e-4)


def test_the_effective_share_counts_open_dimensions() -> None:
    raw = torch.zeros(2, 50)
    raw[0, :10], raw[1, :25] = 0.3, 0.9
    torch.testing.assert_close(effective_share(raw), torch.tensor([0.2, 0.5]))
    assert value(outside_band(raw, BAND)) == pytest.approx(0.1)
    assert value(outside_band(raw[:1], BAND)) == 0


def test_the_band_is_that_of_counted_shares_with_a_gradient_towards_it() -> None:
    logits = torch.randn(3, 40, dtype=torch.float64, requires_grad=True)
    raw = sparse_distribution(logits, "entmax", 1.5)
    counted = torch.tensor([0.2, 0.5, 0.6], dtype=torch.float64)
    loss = outside_band(raw, BAND, counted)
    assert value(loss) == pytest.approx((0.2 + 0.3) / 3)
    (gradient,) = torch.autograd.grad(loss, logits)
    after = sparse_distribution(logits.detach() - 0.05 * gradient / gradient.abs().max(), "entmax", 1.5)
    assert bool((effective_share(after)[1:] < effective_share(raw.detach())[1:]).all())
    assert float(gradient[0].abs().max()) == 0


# --- entropy: which sign helps is measured ----------------------------------------------------------------------------


def trained(form: str, wanted: Literal["measured", "open", "close"], start: float = 0.2) -> tuple[float, float]:
    """Share that a gate opens, and its effective share, after nothing but the entropy was learnt."""
    torch.manual_seed(0)
    config = GateConfig(code=8, gate_hidden=16, form=form, start_open=start)  # type: ignore[arg-type]
    gate, codes = FeatureGate(config, 60), torch.randn(4, 8)
    optimizer = torch.optim.Adam(gate.parameters(), lr=0.15)
    for _ in range(150):
        found = gate(codes)
        sign = entropy_sign(wanted, value(found.share_open.mean()), BAND)
        optimizer.zero_grad()
        (sign * gate_entropy(found.raw)).backward()
        optimizer.step()
    found = gate(codes)
    return value(found.share_open.mean()), value(effective_share(found.raw).mean())


@pytest.mark.parametrize("form", ["sparsemax", "entmax"])
def test_a_fixed_sign_collapses_one_way_or_the_other(form: str) -> None:
    assert trained(form, "open")[0] > 0.9
    assert trained(form, "close")[0] < 0.07


@pytest.mark.parametrize("form", ["sparsemax", "entmax"])
@pytest.mark.parametrize("start", [0.02, 0.2, 0.7])
def test_the_measured_sign_ends_within_the_band_from_either_side(form: str, start: float) -> None:
    share = trained(form, "measured", start)[0]
    assert BAND[0] - 0.04 < share < BAND[1] + 0.04


def test_entropy_is_1_of_equal_gates_and_0_of_one_dimension() -> None:
    assert value(gate_entropy(torch.ones(2, 30))) == pytest.approx(1, abs=1e-4)
    one = torch.zeros(2, 30)
    one[:, 3] = 1
    assert value(gate_entropy(one)) == pytest.approx(0, abs=1e-4)
    assert [entropy_sign("measured", share, BAND) for share in (0.05, 0.2, 0.5)] == [-1, 0, 1]


# --- align ------------------------------------------------------------------------------------------------------------


def samples() -> tuple[Tensor, Tensor, Tensor]:
    """Features of two labels in two lines that differ by label only."""
    torch.manual_seed(2)
    labels = torch.tensor([0, 0, 1, 1]).repeat(6)
    lines = torch.tensor([0, 1]).repeat(12)
    return torch.randn(2, 10)[labels] + 0.05 * torch.randn(24, 10), labels, lines


@pytest.mark.parametrize("loss", [mean_square_alignment, contrastive_alignment])
def test_alignment_is_small_where_lines_agree_and_large_where_they_differ(loss: object) -> None:
    assert callable(loss)
    features, labels, lines = samples()
    moved = features + 3 * torch.randn(2, 10)[lines]
    assert value(loss(features, labels, lines)) < 0.5 * value(loss(moved, labels, lines))


@pytest.mark.parametrize("loss", [mean_square_alignment, contrastive_alignment])
def test_shrinking_or_a_common_offset_does_not_help_alignment(loss: object) -> None:
    assert callable(loss)
    features, labels, lines = samples()
    moved = features + torch.randn(2, 10)[lines]
    before = value(loss(moved, labels, lines))
    assert value(loss(0.01 * moved, labels, lines)) == pytest.approx(before, rel=1e-3)
    assert value(loss(moved + 100, labels, lines)) == pytest.approx(before, rel=1e-2)


@pytest.mark.parametrize("loss", [mean_square_alignment, contrastive_alignment])
def test_one_line_has_nothing_to_align(loss: object) -> None:
    assert callable(loss)
    features, labels, lines = samples()
    assert value(loss(features.requires_grad_(), labels, lines * 0)) == 0


def test_a_lower_temperature_sharpens_the_contrast() -> None:
    features, labels, lines = samples()
    values = [value(contrastive_alignment(features, labels, lines, temperature=t)) for t in (0.05, 0.5)]
    assert values[0] < values[1]


# --- smooth -----------------------------------------------------------------------------------------------------------


def test_only_near_codes_must_have_near_gates_and_codes_are_not_moved() -> None:
    codes = torch.tensor([[0.0, 0.0], [0.1, 0.0], [50.0, 0.0]], requires_grad=True)
    gates = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]], requires_grad=True)
    loss = rbf_smoothness(codes, gates, width=1.0)
    assert value(loss) == pytest.approx(2 * math.exp(-0.005) / 3, rel=1e-3)
    loss.backward()
    assert codes.grad is None
    assert gates.grad is not None
    assert value(gates.grad[2].abs().max()) < 1e-6
    assert value(rbf_smoothness(codes[:1], gates[:1])) == 0


# --- rules ------------------------------------------------------------------------------------------------------------

GOOD = {"share_open": 0.2, "distance": 0.3, "align": 0.1, "smooth": 0.1, "entropy": 0.5}


@pytest.mark.parametrize(
    ("figures", "raised", "said"),
    [
        ({}, None, None),
        ({"share_open": 0.44}, "sparse", "44% of dimensions are open (10% to 30% wanted)"),
        ({"share_open": 0.004}, "entropy", "0.4% of dimensions are open"),
        ({"distance": 0.001}, "align", "alike"),
        ({"align": 1.9}, "align", "disagree"),
        ({"smooth": 0.8}, "smooth", "near codes"),
    ],
)
def test_rules_raise_the_weight_that_helps_and_say_so(figures: dict[str, float], raised: str, said: str) -> None:
    losses = GateLossConfig()
    weights = LossWeights.of(losses)
    messages = apply_rules(weights, GateFigures(**(GOOD | figures)), losses, RulesConfig())
    changed = [name for name, value in weights.to_dict().items() if value != getattr(losses, name)]
    assert changed == ([raised] if raised else [])
    assert len(messages) == len(changed)
    assert all(said in message for message in messages)


def test_rules_stop_at_their_limit_and_can_be_switched_off() -> None:
    losses, figures = GateLossConfig(), GateFigures(**(GOOD | {"share_open": 0.95}))
    weights = LossWeights.of(losses)
    said = [apply_rules(weights, figures, losses, RulesConfig(limit=3)) for _ in range(6)]
    assert weights.sparse == pytest.approx(3 * losses.sparse)
    assert said[-1] == []
    assert figures.collapse == "all open"
    assert apply_rules(LossWeights.of(losses), figures, losses, RulesConfig(enabled=False)) == []
