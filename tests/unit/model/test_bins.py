"""Bins are what they are: which a network reads of a map, data sets and simulated draws in other bins, weak labels."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.cli.main import main
from napari_hicstruct.config import parse_config
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.training import TrainConfig
from napari_hicstruct.contacts.band_pair import MAX_BINS, bins_for
from napari_hicstruct.errors import ConfigError, MapError
from napari_hicstruct.jobs import CancelToken, drain
from napari_hicstruct.training.dataset import load_region
from napari_hicstruct.training.maps import draw_map
from napari_hicstruct.training.pool import iter_make_pool
from napari_hicstruct.training.samples import make_batch
from napari_hicstruct.workflows.dataset import DatasetRequest, make_dataset
from napari_hicstruct.workflows.train import dataset_regions, iter_train_model
from tests.unit.model.dataset_kit import recipe, request
from tests.unit.model.model_kit import SMALL


def levels(*sizes: int) -> Any:
    return SimpleNamespace(resolutions=sizes, resolutions_of=lambda _: sizes, chromsizes={"chr1": 10**8})


@pytest.mark.parametrize(
    ("sizes", "coarse"),
    [
        ((1_000, 100_000), 10_000),
        ((10_000,), 10_000),
        ((25_000,), 25_000),
        ((40_000, 80_000), 40_000),
        ((3_000,), 9_000),
        ((4_000, 25_000), 8_000),
        ((10_240,), 10_240),
        ((50_000, 25_000), 25_000),
    ],
)
def test_the_bins_nearest_to_the_networks_own_are_read(sizes: tuple[int, ...], coarse: int) -> None:
    assert bins_for(levels(*sizes), ModelConfig()).coarse_resolution == coarse


def test_bins_too_large_change_nothing_and_what_is_asked_for_counts() -> None:
    assert bins_for(levels(2 * MAX_BINS), ModelConfig()) == ModelConfig()
    asked = bins_for(levels(1_000), ModelConfig(), 2_000)
    assert (asked.coarse_resolution, asked.fine_resolution) == (2_000, 1_000)


def test_a_map_labels_itself_in_the_bins_that_are_asked_for(files: dict[str, Path], tmp_path: Path) -> None:
    weak = (Kind.LOOP, Kind.STRIPE, Kind.BOUNDARY)
    made = DatasetRequest(map=str(files["map"]), out=tmp_path / "d", weak=weak, resolution=20_000)
    manifest = make_dataset(made)
    assert (manifest["bin_size"], manifest["weak"]) == (20_000, ["loop", "stripe", "boundary"])
    region = load_region(next((tmp_path / "d" / "train").iterdir()))
    assert (region.fine.resolution, region.coarse.resolution) == (10_000, 20_000)
    assert region.heads == {"point", "mask", "boundary"}
    assert len(region.coarse_truth.boundaries) > 0
    assert set(region.fine_truth.loops[:, 2]) <= {0.0, 1.0}


def test_a_kind_is_labelled_by_files_or_by_the_map(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = request(files, tmp_path / "d", weak=(Kind.BOUNDARY,))
    with pytest.raises(ConfigError, match="--weak names boundary, for which there is a file too"):
        make_dataset(both)
    words = ["dataset", str(files["map"]), "-o", str(tmp_path / "d"), "--weak", "loop,tad"]
    assert main(words) == 2
    assert "a map does not label 'tad'" in capsys.readouterr().err
    with pytest.raises(MapError, match="sum to 7 kb"):
        make_dataset(DatasetRequest(map=str(files["map"]), out=tmp_path / "d", weak=weak_loops(), resolution=7_000))


def weak_loops() -> tuple[Kind, ...]:
    return (Kind.LOOP,)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool")
    return drain(iter_make_pool(laddered().train, folder, token=CancelToken()))[0]


def laddered(**changes: Any) -> TrainConfig:
    settings = {"length": 3_000_000, "max_distance": 500_000, "n_steps": 2000, "n_snapshots": 16}
    text = {
        "model": SMALL.model_dump() | {"max_distance": 400_000},
        "train": {"extrusion": 1, "settings": settings},
        "coarse_size": 72,
        "strip_tiles": 2,
        "bin_sizes": [20_000, 25_000],
    }
    return parse_config(TrainConfig, text | changes)


def test_simulated_maps_are_drawn_in_all_bins(pool: Path) -> None:
    config, rng = laddered(), np.random.default_rng(0)
    drawn = [draw_map(pool, config, rng) for _ in range(8)]
    assert {(one.fine.resolution, one.coarse.resolution) for one in drawn} == {(10_000, 20_000), (12_500, 25_000)}
    for one in drawn:
        assert one.fine.n_bins == 2 * one.coarse.n_bins
        assert one.fine.valid.any() == (one.coarse.resolution == 20_000)
    batch = make_batch(drawn, config, rng)
    assert all(bool(np.isfinite(value.numpy()).all()) for part in batch.values() for value in part.values())


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"bin_sizes": [7_000]}, "is no multiple"), ({"weak": {"enabled": True}}, "exclude each other")],
)
def test_bins_that_cannot_be_simulated_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        laddered(**changes)


def test_a_data_set_in_bins_that_the_recipe_lacks_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    make_dataset(DatasetRequest(map=str(files["map"]), out=tmp_path / "d", weak=weak_loops(), resolution=20_000))
    config = recipe(tmp_path / "d")
    assert dataset_regions(config, "train")
    with pytest.raises(ConfigError, match="is in bins of 20,000 bp; the model's coarse bins are 10,000 bp"):
        drain(iter_train_model(config, tmp_path / "run", device="cpu"))
