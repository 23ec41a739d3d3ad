"""Users' own files: a simulated map, its truth in exactly the formats people bring, a data set, training on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import zarr

from napari_hicstruct.annotations import read_labels
from napari_hicstruct.annotations.records import Annotation, Kind, Status
from napari_hicstruct.cli.main import main
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.config.weak import WeakConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import drain
from napari_hicstruct.labels.records import PSEUDO, label_weight, truth_of
from napari_hicstruct.labels.targets import loop_sigma, point_target
from napari_hicstruct.labels.weak import weak_boundaries
from napari_hicstruct.training import checkpoint, engine, state
from napari_hicstruct.training.dataset import load_region, thinned
from napari_hicstruct.training.maps import draw_map
from napari_hicstruct.training.samples import SampleStream, chances
from napari_hicstruct.workflows.dataset import DatasetRequest, make_dataset
from napari_hicstruct.workflows.train import iter_train_model
from tests.unit.model.dataset_kit import LENGTH, recipe, request
from tests.unit.model.model_kit import SMALL


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def stream(config: TrainConfig, paths: list[Path], first: int, part: slice) -> Iterator[engine.Batch]:
        last = config.steps
        return iter(SampleStream(config, paths, first_step=first, last_step=last, seed=config.seed, part=part))

    monkeypatch.setattr(engine, "_stream", stream)
    monkeypatch.setattr("napari_hicstruct.workflows.train.VALIDATION_BATCHES", 1)


def test_regions_hold_every_label_where_it_belongs(files: dict[str, Path], dataset: Path) -> None:
    region = load_region(dataset / "train" / f"chr1_0-{LENGTH}.zarr")
    loops = [r for r in read_labels(files["truth"] / "loops.bedpe").records if r.chrom == "chr1"]
    assert len(loops) == len(region.fine_truth.loops) == len(region.coarse_truth.loops) > 0
    centres = sorted((r.anchor1.center / 5_000, r.anchor2.center / 5_000) for r in loops)
    np.testing.assert_allclose(sorted(map(tuple, region.fine_truth.loops[:, :2])), centres, atol=1e-3)
    assert set(region.fine_truth.loops[:, 2]) == {0.75}
    assert region.fine_truth.loops[0, 3] == pytest.approx(loop_sigma(0.75, 3))
    tads = [r for r in read_labels(files["truth"] / "tads.bed").records if r.chrom == "chr1"]
    ends = np.unique([p / 10_000 for r in tads for p in (r.anchor1.start, r.anchor1.end)])
    for end in ends:
        assert np.abs(region.coarse_truth.boundaries[:, 0] - end).min() <= 1
    assert region.heads == {"point", "mask", "boundary"}
    assert region.coarse_known.all()


def test_the_soft_boundaries_of_the_map_itself_lie_beside_the_labels(files: dict[str, Path], dataset: Path) -> None:
    """Anybody's zarr shows them; they are those that training makes, and highest where the simulated borders are."""
    path = dataset / "train" / f"chr1_0-{LENGTH}.zarr"
    group = zarr.open_group(path, mode="r")["coarse"]
    soft = group["weak_boundary"][:]
    region = load_region(path)
    assert soft.shape == (region.coarse.n_bins,) == group["known"].shape
    assert 0 <= soft.min() < 0.1 < 0.5 < soft.max() <= 1
    np.testing.assert_array_equal(soft, weak_boundaries(region.coarse, WeakConfig()).insulation)
    truth = region.coarse_truth.boundaries[:, 0]
    at = soft[np.clip(np.rint(truth).astype(int), 0, len(soft) - 1)]
    assert at.mean() > 2 * soft.mean()


def test_the_manifest_and_the_window_list_tell_what_is_there(dataset: Path) -> None:
    manifest = json.loads((dataset / "manifest.json").read_text())
    assert manifest["splits"]["train"] == [f"chr1:0-{LENGTH:,}"]
    assert manifest["splits"]["validation"] == [f"chr17:0-{LENGTH:,}"]
    lines = (dataset / "windows.tsv").read_text().splitlines()
    assert len(lines) - 1 == sum(manifest["windows"].values())
    region = load_region(next((dataset / "train").iterdir()))
    truth = region.coarse_truth
    held = {"loops": len(truth.loops), "stripes": len(truth.stripes), "boundaries": len(truth.boundaries)}
    assert manifest["labelled"]["train"] == held
    assert min(held.values()) > 0


