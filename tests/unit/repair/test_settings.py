"""Settings of label repair: presets, what is refused, schedules."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.config.base import with_changes
from napari_hicstruct.config.repair import (
    PRESETS,
    FillHoles,
    KeepLargest,
    LabelClass,
    Near,
    RepairConfig,
    ShapeConfig,
    Touches,
    repair_config,
)
from napari_hicstruct.errors import ConfigError

CARDIAC = {
    "Myocardium": 1, "LA": 2, "LV": 3, "RA": 4, "RV": 5, "Aorta": 6, "PA": 7, "LAA": 8, "Coronary": 9, "PV": 10,
}  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_presets_hold_the_published_sizes(name: str) -> None:
    config = repair_config(name)
    for part in (config.shape, config.joint):
        assert (part.latent, part.features) == (256, 64)
    assert (config.shape.margin, config.shape.learning_rate, config.shape.epochs) == (
        10, 2e-3, 60 if name == "hic" else 300  # a region is many tiles, each of which is a sample
    )  # fmt: skip
    assert config.shape.band_radius == 2
    assert 500 <= config.joint.positives <= 2000


def test_cardiac_preset_has_ten_classes_their_priority_and_rules() -> None:
    config = repair_config("cardiac")
    assert {one.name: one.value for one in config.classes} == CARDIAC
    order = ["Coronary", "LAA", "PV", "LA", "LV", "Myocardium", "Aorta", "RA", "RV", "PA"]
    assert list(config.priority) == order
    assert (config.shape.train_size, config.shape.size) == (128, 256)
    rules = config.rules
    assert {(rule.of, rule.other) for rule in rules if isinstance(rule, Touches)} == {("LAA", "LA"), ("PV", "LA")}
    (near,) = (rule for rule in rules if isinstance(rule, Near))
    assert (near.of, set(near.others)) == ("Coronary", {"Myocardium", "Aorta"})
    assert {rule.of for rule in rules if isinstance(rule, FillHoles)} == {"Myocardium"}
    kept = {rule.of: rule.n for rule in rules if isinstance(rule, KeepLargest)}
    assert kept == dict.fromkeys(CARDIAC, 1) | {"Aorta": 2, "Coronary": 2, "PV": 2}


def test_share_of_band_points_falls_over_the_epochs() -> None:
    config = ShapeConfig()
    shares = [config.biased_share(epoch) for epoch in (0, 99, 100, 199, 200, 299, 300, 1000)]
    assert shares == [0.5, 0.5, 0.3, 0.3, 0.1, 0.1, 0.1, 0.1]


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ([{"rule": "touches", "of": "a", "other": "zz"}], "rule 'a touches zz' names 'zz', but the classes are a, b"),
        ([{"rule": "near", "of": "a", "others": ["b", "c"], "distance": 1}], "names 'c'"),
        ([{"rule": "keep_largest", "of": "c"}], "names 'c'"),
        ([{"rule": "fill_holes", "of": "c", "size": 3}], "names 'c'"),
    ],
)
def test_rules_that_name_a_missing_class_are_refused(rules: list[dict[str, object]], text: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"classes: [{{name: a, value: 1}}, {{name: b, value: 2}}]\nrules: {rules}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=text):
        repair_config(path)


def test_priority_that_names_a_missing_class_is_refused() -> None:
    with pytest.raises(ValueError, match="priority names 'b'"):
        RepairConfig(classes=(LabelClass(name="a", value=1),), priority=("b",))


@pytest.mark.parametrize(
    "classes",
    [
        [LabelClass(name="a", value=1), LabelClass(name="a", value=2)],
        [LabelClass(name="a", value=1), LabelClass(name="b", value=1)],
    ],
)
def test_classes_of_one_name_or_value_are_refused(classes: list[LabelClass]) -> None:
    with pytest.raises(ValueError, match=r"two have the (name|value)"):
        RepairConfig(classes=tuple(classes))


def test_rules_for_every_class_need_no_name() -> None:
    config = RepairConfig(classes=(LabelClass(name="a", value=1),), rules=(KeepLargest(of="*"),))
    assert config.rules[0].names == ()


def test_unknown_keys_files_and_presets_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("shape: {epoch: 3}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"unknown key 'shape\.epoch'"):
        repair_config(path)
    with pytest.raises(ConfigError, match="neither a preset nor a file"):
        repair_config("cardiacs")
    with pytest.raises(ConfigError, match="cannot be read"):
        repair_config(tmp_path / "missing.yaml")


def test_changed_settings_are_checked_again() -> None:
    changed = with_changes(RepairConfig(), shape={"epochs": 7}, seed=4)
    assert (changed.shape.epochs, changed.seed, changed.shape.margin) == (7, 4, 10)
    with pytest.raises(ValueError, match="epochs"):
        with_changes(RepairConfig(), shape={"epochs": 0})
