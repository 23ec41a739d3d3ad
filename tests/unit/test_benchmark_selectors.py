"""The table of selectors: what it averages, what it compares, which rows it wants."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import _segmentation_cells, selectors_images
from benchmarks._pictures import PictureSet, coins, page
from napari_hicstruct.config.segmentation import SELECTORS
from napari_hicstruct.workflows.segment.compare import halves
from napari_hicstruct.workflows.segment.sample import ImageSample


def rows(gain: float = 0.0) -> list[dict]:
    """Two sets, three seeds, all selectors; E2 is better by ``gain`` everywhere."""
    found = []
    for of, level in (("a", 0.5), ("b", 0.9)):
        for seed in (1, 2, 3):
            for k, name in enumerate(SELECTORS):
                value = level + 0.01 * seed + (gain if name == "E2_LREFree" else 0) - 0.001 * k
                gates = {} if k == 0 else {"gate_entropy": 0.9, "min_expert_use": 0.2, "max_expert_use": 0.3}
                row = {"selector": name, "set": of, "seed": seed, "dice": value, "boundary_f": 0.5, "hd95_px": 3.0}
                found.append(row | gates | {"sdf_error_px": 1.0, "seconds": 2.0, "parameters": 1_000.0})
    return found


def test_differences_are_paired_and_sets_count_alike() -> None:
    change = selectors_images.against_e0(rows(0.05), "E2_LREFree")
    assert change["mean"] == pytest.approx(0.048)
    assert change["low"] == pytest.approx(0.048)  # the same in each run: the spread of sets and seeds is paired away
    assert selectors_images.against_e0(rows()[7:], "E9") == {}


@pytest.mark.parametrize(("gain", "best"), [(0.05, "E2_LREFree"), (0.0, "E0_Identity")])
def test_the_best_is_named_also_if_it_is_e0(gain: float, best: str) -> None:
    made = selectors_images.summary(rows(gain), wanted=42)
    assert (made["best"], made["met"], made["runs"]) == (best, True, 42)
    assert made["table"]["E0_Identity"]["sets"]["a"]["dice"] == pytest.approx([0.52, 0.51, 0.53])
    text = _segmentation_cells.selectors(made)
    assert f"best: **{best}**" in text
    assert ("against E0 +0.048 [+0.048, +0.048] (beyond chance)" in text) == (gain > 0)
    assert not selectors_images.summary(rows()[:-1], wanted=42)["met"]


def test_parts_that_are_learnt_and_judged_are_separate() -> None:
    image, labels = coins()
    assert image.shape == labels.shape
    assert 20 <= labels.max() <= 28
    left, right = halves(ImageSample("coins", image, labels))
    assert np.array_equal(np.concatenate([left.image, right.image], 1), image)
    assert left.labels.shape[1] + right.labels.shape[1] == labels.shape[1]
    assert page()[1].max() == 1


def test_rows_differ_in_the_selector_alone() -> None:
    left, right = halves(ImageSample("x", np.zeros((64, 64)), np.zeros((64, 64), int)))
    one = PictureSet("x", (left,), (right,), "nuclei", "nobody")
    made = {row: selectors_images.settings(one, row, 2, 10) for row in selectors_images.ROWS}
    base = made["E0_Identity"].model_dump(mode="json")
    for row, config in made.items():
        data = config.model_dump(mode="json")
        if row == selectors_images.ALONE:
            assert [task["name"] for task in data["model"]["tasks"]] == ["mask"]
            continue
        different = {key for key in base["model"] if base["model"][key] != data["model"][key]}
        assert different <= {"selector", "selector_options"}
        assert {key for key in base if base[key] != data[key]} <= {"model"}
