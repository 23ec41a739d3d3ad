"""Label files of a repair: what is written overlays what was read to the voxel; bad files are one clear line."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import zarr
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from nibabel.testing import data_path

from napari_hicstruct.config.repair import RepairConfig
from napari_hicstruct.errors import LabelError, OutputError
from napari_hicstruct.workflows.images.label_formats import sample_name
from napari_hicstruct.workflows.repair.label_files import (
    check_targets,
    read_label_file,
    read_label_files,
)

ANY = RepairConfig()
TWO = RepairConfig.model_validate({"classes": [{"name": "wall", "value": 1}, {"name": "lumen", "value": 5}]})


def volume(shape: tuple[int, ...] = (4, 5, 6), dtype: Any = np.uint8) -> np.ndarray:
    """Labels that no turn leaves as they are."""
    return (np.arange(np.prod(shape)).reshape(shape) % 7 == 0).astype(dtype) * 5


def affine_of(codes: str, zooms: tuple[float, float, float], oblique: float = 0.0) -> np.ndarray:
    """Affine of an image whose axes point to ``codes``, turned by ``oblique`` radians about the first."""
    columns = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}
    turned = np.array([columns[code] for code in codes], float).T * zooms
    c, s = np.cos(oblique), np.sin(oblique)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ turned
    affine[:3, 3] = (-12.5, 30, 7)
    return affine


def save_nifti(path: Path, values: np.ndarray, affine: np.ndarray, kind: Any = nibabel.Nifti1Image) -> Path:
    image = kind(values, affine)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"drawn by hand"
    nibabel.save(image, path)
    return path


# --- NIfTI ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LAS", "PIR", "SAR", "ASL"])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_nifti_overlays_its_input(tmp_path: Path, codes: str, ending: str) -> None:
    values = volume(dtype=np.int16)
    affine = affine_of(codes, (0.4, 0.5, 1.25), oblique=0.2)
    path = save_nifti(tmp_path / f"heart{ending}", values, affine)
    file = read_label_file(path, ANY)
    assert file.sample.name == "heart"
    out = tmp_path / "out" / path.name
    out.parent.mkdir()
    file.write(file.sample.labels, out)
    before, after = nibabel.load(path), nibabel.load(out)
    assert np.array_equal(np.asanyarray(after.dataobj), values)
    assert after.get_data_dtype() == np.int16
    assert np.array_equal(after.affine, before.affine)
    keys = ("dim", "pixdim", "qform_code", "sform_code", "quatern_b", "qoffset_x", "srow_x", "srow_z", "xyzt_units")
    for key in (*keys, "descrip", "magic"):
        assert np.array_equal(after.header[key], before.header[key]), key


@pytest.mark.parametrize("codes", ["".join(p) for p in itertools.permutations("RAS")] + ["LPS", "LPI", "IPR"])
def test_all_orientations_are_one_sample(tmp_path: Path, codes: str) -> None:
    """The same heart, stored in whatever orientation, has the same voxels along superior, anterior, right."""
    heart = volume((4, 5, 6))  # right, anterior, superior
    turn = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(codes))
    values = nibabel.apply_orientation(heart, turn)
    zooms = dict(zip("RAS", (0.5, 0.75, 2.0), strict=True)) | dict(zip("LPI", (0.5, 0.75, 2.0), strict=True))
    affine = affine_of(codes, tuple(zooms[code] for code in codes))  # type: ignore[arg-type]
    assert np.array_equal(io_orientation(affine), axcodes2ornt(codes))
    sample = read_label_file(save_nifti(tmp_path / "a.nii", values, affine), ANY).sample
    assert np.array_equal(sample.labels, heart.transpose(2, 1, 0))
    assert sample.spacing == pytest.approx((2.0, 0.75, 0.5))


def test_both_forms_and_extensions_of_a_header_stay(tmp_path: Path) -> None:
    """Scanners write a qform and an sform that differ: neither may take the other's place."""
    image = nibabel.Nifti1Image(volume(), affine_of("RAS", (1, 1, 2)))
    image.set_qform(affine_of("LPS", (1, 1, 2)), code=1)
    image.set_sform(affine_of("RAS", (1, 1, 2), oblique=0.1), code=4)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"kept"))
    nibabel.save(image, tmp_path / "a.nii.gz")
    file = read_label_file(tmp_path / "a.nii.gz", ANY)
    file.write(file.sample.labels, tmp_path / "b.nii.gz")
    after = nibabel.load(tmp_path / "b.nii.gz")
    assert int(after.header["qform_code"]), int(after.header["sform_code"]) == (1, 4)
    assert np.allclose(after.get_qform(), image.get_qform())
    assert np.allclose(after.get_sform(), image.get_sform())
    assert [one.get_content() for one in after.header.extensions] == [image.header.extensions[0].get_content()]


