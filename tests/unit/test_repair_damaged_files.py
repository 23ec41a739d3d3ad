"""Label files that are damaged: read or refused in one line, whatever the libraries raise; before hours of repair."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from napari_hicstruct.config.repair import RepairConfig
from napari_hicstruct.errors import ConfigError, LabelError, OutputError
from napari_hicstruct.workflows.repair.label_files import read_label_file, read_label_files
from tests.unit.test_repair_label_files import save_nifti, volume

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries, about what was damaged on purpose
ANY = RepairConfig()


def ome_zarr(path: Path, **of_image: Any) -> Path:
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.create_array("0", data=volume((8, 8, 8)))
    group.create_array("1", data=volume((4, 4, 4)))
    image = {"axes": ["z", "y", "x"], "datasets": [{"path": "0"}, {"path": "1"}]} | of_image
    group.attrs["multiscales"] = [image]
    return path


@pytest.mark.parametrize("kind", ["nii", "nii.gz", "tif", "ome.tif", "npy", "zarr"])
def test_damage_anywhere_is_one_line(tmp_path: Path, kind: str) -> None:
    """Cut and overwritten anywhere, a file is read or refused: nothing else comes of it."""
    path, values = tmp_path / f"labels.{kind}", volume((8, 8, 8))
    damaged = path
    if kind.startswith("nii"):
        save_nifti(path, values, np.eye(4))
    elif kind.endswith("tif"):
        tifffile.imwrite(path, values, compression="zlib", metadata={"axes": "ZYX"})
    elif kind == "npy":
        np.save(path, values)
    else:
        damaged = ome_zarr(path) / "1" / ".zarray"
    whole, random, refused = damaged.read_bytes(), np.random.default_rng(3), 0
    for turn in range(60):
        data = bytearray(whole)
        place = int(random.integers(min(len(data), 600)))
        data[place] = int(random.choice([0, 127, 255, random.integers(256)]))
        damaged.write_bytes(data[: place if turn % 5 == 0 else None])
        try:
            read_label_file(path, ANY)
        except LabelError:
            refused += 1
    assert refused >= 12, "a fifth of them are cut"


@pytest.mark.parametrize("shape", [(0, 4, 4), (4, 0), (0,)])
def test_an_array_without_a_voxel_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "none.npy", np.zeros(shape, np.uint8))
    with pytest.raises(LabelError, match="is no image"):
        read_label_file(tmp_path / "none.npy", ANY)


def test_an_archive_of_arrays_is_no_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "many.npz", a=volume())
    (tmp_path / "many.npz").rename(tmp_path / "many.npy")
    with pytest.raises(LabelError, match="not readable"):
        read_label_file(tmp_path / "many.npy", ANY)


def test_a_float_beyond_whole_numbers_is_no_negative_label(tmp_path: Path) -> None:
    np.save(tmp_path / "huge.npy", volume(dtype=np.float32) * 1e20)
    with pytest.raises(LabelError, match="too large a label"):
        read_label_file(tmp_path / "huge.npy", ANY)


def test_one_file_by_two_names_is_given_twice(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", volume())
    (tmp_path / "b.npy").symlink_to("a.npy")
    with pytest.raises(LabelError, match="given twice"):
        read_label_files([tmp_path / "b.npy", tmp_path / "a.npy"], ANY)


def test_a_compressed_nifti_in_capitals_is_compressed(tmp_path: Path) -> None:
    save_nifti(tmp_path / "a.nii.gz", volume(), np.eye(4)).rename(tmp_path / "A.NII.GZ")
    file = read_label_file(tmp_path / "A.NII.GZ", ANY)
    (tmp_path / "out").mkdir()
    file.write(file.sample.labels, tmp_path / "out" / "A.NII.GZ")
    assert (tmp_path / "out" / "A.NII.GZ").read_bytes()[:2] == b"\x1f\x8b"


def test_a_description_in_another_alphabet_is_no_hindrance(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", volume(), photometric="minisblack", description="drawn by Joerg", metadata=None
    )
    data = (tmp_path / "a.tif").read_bytes().replace(b"Joerg", b"J\xf6rg!")
    (tmp_path / "a.tif").write_bytes(data)
    file = read_label_file(tmp_path / "a.tif", ANY)
    file.write(file.sample.labels, tmp_path / "b.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "b.tif"), volume())


def test_what_a_library_cannot_write_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise TypeError("no such\ncodec")

    tif = tmp_path / "a.tif"
    tifffile.imwrite(tif, volume(), photometric="minisblack")
    file = read_label_file(tif, ANY)
    monkeypatch.setattr(tifffile, "imwrite", fail)
    with pytest.raises(OutputError, match=r"cannot be written as TIFF \(no such codec"):
        file.write(file.sample.labels, tmp_path / "b.tif")
    assert not (tmp_path / "b.tif").exists()


def test_axes_of_early_ome_zarr_are_names(tmp_path: Path) -> None:
    assert read_label_file(ome_zarr(tmp_path / "a.zarr"), ANY).stored.directions == "zyx"


@pytest.mark.parametrize(
    "of_image",
    [
        {"datasets": [{"path": "0"}, {"path": "7"}]},
        {"datasets": [{"path": "0"}, {"path": "../a.zarr/1"}]},
        {"datasets": [{"path": ""}]},
        {"axes": 5},
        {"datasets": {"path": "0"}},
    ],
)
def test_levels_that_could_not_be_written_are_refused_at_first(tmp_path: Path, of_image: dict[str, Any]) -> None:
    with pytest.raises(LabelError, match="not readable as zarr"):
        read_label_file(ome_zarr(tmp_path / "a.zarr", **of_image), ANY)


def test_a_level_by_its_full_path_is_inside(tmp_path: Path) -> None:
    file = read_label_file(ome_zarr(tmp_path / "a.zarr", datasets=[{"path": "/0"}]), ANY)
    file.write(file.sample.labels, tmp_path / "b.zarr")
    assert np.array_equal(read_label_file(tmp_path / "b.zarr", ANY).sample.labels, volume((8, 8, 8)))


def test_names_with_tabs_make_no_columns(tmp_path: Path) -> None:
    from napari_hicstruct.label_repair.records import RuleChange
    from napari_hicstruct.workflows.repair.run_folder import CHANGES, write_changes

    write_changes(tmp_path, [RuleChange("a\tb", "in\nout: holes filled", "in\nout", 3)])
    assert [len(line.split("\t")) for line in (tmp_path / CHANGES).read_text().splitlines()] == [5, 5]


def test_thousands_of_threads_are_as_many_as_there_are_processors() -> None:
    import torch

    from napari_hicstruct.inference.device import choose_device, torch_threads

    with torch_threads(10**6):
        assert torch.get_num_threads() <= (os.cpu_count() or 1)
    with pytest.raises(ConfigError, match="no device 'meta'"):
        choose_device("meta")
