"""An older data set stays whole until a new one is: on every fault it is as it was, and nothing else is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_hicstruct.errors import HicStructError, LabelError, MapError, OutputError
from napari_hicstruct.training import dataset as regions
from napari_hicstruct.workflows.dataset import DatasetRequest, iter_make_dataset, make_dataset
from tests.contacts_kit import upper_counts, write_cool
from tests.unit.model.dataset_kit import request


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    out = tmp_path / "sets" / "mine"
    (out / "train" / "chr9_0-1.zarr").mkdir(parents=True)
    (out / "train" / "chr9_0-1.zarr" / "zarr.json").write_text("{}")
    for name in ("manifest.json", "windows.tsv"):
        (out / name).write_text("older")
    return out


def refused(made: DatasetRequest, kind: type[HicStructError], says: str) -> None:
    before = tree(made.out.parent)
    with pytest.raises(kind, match=says):
        make_dataset(made)
    assert tree(made.out.parent) == before


def test_labels_that_lie_outside_the_training_part_cost_no_older_set(files: dict[str, Path], old: Path) -> None:
    bedpe = old.parent / "few.bedpe"
    bedpe.write_text("chr17\t100000\t110000\tchr17\t300000\t310000\n")
    made = request(files, old, loops=(bedpe,), tads=(), stripes=())
    refused(made, LabelError, "no label lies in what is for training")


def test_a_table_with_only_its_header_is_told_from_one_of_another_genome(files: dict[str, Path], old: Path) -> None:
    header, foreign = old.parent / "header.bedpe", old.parent / "foreign.bedpe"
    header.write_text("#chrom1\tstart1\tend1\tchrom2\tstart2\tend2\n")
    foreign.write_text("chrQ\t100000\t110000\tchrQ\t300000\t310000\n")
    refused(request(files, old, loops=(header,)), LabelError, r"header\.bedpe: holds no labels, only its header")
    refused(request(files, old, loops=(foreign,)), LabelError, "has no chromosome of the map: it has chrQ")


def test_a_disk_that_fills_up_costs_no_older_set(
    files: dict[str, Path], old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(regions, "_fill", full)
    refused(request(files, old), OutputError, "No space left")


def test_a_cancelled_run_costs_no_older_set(files: dict[str, Path], old: Path) -> None:
    before = tree(old.parent)
    steps = iter_make_dataset(request(files, old))
    while next(steps).done < 1:
        pass
    steps.close()
    assert tree(old.parent) == before


def test_a_whole_new_set_replaces_the_older_one(files: dict[str, Path], old: Path) -> None:
    make_dataset(request(files, old))
    assert not (old / "train" / "chr9_0-1.zarr").exists()
    assert (old / "manifest.json").read_text() != "older"
    assert [path.name for path in old.parent.iterdir()] == ["mine"]


def test_a_folder_of_something_else_is_left_alone(files: dict[str, Path], old: Path) -> None:
    (old / "thesis.txt").write_text("mine")
    refused(request(files, old), OutputError, "holds something else than a data set")


def test_a_folder_that_cannot_be_made_is_named(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("text")
    with pytest.raises(OutputError, match=r"afile/x: the data set could not be written"):
        make_dataset(request(files, tmp_path / "afile" / "x"))


def test_bins_too_large_are_refused_before_labels_are_read(tmp_path: Path) -> None:
    uri = write_cool(tmp_path / "m.cool", {"chr1": 6_000_000}, 100_000, upper_counts(60, 1))
    made = DatasetRequest(map=uri, out=tmp_path / "set", loops=(tmp_path / "none.bedpe",))
    with pytest.raises(MapError, match=r"needs bins of 50 kb or less; this map has 100 kb"):
        make_dataset(made)
    assert not (tmp_path / "set").exists()