def test_training_on_it_runs_resumes_and_predicts(files: dict[str, Path], dataset: Path, tmp_path: Path) -> None:
    config = recipe(dataset)
    folder = drain(iter_train_model(config, tmp_path / "whole", device="cpu"))
    steps = iter_train_model(config, tmp_path / "parts", device="cpu")
    for step in steps:
        if step.stage == "train" and step.done == 2:
            break
    steps.close()
    drain(iter_train_model(config, tmp_path / "parts", device="cpu"))
    whole, parts = (checkpoint.load_checkpoint(tmp_path / n / state.CHECKPOINT)["net"] for n in ("whole", "parts"))
    for name, value in whole.items():
        assert torch.equal(value, parts[name]), name
    words = ["predict", str(files["map"]), "-o", str(tmp_path / "out"), "--model", str(folder), "--chrom", "chr17"]
    assert main([*words, "--quiet"]) == 0
    assert (tmp_path / "out" / "loops.bedpe").exists()


def test_thinning_keeps_the_share_and_its_expectation(dataset: Path) -> None:
    region = load_region(next((dataset / "train").iterdir()))
    fine, coarse = thinned(region, 4.0, np.random.default_rng(0))
    assert fine.counts.sum() == pytest.approx(region.fine.counts.sum() / 4, rel=0.02)
    np.testing.assert_allclose(coarse.expected, region.coarse.expected / 4, rtol=1e-6)


def test_outside_reviewed_places_only_labels_are_known(files: dict[str, Path], tmp_path: Path) -> None:
    bed = tmp_path / "reviewed.bed"
    bed.write_text("chr1\t0\t1000000\n")
    make_dataset(request(files, tmp_path / "set", reviewed=bed, stripes=()))
    path = next((tmp_path / "set" / "train").iterdir())
    region = load_region(path)
    assert region.coarse_known.sum() == 100
    drawn = draw_map(path, recipe(tmp_path / "set"), np.random.default_rng(3))
    assert drawn.scope is not None
    known, nothing = np.ones((40, 40), np.float32), np.zeros((40, 40), bool)
    assert drawn.scope.apply("mask", known, nothing, (10, 10), fine=False).sum() == 0
    inside = drawn.scope.apply("point", known, nothing, (80, 80), fine=False)
    positive = nothing.copy()
    positive[35, 38] = True
    assert drawn.scope.apply("point", known, positive, (150, 150), fine=False)[35, 38] == 1
    assert 0 < inside.sum() < inside.size or drawn.scope.coarse[-100:].all()


def test_a_map_without_fine_bins_trains_its_coarse_heads(files: dict[str, Path], tmp_path: Path) -> None:
    uri = f"{files['map']}::/resolutions/10000"
    make_dataset(DatasetRequest(map=uri, out=tmp_path / "set", loops=(files["loops"],)))
    config = recipe(tmp_path / "set", model=SMALL.model_dump() | {"max_distance": 400_000, "tasks": [SMALL.tasks[0]]})
    batch = next(
        iter(SampleStream(config, list((tmp_path / "set" / "train").iterdir()), first_step=0, last_step=1, seed=1))
    )
    assert batch["fine"]["known"].sum() == 0
    assert batch["coarse"]["known"].sum() > 0
    drain(iter_train_model(config, tmp_path / "run", device="cpu"))


def test_a_task_without_labels_is_refused_unless_simulated_maps_have_them(
    files: dict[str, Path], tmp_path: Path
) -> None:
    make_dataset(request(files, tmp_path / "set", stripes=(), tads=()))
    with pytest.raises(ConfigError, match=r"task 'stripe' has no labels"):
        drain(iter_train_model(recipe(tmp_path / "set"), tmp_path / "run", device="cpu"))
    with pytest.raises(ConfigError, match="is no whole data set"):
        drain(iter_train_model(recipe(tmp_path), tmp_path / "run", device="cpu"))


def test_weights_people_before_consensus_before_models() -> None:
    place = {"kind": Kind.LOOP, "anchor1": Interval("c", 0, 5000), "anchor2": Interval("c", 100_000, 105_000)}
    assert label_weight(Annotation(**place, status=Status.ACCEPTED, soft_score=0.3)) == 1.0
    assert label_weight(Annotation(**place, soft_score=0.3)) == pytest.approx(0.3)
    assert label_weight(Annotation(**place, model="m")) == PSEUDO
    assert label_weight(Annotation(**place, status=Status.REJECTED)) == 0.0
    truth = truth_of([Annotation(**place, soft_score=0.4, n_tools=2)], "c", 5000)
    target = point_target(truth, 0, 0, 40)
    assert target.heat[0, 20] == 1.0
    assert target.known[0, 20] == pytest.approx(0.4)
    assert target.known[30, 5] == 1.0


def test_simulated_and_labelled_maps_share_the_draws(tmp_path: Path) -> None:
    folders = [tmp_path / "a.zarr", tmp_path / "b.zarr"]
    for folder in folders:
        folder.mkdir()
    share = chances([*folders, tmp_path / "1.npz"], 0.8)
    np.testing.assert_allclose(share, [0.4, 0.4, 0.2])
