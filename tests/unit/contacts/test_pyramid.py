"""Levels: same base pairs at every zoom, exact sums, either triangle, one read per rectangle."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hicstruct.contacts import COMPUTED, RAW, build_levels, expected_by_distance, open_map
from napari_hicstruct.contacts.block_cache import BlockCache
from napari_hicstruct.contacts.pyramid import COARSEST_BINS, LevelReader
from napari_hicstruct.contacts.sources.cooler_source import CoolerSource
from napari_hicstruct.contacts.summed_level import halve
from napari_hicstruct.errors import MapError
from tests.contacts_kit import coarsen, symmetric, upper_counts, write_cool, write_mcool

BASE, N = 10, 1100


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("maps") / "ladder.mcool"
    return write_mcool(path, {"chr1": BASE * N - 3}, BASE, (1, 2, 5), upper_counts(N, 2))


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("maps") / "single.cool"
    weights = np.random.default_rng(0).uniform(0.5, 2, N)
    weights[[7, 8, 9, 500]] = np.nan
    return write_cool(path, {"chr1": BASE * N - 3}, BASE, upper_counts(N, 2), weights={"weight": weights})


def padded(values: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    out = np.full((size, size), np.nan)
    out[: len(values), : len(values)] = values
    return out


def test_levels_cover_the_same_base_pairs(ladder: str) -> None:
    levels = build_levels(open_map(ladder), "chr1", norm=RAW)
    assert [level.resolution for level in levels] == [10, 20, 50, 100, 200]
    assert levels[-1].shape[0] <= COARSEST_BINS
    spans = {level.shape[0] * level.resolution for level in levels}
    assert len(spans) == 1
    assert spans.pop() % math.lcm(10, 20, 50, 200) == 0
    upper = upper_counts(N, 2)
    for level in levels:
        want = padded(symmetric(coarsen(upper, level.resolution // BASE)), level.shape[0])
        np.testing.assert_array_equal(np.asarray(level), want)


def test_summed_levels_are_exact(single: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source, upper = open_map(single), upper_counts(N, 2)
    for dense in (True, False):  # once summed whole, once rectangle by rectangle
        if not dense:
            monkeypatch.setattr("napari_hicstruct.contacts.summed_level.DENSE_BINS", 0)
        levels = build_levels(source, "chr1", norm=RAW)
        found = [(level.resolution, level.derived) for level in levels]
        assert found == [(10, False), (20, True), (40, True), (80, True), (160, True), (320, True)]
        for level in levels[1:]:
            want = padded(symmetric(coarsen(upper, level.resolution // BASE)), level.shape[0])
            np.testing.assert_array_equal(level[:, :], want)


def test_summed_balanced_levels_and_their_ratio(single: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_map(single)
    weights = np.nan_to_num(source.weights("chr1", resolution=BASE, norm="weight"))
    balanced = upper_counts(N, 2) * np.outer(weights, weights)
    fine = np.nan_to_num(expected_by_distance(source, "chr1", resolution=BASE, norm="weight"))
    valid = (weights > 0).astype(float)
    distance = np.abs(np.subtract.outer(np.arange(N), np.arange(N)))
    for dense in (4_000, 0):
        monkeypatch.setattr("napari_hicstruct.contacts.summed_level.DENSE_BINS", dense)
        level = build_levels(source, "chr1", norm="weight")[2]
        ratio = build_levels(source, "chr1", norm="weight", transform="oe")[2]
        want = symmetric(coarsen(balanced, 4))
        np.testing.assert_allclose(level[:200, 100:250], want[:200, 100:250], rtol=1e-4, equal_nan=True)
        # where all bins are valid, the expected of a coarse pair is the sum of the expected of its fine pairs
        expected = symmetric(coarsen(np.triu(fine[distance]), 4))
        full = np.add.reduceat(valid, np.arange(0, N, 4)) == 4
        pairs = np.outer(full, full)[:200, 100:250]
        got = ratio[:200, 100:250]
        np.testing.assert_allclose(got[pairs], (want / expected)[:200, 100:250][pairs], rtol=1e-3)


def test_a_bin_without_weights_is_nan_at_every_level(single: str) -> None:
    source = open_map(single)
    levels = build_levels(source, "chr1", norm="weight")
    assert np.isnan(levels[0][7, :100]).all()
    assert np.isfinite(levels[1][3, :100]).any()  # bins 6 and 7: one of them is good
    assert np.isnan(levels[1][4, :100]).all()  # bins 8 and 9


def test_ratio_of_a_stored_level(ladder: str) -> None:
    source = open_map(ladder)
    level = build_levels(source, "chr1", norm=RAW, transform="oe")[0]
    expected = expected_by_distance(source, "chr1", resolution=10, norm=RAW)
    full = symmetric(upper_counts(N, 2))
    for rows, cols in ((slice(0, 60), slice(30, 200)), (slice(700, 900), slice(10, 40))):
        i, j = np.meshgrid(np.arange(N)[rows], np.arange(N)[cols], indexing="ij")
        e = expected[np.abs(i - j)]
        want = np.divide(full[rows, cols], e, out=np.full(e.shape, np.nan), where=e > 0)
        np.testing.assert_allclose(level[rows, cols], want, rtol=1e-5)


def test_indexing_is_numpys(ladder: str) -> None:
    level = build_levels(open_map(ladder), "chr1", norm=RAW)[2]
    whole = np.asarray(level)
    assert (level.ndim, level.dtype, level.size) == (2, np.float32, whole.size)
    keys: list[Any] = [
        (slice(3, 9), slice(100, 50, -7)),
        (5, slice(None)),
        (slice(None, None, 13), -1),
        (slice(4, 4), slice(0, 9)),
        slice(10, 12),
        (Ellipsis, slice(2, 3)),
        (np.int64(3), np.int64(4)),
        Ellipsis,
    ]
    for key in keys:
        np.testing.assert_array_equal(level[key], whole[key])
    with pytest.raises(IndexError):
        level[9999, 0]
    lazy = level.to_dask(chunks=64)
    assert lazy.shape == level.shape
    np.testing.assert_array_equal(lazy[10:150, 3:80].compute(), whole[10:150, 3:80])


def test_nothing_is_read_before_it_is_asked_for_and_then_once(ladder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    original = CoolerSource._read_block

    def counting(self: CoolerSource, chrom: str, rows: Any, cols: Any, resolution: int) -> Any:
        reads.append((rows[1] - rows[0]) * (cols[1] - cols[0]))
        return original(self, chrom, rows, cols, resolution)

    monkeypatch.setattr(CoolerSource, "_read_block", counting)
    levels = build_levels(open_map(ladder), "chr1", norm=RAW)
    assert reads == []
    first = levels[0][100:300, 100:300]
    assert sum(reads) == 200 * 200
    np.testing.assert_array_equal(levels[0][120:140, 290:300], first[20:40, 190:200])  # within
    np.testing.assert_array_equal(levels[0][290:300, 120:140], first[190:200, 20:40])  # mirrored
    assert sum(reads) == 200 * 200
    below = levels[0][800:900, 0:50]
    np.testing.assert_array_equal(levels[0][0:50, 800:900], below.T)
    assert len(reads) == 2
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1


def test_a_slice_is_one_rectangle_even_where_fusion_is_off(ladder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """napari 0.9 switches dask's fusion off around dask arrays: those then read whole chunks, levels do not."""
    import dask

    reads: list[Any] = []
    original = LevelReader.read

    def counting(self: LevelReader, wanted: Any) -> Any:
        reads.append(wanted)
        return original(self, wanted)

    monkeypatch.setattr(LevelReader, "read", counting)
    monkeypatch.setattr("napari_hicstruct.contacts.pyramid.CHUNK_BINS", 256)
    level = build_levels(open_map(ladder), "chr1", norm=RAW)[0]
    assert level.dask.chunksize == (256, 256)
    with dask.config.set({"optimization.fuse.active": False}):
        values = level[200:300, 220:320]
        assert reads == [(200, 300, 220, 320)], "four chunks meet there, and it is read in one"
        assert dask.config.get("optimization.fuse.active") is False, "of others nothing is changed"
        reads.clear()
        np.testing.assert_array_equal(level.dask[10:20, 30:40].compute(scheduler="synchronous"), level[10:20, 30:40])
        assert reads == [(0, 256, 0, 256), (10, 20, 30, 40)], "the trap"
    reads.clear()
    np.testing.assert_array_equal(level.dask[200:300, 220:320].compute(), values)
    assert sorted(reads) == [(200, 256, 220, 256), (200, 256, 256, 320), (256, 300, 220, 256), (256, 300, 256, 320)]