def test_nifti_2_and_axes_of_one_voxel(tmp_path: Path) -> None:
    values = volume((6, 5, 1))
    path = save_nifti(tmp_path / "slice.nii.gz", values, affine_of("LPS", (1, 2, 3)), nibabel.Nifti2Image)
    file = read_label_file(path, ANY)
    assert np.array_equal(file.sample.labels, values[::-1, ::-1, 0].T), "a plane: anterior, right"
    assert file.sample.spacing == pytest.approx((2, 1))
    file.write(file.sample.labels, tmp_path / "out.nii.gz")
    after = nibabel.load(tmp_path / "out.nii.gz")
    assert isinstance(after, nibabel.Nifti2Image)
    assert after.shape == (6, 5, 1)
    assert np.array_equal(np.asanyarray(after.dataobj), values)


def test_floats_that_are_whole_stay_floats(tmp_path: Path) -> None:
    """Many programs store labels as float32."""
    path = save_nifti(tmp_path / "a.nii.gz", volume(dtype=np.float32), affine_of("RAS", (1, 1, 1)))
    file = read_label_file(path, TWO)
    file.write(file.sample.labels, tmp_path / "b.nii.gz")
    after = nibabel.load(tmp_path / "b.nii.gz")
    assert after.get_data_dtype() == np.float32
    assert np.array_equal(np.asanyarray(after.dataobj), volume())


