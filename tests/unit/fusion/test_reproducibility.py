"""Stratum-adjusted correlation against HiCRep's definition written out; the filter against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._reproducibility import MIN_STRATUM, ssim_of_oe, stratum_adjusted_correlation
from napari_hicstruct.evaluation.band_filter import window_means
from tests.fusion_kit import band_of, drawn, expected_band


def dense_of(band, n):
    full = np.zeros((n, n))
    for d in range(len(band)):
        at = np.arange(n - d)
        full[at, at + d] = full[at + d, at] = band[d, : n - d]
    return full


def naive_means(band, h, valid):
    depth, n = band.shape
    full, out = dense_of(band, n), np.zeros_like(band)
    for i in range(n):
        for d in range(min(depth, n - i)):
            j = i + d
            found = [
                full[x, y]
                for x in range(max(0, i - h), min(n, i + h + 1))
                for y in range(max(0, j - h), min(n, j + h + 1))
                if valid[x] and valid[y] and abs(x - y) < depth
            ]
            out[d, i] = np.mean(found) if found else 0
    return out


@pytest.mark.parametrize("h", [1, 3])
def test_the_filter_is_a_mean_of_the_symmetric_map(h):
    band = drawn(expected_band(40, 9), 1.0, 1)
    valid = np.random.default_rng(2).random(40) > 0.2
    np.testing.assert_allclose(window_means(band, h, valid), naive_means(band, h, valid), rtol=1e-5)


def naive_scc(first, second, h, valid):
    """HiCRep's equations, stratum by stratum, with ranks counted one by one."""
    depth, n = first.shape
    x_map, y_map = naive_means(first, h, valid), naive_means(second, h, valid)
    above, below = 0.0, 0.0
    for d in range(depth):
        pairs = [
            (float(x_map[d, i]), float(y_map[d, i]))
            for i in range(n - d)
            if valid[i] and valid[i + d] and (x_map[d, i] > 0 or y_map[d, i] > 0)
        ]
        if len(pairs) < MIN_STRATUM:
            continue
        x, y = (np.array(one) for one in zip(*pairs, strict=True))
        covariance = np.mean(x * y) - x.mean() * y.mean()
        rho = covariance / (x.std() * y.std())
        ranks = [[(np.sum(one < v) + (np.sum(one == v) + 1) / 2) / len(one) for v in one] for one in (x, y)]
        weight = len(pairs) * np.sqrt(np.var(ranks[0]) * np.var(ranks[1]))
        above, below = above + weight * rho, below + weight
    return above / below


def test_scc_is_hicreps():
    expected = expected_band(60, 14, scale=20)
    first, second = drawn(expected, 1.0, 1), drawn(expected, 0.5, 2)
    valid = np.ones(60, bool)
    valid[[5, 6, 30]] = False
    found = stratum_adjusted_correlation(first, second, h=1, valid=valid)
    assert found.scc == pytest.approx(naive_scc(first, second, 1, valid), abs=1e-5)


def test_scc_is_one_with_itself_and_falls_with_noise():
    expected = expected_band()
    first = drawn(expected, 2.0, 1)
    assert stratum_adjusted_correlation(first, 3 * first, h=2).scc == pytest.approx(1)
    deep, shallow = drawn(expected, 2.0, 2), drawn(expected, 0.05, 3)
    assert stratum_adjusted_correlation(first, deep, h=2).scc > stratum_adjusted_correlation(first, shallow, h=2).scc
    other = expected_band(seed=9)
    assert stratum_adjusted_correlation(first, drawn(other, 2.0, 4), h=2).scc < 0.6


def test_ssim_of_oe_is_one_with_itself_and_falls_with_noise():
    expected = expected_band()
    first, deep, shallow = (band_of(drawn(expected, depth, k)) for k, depth in enumerate((3.0, 3.0, 0.3)))
    assert ssim_of_oe(first, first, n_diagonals=40) == pytest.approx(1)
    assert 1 > ssim_of_oe(first, deep, n_diagonals=40) > ssim_of_oe(first, shallow, n_diagonals=40)
