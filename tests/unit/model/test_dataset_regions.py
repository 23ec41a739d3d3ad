"""What a data set holds: splits, pieces, windows; what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_hicstruct.cli.main import main
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.errors import ConfigError, LabelError, ModelError, OutputError
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import drain
from napari_hicstruct.training.dataset import load_region, thinned
from napari_hicstruct.training.dataset_windows import open_dataset
from napari_hicstruct.training.maps import draw_map
from napari_hicstruct.training.samples import _coarse_window
from napari_hicstruct.workflows.dataset import make_dataset
from napari_hicstruct.workflows.dataset.regions import PIECE, pieces, snap
from napari_hicstruct.workflows.train import iter_train_model
from tests.unit.model.dataset_kit import LENGTH, recipe, request
from tests.unit.model.model_kit import SMALL


class _Unreversed(np.random.Generator):
    """Draws that never reverse a chromosome."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:  # type: ignore[override]
        return 1.0 if size is None else super().random(size, dtype, out)


def test_labels_that_do_not_fit_the_map_are_named_with_a_hint(files: dict[str, Path], tmp_path: Path) -> None:
    beyond = tmp_path / "beyond.bedpe"
    beyond.write_text("chr1\t2990000\t2995000\tchr1\t3190000\t3195000\n")
    with pytest.raises(LabelError, match=r"beyond\.bedpe.*beyond the map's chromosomes.*lift them over"):
        make_dataset(request(files, tmp_path / "a", loops=(beyond,)))
    other = tmp_path / "other.bedpe"
    other.write_text("chr5\t10000\t15000\tchr5\t300000\t305000\n")
    with pytest.raises(LabelError, match=r"other\.bedpe"):
        make_dataset(request(files, tmp_path / "b", loops=(other,)))
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()


def test_windows_read_back_are_the_windows_training_cuts(dataset: Path) -> None:
    windows = open_dataset(dataset, "train", resolution=10_000)
    path = next((dataset / "train").iterdir())
    drawn = draw_map(path, recipe(dataset, thinning=1.0, dropped_bins=0.0, seed=1), _Unreversed())
    config = ModelConfig()
    for k, row in enumerate(windows.rows[:2]):
        corner = tuple(int(row[name]) - config.windows.coarse_margin for name in ("row", "col"))
        wanted, window = _coarse_window(drawn, corner, config.windows.coarse_size, config), windows[k]
        found = {"x": window.x, "heat": window.heat, "offset": window.offset, "mask": window.mask}
        found |= {"along": window.along, "known": window.known["loop"], "mask_known": window.known["stripe"]}
        for name, values in found.items():
            np.testing.assert_array_equal(values, wanted[name], err_msg=name)
        assert (window.start1, window.start2) == tuple(c * 10_000 for c in corner)


def test_window_centres_cover_every_label_once(dataset: Path) -> None:
    truth = load_region(next((dataset / "train").iterdir())).fine_truth
    loops, borders = 0, 0
    for window in open_dataset(dataset, "train", resolution=5_000):
        inner = slice(16, -16)
        places = np.argwhere(window.heat[inner, inner] == 1) + 16
        places += np.array([window.start1, window.start2]) // 5_000
        loops += int((places[:, 0] <= places[:, 1]).sum())
        if window.start1 == window.start2:
            top = window.boundary * (window.known["boundary"] > 0)
            borders += int((top[inner] > 0.85 * truth.boundaries[:, 1].max()).sum() > 0)
    assert loops == len({(int(a), int(b)) for a, b in truth.loops[:, :2]})
    assert borders > 0


def test_long_regions_are_cut_into_aligned_pieces() -> None:
    region = snap(Interval("c", 12_345, 99_999_999), 120_000_000)
    assert (region.start, region.end) == (20_000, 99_990_000)
    parts = pieces(region)
    assert len(parts) == 3
    assert all(a.end == b.start for a, b in pairwise(parts))
    assert all(part.start % 10_000 == 0 and len(part) <= PIECE + 10_000 for part in parts)
    assert snap(Interval("c", 0, 1_234_567), 1_234_567).end == 1_234_567