def test_scaled_whole_numbers_are_labels(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(volume(), affine_of("RAS", (1, 1, 1)))
    data = bytearray(image.to_bytes())
    data[112:120] = np.array([2.0, 0.0], "<f4").tobytes()  # scl_slope, scl_inter
    (tmp_path / "a.nii").write_bytes(data)
    file = read_label_file(tmp_path / "a.nii", ANY)
    assert set(np.unique(file.sample.labels)) == {0, 10}
    file.write(file.sample.labels, tmp_path / "b.nii")
    assert np.array_equal(np.asanyarray(nibabel.load(tmp_path / "b.nii").dataobj), volume() * 2)


REAL = {"anatomical.nii": 3, "reoriented_anat_moved.nii": 3, "example4d.nii.gz": 4, "functional.nii": 4}
"""Images of scanners that come with nibabel: big-endian, with extensions, oblique; and their axes."""


@pytest.mark.parametrize("name", REAL)
def test_headers_of_scanners_come_back(tmp_path: Path, name: str) -> None:
    """Labels drawn on a real image: its header, with labels instead of its values."""
    image: Any = nibabel.load(Path(data_path) / name)
    image = image.slicer[..., 0] if REAL[name] == 4 else image
    header = image.header.copy()
    header.set_data_dtype(np.dtype("i2").newbyteorder(header.endianness))
    header.set_slope_inter(1, 0)
    values = volume(image.shape, np.int16)
    path = tmp_path / name
    nibabel.save(type(image)(values, image.affine, header), path)
    file = read_label_file(path, ANY)
    assert file.sample.labels.dtype == np.int16
    assert file.sample.labels.dtype.isnative
    assert file.sample.spacing == pytest.approx(nibabel.as_closest_canonical(image).header.get_zooms()[2::-1])
    file.write(file.sample.labels, tmp_path / f"out-{name}")
    before, after = nibabel.load(path), nibabel.load(tmp_path / f"out-{name}")
    assert np.array_equal(np.asanyarray(after.dataobj), values)
    for key in before.header:
        assert np.array_equal(after.header[key], before.header[key], equal_nan=before.header[key].dtype.kind == "f"), (
            key
        )
    assert after.header.endianness == before.header.endianness
    assert len(after.header.extensions) == len(before.header.extensions)
    assert np.array_equal(after.affine, before.affine)


@pytest.mark.parametrize("name", [name for name, axes in REAL.items() if axes == 4])
def test_series_of_scanners_are_refused(name: str) -> None:
    with pytest.raises(LabelError, match="holds 4 axes"):
        read_label_file(Path(data_path) / name, ANY)


def bad_nifti(folder: Path, what: str) -> Path:
    path, straight = folder / "a.nii.gz", affine_of("RAS", (1, 1, 1))
    if what == "truncated":
        save_nifti(path, volume((40, 40, 40)), straight)
        path.write_bytes(path.read_bytes()[:-40])
    elif what == "text":
        path.write_text("no image at all")
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "flat":
        straight[:, 1] = 0
        image = nibabel.Nifti1Image(volume(), None)
        image.header.set_sform(straight, code=1)
        nibabel.save(image, path)
    elif what == "times":
        save_nifti(path, volume((4, 5, 6, 3)), straight)
    elif what == "plane of times":
        save_nifti(path, volume((4, 5, 1, 3)), straight)
    elif what == "line":
        save_nifti(path, volume((30, 1, 1)), straight)
    elif what == "colours":
        rgb = np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")])
        save_nifti(path, rgb, straight)
    return path


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("truncated", "is not readable as NIfTI"),
        ("text", "is not readable as NIfTI"),
        ("empty", "is not readable as NIfTI"),
        ("flat", "affine in which a voxel has no size"),
        ("times", "holds 4 axes"),
        ("plane of times", "its axis 4 is time or channels"),
        ("line", "is no image"),
        ("colours", "which are no labels"),
    ],
)
def test_bad_nifti_is_one_line(tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(LabelError, match=message) as caught:
        read_label_file(bad_nifti(tmp_path, what), ANY)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'a.nii.gz'}: ")


# --- TIFF ----------------------------------------------------------------------------------------------------------


DIALECTS = [
    (dialect, dtype)
    for dialect in ("plain", "imagej", "ome", "pages")
    for dtype in (np.uint8, np.uint16, np.int32, np.float32)
    if (dialect, dtype) != ("imagej", np.int32)  # which ImageJ does not know
]


