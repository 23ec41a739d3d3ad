"""Encoders, boundary priors and inputs in a step of training on a simulated map: from counts to gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.synth import simulate_map
from napari_hicstruct.training.pool import save_map
from napari_hicstruct.training.samples import SampleStream
from napari_hicstruct.training.step import batch_losses
from napari_hicstruct.workflows.train import train_model
from tests.unit.model.test_training import CONFIG, SETTINGS


def recipe(**changes: Any) -> TrainConfig:
    model = CONFIG.model.model_dump() | changes
    return TrainConfig.model_validate(CONFIG.model_dump() | {"model": model})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.npz"
    save_map(simulate_map(SETTINGS, 11), path)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": "efficientnet_b0"},
        {"encoder": "swin"},
        {"attention": {"kind": "band", "heads": 2, "contact_bias": True}, "position": True},
        {"inputs": ("raw", "balanced", "coverage", "distance", "valid")},
        {"boundary_prior": {"kind": "chromosome", "resolution": 40_000, "inject": True}, "tad_prior": True},
    ],
    ids=["efficientnet_b0", "swin", "attention", "inputs", "chromosome"],
)
def test_a_step_on_a_simulated_map(path: Path, changes: dict[str, Any]) -> None:
    config = recipe(**changes)
    torch.manual_seed(0)
    net = MultiTaskNet(config.model).train()
    (batch,) = SampleStream(config, [path], first_step=0, last_step=1, seed=0)
    losses = batch_losses(net, batch, config).all()
    assert set(losses) >= {"loop", "stripe", "tad"}
    assert ("boundary_prior" in losses) == ("boundary_prior" in changes)
    torch.stack(list(losses.values())).sum().backward()
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    assert len(gradients) > 0.9 * len(list(net.parameters()))
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_tracks_cannot_be_learned_from_simulated_maps(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no track 'ctcf'"):
        train_model(recipe(tracks=("ctcf",)), tmp_path / "run")
    assert not (tmp_path / "run").exists()