def test_a_chromosome_without_labels_says_nothing(files: dict[str, Path], tmp_path: Path) -> None:
    one = tmp_path / "one.bedpe"
    lines = files["loops"].read_text().splitlines(keepends=True)
    one.write_text("".join([lines[0], *(line for line in lines if line.startswith("chr1\t"))]))
    labels = {"loops": (one,), "stripes": ()}
    manifest = make_dataset(request(files, tmp_path / "a", **labels))
    assert load_region(next((tmp_path / "a" / "train").iterdir())).heads == {"point", "boundary"}
    assert load_region(next((tmp_path / "a" / "validation").iterdir())).heads == {"boundary"}
    assert manifest["notes"] == []
    manifest = make_dataset(request(files, tmp_path / "b", **labels, tads=()))
    assert manifest["notes"] == ["Left out, as no label lies there: chr17. --reviewed says that this is a finding."]
    assert not (tmp_path / "b" / "validation").exists()
    reviewed = tmp_path / "reviewed.bed"
    reviewed.write_text("chr1\t0\t3000000\nchr17\t0\t3000000\n")
    make_dataset(request(files, tmp_path / "c", **labels, tads=(), reviewed=reviewed))
    assert load_region(next((tmp_path / "c" / "validation").iterdir())).heads == {"point"}
    with pytest.raises(LabelError, match=r"no label lies in what is for training"):
        make_dataset(request(files, tmp_path / "d", **labels, tads=(), splits={"train": ("chr17",)}))
    with pytest.raises(ConfigError, match=r"nothing to validate on"):
        drain(iter_train_model(recipe(tmp_path / "b"), tmp_path / "run", device="cpu"))


def test_a_broken_or_newer_region_is_refused(dataset: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.zarr"
    with pytest.raises(ModelError, match="not a whole region"):
        load_region(path)
    shutil.copytree(next((dataset / "train").iterdir()), path)
    zarr.open_group(path).attrs["format"] = 99
    with pytest.raises(ModelError, match="newer version"):
        load_region(path)
    with pytest.raises(ModelError, match="is no data set"):
        open_dataset(tmp_path)
    model = SMALL.model_dump() | {"fine_resolution": 10_000, "coarse_resolution": 20_000}
    with pytest.raises(ConfigError, match=r"in bins of 10,000 bp"):
        drain(iter_train_model(recipe(dataset, model=model), tmp_path / "run", device="cpu"))


def test_thinning_equivalent_counts_keeps_their_expectation(dataset: Path) -> None:
    region = load_region(next((dataset / "train").iterdir()))
    floats = replace(region, fine=replace(region.fine, counts=region.fine.counts * np.float32(0.3)))
    for factor in (1.0, 4.0):
        fine, _ = thinned(floats, factor, np.random.default_rng(1))
        assert fine.counts.sum() == pytest.approx(floats.fine.counts.sum() / factor, rel=0.03)


def test_splits_must_fit_the_map_and_not_overlap(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="overlap"):
        make_dataset(request(files, tmp_path / "a", splits={"train": ("chr1:0-2M",), "test": ("chr1:1M-3M",)}))
    with pytest.raises(ConfigError, match=r"left for training.*--train"):
        make_dataset(request(files, tmp_path / "b", splits={"validation": ("chr1",)}))
    words = ["dataset", str(files["map"]), "-o", str(tmp_path / "c"), "--loops", str(files["loops"]), "--quiet"]
    assert main([*words, "--train", "chr1:0-2M,chr17", "--validation", "chr1:2M-3M"]) == 0
    assert len(list((tmp_path / "c" / "train").iterdir())) == 2


def test_commas_inside_numbers_are_no_separators(files: dict[str, Path], tmp_path: Path) -> None:
    words = ["dataset", str(files["map"]), "-o", str(tmp_path / "c"), "--loops", str(files["loops"]), "--quiet"]
    assert main([*words, "--train", "chr1:0-2,000,000,chr17", "--test", "chr1:2,000,000-3,000,000"]) == 0
    splits = json.loads((tmp_path / "c" / "manifest.json").read_text())["splits"]
    assert splits["train"] == ["chr1:0-2,000,000", "chr17:0-3,000,000"]
    assert splits["test"] == ["chr1:2,000,000-3,000,000"]


def test_labels_that_lie_nowhere_are_named_beside_those_that_fit(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = tmp_path / "mixed.bedpe"
    elsewhere = "chr5\t10000\t15000\tchr5\t300000\t305000\n"
    mixed.write_text("chr1\t500000\t505000\tchr1\t900000\t905000\n" + 2 * elsewhere)
    words = ["dataset", str(files["map"]), "-o", str(tmp_path / "a"), "--loops", str(mixed)]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "mixed.bedpe: 2 labels on chr5, which the map lacks. Is it the same genome?" in said
    assert "no label lies there: chr17" in said


def test_a_data_set_made_anew_keeps_nothing_of_the_old_one(files: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    make_dataset(request(files, out))
    make_dataset(request(files, out, splits={"train": ("chr17",), "validation": ("chr1",)}))
    assert [path.name for path in (out / "train").iterdir()] == [f"chr17_0-{LENGTH}.zarr"]
    (out / "manifest.json").unlink()  # as if it had been interrupted
    with pytest.raises(ConfigError, match="is no whole data set"):
        drain(iter_train_model(recipe(out), tmp_path / "run", device="cpu"))
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else than a data set"):
        make_dataset(request(files, out))
    assert (out / "thesis.txt").exists()
    assert (out / "train").exists()
