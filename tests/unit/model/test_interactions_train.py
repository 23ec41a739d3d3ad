"""Interactions in training: every one takes a step on a simulated map, at its own pace, with what supervises it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from napari_hicstruct.config.model import INPUTS
from napari_hicstruct.config.plugs import InteractionConfig
from napari_hicstruct.losses.auxiliary_maps import auxiliary_map_losses, auxiliary_maps
from napari_hicstruct.models import registry
from napari_hicstruct.models.context import Trace
from napari_hicstruct.models.library.interactions.mmoe import Mmoe
from napari_hicstruct.models.library.interactions.padnet import PadNet
from napari_hicstruct.models.network import MultiTaskNet
from napari_hicstruct.synth import simulate_map
from napari_hicstruct.training.balance import make_balancer
from napari_hicstruct.training.pool import save_map
from napari_hicstruct.training.samples import SampleStream
from napari_hicstruct.training.state import parameter_groups
from napari_hicstruct.training.step import batch_losses
from tests.unit.model.interaction_kit import config, loud, maps
from tests.unit.model.model_kit import TASKS, context, net, small
from tests.unit.model.test_parts_train import recipe
from tests.unit.model.test_training import SETTINGS

NAMES = [name for name in registry.INTERACTIONS if name != "none"]
FAST = {"cross_stitch", "nddr", "mmoe"}
SUPERVISED = {  # interaction: what deep supervision adds
    "xtam": {"deep/loop/f3/fine", "deep/loop/f3/coarse", "deep/stripe/f3/coarse"},
    "mti": {f"deep/{t}/{s}" for s in ("f3", "f4") for t in ("loop", "stripe")},
    "padnet": {f"deep/{name}/f3" for name in ("insulation", "directionality", "cornerness", "stripeness")},
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.npz"
    save_map(simulate_map(SETTINGS, 11), path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_step_on_a_simulated_map(path: Path, name: str) -> None:
    tasks = [task.model_dump() | {"widths": (8, 8, 8)} for task in recipe().model.tasks]
    options = recipe(interaction=name, boundary_prior={"kind": "band"}, tasks=tasks)
    torch.manual_seed(0)
    model = MultiTaskNet(options.model).train()
    optimizer = torch.optim.AdamW(parameter_groups(model, make_balancer(options.losses, TASKS, {})), lr=1e-3)
    before = {key: value.clone() for key, value in model.interaction.named_parameters()}
    (batch,) = SampleStream(options, [path], first_step=0, last_step=1, seed=0)
    losses = batch_losses(model, batch, options).all()
    torch.stack(list(losses.values())).sum().backward()
    optimizer.step()
    assert all(torch.isfinite(value) for value in losses.values())
    assert any(not torch.equal(value, before[key]) for key, value in model.interaction.named_parameters())
    deep = [key for key in losses if key.startswith("deep/")]
    for expected in SUPERVISED.get(name, set()):
        assert any(key.startswith(expected) for key in deep), expected
    assert bool(deep) == (name in SUPERVISED)


@pytest.mark.parametrize("name", NAMES)
def test_what_learns_faster_is_not_decayed(name: str) -> None:
    model = net(small(interaction=name, boundary_prior={"kind": "band"}))
    groups = parameter_groups(model, make_balancer(recipe().losses, TASKS, {}))
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    fast = [group for group in groups if group["scale"] > 1]
    assert bool(fast) == (name in FAST)
    assert all(group["scale"] == 100 and group["weight_decay"] == 0 for group in fast)
    slower = net(
        small(interaction=name, boundary_prior={"kind": "band"}, interaction_options={"learning_rate_scale": 3.0})
    )
    scales = {scale for scale, _ in slower.interaction.parameter_groups()}
    assert 3.0 in scales


def test_of_mmoe_only_the_stitches_learn_faster() -> None:
    model = Mmoe(config("mmoe"))
    fast = {id(p) for scale, weights in model.parameter_groups() for p in weights if scale == 100}
    assert fast == {id(p) for p in model.weight.parameters()}


def test_exchange_needs_a_scale_where_tasks_meet() -> None:
    with pytest.raises(ValueError, match=r"interaction_options\.scales must hold f4, f3 or f2"):
        InteractionConfig(scales=("f5", "f1"))


def test_padnet_needs_the_channel_that_its_maps_follow_from() -> None:
    with pytest.raises(ValueError, match="'padnet' learns maps of the channel 'oe'"):
        small(interaction="padnet", inputs=("raw", "distance", "valid"))


def test_padnet_is_taught_by_the_map_itself_and_not_where_nothing_is_valid() -> None:
    options = config("padnet")
    trace = Trace()
    around = context(trace=trace)
    loud(PadNet(options)).exchange("f3", maps(options, "f3", 32), around)
    losses = auxiliary_map_losses(trace.live, around)
    name = "cornerness"
    error = trace.live[f"auxiliary/{name}/f3"] - auxiliary_maps(around.x, INPUTS, 2)[name]
    huber = torch.where(error.abs() < 1, error.square() / 2, error.abs() - 0.5)
    valid = around.pooled("valid", "f3")
    torch.testing.assert_close(losses[f"{name}/f3"], (huber * valid).sum() / valid.sum())
    around.x[:, INPUTS.index("valid")] = 0
    assert all(float(value.detach()) == 0 for value in auxiliary_map_losses(trace.live, around).values())
