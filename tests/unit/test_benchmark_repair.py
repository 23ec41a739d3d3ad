"""The benchmark of label repair: its own figures, filters, rules and bars are right on what is known by hand."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarks._label_phantom import CARDIAC, heart_phantom
from napari_hicstruct.config.repair import repair_config

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (24, 24, 24)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import _repair

    return _repair


def cube(start: int, stop: int, value: int = 2) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[start:stop, start:stop, start:stop] = value
    return labels


def test_dice_and_hausdorff_of_cubes(judge: ModuleType) -> None:
    true, moved = cube(4, 14), np.roll(cube(4, 14), 2, axis=0)
    assert judge.dice(true, true)["LA"] == 1
    assert judge.hausdorff95(true, true)["LA"] == 0
    assert judge.dice(moved, true)["LA"] == pytest.approx(0.8)
    assert judge.hausdorff95(moved, true)["LA"] == 2
    lost = judge.hausdorff95(true * 0, true)["LA"]
    assert lost == pytest.approx(np.sqrt(3) * 24), "a lost class is as far as the box is long"
    assert judge.dice(true * 0, true)["LA"] == 0


def test_filters_remove_specks_and_keep_bodies(judge: ModuleType) -> None:
    ragged = cube(4, 16)
    ragged[9, 9, 9], ragged[20, 20, 20] = 0, 2
    for name, (apply, values) in judge.FILTERS.items():
        found = apply(ragged, values[1])
        assert found.dtype == np.uint8
        assert judge.dice(found, cube(4, 16))["LA"] > 0.85, name
        assert found[9, 9, 9] == 2, name
        assert name.startswith("closing") or found[20, 20, 20] == 0, name


def test_opening_is_that_of_scikit_image(judge: ModuleType) -> None:
    from skimage.morphology import ball, opening

    mask = heart_phantom((32, 32, 32), 1) == CARDIAC["RV"]
    mask[12:14, 10:20, 10:20] ^= True
    inner = (slice(4, -4),) * 3  # they differ where a ball reaches out of the box
    assert np.array_equal(judge._opened(mask, 2)[inner], opening(mask, ball(2))[inner])


def test_parameters_are_chosen_on_other_hearts(judge: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not set(judge.TUNING_SEEDS) & set(range(8))
    monkeypatch.setattr(judge, "TUNING_SEEDS", (100,))
    monkeypatch.setattr(judge, "FILTERS", {"gaussian": (judge.gaussian, (0.75, 4.0))})
    assert judge.best_parameters(32, "weak") == {"gaussian": {"dice": 0.75, "hd95": 0.75}}, "4 voxels smooth half away"


def test_rules_that_are_broken_are_found(judge: ModuleType) -> None:
    config, heart = repair_config("cardiac"), heart_phantom((32, 32, 32), 0)
    assert judge.broken_rules(heart, config, 3.0) == []
    texts = {rule.text for rule in config.rules}

    def broken(change: Any) -> set[str]:
        changed = heart.copy()
        change(changed)
        found = set(judge.broken_rules(changed, config, 3.0))
        assert found <= texts
        return found

    def island(labels: Any, name: str) -> None:
        labels[0, 0, 0] = CARDIAC[name]

    assert broken(lambda one: island(one, "RA")) == {text for text in texts if text.startswith("RA:")}
    assert "LAA touches LA" in broken(lambda one: island(one, "LAA"))
    assert any("of Myocardium or Aorta" in text for text in broken(lambda one: island(one, "Coronary")))

    def hole(labels: Any) -> None:
        wall = np.argwhere(judge.ndimage.binary_erosion(labels == CARDIAC["Myocardium"]))
        labels[tuple(wall[len(wall) // 2])] = 0

    assert any("holes" in text for text in broken(hole))


def test_filters_after_our_rules_keep_them(judge: ModuleType) -> None:
    config, heart = repair_config("cardiac"), heart_phantom((32, 32, 32), 0)
    assert np.array_equal(judge.with_rules(heart, config, 3.0), heart)
    heart[0, 0, 0] = CARDIAC["LAA"]
    found = judge.with_rules(heart, config, 3.0)
    assert found[0, 0, 0] == 0
    assert judge.broken_rules(found, config, 3.0) == []


def part(dice: float, hd95: float, **more: Any) -> dict[str, Any]:
    return {"dice": dice, "hd95": hd95, "smallest": {"class": "Coronary", "dice": 0.85, "lost": 0}, **more}


def all_parts(ours: float = 0.9) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for strength in ("weak", "medium", "strong"):
        stages = {"shape": part(ours, 1.0), "fusion": part(ours, 1.0), "joint": part(ours, 1.0)}
        parts[strength] = {
            "stages": stages,
            "input": part(0.7, 9.0),
            "filters": {"median": part(0.8, 3.0, least_hd95=2.2)},
            "ruled": {"median": part(0.82, 2.5)},
            "broken_rules": {},
            "function_mb": 3.0,
            "seconds": 500.0,
            "peak_mb": 900.0,
        }
        parts[f"alone-{strength}"] = {"stages": {"shape": part(0.85, 2.0)}, "best": "shape"}
    parts["sizes"] = {"agree": [0.98, 0.975], "seconds": 60.0, "peak_mb": 700.0}
    parts["features"] = {kind: {"stages": stages} for kind in ("fourier", "grid")}
    return parts


def test_bars_are_met_and_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import _repair_cells, repair_phantom

    parts = all_parts()
    assert all(repair_phantom.bars(parts).values())
    cells = _repair_cells.phantom({"parts": parts, "bars": repair_phantom.bars(parts)})
    assert "strong: input 0.700 (9.00)" in cells
    assert "median and our rules 0.820 (2.50)" in cells
    assert "missed" not in cells
    for name in ("features", "alone-strong", "sizes"):
        del parts[name]
    found = repair_phantom.bars(parts)
    assert {name for name, is_met in found.items() if is_met is None} == {"dice", "hd95", "any size", "memory"}
    assert "not yet measured: dice, hd95, any size, memory" in _repair_cells.phantom({"parts": parts, "bars": found})
    changes: dict[str, Any] = {
        "dice": lambda p: p["strong"]["filters"]["median"].update(dice=0.95),
        "hd95": lambda p: p["strong"]["filters"]["median"].update(least_hd95=0.9),
        "hd95, alone": lambda p: p["alone-medium"]["stages"]["shape"].update(hd95=0.5),
        "weak": lambda p: p["weak"]["input"].update(dice=0.95),
        "smallest": lambda p: p["strong"]["stages"]["joint"].update(smallest={"class": "PV", "dice": 0.9, "lost": 1}),
        "topology": lambda p: p["weak"]["broken_rules"].update({"heart 1": ["LAA touches LA"]}),
        "one function": lambda p: p["medium"]["stages"]["joint"].update(dice=0.885),
        "one file": lambda p: p["weak"].update(function_mb=11.0),
        "any size": lambda p: p["sizes"].update(agree=[0.98, 0.96]),
        "time": lambda p: p["strong"].update(seconds=901.0),
        "memory": lambda p: p["sizes"].update(peak_mb=2049.0),
    }
    assert {name.partition(",")[0] for name in changes} == set(repair_phantom.bars(parts))
    for long_name, change in changes.items():
        name = long_name.partition(",")[0]
        worse = all_parts()
        change(worse)
        found = repair_phantom.bars(worse)
        assert not found[name], name
        assert f"missed: {name}" in _repair_cells.phantom({"parts": worse, "bars": found})
