"""``hs.repair``: arrays, layers and files; what comes back lies where what was given lay."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import napari_hicstruct as hs

FAST: dict[str, Any] = {
    "shape": {"epochs": 30, "points": 256, "train_size": 24, "size": 24, "validate_every": 10},
    "joint": {"steps": 60, "positives": 64, "band_points": 32, "negatives": 64, "validate_every": 20},
}


def disc(n: int = 24, value: int = 1) -> np.ndarray:
    """With a hole and an island."""
    y, x = np.mgrid[:n, :n] - n / 2
    labels = (np.hypot(y, x) < 0.32 * n).astype(np.uint8) * value
    labels[n // 2, n // 2], labels[1, 1] = 0, value
    return labels


def test_one_array_and_several_keep_shape_and_dtype() -> None:
    one = disc().astype(np.int32)
    found = hs.repair(one, settings=FAST, until="fusion", threads=1)
    assert found.labels[0].dtype == np.int32
    assert found.labels[0].shape == one.shape
    assert (found.labels[0][12, 12], found.labels[0][1, 1]) == (1, 0)
    assert found.files == ()
    assert set(found.dice) == {"shape", "fusion"}
    both = hs.repair([disc(), disc(28)], settings=FAST, threads=1)
    assert [labels.shape for labels in both.labels] == [(24, 24), (28, 28)]
    assert set(both.dice) == {"shape", "fusion", "joint"}


def test_axes_of_one_voxel_come_back() -> None:
    found = hs.repair(disc()[:, None, :] > 0, settings=FAST, until="shape", spacing=[0.5, 3.0, 0.5], threads=1)
    assert found.labels[0].shape == (24, 1, 24)
    assert found.labels[0].dtype == bool
    assert found.samples[0].spacing == (0.5, 0.5)


def test_a_layer_brings_its_scale_and_name() -> None:
    layer = SimpleNamespace(data=disc(), scale=np.array([2.0, 0.5]), name="by hand")
    found = hs.repair(layer, settings=FAST, until="shape", threads=1)
    assert found.samples[0].name == "by hand"
    assert found.samples[0].spacing == (2.0, 0.5)
    assert repr(found) == "Repaired(by hand 24 × 24; 0 changes, 0 files)"
    layer.scale = None
    assert hs.repair(layer, settings=FAST, until="shape", threads=1).samples[0].spacing == (1.0, 1.0)


def test_files_are_written_and_their_function_is_kept(in_an_empty_folder: Path) -> None:
    np.save("a.npy", disc())
    found = hs.repair("a.npy", settings=FAST, out="out", threads=1)
    assert [str(path) for path in found.files] == ["out/a.npy"]
    assert np.array_equal(np.load("out/a.npy"), found.labels[0])
    seen: list[hs.Progress] = []
    again = hs.repair(disc(), function="out", progress=seen.append, threads=1)
    assert again.labels[0].shape == (24, 24)
    assert again.result is None
    assert again.changes == ()
    assert seen


def test_settings_replace_keys_inside_a_part() -> None:
    from napari_hicstruct.api.repair import _config

    found = _config("cardiac", {"shape": {"epochs": 7}, "seed": 3})
    assert (found.shape.epochs, found.seed) == (7, 3)
    assert len(found.classes) == 10
    assert found.shape.points == _config("cardiac", None).shape.points


@pytest.mark.parametrize(
    ("given", "more", "message"),
    [
        (None, {}, r"labels=None holds no labels.* Give an array"),
        ([], {}, "labels is empty"),
        (["a.npy"], {}, "no folder for the result.* Add out="),
        (["a.npy", np.ones((4, 4), int)], {"out": "out"}, "labels holds paths and arrays"),
        (["a.npy"], {"out": "out", "spacing": [1, 1]}, "spacing is of arrays"),
        (np.ones((4, 4), int), {"spacing": [1, 2, 3]}, r"spacing=\[1, 2, 3\] does not fit labels of 2 axes"),
        (np.ones((4, 4), int), {"spacing": [1, 0]}, "does not fit"),
        (np.ones((4, 4), int), {"preset": "liver"}, "there is no preset 'liver'"),
        (np.ones((4, 4), int), {"until": "end"}, "there is no stage 'end'"),
        (np.ones((4, 4), int), {"resume": True}, r"resume=True needs the folder.* Add out="),
        (np.ones((4, 4), int), {"devices": 0}, "devices"),
        (np.ones((4, 4), int), {"settings": {"shape": {"epoch": 3}}}, "unknown key 'shape.epoch'"),
        (np.ones((4, 4), int), {"settings": "none.yaml"}, "none.yaml"),
    ],
)
def test_arguments_are_refused_by_name(given: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(hs.errors.ConfigError, match=message):
        hs.repair(given, **more)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.full((4, 4), 0.5), "labels: holds 16 values between whole numbers"),
        ([disc(), np.full((4, 4), np.nan)], r"labels\[1\]: holds NaN"),
        (np.zeros((4, 4), int), "labels: holds no labels"),
        (np.ones((3, 3, 3, 3), int), r"labels: holds 4 axes"),
        (np.ones(4, int), "labels: is no image"),
        (np.array([["a"] * 3] * 3), "labels: holds values of type"),
        ([disc(), np.ones((4, 4, 4), int)], "2-D and in 3-D"),
    ],
)
def test_labels_are_refused_by_name(given: Any, message: str) -> None:
    with pytest.raises(hs.errors.LabelError, match=message):
        hs.repair(given, settings=FAST)


def test_a_label_that_no_class_has_is_named() -> None:
    with pytest.raises(hs.errors.LabelError, match=r"labels: holds label 77, .* or use preset generic"):
        hs.repair(disc(value=77), "cardiac")
