"""The network of pairs: both strands alike, controls of equal size, what reads the line and what does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.models.epi.network import EpiNet, LineInputs
from tests.epi_kit import tiny

CONTROLS = ("gate", "none", "one_hot", "bias", "adversarial")


def made(**changes: object) -> EpiNet:
    torch.manual_seed(0)
    return EpiNet(tiny(**changes), 5).eval()


def codes(n: int, seed: int = 0) -> Tensor:
    return torch.randint(0, 5, (n, 64), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)


def lines(n: int = 2, seed: int = 0) -> LineInputs:
    generator = torch.Generator().manual_seed(seed)
    return LineInputs(features=torch.randn(n, 6, generator=generator), identity=torch.arange(n))


def complement(x: Tensor) -> Tensor:
    return torch.where(x < 4, 3 - x, x).flip(1)


def test_the_default_has_768_features() -> None:
    assert EpiConfig().encoder.dims == 768


def test_a_sequence_and_its_reverse_complement_give_the_same_features() -> None:
    net, x = made(), codes(4)
    assert torch.equal(net.encoder(x), net.encoder(complement(x)))
    assert not torch.allclose(net.encoder(x), net.encoder(codes(4, 1)))


@pytest.mark.parametrize("control", CONTROLS)
def test_lines_change_the_score_of_a_pair_only_where_the_network_reads_them(control: str) -> None:
    net = made(control=control)
    x, y = codes(1).repeat(2, 1), codes(1, 1).repeat(2, 1)
    with torch.no_grad():
        logits = net(x, y, torch.tensor([0, 1]), lines()).logits
    assert (abs(float(logits[0] - logits[1])) > 1e-6) == (control in ("gate", "one_hot", "bias"))


def test_the_control_without_a_gate_reads_all_features_as_they_are() -> None:
    net = made(control="none")
    found = net.describe(lines())
    assert bool(found.is_open.all())
    features = net.encoder(codes(3)).detach()
    assert torch.equal(net.modulate(features, found, torch.tensor([0, 1, 0]), 1.0), features)


@pytest.mark.parametrize("control", ["gate", "bias", "one_hot"])
def test_a_shut_curriculum_reads_every_line_alike(control: str) -> None:
    net = made(control=control)
    with torch.no_grad():
        logits = net(codes(2), codes(2, 1), torch.tensor([0, 1]), lines(), 0.0).logits
        swapped = net(codes(2), codes(2, 1), torch.tensor([1, 0]), lines(), 0.0).logits
    torch.testing.assert_close(logits, swapped)


def test_controls_have_the_size_of_the_gate() -> None:
    sizes = {control: sum(p.numel() for p in made(control=control).parameters()) for control in CONTROLS}
    assert len({sizes[control] for control in CONTROLS[:4]}) == 1
    assert sizes["adversarial"] == pytest.approx(sizes["gate"], rel=0.03)


def test_a_new_line_has_no_number_of_its_own() -> None:
    net = made(control="one_hot")
    with torch.no_grad():
        known = net.describe(LineInputs(identity=torch.tensor([0, 1]))).gate
        new = net.describe(LineInputs(identity=torch.tensor([-1, -1]))).gate
    assert not torch.allclose(known[0], known[1])
    assert torch.equal(new[0], new[1])


def test_the_gradient_of_the_line_is_reversed_in_the_features() -> None:
    net = made(control="adversarial")
    output = net(codes(4), codes(4, 1), torch.tensor([0, 1, 0, 1]), lines())
    assert output.line_logits is not None
    loss = torch.nn.functional.cross_entropy(output.line_logits, torch.tensor([0, 1, 0, 1]))
    weight = net.encoder.features.weight
    (reversed_gradient,) = torch.autograd.grad(loss, weight, retain_graph=True)
    assert net.domain is not None
    straight = net.domain(output.modulated)
    other = torch.nn.functional.cross_entropy(straight, torch.tensor([0, 1, 0, 1]))
    (gradient,) = torch.autograd.grad(other, weight)
    torch.testing.assert_close(reversed_gradient, -gradient)


def test_more_of_an_open_feature_never_lowers_the_score() -> None:
    head = made().head
    features = torch.rand(50, 48, requires_grad=True)
    (gradient,) = torch.autograd.grad(head(features).sum(), features)
    assert float(gradient.min()) >= 0
    assert float(gradient.max()) > 0
    (gradient,) = torch.autograd.grad(made(encoder={"head_form": "free"}).head(features).sum(), features)
    assert float(gradient.min()) < 0


def test_support_sequences_teach_the_gate_and_not_the_encoder() -> None:
    net = made()
    inputs = LineInputs(support=torch.stack([codes(4), codes(4, 1)]))
    gates = net.describe(inputs)
    (gates.gate * torch.randn_like(gates.gate)).sum().backward()
    assert net.encoder.stem.weight.grad is None
    assert net.cell.code.support.out.weight.grad is not None