@pytest.mark.parametrize("shape", [(5, 6), (4, 5, 6)])
@pytest.mark.parametrize(("dialect", "dtype"), DIALECTS)
def test_tiff_reads_back_with_sizes(tmp_path: Path, shape: tuple[int, ...], dtype: Any, dialect: str) -> None:
    values, axes = volume(shape, dtype), "ZYX"[-len(shape) :]
    path = tmp_path / ("a.ome.tif" if dialect == "ome" else "a.tif")
    sizes: dict[str, Any] = {
        "plain": {"compression": "zlib"},
        "imagej": {
            "imagej": True,
            "resolution": (4.0, 2.0),
            "metadata": {"axes": axes, "spacing": 1.5, "unit": "micron"},
        },
        "ome": {
            "ome": True,
            "metadata": {"axes": axes, "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 1.5},
        },
        "pages": {"metadata": None, "description": "made by a microscope"},
    }[dialect]
    tifffile.imwrite(path, values, photometric="minisblack", **sizes)
    file = read_label_file(path, ANY)
    expected = (1.5, 0.5, 0.25)[-len(shape) :] if dialect in ("imagej", "ome") else (1.0,) * len(shape)
    assert file.sample.spacing == pytest.approx(expected)
    assert np.array_equal(file.sample.labels, values)
    out = tmp_path / f"out{path.suffixes[0]}{''.join(path.suffixes[1:])}"
    file.write(file.sample.labels, out)
    with tifffile.TiffFile(path) as before, tifffile.TiffFile(out) as after:
        assert np.array_equal(after.asarray(), values)
        assert after.series[0].axes == before.series[0].axes
        assert after.series[0].dtype == before.series[0].dtype
        assert (after.is_imagej, after.is_ome) == (before.is_imagej, before.is_ome)
        assert after.pages[0].compression == before.pages[0].compression
        if dialect == "pages":
            assert after.pages[0].description == "made by a microscope"
    again = read_label_file(out, ANY)
    assert again.sample.spacing == pytest.approx(expected)
    assert again.stored.unit == file.stored.unit


def bad_tiff(path: Path, what: str) -> Path:
    if what == "colours":
        tifffile.imwrite(path, np.zeros((8, 9, 3), np.uint8), photometric="rgb")
    elif what == "channels":
        tifffile.imwrite(path, volume((2, 4, 5, 6)), imagej=True, metadata={"axes": "ZCYX"})
    elif what == "colours apart":
        tifffile.imwrite(path, volume((2, 5, 6)), imagej=True, metadata={"axes": "CYX"})
    elif what == "two":
        tifffile.imwrite(path, volume((5, 6)), photometric="minisblack")
        tifffile.imwrite(path, volume((7, 8)), photometric="minisblack", append=True)
    else:
        path.write_bytes(b"II*\x00 and no more")
    return path


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("colours", "is a colour picture \\(3 values"),
        ("channels", "holds 4 axes \\(2 × 4 × 5 × 6\\)"),
        ("colours apart", "has several channels \\(axis c\\)"),
        ("two", "holds 2 images"),
        ("broken", "is not readable as TIFF"),
    ],
)
def test_bad_tiff_is_one_line(tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        read_label_file(bad_tiff(tmp_path / "a.tif", what), ANY)


# --- zarr ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 3])
def test_a_zarr_array_keeps_chunks_and_attributes(tmp_path: Path, version: Any) -> None:
    path, values = tmp_path / "a.zarr", volume(dtype=np.uint16)
    made = zarr.create_array(
        path,
        shape=values.shape,
        chunks=(2, 3, 4),
        dtype="uint16",
        zarr_format=version,
        fill_value=0,
        attributes={"by": "me"},
    )
    made[...] = values
    file = read_label_file(path, ANY)
    changed = file.sample.labels.copy()
    changed[0, 0, 0] = 3
    file.write(changed, tmp_path / "b.zarr")
    after: Any = zarr.open(tmp_path / "b.zarr", mode="r")
    assert np.array_equal(after[...], changed)
    assert (after.chunks, after.dtype, after.metadata.zarr_format) == ((2, 3, 4), np.uint16, version)
    assert dict(after.attrs) == {"by": "me"}
    assert np.array_equal(zarr.open(path, mode="r")[...], values), "the input stays as it is"


def ome_zarr(path: Path, values: np.ndarray, version: Any, names: str = "zyx") -> dict[str, Any]:
    """Two levels, the second of every other plane's and row's half."""
    image = {
        "axes": [{"name": name, "type": "space", "unit": "micrometer"} for name in names],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [2.0, 0.5, 0.5][-len(names) :]}]},
            {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [2.0, 1.0, 1.0][-len(names) :]}]},
        ],
    }
    attributes = {"multiscales": [image], "image-label": {"colors": []}}
    group = zarr.open_group(path, mode="w", zarr_format=version)
    group.attrs.update(attributes if version == 2 else {"ome": attributes})
    for name, one in (("0", values), ("1", values[..., ::2, ::2])):
        level = group.create_array(name, shape=one.shape, chunks=(2,) * one.ndim, dtype=one.dtype)
        level[...] = one
    group.create_group("labels")
    return dict(group.attrs)


@pytest.mark.parametrize("version", [2, 3])
def test_ome_zarr_levels_are_written_anew(tmp_path: Path, version: Any) -> None:
    values = volume((4, 6, 8))
    attributes = ome_zarr(tmp_path / "a.zarr", values, version)
    file = read_label_file(tmp_path / "a.zarr", ANY)
    assert file.sample.spacing == (2.0, 0.5, 0.5)
    assert file.stored.unit == "µm"
    file.write(np.full_like(values, 3), tmp_path / "b.zarr")
    after: Any = zarr.open_group(tmp_path / "b.zarr", mode="r")
    assert dict(after.attrs) == attributes
    assert (after["0"][...] == 3).all()
    assert after["1"].shape == (4, 3, 4)
    assert (after["1"][...] == 3).all()
    assert after["0"].chunks == (2, 2, 2)


