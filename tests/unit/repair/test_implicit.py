"""The network and its file: exact layers, features, what is refused when it is read."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from napari_hicstruct.config.repair import FunctionConfig
from napari_hicstruct.errors import ModelError
from napari_hicstruct.models.implicit.features import FourierFeatures, GridFeatures
from napari_hicstruct.models.implicit.occupancy import ImplicitField, OccupancyMLP
from napari_hicstruct.models.implicit.store import load_function, save_function

CARD = {"classes": [{"name": "a", "value": 1}, {"name": "b", "value": 2}], "samples": [{"name": "x"}]}


@pytest.mark.parametrize(("dimensions", "width"), [(3, 323), (2, 322)])
def test_layers_have_the_published_sizes(dimensions: int, width: int) -> None:
    mlp = ImplicitField(FunctionConfig(), dimensions, samples=1).mlp
    sizes = [(layer.in_features, layer.out_features) for layer in mlp.children() if isinstance(layer, nn.Linear)]
    assert sizes == [(width, 256), (256, 256), (256 + width, 128), (128, 64), (64, 1)]


def as_written(mlp: OccupancyMLP, latent: Tensor, points: Tensor) -> Tensor:
    """The network word for word: the latent vector is repeated for every point."""
    inputs = torch.cat([latent[:, None].expand(-1, points.shape[1], -1), points], -1)
    hidden = torch.relu(mlp.fc2(torch.relu(mlp.fc1(inputs))))
    hidden = torch.relu(mlp.fc3(torch.cat([hidden, inputs], -1)))
    return torch.as_tensor(mlp.out(torch.relu(mlp.fc4(hidden))))


def test_latent_multiplied_once_per_sample_is_the_same_function_and_gradient() -> None:
    torch.manual_seed(1)
    mlp = OccupancyMLP(5, 4, classes=3)
    latent, points = torch.randn(2, 5, requires_grad=True), torch.randn(2, 7, 4)
    fast, slow = mlp(latent, points), as_written(mlp, latent, points)
    torch.testing.assert_close(fast, slow)
    for weight in (latent, mlp.fc1.weight, mlp.fc1.bias, mlp.fc3.weight):
        one = torch.autograd.grad(fast.square().sum(), weight, retain_graph=True)[0]
        other = torch.autograd.grad(slow.square().sum(), weight, retain_graph=True)[0]
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_fourier_features_reach_the_bandwidth_and_no_further(dimensions: int) -> None:
    features = FourierFeatures(dimensions, 64, bandwidth=6.0)
    cycles = features.frequencies.norm(dim=0) / torch.pi
    assert float(cycles.min()) == pytest.approx(0.5, rel=1e-4)
    assert float(cycles.max()) == pytest.approx(6.0, rel=1e-4)
    found = features(torch.zeros(4, dimensions))
    assert found.shape == (4, 64)
    assert found[0, :32].abs().max() == 0  # sines
    assert (found[0, 32:] == 1).all()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_grid_features_are_interpolated_in_the_order_of_the_axes(dimensions: int) -> None:
    features = GridFeatures(dimensions, 4, (3, 5))
    ramp = torch.linspace(-1, 1, 3).reshape(3, *[1] * (dimensions - 1)).expand(*[3] * dimensions)
    with torch.no_grad():
        features.grids[0][:] = ramp  # the coordinate along the first axis
    points = torch.rand(6, dimensions) * 2 - 1
    found = features(points)
    assert found.shape == (6, 4)
    torch.testing.assert_close(found[:, 0], points[:, 0])


def test_samples_differ_by_their_latent_vector_alone() -> None:
    field = ImplicitField(FunctionConfig(), 2, samples=2)
    points = torch.rand(1, 9, 2).expand(2, -1, -1)
    one, other = field(torch.tensor([0, 1]), points)
    assert not torch.equal(one, other)
    with torch.no_grad():
        field.latent[1] = field.latent[0]
    one, other = field(torch.tensor([0, 1]), points)
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kind", ["fourier", "grid"])
def test_a_function_is_read_as_it_was_written(kind: str, tmp_path: Path) -> None:
    config = FunctionConfig(latent=8, kind=kind, grids=(2, 4))
    field, path = ImplicitField(config, 3, samples=1, classes=2), tmp_path / "function.safetensors"
    save_function(path, field, config, CARD | {"thresholds": [0.5, 0.4]})
    again, card = load_function(path)
    points = torch.rand(1, 20, 3) * 2 - 1
    assert torch.equal(again(torch.tensor([0]), points), field(torch.tensor([0]), points))
    assert card["thresholds"] == [0.5, 0.4]
    assert card["classes"] == CARD["classes"]


def test_the_file_of_eight_samples_and_ten_classes_is_small(tmp_path: Path) -> None:
    for kind in ("fourier", "grid"):
        config = FunctionConfig(kind=kind)
        card = {"classes": [{"name": str(k), "value": k} for k in range(1, 11)], "samples": [{}] * 8}
        save_function(tmp_path / kind, ImplicitField(config, 3, samples=8, classes=10), config, card)
        assert (tmp_path / kind).stat().st_size < 10e6


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    config, path = FunctionConfig(latent=4), tmp_path / "function.safetensors"
    save_function(path, ImplicitField(config, 2, samples=1, classes=2), config, CARD)
    return path


def test_damaged_and_foreign_files_are_refused(stored: Path, tmp_path: Path) -> None:
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-4] + b"abcd")
    with pytest.raises(ModelError, match="does not match its checksum"):
        load_function(stored)
    stored.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_function(stored)
    stored.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_function(stored)
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="no function of a label repair"):
        load_function(tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="no file that can be read"):
        load_function(tmp_path / "missing.safetensors")


def test_cards_that_do_not_fit_are_refused(stored: Path) -> None:
    tensors, card = load_file(stored), load_function(stored)[1]
    for change, text in [
        ({"format": 99}, "newer version"),
        ({"classes": None}, "lacks 'classes'"),
        ({"dimensions": 3}, "another function"),
        ({"samples": [{}, {}]}, "another function"),
    ]:
        save_file(tensors, stored, metadata={"card": json.dumps(card | change)})
        with pytest.raises(ModelError, match=text):
            load_function(stored)
