"""The share of the first map in a fused one: as it is stored, and at coarser bins as the mean by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.shares import first_name, share_levels
from napari_hicstruct.contacts.sources.first_part import SHARE, FirstPartSource, first_part
from napari_hicstruct.errors import MapError
from tests.contacts_kit import FUSED_BASE, FUSED_BINS, FUSED_SIZES, write_cool, write_fused

BASE, N, SIZES = FUSED_BASE, FUSED_BINS, FUSED_SIZES


def mirrored(upper: np.ndarray) -> np.ndarray:
    return np.where(np.tri(len(upper), k=-1, dtype=bool), upper.T, upper)


def test_a_share_is_read_as_it_is_stored(tmp_path: Path) -> None:
    _, share = write_fused(tmp_path / "fused.cool")
    source = open_map(tmp_path / "fused.cool")
    level = share_levels(source, "chr1")[0]
    whole = mirrored(share)
    assert level.resolution == BASE
    assert np.allclose(level[:N, :N], whole, atol=1e-6, equal_nan=True)
    assert np.allclose(level[30:70, 10:40], whole[30:70, 10:40], atol=1e-6, equal_nan=True), "across the diagonal"
    assert np.isnan(level[N:, :]).all(), "beyond the chromosome"
    assert np.nanmax(level[:, :]) <= 1


def test_coarser_bins_have_the_mean_by_value(tmp_path: Path) -> None:
    values, share = write_fused(tmp_path / "fused.cool")
    levels = share_levels(open_map(tmp_path / "fused.cool"), "chr1")
    assert len(levels) == 3
    assert all(one.derived for one in levels[1:])
    level = levels[1]
    part, total = (np.pad(one, (0, 2)) for one in (np.nan_to_num(values * share), values))
    for i, j in ((0, 0), (3, 3), (3, 20), (40, 70)):
        block = (slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2))
        wanted = part[block].sum() / total[block].sum() if total[block].sum() else np.nan
        assert np.allclose(level[i, j], wanted, atol=1e-5, equal_nan=True), (i, j)
        assert np.allclose(level[j, i], wanted, atol=1e-5, equal_nan=True), (j, i)


def test_the_first_map_s_part_is_another_map_than_the_fused_one(tmp_path: Path) -> None:
    values, share = write_fused(tmp_path / "fused.cool")
    source = open_map(tmp_path / "fused.cool")
    part = first_part(source)
    assert isinstance(part, FirstPartSource)
    assert part.fingerprint() != source.fingerprint(), "their sums would be mixed up in the cache"
    assert first_part(part) is None
    pixels = list(part.pixels("chr1", resolution=BASE))
    found = np.zeros((N, N))
    for one in pixels:
        found[one.bin1, one.bin2] = one.count
    assert np.allclose(found, np.nan_to_num(values * share), atol=1e-5)


def test_other_maps_have_no_share(tmp_path: Path) -> None:
    write_fused(tmp_path / "plain.cool", shares=False)
    source = open_map(tmp_path / "plain.cool")
    assert share_levels(source, "chr1") == []
    assert first_name(source) == "first map"
    write_cool(tmp_path / "counts.cool", SIZES, BASE, np.triu(np.ones((N + 20, N + 20))))
    assert first_part(open_map(tmp_path / "counts.cool")) is None


def test_a_share_of_another_length_is_refused(tmp_path: Path) -> None:
    import h5py

    write_fused(tmp_path / "fused.cool")
    with h5py.File(tmp_path / "fused.cool", "a") as file:
        short = file["pixels"][SHARE][:-5]
        del file["pixels"][SHARE]
        file["pixels"][SHARE] = short
    level = share_levels(open_map(tmp_path / "fused.cool"), "chr1")[0]
    with pytest.raises(MapError, match="differ in length"):
        level[:10, :10]