def test_a_coarse_level_has_the_values_at_its_centres(tmp_path: Path) -> None:
    values = volume((4, 6, 8))
    ome_zarr(tmp_path / "a.zarr", values, 2)
    file = read_label_file(tmp_path / "a.zarr", ANY)
    file.write(values, tmp_path / "b.zarr")
    written: Any = zarr.open_group(tmp_path / "b.zarr", mode="r")
    assert np.array_equal(written["1"][...], values[:, 1::2, 1::2])


def test_axes_of_ome_zarr_may_stand_in_any_order(tmp_path: Path) -> None:
    values = volume((4, 6, 8))
    ome_zarr(tmp_path / "a.zarr", values, 2, names="xyz")
    file = read_label_file(tmp_path / "a.zarr", ANY)
    assert np.array_equal(file.sample.labels, values.transpose(2, 1, 0))
    assert file.sample.spacing == (0.5, 0.5, 2.0)
    file.write(file.sample.labels, tmp_path / "b.zarr")
    written: Any = zarr.open_group(tmp_path / "b.zarr", mode="r")
    assert np.array_equal(written["0"][...], values)


def test_bad_zarr_is_one_line(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "g.zarr", mode="w")
    with pytest.raises(LabelError, match="is a group of zarr without an image"):
        read_label_file(tmp_path / "g.zarr", ANY)
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(LabelError, match="not readable as zarr"):
        read_label_file(tmp_path / "empty.zarr", ANY)
    (tmp_path / "folder").mkdir()
    with pytest.raises(LabelError, match="is a folder without zarr arrays"):
        read_label_file(tmp_path / "folder", ANY)
    ome_zarr(tmp_path / "c.zarr", volume((3, 6, 8)), 2, names="cyx")
    with pytest.raises(LabelError, match="has several channels"):
        read_label_file(tmp_path / "c.zarr", ANY)
    ome_zarr(tmp_path / "d.zarr", volume((4, 6, 8)), 2)
    (tmp_path / "d.zarr" / "0" / ".zarray").write_text(json.dumps({"zarr_format": 2}))
    with pytest.raises(LabelError, match="not readable as zarr"):
        read_label_file(tmp_path / "d.zarr", ANY)


# --- npy, and what holds for all ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_npy_reads_back(tmp_path: Path, dtype: Any) -> None:
    values = volume((5, 1, 6)).astype(dtype)
    np.save(tmp_path / "a.npy", values)
    file = read_label_file(tmp_path / "a.npy", ANY)
    assert file.sample.labels.shape == (5, 6)
    assert file.sample.labels.dtype.kind in "ui"
    file.write(file.sample.labels, tmp_path / "b.npy")
    after = np.load(tmp_path / "b.npy")
    assert after.dtype == dtype
    assert np.array_equal(after, values)


def bad_values() -> dict[str, tuple[np.ndarray, str]]:
    half, missing, negative = (volume(dtype=np.float64) for _ in range(3))
    half[1, 2, 3], missing[0, 0, 0], negative[0, 0, 1] = 0.25, np.nan, -3
    return {
        "half": (half, "holds 1 values between whole numbers, as 0.25"),
        "nan": (missing, "holds NaN"),
        "negative": (negative, "negative label -3"),
        "nothing": (volume() * 0, "every voxel is 0"),
        "complex": (volume().astype(complex), "complex128"),
        "4-D": (volume((3, 4, 5, 6)), "holds 4 axes"),
        "unknown": (volume() + 4, "holds labels 4, 9, which no class of the settings has. The classes have 1, 5."),
    }


