"""The band in memory and the channels cut from it, against naïve computations on a dense matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import (
    Band,
    coarsen_band,
    make_band,
    sum_blocks,
)
from napari_hicstruct.contacts.band_loading import iter_load_band, level_for
from napari_hicstruct.contacts.channels import CHANNELS, strip_channels, window_channels
from napari_hicstruct.errors import MapError
from napari_hicstruct.genome import Interval


def dense(counts: np.ndarray) -> np.ndarray:
    """The symmetric matrix of a band."""
    n_diagonals, n = counts.shape
    out = np.zeros((n, n))
    for d in range(n_diagonals):
        for i in range(n - d):
            out[i, i + d] = out[i + d, i] = counts[d, i]
    return out


@pytest.fixture
def band() -> Band:
    rng = np.random.default_rng(3)
    n, n_diagonals = 80, 30
    decay = 200 / (1 + np.arange(n_diagonals)) ** 0.8
    bias = rng.uniform(0.5, 1.6, n)
    counts = np.zeros((n_diagonals, n), np.float32)
    for d in range(n_diagonals):
        counts[d, : n - d] = rng.poisson(decay[d] * bias[: n - d] * bias[d:])
    counts[:, 17] = 0
    for d in range(n_diagonals):
        if 17 - d >= 0:
            counts[d, 17 - d] = 0
    return make_band("chr1", 5000, counts)


def test_balancing_makes_rows_equal_and_marks_the_empty_bin(band: Band) -> None:
    matrix = dense(band.counts)
    matrix = np.triu(matrix, 2) + np.triu(matrix, 2).T
    w = np.nan_to_num(band.weights)
    sums = (matrix * w[:, None] * w[None, :]).sum(1)[band.valid]
    assert not band.valid[17]
    assert band.valid.sum() == 79
    assert sums.std() / sums.mean() < 0.001


def test_balancing_an_empty_band_gives_no_good_bin() -> None:
    assert np.isnan(make_band("chr1", 5000, np.zeros((5, 20), np.float32)).weights).all()


def test_summing_blocks_is_the_exact_upper_triangle_sum(band: Band) -> None:
    coarse = sum_blocks(band.counts, 2)
    upper = np.triu(dense(band.counts))
    blocks = upper.reshape(40, 2, 40, 2).sum(axis=(1, 3))
    for d in range(coarse.shape[0] - 1):  # the last coarse diagonal is only partly held
        np.testing.assert_allclose(coarse[d, : 40 - d], np.diag(blocks, d))


@pytest.mark.parametrize("corner", [(0, 0), (-5, 20), (40, 10), (60, 70)])
def test_window_channels_equal_the_formula_pixel_by_pixel(band: Band, corner: tuple[int, int]) -> None:
    size, matrix = 24, dense(band.counts)
    x = dict(zip(CHANNELS, window_channels(band, *corner, size), strict=True))
    for a in range(size):
        for b in range(size):
            i, j = corner[0] + a, corner[1] + b
            d = abs(i - j)
            inside = 0 <= i < 80 and 0 <= j < 80 and d < 30
            good = inside and band.valid[i] and band.valid[j] and band.expected[d] > 0
            assert x["valid"][a, b] == good
            if not good:
                assert x["oe"][a, b] == x["residual"][a, b] == 0
                continue
            e = band.expected[d] / (band.weights[i] * band.weights[j])
            assert x["oe"][a, b] == pytest.approx(
                np.clip(np.log2((matrix[i, j] + 0.5) / (e + 0.5)), -4, 4) / 2, abs=1e-4
            )
            assert x["residual"][a, b] == pytest.approx(
                np.clip((matrix[i, j] - e) / np.sqrt(e + 1), -4, 8) / 4, abs=1e-4
            )


def test_overlapping_windows_agree_and_transpose(band: Band) -> None:
    one, other = window_channels(band, 10, 20, 24), window_channels(band, 14, 28, 24)
    np.testing.assert_array_equal(one[:, 4:, 8:], other[:, :-4, :-8])
    np.testing.assert_array_equal(window_channels(band, 20, 10, 24), one.transpose(0, 2, 1))


def test_strip_reads_the_same_pixels_as_a_window_on_the_diagonal(band: Band) -> None:
    window, strip = window_channels(band, 0, 0, 80), strip_channels(band, 0, 80, 16)
    for d in range(16):
        for x in range(20, 60):
            np.testing.assert_array_equal(strip[:, d, x], window[:, x - d // 2, x - d // 2 + d])


def test_channels_do_not_depend_on_the_scale_of_the_weights(band: Band) -> None:
    again = make_band("chr1", 5000, band.counts, weights=band.weights * 37)
    np.testing.assert_allclose(window_channels(again, 5, 9, 30), window_channels(band, 5, 9, 30), atol=1e-4)


def test_loading_a_real_map_gives_its_counts(data_dir: Path) -> None:
    source = open_map(data_dir / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool")
    band = [*iter_load_band(source, "chr17", resolution=5000, max_distance=1_000_000)][-1]
    assert isinstance(band, Band)
    region = Interval("chr17", 62_500_000, 63_000_000)
    block = source.fetch(region, region, resolution=5000)
    for d in (0, 1, 7, 60):
        np.testing.assert_array_equal(band.counts[d, 12_500 : 12_600 - d], np.diag(block, d))
    both = source.fetch(region, region, resolution=10_000)
    np.testing.assert_array_equal(coarsen_band(band, 2).counts[3, 6250:6297], np.diag(both, 3))


def test_a_missing_bin_size_is_named(data_dir: Path) -> None:
    source = open_map(data_dir / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool")
    with pytest.raises(MapError, match=r"5,000 bp.*of 21 \(it has 10,000"):
        level_for(source, 5000, "21")


@pytest.mark.parametrize("weight", [1e-12, 1e-30])
def test_weights_of_an_all_but_empty_map_give_unknown_pixels_not_infinite_ones(band: Band, weight: float) -> None:
    """Balancing a map of a few contacts may end there; one such pixel made a training's loss no number."""
    band.weights[[10, 14]] = weight
    x = window_channels(band, 0, 0, 32)
    assert np.isfinite(x).all()
    assert x[CHANNELS.index("valid"), 10, 14] == 0
    assert x[CHANNELS.index("valid"), 11, 15] == 1
