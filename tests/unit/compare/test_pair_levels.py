"""Two maps as one picture: each on its own half, as deep as the other; differences about 0; what cannot be, refused."""

from __future__ import annotations

from pathlib import Path

import cooler
import numpy as np
import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.pair_levels import Joined, pair_levels, smoothed
from napari_hicstruct.errors import MapError
from tests.fusion_kit import drawn, expected_band, write_cool

N = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map, another of a third of its depth and named otherwise, and one in bins that fit neither."""
    path = tmp_path_factory.mktemp("pair")
    band = expected_band(N, N, 60, seed=3)
    write_cool(path / "a.cool", {"chr1": drawn(band, 3.0, 1)})
    write_cool(path / "b.cool", {"1": drawn(band, 1.0, 2)})
    write_cool(path / "odd.cool", {"chr1": drawn(band, 1.0, 2)}, resolution=7_000)
    cooler.zoomify_cooler(str(path / "a.cool"), str(path / "a.mcool"), [10_000, 20_000], 10**6)
    return path


def levels(folder: Path, joined: Joined, **more: object) -> list:
    maps = open_map(folder / "a.mcool"), open_map(folder / "b.cool")
    return pair_levels(maps, "chr1", ("raw", "raw"), joined, **more)  # type: ignore[arg-type]


def dense(folder: Path, name: str) -> np.ndarray:
    return cooler.Cooler(str(folder / f"{name}.cool")).matrix(balance=False)[:].astype(float)


def test_halves_hold_each_map_at_one_depth(folder: Path) -> None:
    level = levels(folder, Joined.HALVES)[0]
    assert level.depths[0] == pytest.approx(3, rel=0.05)
    a, b = dense(folder, "a"), dense(folder, "b")
    whole = level[0:N, 0:N]
    upper = np.triu(np.ones((N, N), bool))
    np.testing.assert_array_equal(whole[upper], a[upper])
    np.testing.assert_allclose(whole[~upper], b[~upper] * level.depths[0], rtol=1e-5)
    np.testing.assert_array_equal(level[100:140, 60:200], whole[100:140, 60:200])  # a part is the part of the whole


@pytest.mark.parametrize("joined", [Joined.DIFFERENCE, Joined.RATIO])
@pytest.mark.parametrize("smooth", [0.0, 1.5])
def test_differences_of_replicates_lie_about_0_and_parts_are_parts_of_the_whole(
    folder: Path, joined: Joined, smooth: float
) -> None:
    level = levels(folder, joined, smooth=smooth)[0]
    whole = level[0:N, 0:N]
    near = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) < 20
    assert abs(float(np.nanmean(whole[near]))) < 0.15 * float(np.nanstd(whole[near])) + 0.05
    part = level[150:180, 160:210]
    np.testing.assert_allclose(part, whole[150:180, 160:210], rtol=1e-4, atol=1e-4)


def test_smoothing_keeps_what_is_unknown_unknown_and_spreads_nothing_over_it() -> None:
    block = np.ones((9, 9), np.float32)
    block[4, :] = np.nan
    found = smoothed(block, 1.0)
    assert np.isnan(found[4]).all()
    np.testing.assert_allclose(np.delete(found, 4, axis=0), 1, rtol=1e-6)


def test_only_levels_of_both_are_there_and_none_is_refused(folder: Path) -> None:
    sizes = [level.resolution for level in levels(folder, Joined.SECOND)]
    assert sizes[0] == 10_000
    maps = open_map(folder / "a.mcool"), open_map(folder / "odd.cool")
    with pytest.raises(MapError, match="they have none in common"):
        pair_levels(maps, "chr1", ("raw", "raw"), Joined.HALVES)