@pytest.mark.parametrize("name", bad_values())
def test_bad_values_name_the_file(tmp_path: Path, name: str) -> None:
    values, message = bad_values()[name]
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(LabelError) as caught:
        read_label_file(tmp_path / "a.npy", TWO)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'a.npy'}: ")
    assert "\n" not in str(caught.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="there is no such file"):
        read_label_file(tmp_path / "a.nii", ANY)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(LabelError, match=r"no kind of label file .* Give \.nii, \.nii\.gz, \.tif"):
        read_label_file(tmp_path / "a.png", ANY)
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(LabelError, match="not readable as an array of numpy"):
        read_label_file(tmp_path / "a.npy", ANY)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("a.b.nii.gz", "a.b"),
        ("A.NII", "A"),
        ("x.ome.tif", "x"),
        ("h.zarr", "h"),
        ("folder", "folder"),
        (".npy", ".npy"),
    ],
)
def test_samples_are_named_after_files(name: str, sample: str) -> None:
    assert sample_name(Path(name)) == sample


# --- several files --------------------------------------------------------------------------------------------------


def test_shapes_zooms_and_orientations_may_differ(tmp_path: Path) -> None:
    a = save_nifti(tmp_path / "a.nii", volume((4, 5, 6)), affine_of("RAS", (1, 1, 1)))
    b = save_nifti(tmp_path / "b.nii", volume((7, 8, 9)), affine_of("LPS", (0.5, 0.5, 3)))
    files = read_label_files([a, b], ANY)
    assert [file.sample.spacing for file in files] == [pytest.approx((1, 1, 1)), pytest.approx((3, 0.5, 0.5))]


def unlike(folder: Path, what: str) -> list[Path]:
    a, b = folder / "a.npy", folder / "b.npy"
    np.save(a, volume())
    np.save(b, volume((5, 6)))
    straight = affine_of("RAS", (1, 1, 1))
    if what == "formats":
        return [a, save_nifti(folder / "b.nii", volume(), straight)]
    if what == "planes":
        names = (("x.nii", (1, 5, 6)), ("z.nii", (5, 6, 1)))
        return [save_nifti(folder / name, volume(shape), straight) for name, shape in names]
    if what == "units":
        c = save_nifti(folder / "c.nii", volume(), straight)
        image = nibabel.load(c)
        image.header.set_xyzt_units("micron")
        nibabel.save(image, folder / "d.nii")
        return [c, folder / "d.nii"]
    if what == "twice":
        (folder / "link.npy").symlink_to(a)
        return [a, folder / "." / "a.npy"]
    if what == "names":
        (folder / "other").mkdir()
        np.save(folder / "other" / "a.npy", volume())
        return [a, folder / "other" / "a.npy"]
    return [a, b]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("axes", "has 2 axes, but .*a.npy has 3: one function has one number of coordinates"),
        ("formats", "is NIfTI, but .*a.npy is npy: only NIfTI says which way its axes point"),
        ("planes", "has the axes A, R, but .*x.nii has S, A"),
        ("units", "is measured in µm, but .*c.nii in mm"),
        ("names", "has the name of .*a.npy: both would be one output"),
    ],
)
def test_unlike_samples_are_refused(tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        read_label_files(unlike(tmp_path, what), ANY)


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", volume())
    (tmp_path / "sub").mkdir()
    with pytest.raises(LabelError, match="is given twice"):
        read_label_files([tmp_path / "a.npy", tmp_path / "sub" / ".." / "a.npy"], ANY)


def test_outputs_replace_nothing_unasked(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", volume())
    files = read_label_files([tmp_path / "a.npy"], ANY)
    with pytest.raises(OutputError, match="is read for this"):
        check_targets(files, tmp_path, overwrite=True)
    out = tmp_path / "out"
    out.mkdir()
    assert check_targets(files, out) == [out / "a.npy"]
    (out / "a.npy").write_text("mine")
    with pytest.raises(OutputError, match=r"exists\. Nothing was written"):
        check_targets(files, out)
    assert check_targets(files, out, overwrite=True) == [out / "a.npy"]


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", volume())
    file = read_label_file(tmp_path / "a.npy", ANY)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="the disk is full"):
        file.write(file.sample.labels, tmp_path / "b.npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy"]
