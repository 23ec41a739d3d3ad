"""What crosses a border beside what stays on either side."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.contacts.contrast import border_contrast, find_valleys

N, D = 60, 20


def symmetric(oe: np.ndarray) -> np.ndarray:
    """The dense map of a band; NaN beyond it."""
    dense = np.full((N, N), np.nan)
    for d in range(len(oe)):
        i = np.arange(N - d)
        dense[i, i + d] = dense[i + d, i] = oe[d, : N - d]
    return dense


def naive(oe: np.ndarray, width: int) -> np.ndarray:
    dense, out = symmetric(oe), np.full(N, np.nan)
    upper = np.triu_indices(width, 1)

    def mean(pixels: np.ndarray) -> float:
        known = pixels[np.isfinite(pixels)]
        return float(np.log2(known.mean())) if len(known) >= len(pixels) / 3 else float("nan")

    for x in range(width, N - width + 1):
        before, after = slice(x - width, x), slice(x, x + width)
        out[x] = mean(dense[before, after].ravel()) - 0.5 * (
            mean(dense[before, before][upper]) + mean(dense[after, after][upper])
        )
    return out


@pytest.fixture
def oe() -> np.ndarray:
    values = np.random.default_rng(5).gamma(4, 0.25, (D, N)).astype(np.float32)
    for d in range(1, D):
        values[d, N - d :] = 0
    return values


@pytest.mark.parametrize("width", [2, 5, 10])
def test_it_equals_the_dense_map_with_gaps_and_all(oe: np.ndarray, width: int) -> None:
    for bad in (14, 15, 16, 17, 40):
        oe[:, bad] = np.nan
        for d in range(D):
            if bad >= d:
                oe[d, bad - d] = np.nan
    got, want = border_contrast(oe, width), naive(oe, width)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, rtol=1e-5)
    assert np.isfinite(want).sum() > N // 2
    assert width > 2 or np.isnan(want[16])  # nothing known on either side


def test_it_dips_at_the_border_of_two_domains(oe: np.ndarray) -> None:
    flat = np.ones((D, N), np.float32)
    for d in range(D):
        i = np.arange(N - d)
        flat[d, : N - d] = np.where((i < 25) == (i + d < 25), 4.0, 1.0)
    for width in (5, 10):
        track = border_contrast(flat, width)
        assert np.nanargmin(track) == 25
        assert track[25] == pytest.approx(-2)


def test_what_multiplies_each_side_cancels(oe: np.ndarray) -> None:
    weights = np.where(np.arange(N) < 30, 0.5, 3.0).astype(np.float32)
    scaled = oe * weights
    for d in range(D):
        scaled[d, : N - d] *= weights[d:]
    for width in (5, 10):
        assert border_contrast(scaled, width)[30] == pytest.approx(border_contrast(oe, width)[30], abs=1e-5)


def test_a_map_smaller_than_the_squares_says_nothing() -> None:
    assert np.isnan(border_contrast(np.ones((20, 15), np.float32), 10)).all()


def test_observed_over_expected_is_balanced_and_blind_where_bins_are_bad() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(30, (12, N)).astype(np.float32)
    for d in range(1, 12):
        counts[d, N - d :] = 0
    weights = rng.uniform(0.5, 2, N).astype(np.float32)
    weights[7] = np.nan
    band = make_band("chr1", 10_000, counts, weights=weights)
    got = band.observed_over_expected(20)
    assert got.shape == (20, N)
    assert np.isnan(got[12:]).all()  # beyond the band
    assert np.isnan(got[:12, 7]).all()
    assert np.isnan(got[3, 4])
    assert got[3, 20] == pytest.approx(counts[3, 20] * band.weights[20] * band.weights[23] / band.expected[3])
    assert np.nanmean(got[3, : N - 3]) == pytest.approx(1, abs=1e-4)


def test_a_valley_is_as_deep_as_its_lower_shoulder() -> None:
    track = np.array([9.0, 3.0, 1.0, 2.0, 0.0, 5.0, 4.0, 9.0])
    at, depth = find_valleys(track)
    assert at.tolist() == [2, 4, 6]
    assert depth.tolist() == [1.0, 9.0, 1.0]  # 1 rises to 2 before 0 begins; 0 is the deepest, bounded by both ends
    assert find_valleys(track, window=3)[1].tolist() == [1.0, 2.0, 1.0]
    assert find_valleys(track, distance=3)[0].tolist() == [4]
    assert find_valleys(np.full(8, np.nan))[0].tolist() == []