def test_cache_keeps_to_its_limit() -> None:
    cache = BlockCache(limit=10 * 400)
    for number in range(30):
        cache.put(1, (number, number + 10, 0, 10), np.zeros((10, 10), np.float32))
        assert cache.nbytes <= cache.limit
    assert cache.get(1, (29, 39, 0, 10)) is not None
    assert cache.get(1, (0, 10, 0, 10)) is None
    assert cache.get(2, (29, 39, 0, 10)) is None
    cache.put(1, (0, 99, 0, 99), np.zeros((99, 99), np.float32))
    assert cache.get(1, (0, 99, 0, 99)) is None


def test_small_chromosomes_and_odd_ladders(tmp_path: Path) -> None:
    path = write_mcool(tmp_path / "odd.mcool", {"chr1": 2_995}, 10, (1, 3, 7, 50), upper_counts(300, 1))
    levels = build_levels(open_map(path), "chr1", norm=RAW)
    assert [level.resolution for level in levels] == [10, 30, 70]  # six 500-bp bins are no level
    tiny = open_map(write_cool(tmp_path / "t.cool", {"chrM": 25}, 10, np.triu(np.ones((3, 3)))))
    (level,) = build_levels(tiny, "chrM", norm=COMPUTED)
    assert level.shape == (3, 3)
    assert np.asarray(level).shape == (3, 3)
    with pytest.raises(MapError, match="transform"):
        build_levels(tiny, "chrM", norm=RAW, transform="log")
    with pytest.raises(MapError, match="no resolution"):
        build_levels(tiny, "chrM", norm=RAW, resolutions=[])


def test_a_level_without_the_norm_is_balanced_in_memory(tmp_path: Path) -> None:
    upper, path = upper_counts(600, 1), tmp_path / "a.mcool"
    write_cool(f"{path}::/resolutions/10", {"chr1": 6_000}, 10, upper, weights={"weight": np.ones(600)})
    write_cool(f"{path}::/resolutions/20", {"chr1": 6_000}, 20, coarsen(upper, 2), mode="a")
    levels = build_levels(open_map(path), "chr1", norm="weight")
    assert [level.norm for level in levels if not level.derived] == ["weight", COMPUTED]
    assert np.isfinite(levels[1][:50, :50]).any()


@pytest.mark.parametrize("n", [8, 9])
def test_halving(n: int) -> None:
    upper = upper_counts(n, 4)
    np.testing.assert_array_equal(halve(symmetric(upper).astype(np.float32)), symmetric(coarsen(upper, 2)))
