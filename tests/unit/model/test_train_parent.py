"""A run may start each task from its own single-task model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.models.store import save_model
from napari_hicstruct.training.state import take_weights
from napari_hicstruct.workflows.train import load_parent, parts_of, simulated_seeds
from tests.unit.model.model_kit import SMALL, net, small

TASKS = {task.name: task.model_dump() for task in SMALL.tasks}


@pytest.fixture
def singles(tmp_path: Path) -> dict[str, str]:
    """A folder per task, of networks that share nothing."""
    folders = {}
    for seed, (name, task) in enumerate(TASKS.items()):
        config = small(tasks=[task])
        save_model(tmp_path / name, config, net(config, seed).state_dict(), {"name": name, "version": "1"})
        folders[name] = str(tmp_path / name)
    return folders


def recipe(**changes: object) -> TrainConfig:
    return TrainConfig.model_validate({"model": small(interaction="cross_stitch").model_dump()} | changes)


def test_every_task_starts_as_its_own_model_was(singles: dict[str, str]) -> None:
    config = recipe(task_from=singles)
    parent = load_parent(config, None)
    assert parent is not None
    assert parent.name == "loop"
    assert [line.split(" (")[0] for line in parent.lineage] == ["loop 1", "stripe 1", "tad 1"]
    model = MultiTaskNet(config.model)
    new = take_weights(model, parent.weights)
    assert new
    assert all(name.startswith("interaction.") for name in new)
    for seed, name in enumerate(TASKS):
        alone = net(small(tasks=[TASKS[name]]), seed).state_dict()
        mine = parts_of(model.state_dict(), name)
        assert set(mine) == set(parts_of(alone, name))
        assert all(torch.equal(value, alone[key]) for key, value in mine.items())
    first = net(small(tasks=[TASKS["loop"]]), 0).state_dict()
    encoder = {key: value for key, value in model.state_dict().items() if key.startswith("encoder.")}
    assert all(torch.equal(value, first[key]) for key, value in encoder.items())


def test_one_task_of_another_model_beside_a_parent(singles: dict[str, str], tmp_path: Path) -> None:
    whole = net(small(), 9)
    save_model(tmp_path / "whole", small(), whole.state_dict(), {"name": "whole", "version": "2"})
    parent = load_parent(recipe(task_from={"tad": singles["tad"]}), tmp_path / "whole")
    assert parent is not None
    assert parent.name == "whole"
    before = whole.state_dict()
    changed = {key for key, value in parent.weights.items() if not torch.equal(value, before[key])}
    assert changed
    assert changed <= set(parts_of(before, "tad"))


def test_a_model_without_the_task_is_refused(singles: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="has no task 'tad'"):
        load_parent(recipe(task_from={"tad": singles["loop"]}), None)


def test_nothing_to_start_from() -> None:
    assert load_parent(recipe(), None) is None


def test_the_card_keeps_the_seeds_of_every_run_before(tmp_path: Path) -> None:
    card = {"name": "second", "version": "1", "simulated_seeds": [[1, 145], [500, 510]]}
    save_model(tmp_path / "second", small(), net(small(), 1).state_dict(), card)
    old = {"name": "old", "version": "1", "recipe": {"train": {"first_seed": 7, "extrusion": 2, "painted": 1}}}
    save_model(tmp_path / "old", small(), net(small(), 2).state_dict(), old)
    own = recipe(train={"extrusion": 3, "painted": 1, "first_seed": 20})
    assert simulated_seeds(own, None) == [[20, 24]]
    assert simulated_seeds(own, load_parent(own, tmp_path / "second")) == [[1, 145], [500, 510], [20, 24]]
    assert simulated_seeds(own, load_parent(own, tmp_path / "old")) == [[7, 10], [20, 24]]
    real_only = recipe(train={"extrusion": 0, "painted": 0}, datasets=("somewhere",))
    assert simulated_seeds(real_only, load_parent(own, tmp_path / "second")) == [[1, 145], [500, 510]]
