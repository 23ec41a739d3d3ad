"""Training, logs, resuming, applying: by classes, by objects, in colours, in volumes, by tiles."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_hicstruct.config.segmentation import SELECTORS, changed, with_selector
from napari_hicstruct.errors import Cancelled, ConfigError, LabelError, ModelError, OutputError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.models.store import load_model
from napari_hicstruct.segmentation.apply import iter_plane, ramp, starts
from napari_hicstruct.segmentation.objects import without_small_parts
from napari_hicstruct.segmentation.store import export_file, load_segmentation
from napari_hicstruct.workflows.segment.apply import Segmented, SegmentRequest, iter_segment
from napari_hicstruct.workflows.segment.train import ImageSample, TrainSegmentationRequest, iter_train_segmentation
from tests.unit.segmentation.segment_kit import discs, picture, sample, tiny, train


def segment(image: np.ndarray, model: Path, **options) -> Segmented:
    return drain(iter_segment(SegmentRequest(image, model, "cpu", 1, **options), CancelToken()))


def test_classes_are_learnt_and_found_on_another_picture(classes_model: Path) -> None:
    labels = discs(64, 160)
    found = segment(picture(labels, seed=9), classes_model)
    assert found.labels.dtype == np.int32
    assert (found.labels == labels).mean() > 0.95
    assert found.classes == ("class 1", "class 2")
    assert found.probability.shape == (2, 64, 160)
    assert (found.probability.sum(0) <= 1.0001).all()
    inside = found.distance[labels > 0]
    assert inside.mean() > 1 > 0 > found.distance[labels == 0].mean()
    assert found.boundary.shape == labels.shape
    assert 0 <= found.boundary.min() <= found.boundary.max() <= 1


def test_touching_objects_are_split(objects_model: Path) -> None:
    labels = discs(96, 128, instances=True, pitch=21)  # discs of radius 10 that nearly touch
    found = segment(picture(np.minimum(labels, 1), seed=5), objects_model)
    merged = len(np.unique(segment(picture(np.minimum(labels, 1), seed=5), objects_model, instances=False).labels)) - 1
    count = len(np.unique(found.labels)) - 1
    wanted = len(np.unique(labels)) - 1
    assert merged == 1
    assert abs(count - wanted) <= 0.35 * wanted
    assert found.labels.max() == count, "numbers without gaps"
    assert len(np.unique(segment(picture(labels), objects_model, min_size=10_000).labels)) == 1


@pytest.mark.parametrize("name", list(SELECTORS))
def test_every_selector_trains_and_says_what_it_does(name: str, tmp_path: Path) -> None:
    options = {"detach_encoder": False} if name == "E6_PatchGate" else {}
    config = with_selector(tiny(steps=4, validate_every=2), name, **options)
    made = train(sample(), tmp_path / "logs" / name, config)
    lines = (tmp_path / "logs" / name / "log.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert [json.loads(line)["step"] for line in lines] == [2, 4]
    assert set(last["validation"]["losses"]) == {"mask", "sdf", "boundary"}
    assert ("parts" in last) == (name != "E0_Identity")
    card = json.loads((made.model / "model.json").read_text())["card"]
    assert card["selector"] == name
    assert not list(made.model.glob("*.ckpt"))
    assert made.figures["parameters"] > 1_000


@pytest.mark.parametrize("experts", [2, 8])
@pytest.mark.parametrize("gate", ["conv", "pooled", "task"])
def test_numbers_of_experts_and_kinds_of_gates(experts: int, gate: str, tmp_path: Path) -> None:
    config = with_selector(tiny(steps=2, validate_every=2), "E2_LREFree", experts=experts, gate=gate)
    train(sample(), tmp_path, config)
    parts = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["parts"]
    assert f"expert_use/mask/f1/{experts - 1}" in parts
    assert f"expert_use/mask/f1/{experts}" not in parts


@pytest.mark.parametrize("interaction", ["cross_stitch", "sluice", "nddr", "mtan", "mmoe", "xtam", "padnet", "mti"])
def test_every_interaction_trains(interaction: str, tmp_path: Path) -> None:
    config = tiny(steps=2, validate_every=2, model={"interaction": interaction})
    figures = train(sample(), tmp_path, config).figures
    assert np.isfinite(figures["dice"])


@pytest.mark.parametrize("balancing", ["fixed", "uncertainty", "gradnorm", "dwa"])
def test_every_balancing_trains(balancing: str, tmp_path: Path) -> None:
    losses = {"balancing": balancing, "balance_window": 1, "eikonal": 0.1}
    train(sample(), tmp_path, tiny(steps=4, validate_every=4, losses=losses))
    last = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert ("weights" in last) == (balancing != "fixed")


def test_conflicts_and_attention(tmp_path: Path) -> None:
    pytest.importorskip("torchjd")
    model = {"attention": {"kind": "axial", "scales": ["f4"], "heads": 2}}
    train(sample(), tmp_path, tiny(steps=2, validate_every=2, model=model, losses={"conflict": "pcgrad"}))
    assert "conflict_rate" in json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["train"]


@pytest.mark.parametrize("names", [("mask",), ("mask", "boundary"), ("cells", "sdf", "boundary", "depth")])
def test_nothing_hard_codes_three_tasks(names: tuple[str, ...], tmp_path: Path) -> None:
    heads = {"mask": "segmentation", "cells": "segmentation", "boundary": "edge"}
    tasks = [{"name": n, "head": heads.get(n, "signed_distance"), "fine": True, "widths": [8, 8, 8]} for n in names]
    base = tiny(steps=2, validate_every=2)
    config = changed(base, model={"tasks": tasks})
    made = train(sample(), tmp_path, config)
    found = segment(picture(discs()), made.model)
    assert (found.distance is not None) == ("sdf" in names)
    assert (found.boundary is not None) == ("boundary" in names)


def test_same_seed_same_model_and_a_run_that_was_cancelled_goes_on(tmp_path: Path) -> None:
    config = tiny(steps=8, validate_every=4, checkpoint_every=2)
    whole = train(sample(), tmp_path / "whole", config)
    token = CancelToken()
    request = TrainSegmentationRequest((sample(),), tmp_path / "cut", config, device="cpu", threads=1)
    with pytest.raises(Cancelled):
        drain(iter_train_segmentation(request, token), lambda step: token.cancel() if step.done == 5 else None)
    assert not (tmp_path / "cut" / "model.json").exists()
    steps = []
    gen = iter_train_segmentation(request, CancelToken())
    again = drain(gen, steps.append)
    assert len(steps) == 3, "from where it stopped"
    first, second = (load_model(one.model)[0].state_dict() for one in (whole, again))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_stop_keeps_the_best_so_far(tmp_path: Path) -> None:
    stop = CancelToken()
    request = TrainSegmentationRequest((sample(),), tmp_path, tiny(steps=500), device="cpu", threads=1, stop=stop)
    done = []
    for step in iter_train_segmentation(request, CancelToken()):
        done.append(step)
        assert set(step.payload["tasks"]) == {"mask", "sdf", "boundary"}
        assert step.payload["loss"] == pytest.approx(sum(step.payload["tasks"].values()))
        if step.done == 3:
            stop.cancel()
    assert len(done) == 4
    assert "validation" in done[-1].payload
    assert load_segmentation(tmp_path).card["step"] == 4


def test_a_parent_is_gone_on_from(classes_model: Path, tmp_path: Path) -> None:
    made = train(sample(), tmp_path, tiny(steps=1, validate_every=1, learning_rate=1e-9), parent=classes_model)
    assert made.figures["dice"] > 0.9
    assert load_segmentation(tmp_path).card["parent"] == str(classes_model)


def test_colours_16_bits_and_volumes(tmp_path: Path) -> None:
    labels = discs()
    grey = picture(labels)
    colours = np.stack([grey, grey // 2, 65_535 - grey], -1)
    made = train(ImageSample("colours", colours, labels), tmp_path / "colours", tiny(steps=60))
    assert (segment(colours, made.model).labels == labels).mean() > 0.8
    assert segment(np.stack([colours, colours]), made.model).labels.shape == (2, 96, 128)
    volume, of = np.stack([grey, picture(labels, 3), grey]), np.stack([labels, labels, np.zeros_like(labels)])
    made = train(ImageSample("volume", volume, of), tmp_path / "volume", tiny(steps=4))
    assert made.notes == ("volume: 1 slice without any label left out.",)
    assert segment(volume, made.model).probability.shape == (2, 3, 96, 128)


def test_a_float_picture_with_nan_is_read(classes_model: Path) -> None:
    labels = discs()
    image = picture(labels).astype(np.float32)
    image[:5, :5] = np.nan
    found = segment(image, classes_model)
    assert np.isfinite(found.probability).all()
    assert (found.labels == labels)[8:].mean() > 0.95


def test_a_picture_that_says_nothing_is_refused(classes_model: Path) -> None:
    for image in (np.full((48, 48), np.nan), np.eye(48) * 1e300):
        with pytest.raises(LabelError, match="the picture: holds"):
            segment(image, classes_model)


def test_small_parts_of_classes_are_left_out() -> None:
    labels = discs()
    labels[0, 0], labels[50:52, 60] = 1, 2
    np.testing.assert_array_equal(without_small_parts(labels, 3), discs())
    assert not without_small_parts(labels, 10**9).any()


def test_a_tiny_picture_is_segmented_but_not_learnt_from(classes_model: Path, tmp_path: Path) -> None:
    assert segment(picture(discs(8, 8)), classes_model).labels.shape == (8, 8)
    assert segment(picture(discs(1, 3)), classes_model).labels.shape == (1, 3)
    with pytest.raises(LabelError, match=r"is 8 × 8 pixels, too small to learn from. Give pictures of 32"):
        train(sample(height=8, width=8, pitch=8), tmp_path)


@pytest.mark.parametrize(("length", "tile", "overlap"), [(1_000, 128, 32), (129, 128, 40), (128, 128, 40), (5, 64, 0)])
def test_tiles_cover_and_overlap(length: int, tile: int, overlap: int) -> None:
    found = starts(length, tile, overlap)
    assert found[0] == 0
    assert found[-1] == max(0, length - tile)
    assert all(b - a <= tile - overlap for a, b in itertools.pairwise(found))
    total = np.zeros(length)
    for k, at in enumerate(found):
        part = total[at : at + tile]
        part += ramp(len(part), min(overlap, len(part)), first=k == 0, last=k == len(found) - 1)
    assert total.min() > 0.4


def test_tiles_leave_no_seam(classes_model: Path) -> None:
    """Where tiles meet, the picture jumps no more than the same network on the whole picture does."""
    labels = discs(256, 256)
    model = load_segmentation(classes_model)
    from napari_hicstruct.segmentation.planes import channel_limits, scaled

    image = picture(labels, seed=4)[..., None]
    x = scaled(image, channel_limits(image, model.config.low, model.config.high))

    def run(config):
        steps, count = iter_plane(model.net, x, config, torch.device("cpu")), 0
        while True:
            try:
                next(steps)
                count += 1
            except StopIteration as end:
                return end.value.probability, count

    whole, one = run(model.config)
    tiled, many = run(model.config.model_copy(update={"tile": 96, "overlap": 32}))
    assert (one, many) == (1, 16)
    assert ((whole > 0.5) == (tiled > 0.5)).mean() > 0.99
    jumps = [np.abs(np.diff(p, axis=2)).mean((0, 1)) for p in (whole, tiled)]
    assert (jumps[1] - jumps[0]).max() < 0.02


def test_memory_of_a_tile_does_not_grow_with_the_picture(classes_model: Path) -> None:
    sizes = []
    model = load_segmentation(classes_model)
    plain = model.net.fine
    model.net.fine = lambda x, tasks, **more: (sizes.append(x.shape[2:]), plain(x, tasks, **more))[1]
    x = np.ones((2, 500, 700), np.float32)
    for _ in iter_plane(
        model.net, x, model.config.model_copy(update={"tile": 128, "overlap": 16}), torch.device("cpu")
    ):
        pass
    assert set(sizes) == {torch.Size([128, 128])}


def test_one_file_holds_a_model(classes_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "model_E2_LREFree.safetensors"
    export_file(classes_model, path)
    image = picture(discs())
    assert np.array_equal(segment(image, path).labels, segment(image, classes_model).labels)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="checksum"):
        segment(image, path)
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="is no model of pictures"):
        segment(image, path)


FAULTS = {
    "no labels": ({"labels": np.zeros((96, 128), int)}, "holds no labels: every pixel is 0"),
    "one label everywhere": ({"labels": np.full((96, 128), 3)}, "has the label 3 everywhere: there is nothing"),
    "unlike sizes": ({"labels": discs(96, 96)}, "is 96 × 128, but its labels are 96 × 96"),
    "fractions": ({"labels": discs() + 0.5}, "between whole numbers, as 0.5"),
    "nan": ({"labels": np.where(discs() > 0, np.nan, 0)}, "labels that are NaN"),
    "negative": ({"labels": -discs()}, "negative label -2"),
    "text": ({"labels": np.full((96, 128), "a")}, "labels are whole numbers"),
    "labels in colours": (
        {"image": np.zeros((96, 128, 3)), "labels": np.ones((96, 128, 3), int)},
        "has labels in colours",
    ),
    "complex": ({"image": np.zeros((96, 128), complex)}, "complex128, which are no intensities"),
    "a line": ({"image": np.zeros(96), "labels": np.zeros(96, int)}, "is no picture"),
    "many channels": ({"image": np.zeros((96, 128, 30))}, "has 30 channels; 8 are read at most"),
    "no number": ({"image": np.full((96, 128), np.nan)}, "holds no number"),
    "huge": ({"image": picture(discs()) * 1e300}, "holds values as large as"),
    "nan wherever something is known": (
        {"image": np.where(np.arange(128) < 64, np.nan, 1.0) * np.ones((96, 1)), "weight": np.arange(128) < 64},
        "nothing is left to learn from",
    ),
    "a label beyond 32 bits": ({"labels": discs().astype(np.uint32) * 2_000_000_000}, "labels hold the class 4,000"),
    "a label beyond 64 bits": ({"labels": discs() * 1e30}, "too large to be one"),
    "objects as classes": ({"labels": np.arange(96 * 128).reshape(96, 128)}, "too many for classes"),
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_what_cannot_be_learnt_from_is_one_line(fault: str, tmp_path: Path) -> None:
    changes, text = FAULTS[fault]
    given = {"image": picture(discs()), "labels": discs(), **changes}
    weight = np.broadcast_to(given["weight"], (96, 128)).astype(float) if "weight" in given else None
    with pytest.raises(LabelError) as caught:
        train(ImageSample("a.tif", given["image"], given["labels"], weight), tmp_path / "out")
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_whole_floats_are_labels(tmp_path: Path) -> None:
    made = train(ImageSample("f", picture(discs()), discs().astype(np.float64)), tmp_path, tiny(steps=2))
    assert made.classes == ("class 1", "class 2")


def test_grey_and_colours_do_not_mix(classes_model: Path, tmp_path: Path) -> None:
    colours = np.zeros((96, 128, 3), np.uint8)
    both = (sample("a"), ImageSample("b", colours, discs()))
    with pytest.raises(LabelError, match=r"b: has 3 channels \(colours\), but a has one channel \(grey\)"):
        train(both, tmp_path)
    with pytest.raises(LabelError, match=r"has colours or channels .* but the model was trained on grey pictures"):
        segment(colours, classes_model)
    with pytest.raises(ConfigError, match=r"reads one channel \(grey\), the pictures have 3"):
        train(both[1], tmp_path / "c", parent=classes_model)
    made = train(both[1], tmp_path / "d", tiny(steps=1, validate_every=1))
    with pytest.raises(LabelError, match="is grey, but the model was trained on pictures of 3 channels"):
        segment(colours[..., 0], made.model)


def test_settings_that_pictures_do_not_have_are_refused() -> None:
    for model, text in (
        ({"interaction": "band_exchange"}, "interaction 'band_exchange' reads a contact map's diagonal"),
        ({"position": True}, "position reads a contact map"),
        ({"attention": {"kind": "band"}}, "attention 'band' reads"),
        ({"tad_prior": True}, "tad_prior"),
        ({"tasks": [{"name": "loop", "head": "point", "fine": True}]}, "head 'point' is of the other task set"),
        ({"inputs": ["image"]}, "inputs must hold 'valid'"),
        ({"task_set": "hic"}, "inputs must hold 'distance'"),
    ):
        with pytest.raises(ConfigError) as caught:
            changed(tiny(), model=model)
        assert text in str(caught.value)


def test_a_model_is_not_replaced_unasked(classes_model: Path) -> None:
    with pytest.raises(OutputError, match=r"holds a model. Nothing was written"):
        train(sample(), classes_model)


def test_a_model_of_pictures_is_refused_for_maps(classes_model: Path) -> None:
    from napari_hicstruct.workflows.models import find_model, install_model

    for use in (find_model, install_model):
        with pytest.raises(
            ModelError, match=r"is a model of pictures, not of contact maps. Use it by hicstruct segment"
        ):
            use(str(classes_model))


def test_a_model_of_maps_is_refused(tmp_path: Path) -> None:
    from napari_hicstruct.config.model import ModelConfig
    from napari_hicstruct.models.network import MultiTaskNet
    from napari_hicstruct.models.store import save_model

    config = ModelConfig(channels=(8, 8, 8, 8, 8))
    save_model(tmp_path, config, MultiTaskNet(config).state_dict(), {})
    with pytest.raises(ModelError, match=r"is no model of pictures. Train one by hicstruct segment train"):
        segment(picture(discs()), tmp_path)
