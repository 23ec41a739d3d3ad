"""Settings: presets, the switches of the original experiments, what the guide shows, names of experiments."""

from __future__ import annotations

import re

import pytest
import yaml

from napari_hicstruct.config.base import parse_config
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.segmentation import (
    PRESETS,
    SELECTORS,
    SegmentationConfig,
    changed,
    segmentation_config,
    with_selector,
)
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.models import registry
from napari_hicstruct.models.network import MultiTaskNet
from tests.meta.tracked import ROOT

PAGE = (ROOT / "docs" / "segmentation.md").read_text(encoding="utf-8")
SWITCHES = re.findall(r"^\| (`[A-Z_]+: .*?) \| `(model: .*?)` \|$", PAGE, re.MULTILINE)
SMALL = (8, 8, 8, 8, 8)
EXPERTS = {"full": {"f1", "f2", "f3", "f4", "f5"}, "high": {"f5"}, "mid_high": {"f4", "f5"}}


def net_of(config: SegmentationConfig) -> MultiTaskNet:
    """The network, at its smallest."""
    data = config.model.model_dump(mode="json") | {"channels": SMALL}
    data["tasks"] = [task | {"widths": (8, 8, 8)} for task in data["tasks"]]
    return MultiTaskNet(ModelConfig.model_validate(data))


def experts_at(net: MultiTaskNet) -> set[str]:
    """Scales with experts."""
    return {scale for scale, unit in net.selector.units.items() if hasattr(unit, "experts")}


def test_the_guide_has_every_switch() -> None:
    named = {name for switches, _ in SWITCHES for name in re.findall(r"`([A-Z_]+):", switches)}
    assert named == {"ENABLE", "TYPE", "EXPERT_K", "STOP_GRAD_ENCODER", "SCALE_MODE", "HYBRID_SCALES"}
    modes = {value for switches, _ in SWITCHES for value in re.findall(r"`SCALE_MODE: (\w+)`", switches)}
    assert modes == set(EXPERTS)


@pytest.mark.parametrize(("switches", "ours"), SWITCHES, ids=[switches.replace("`", "") for switches, _ in SWITCHES])
def test_each_switch_loads_and_does_what_it_says(switches: str, ours: str) -> None:
    config = parse_config(SegmentationConfig, yaml.safe_load(ours))
    net = net_of(config)
    given = dict(re.findall(r"`([A-Z_]+): ([^`]+)`", switches))
    if given.get("ENABLE") == "false":
        assert config.model.selector == "identity"
        assert not list(net.selector.parameters())
    if "TYPE" in given:
        assert given["TYPE"].replace("lre", "low_rank") == config.model.selector
    if "EXPERT_K" in given:
        assert {len(unit.experts) for unit in net.selector.units.values()} == {int(given["EXPERT_K"])}
    if "SCALE_MODE" in given:
        assert experts_at(net) == EXPERTS[given["SCALE_MODE"]]
    if "HYBRID_SCALES" in given:
        assert experts_at(net) == set(yaml.safe_load(given["HYBRID_SCALES"]))
    if "STOP_GRAD_ENCODER" in given:
        wanted = given["STOP_GRAD_ENCODER"] == "true"
        options = config.model.selector_options
        assert (options.detach_gate, options.detach_encoder) == (wanted, wanted)
        if config.model.selector == "patch_gate":
            assert net.selector.detaches_encoder is wanted


def test_settings_of_the_guide_load() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    config = parse_config(SegmentationConfig, yaml.safe_load(block[1]))
    assert config.model.interaction == "mti"
    assert config.classes == ("nucleus",)


def test_presets_are_what_the_guide_says() -> None:
    assert [segmentation_config(name).labels for name in PRESETS] == ["classes", "instances", "instances"]
    with pytest.raises(ConfigError, match="is neither a preset nor a file"):
        segmentation_config("nothing")


def test_names_of_experiments_are_selectors_and_stand_in_the_guide() -> None:
    assert set(SELECTORS.values()) <= set(registry.SELECTORS)
    assert [name[:2] for name in SELECTORS] == [f"E{k}" for k in range(7)]
    rows = dict(re.findall(r"^\| `(E\d_\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert rows == SELECTORS
    assert with_selector(SegmentationConfig(), "E3_LREPrior", experts=5).model.selector_options.experts == 5
    with pytest.raises(ConfigError):
        with_selector(SegmentationConfig(), "E3_LREPrior", experts=9)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"classes": ("a", "a")}, "classes must have different names"),
        ({"labels": "instances", "classes": ("a", "b")}, "are objects of one class"),
        ({"task_weights": {"loop": 1.0}}, "task_weights names 'loop', but the model has boundary, mask, sdf"),
        ({"overlap": 300}, "overlap must be less than half of tile"),
        ({"crop": 100}, "crop"),
        ({"nothing": 1}, "unknown key 'nothing'"),
        ({"model": {"tasks": [{"name": "sdf", "head": "signed_distance", "fine": True}]}}, "head 'segmentation'"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(changes: dict, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        changed(SegmentationConfig(), **changes)
    assert text in str(caught.value)


def test_maps_keep_their_defaults() -> None:
    """What a task set adds changes nothing where it is not asked for."""
    config = ModelConfig()
    assert config.task_set == "hic"
    assert [task.head for task in config.tasks] == ["point", "mask", "boundary"]
    assert config.inputs == ("oe", "residual", "distance", "expected", "valid")
    assert ModelConfig.model_validate(config.model_dump(mode="json")) == config
