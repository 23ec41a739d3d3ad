"""Recipes, model folders and checkpoints written when the boundary prior was called ``hint`` open unchanged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from napari_hicstruct.config import load_config, parse_config
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.jobs import drain
from napari_hicstruct.models.store import load_model, save_model
from napari_hicstruct.training import state
from napari_hicstruct.training.checkpoint import load_checkpoint
from napari_hicstruct.workflows.train import iter_train_model
from tests.unit.model.model_kit import net, small
from tests.unit.model.test_faults import CONFIG, in_process, pool

__all__ = ["in_process", "pool"]

BAND = {"kind": "band", "width": 16, "inject": True}


def former(weights: dict[str, Any]) -> dict[str, Any]:
    """The same weights under the names that were written before."""
    renamed = {name.replace("boundary_prior.", "boundary_hint."): value for name, value in weights.items()}
    assert renamed.keys() != weights.keys()
    return renamed


def test_the_former_key_of_a_recipe_means_the_same(tmp_path: Path) -> None:
    assert parse_config(ModelConfig, {"hint": BAND}) == ModelConfig.model_validate({"boundary_prior": BAND})
    (tmp_path / "recipe.yaml").write_text("model:\n  hint: {kind: band}\n  tad_prior: true\n", encoding="utf-8")
    config = load_config(TrainConfig, tmp_path / "recipe.yaml")
    assert config.model.boundary_prior.kind == "band"
    assert "hint" not in config.model.model_dump()


def test_both_keys_at_once_are_refused() -> None:
    with pytest.raises(ConfigError, match="unknown key 'hint'"):
        parse_config(ModelConfig, {"hint": BAND, "boundary_prior": BAND})


def test_a_fault_below_the_former_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"hint\.width"):
        parse_config(ModelConfig, {"hint": {"kind": "band", "width": 33}})


def test_a_model_folder_with_the_former_names_loads_unchanged(tmp_path: Path) -> None:
    model = net(small(boundary_prior=BAND))
    save_model(tmp_path, model.config, former(model.state_dict()), {"name": "old"})
    card = json.loads((tmp_path / "model.json").read_text())
    card["config"]["hint"] = card["config"].pop("boundary_prior")
    (tmp_path / "model.json").write_text(json.dumps(card))
    before = load_file(tmp_path / "weights.safetensors").keys()
    loaded, _ = load_model(tmp_path)
    assert loaded.config == model.config
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    assert load_file(tmp_path / "weights.safetensors").keys() == before


def test_weights_of_another_architecture_are_still_refused(tmp_path: Path) -> None:
    model = net(small(boundary_prior=BAND))
    save_model(tmp_path, small(), former(model.state_dict()), {})
    with pytest.raises(Exception, match="another architecture"):
        load_model(tmp_path)


@pytest.mark.usefixtures("in_process")
def test_a_run_with_the_former_names_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    model = CONFIG.model.model_copy(update={"boundary_prior": small(boundary_prior=BAND).boundary_prior})
    config = CONFIG.model_copy(update={"model": model, "steps": 1})
    drain(iter_train_model(config, tmp_path / "now", device="cpu"))
    old = tmp_path / "old"
    shutil.copytree(tmp_path / "now", old)
    recipe = json.loads((old / "recipe.json").read_text())
    recipe["model"]["hint"] = recipe["model"].pop("boundary_prior")
    (old / "recipe.json").write_text(json.dumps(recipe))
    saved = torch.load(old / state.CHECKPOINT, weights_only=True)
    saved |= {"net": former(saved["net"]), "average": former(saved["average"])}
    torch.save(saved, old / state.CHECKPOINT)
    for folder in (tmp_path / "now", old):
        drain(iter_train_model(config.model_copy(update={"steps": 2}), folder, device="cpu"))
    now, then = (load_checkpoint(folder / state.CHECKPOINT) for folder in (tmp_path / "now", old))
    assert then["step"] == 2
    for part in ("net", "average"):
        assert then[part].keys() == now[part].keys()
        assert all(torch.equal(then[part][name], value) for name, value in now[part].items())
