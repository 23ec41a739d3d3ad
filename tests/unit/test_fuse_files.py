"""Pictures as files: what is read, what is written, what is refused before any work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_hicstruct.errors import ImageError, OutputError
from napari_hicstruct.workflows.fuse.image_files import check_writable, is_picture, read_picture, write_picture

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("ending", [".png", ".tif", ".npy"])
@pytest.mark.parametrize(
    ("dtype", "shape"), [("u1", (12, 16)), ("u2", (12, 16)), ("u1", (12, 16, 3)), ("u1", (12, 16, 4))]
)
def test_what_is_written_is_read_again(ending: str, dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    picture = RNG.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    found = read_picture(write_picture(tmp_path / f"p{ending}", picture))
    assert found.dtype == picture.dtype
    np.testing.assert_array_equal(found, picture)


@pytest.mark.parametrize("ending", [".tiff", ".npy"])
@pytest.mark.parametrize(
    ("dtype", "shape"), [("f4", (12, 16)), ("f8", (5, 12, 16)), ("u2", (12, 16, 3)), ("i2", (9, 9))]
)
def test_floats_stacks_and_deep_colours(ending: str, dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    picture = (RNG.random(shape) * 1000).astype(dtype)
    found = read_picture(write_picture(tmp_path / f"p{ending}", picture))
    assert found.dtype == picture.dtype
    np.testing.assert_array_equal(found, picture)


def test_other_writers_files(tmp_path: Path) -> None:
    colours = RNG.integers(0, 255, (3, 12, 16)).astype("u1")
    tifffile.imwrite(tmp_path / "planar.tif", colours, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_picture(tmp_path / "planar.tif"), np.moveaxis(colours, 0, -1))
    palette = Image.fromarray(np.moveaxis(colours, 0, -1)).quantize(16)
    palette.save(tmp_path / "palette.png")
    assert read_picture(tmp_path / "palette.png").shape == (12, 16, 3)
    tifffile.imwrite(tmp_path / "big.tif", np.arange(20, dtype=">u2").reshape(4, 5), byteorder=">")
    assert read_picture(tmp_path / "big.tif").dtype == np.dtype("=u2")
    Image.fromarray(colours[0]).save(tmp_path / "p.jpg")
    assert read_picture(tmp_path / "p.jpg").shape == (12, 16)


def deep_png(path: Path) -> Path:
    """The header of a PNG of 16-bit colours is all that is looked at."""
    head = (
        b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + (9).to_bytes(4, "big") * 2 + bytes([16, 2, 0, 0, 0])
    )
    path.write_bytes(head + b"\0" * 40)
    return path


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "not.tif").write_text("nothing")
    (tmp_path / "a.gif").write_bytes(b"GIF89a")
    np.savez(tmp_path / "several.npz", a=np.zeros(2), b=np.ones(2))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    (tmp_path / "folder.png").mkdir()
    cases = {
        "none.png": "no such file",
        "folder.png": "is a folder",
        "empty.png": "not readable",
        "not.tif": "not readable",
        "several.npy": "not readable",
        "a.gif": "no kind of picture",
    }
    for name, said in cases.items():
        with pytest.raises(ImageError, match=said) as caught:
            read_picture(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(ImageError, match="16-bit colours"):
        read_picture(deep_png(tmp_path / "deep.png"))


def test_of_several_pictures_in_a_file_none_is_guessed(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "two.tif") as file:
        for size in (12, 8):
            file.write(np.zeros((size, size), "u1"))
    with pytest.raises(ImageError, match="holds 2 pictures"):
        read_picture(tmp_path / "two.tif")


def test_what_could_not_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    floats, colours = np.zeros((9, 9), "f4"), np.zeros((9, 9, 3), "u2")
    for name, picture in {
        "p.png": floats,
        "q.png": colours,
        "s.png": np.zeros((5, 9, 9), "u1"),
        "p.jpg": floats,
    }.items():
        with pytest.raises(OutputError, match=r"PNG is not written|JPEG would change") as caught:
            check_writable(tmp_path / name, picture)
        assert ".tif" in str(caught.value)
    with pytest.raises(OutputError, match="no kind of picture"):
        check_writable(tmp_path / "p.gif", floats)
    with pytest.raises(OutputError, match="no such folder"):
        write_picture(tmp_path / "none" / "p.npy", floats)


def test_names_of_pictures() -> None:
    assert all(map(is_picture, ("a.PNG", "b.tiff", Path("c.npy"), "d.jpeg")))
    assert not any(map(is_picture, ("a.mcool", "a.mcool::/resolutions/5000", "b.hic", "png")))
