"""A recipe out of bounds is refused by the key that is wrong, before anything starts; what is within them is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.network import MultiTaskNet

MODELS = [
    ({"strip_channels": 0}, "strip_channels"),
    ({"strip_channels": 10}, "multiple of 4"),
    ({"strip_channels": 44}, r"44 channels do not divide .* multiple of 8"),
    ({"channels": [8, 8, 8, 17, 8]}, r"channels\.3.*17 channels"),
    ({"channels": [0, 8, 8, 8, 8]}, r"channels\.0"),
    ({"tasks": [{"name": "loop", "head": "point", "widths": [8, 8, -8]}]}, r"tasks\.0\.widths\.2"),
    ({"tasks": [{"name": "loop", "head": "point", "widths": [33, 8, 8]}]}, r"tasks\.0\.widths\.0.*33 channels"),
    ({"tasks": [{"name": "", "head": "point"}]}, r"tasks\.0\.name"),
    ({"tasks": [{"name": "my.loop", "head": "point"}]}, r"tasks\.0\.name"),
    ({"windows": {"strip_diagonals": 0}}, r"windows\.strip_diagonals"),
    ({"windows": {"fine_margin": -4}}, r"windows\.fine_margin"),
    ({"fine_resolution": 0, "coarse_resolution": 0}, "fine_resolution"),
    ({"max_distance": 0}, "max_distance"),
    ({"boundary_prior": {"kind": "band", "width": 20, "resolution": 0}}, r"boundary_prior\.resolution"),
    ({"boundary_prior": {"kind": "band", "width": 33}}, r"boundary_prior\.width.*33 channels"),
    ({"attention": {"kind": "axial", "scales": ["f3", "f3"]}}, r"attention\.scales.*twice"),
]

RUNS = [
    ({"depth": [0, 10]}, "depth"),
    ({"depth": [10, 2]}, "depth"),
    ({"learning_rate": 0}, "learning_rate"),
    ({"weight_decay": -1}, "weight_decay"),
    ({"warmup": -1}, "warmup"),
    ({"clip": 0}, "clip"),
    ({"task_weights": {"loop": -1}}, r"task_weights\.loop"),
    ({"train": {"settings": {"resolution": 10_000}}}, r"train\.settings\.resolution \(10000\) must be"),
    ({"validation": {"settings": {"resolution": 10_000}}}, r"validation\.settings\.resolution"),
    ({"train": {"extrusion": 10, "first_seed": 899_995}}, "seed 900000 is both in train and in validation"),
]


@pytest.mark.parametrize(("wrong", "says"), MODELS)
def test_model_out_of_bounds_names_its_key(wrong: Mapping[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_config(ModelConfig, wrong)


@pytest.mark.parametrize(("wrong", "says"), RUNS)
def test_recipe_out_of_bounds_names_its_key(wrong: Mapping[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_config(TrainConfig, wrong)


@pytest.mark.parametrize("name", ["keys", "forward", "training", "type"])
def test_names_that_a_module_has_itself_are_refused(name: str) -> None:
    config = parse_config(ModelConfig, {"tasks": [{"name": name, "head": "point"}]})
    with pytest.raises(ConfigError, match=rf"model\.tasks.*'{name}'"):
        MultiTaskNet(config)


@pytest.mark.parametrize("width", [1, 7, 12, 15, 16, 20, 24, 40])
def test_every_width_within_bounds_is_built(width: int) -> None:
    tasks = [
        {"name": "loop", "head": "point", "fine": True, "widths": [width] * 3},
        {"name": "tad_2", "head": "boundary", "widths": [width] * 3},
    ]
    prior = {"kind": "band", "width": max(8, width)}
    config = parse_config(
        ModelConfig,
        {"channels": [width] * 5, "strip_channels": width // 4 * 4 or 4, "tasks": tasks, "boundary_prior": prior},
    )
    assert MultiTaskNet(config).config == config


def test_pools_beside_each_other_share_no_seed() -> None:
    config = parse_config(TrainConfig, {"train": {"extrusion": 5, "painted": 4, "first_seed": 899_991}})
    assert config.train.seeds[-1] + 1 == config.validation.seeds[0]
