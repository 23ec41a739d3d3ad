"""band_exchange: identity at first, exact outside its masks, equal to its formula inside."""

from __future__ import annotations

import pytest
import torch

from napari_hicstruct.models.context import BoundaryPrior, Trace, WindowContext
from napari_hicstruct.models.library.interactions.band_exchange import (
    EDGES,
    BandExchange,
    Gate,
    WindowAttention,
    buckets,
)
from napari_hicstruct.models.network import MultiTaskNet
from tests.unit.model.model_kit import WIDTH, context, prior, small, window

BAND = {"boundary_prior": {"kind": "band"}, "interaction": "band_exchange"}


def exchange(**options: object) -> BandExchange:
    torch.manual_seed(0)
    return BandExchange(small(**BAND, interaction_options={"scales": ["f2"], **options}))


def loud(module: BandExchange) -> BandExchange:
    """With every weight away from its zero."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=generator))
    return module


def maps(size: int = 64, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(2, WIDTH, size, size, generator=generator) for name in ("loop", "stripe", "tad")}


@pytest.mark.parametrize("attention", [False, True])
def test_it_starts_as_identity(attention: bool) -> None:
    features = maps()
    out = exchange(attention=attention).exchange("f2", features, context())
    assert all(torch.equal(out[name], features[name]) for name in features)


def test_other_scales_pass_untouched() -> None:
    features = maps()
    assert loud(exchange()).exchange("f3", features, context()) is features


def test_outside_the_masks_features_are_bit_identical() -> None:
    module, features = loud(exchange()), maps()
    p = torch.zeros(2, 64)
    p[:, 20] = 0.9
    around = WindowContext(window(64), "f2", BoundaryPrior(p, p))
    with torch.no_grad():
        out, masks = module.exchange("f2", features, around), module.masks("f2", around)
    seen = {"tad": ("band", "corner"), "stripe": ("band", "interior"), "loop": ("corner", "interior")}
    for task, names in seen.items():
        outside = sum(masks[name] for name in names) == 0
        assert outside.any() or task != "tad"
        keep = outside.expand_as(out[task])
        assert torch.equal(out[task][keep], features[task][keep])
        assert not torch.equal(out[task], features[task])
    assert float(masks["corner"][0, 0, 21, 19]) > 0  # the neighbourhood of the corner
    assert float(masks["corner"][0, 0, 23, 19]) == 0
    assert float(masks["band"][0, 0, 40, 20]) > 0
    assert float(masks["band"][0, 0, 40, 30]) == 0


def test_inside_it_equals_the_formula_written_out() -> None:
    module, features = loud(exchange()), maps()
    around = context()
    with torch.no_grad():
        out, masks = module.exchange("f2", features, around), module.masks("f2", around)
    distance = around.distance("f2")
    b, y, x = 1, 30, 41
    expected = features["tad"][b, :, y, x].clone()
    for name, other in (("band", "stripe"), ("corner", "loop")):
        bucket = sum(float(distance[b, 0, y, x]) > edge for edge in EDGES)
        pair = "stripe-tad" if other == "stripe" else "loop-tad"
        g = torch.sigmoid(module.gates[f"{pair}-f2"].logit[bucket])
        tell = module.tell[f"{other}-tad-f2"]
        normal = (features[other][b] - features[other][b].mean()) / features[other][b].var(unbiased=False).add(
            1e-5
        ).sqrt()
        normal = normal[:, y, x] * tell.norm.weight + tell.norm.bias
        expected = expected + masks[name][b, 0, y, x] * g * (tell.tell.weight[:, :, 0, 0] @ normal)
    torch.testing.assert_close(out["tad"][b, :, y, x], expected, atol=1e-5, rtol=1e-4)


def test_window_attention_equals_softmax_within_its_window() -> None:
    torch.manual_seed(0)
    module = WindowAttention(6, 5, width=4)
    torch.nn.init.normal_(module.tell.weight)
    own, other = torch.randn(1, 5, 12, 16), torch.randn(1, 6, 12, 16)
    out = module(own, other)
    assert out.shape == (1, 5, 12, 16)
    q, k, v = module.query(own)[0], module.key(other)[0], module.value(other)[0]
    y, x = 5, 12  # in the window of rows 0–7 and columns 8–15
    keys, values = k[:, 0:8, 8:16].flatten(1), v[:, 0:8, 8:16].flatten(1)
    weight = torch.softmax(q[:, y, x] @ keys / 2.0, 0)
    torch.testing.assert_close(
        out[0, :, y, x], module.tell.weight[:, :, 0, 0] @ (values @ weight), atol=1e-5, rtol=1e-4
    )


def test_gates_by_distance_and_constant() -> None:
    by_distance, constant = Gate(constant=False), Gate(constant=True)
    with torch.no_grad():
        by_distance.logit.copy_(torch.arange(6.0))
    d = torch.tensor([50e3, 150e3, 300e3, 600e3, 1e6, 3e6]).view(1, 1, 2, 3)
    torch.testing.assert_close(by_distance(buckets(d)).flatten(), torch.sigmoid(torch.arange(6.0)))
    assert constant(buckets(d)).unique().tolist() == [0.5]
    assert sum(p.numel() for p in constant.parameters()) == 1


def test_shuffled_masks_lie_elsewhere_and_always_at_the_same_place() -> None:
    plain, shuffled = exchange(), exchange(shuffled=True)
    around = context()
    assert not torch.equal(plain.masks("f2", around)["corner"], shuffled.masks("f2", around)["corner"])
    assert torch.equal(shuffled.masks("f2", around)["corner"], shuffled.masks("f2", around)["corner"])


def test_boundaries_are_read_detached() -> None:
    model = MultiTaskNet(small(**BAND))
    loud(model.interaction)
    model.coarse(window(64), ["loop"], prior=prior(64))["loop"].square().mean().backward()
    assert all(p.grad is None for p in model.boundary_prior.parameters())
    assert model.decoders["tad"].up2.block[0].weight.grad is not None  # what loops learn from TADs teaches TADs too


def test_parameters_are_as_documented() -> None:
    pairs, scales = 3, 1
    per_pair = 2 * (WIDTH * WIDTH + 2 * WIDTH) + len(EDGES) + 1
    assert sum(p.numel() for p in exchange().parameters()) == scales * pairs * per_pair + 3


def test_the_trace_shows_gates_and_carries_the_sparsity_penalty() -> None:
    module, trace = exchange(sparsity=0.5), Trace()
    module.exchange("f2", maps(), context(trace=trace))
    assert set(trace.maps) == {"exchange/stripe-tad/f2", "exchange/loop-tad/f2", "exchange/loop-stripe/f2"}
    mean = sum(float(value.mean()) for value in trace.maps.values())
    assert float(trace.penalties["exchange_sparsity"].detach()) == pytest.approx(0.5 * mean, rel=1e-5)
