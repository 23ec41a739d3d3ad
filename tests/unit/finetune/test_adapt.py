"""What learns and what does not: heads, decoders, all, adapters; batch norm stays as it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.training.adapt import choose_trainable, keep_norms, merge_adapters

SMALL = ModelConfig(channels=(8, 8, 8, 8, 8))


def net() -> MultiTaskNet:
    torch.manual_seed(0)
    return MultiTaskNet(SMALL).eval()


def learning(network: nn.Module) -> set[str]:
    return {name.split(".")[0] for name, p in network.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    ("what", "learns"),
    [
        ("heads", {"heads", "fine_heads"}),
        ("decoders", {"heads", "fine_heads", "decoders"}),
        ("all", {"encoder", "decoders", "heads", "fine_heads"}),
    ],
)
def test_parts(what: str, learns: set[str]) -> None:
    network = net()
    choose_trainable(network, what)
    assert learning(network) == learns


def test_adapters_begin_as_nothing_learn_and_merge_into_ordinary_weights() -> None:
    network, x = net(), torch.randn(1, SMALL.in_channels, 64, 64)
    names = set(network.state_dict())
    before = network.coarse(x, ["loop"])["loop"].detach()
    choose_trainable(network, "adapters", rank=2)
    assert torch.equal(network.coarse(x, ["loop"])["loop"], before)
    frozen = network.encoder.coarse_stem[0].parametrizations.weight
    assert not frozen.original.requires_grad
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=1.0)
    network.coarse(x, ["loop"])["loop"].square().mean().backward()
    optimizer.step()
    learnt = network.coarse(x, ["loop"])["loop"].detach()
    assert not torch.allclose(learnt, before)
    merge_adapters(network)
    assert set(network.state_dict()) == names
    assert torch.allclose(network.coarse(x, ["loop"])["loop"], learnt, atol=1e-6)
    assert torch.linalg.matrix_rank(network.encoder.coarse_stem[0].weight.flatten(1)).item() > 2


def test_batch_norm_stays_through_train() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    keep_norms(module)
    before = {name: value.clone() for name, value in module[1].state_dict().items()}
    module.train()
    module(torch.randn(8, 1, 16, 16) * 5 + 3).sum().backward()
    assert not module[1].training
    assert module[0].training
    assert all(torch.equal(value, before[name]) for name, value in module[1].state_dict().items())
    assert module[1].weight.grad is None
