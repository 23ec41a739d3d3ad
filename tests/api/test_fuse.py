"""``hs.fuse`` takes arrays, layers and files, and names the argument that is wrong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import napari_hicstruct as hs
from napari_hicstruct.workflows.fuse.image_files import read_picture, write_picture

RNG = np.random.default_rng(0)
A, B = (RNG.integers(0, 255, (24, 32)).astype("u1") for _ in range(2))


def test_arrays_layers_and_files_give_the_same(tmp_path: Path) -> None:
    arrays = hs.fuse(A, B, threads=1)
    layers = hs.fuse(*(SimpleNamespace(data=one, scale=(1, 1)) for one in (A, B)), threads=1)
    pyramids = hs.fuse(*(SimpleNamespace(data=[one, one[::2]], scale=(1, 1), multiscale=True) for one in (A, B)))
    paths = [write_picture(tmp_path / f"{name}.png", one) for name, one in (("a", A), ("b", B))]
    files = hs.fuse(*paths, out=tmp_path / "f.png")
    for other in (layers, pyramids, files):
        np.testing.assert_array_equal(other.fused, arrays.fused)
    np.testing.assert_array_equal(read_picture(tmp_path / "f.png"), arrays.fused)
    assert arrays.model == "fusion lytro"


def test_progress_is_told() -> None:
    steps: list[hs.Progress] = []
    hs.fuse(A, B, progress=steps.append)
    assert steps[-1].fraction == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((A, "map.mcool"), "a map and a picture"),
        ((A, B, "hic"), "'hic' fuses contact maps"),
        (("a.mcool", "b.mcool", "lytro"), "is of pictures"),
        (("a.mcool", "b.mcool"), "fused into a file"),
        (([[1], [1, 2]], A), "no array"),
    ],
)
def test_what_does_not_go_together(given: tuple[Any, ...], said: str) -> None:
    with pytest.raises(hs.errors.ConfigError, match=said):
        hs.fuse(*given)


def test_options_of_maps_are_refused_for_pictures_and_files_are_kept(tmp_path: Path) -> None:
    with pytest.raises(hs.errors.ConfigError, match="go with maps"):
        hs.fuse(A, B, counts=True)
    with pytest.raises(hs.errors.ImageError, match="same picture"):
        hs.fuse(A, A)
    with pytest.raises(hs.errors.ConfigError, match="both give a network"):
        hs.fuse(A, B, "lytro", model=tmp_path)
    with pytest.raises(hs.errors.OutputError, match="no such folder"):
        hs.fuse(A, B, out=tmp_path / "none" / "f.tif", model=tmp_path)  # said before the model is looked at
    path = write_picture(tmp_path / "a.png", A)
    with pytest.raises(hs.errors.OutputError, match="is read for this"):
        hs.fuse(path, B, out=path, overwrite=True)
    with pytest.raises(hs.errors.OutputError, match="overwrite=True"):
        hs.fuse(A, B, out=path)
