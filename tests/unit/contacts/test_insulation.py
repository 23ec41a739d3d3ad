"""Insulation equals its definition on a dense matrix; strength is how deep a minimum lies."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.contacts.insulation import boundary_strength, insulation_score

N, DIAGONALS = 150, 60


@pytest.fixture(scope="module")
def band() -> Band:
    rng = np.random.default_rng(3)
    counts = np.zeros((DIAGONALS, N), np.float32)
    for d in range(DIAGONALS):
        counts[d, : N - d] = rng.poisson(80 / (1 + d), N - d)
    weights = rng.uniform(0.5, 2, N)
    weights[[20, 21, 90]] = np.nan
    return make_band("chr1", 10_000, counts, weights=weights)


def dense(band: Band) -> np.ndarray:
    """The symmetric balanced matrix, NaN in bad bins."""
    out = np.full((band.n_bins, band.n_bins), np.nan)
    for d in range(band.n_diagonals):
        for i in range(band.n_bins - d):
            out[i, i + d] = out[i + d, i] = band.counts[d, i] * band.weights[i] * band.weights[i + d]
    return out


@pytest.mark.parametrize("window", [2, 5, 17])
@pytest.mark.parametrize("ignored", [0, 2])
def test_the_score_equals_its_definition(band: Band, window: int, ignored: int) -> None:
    matrix, n = dense(band), band.n_bins
    for d in range(-ignored + 1, ignored):
        matrix[np.arange(max(0, -d), n - max(0, d)), np.arange(max(0, d), n - max(0, -d))] = np.nan
    squares = [matrix[max(0, i + 1 - window) : i + 1, i : i + window] for i in range(n)]
    mean = np.array([np.nanmean(s) if np.isfinite(s).any() else np.nan for s in squares])
    score, valid = insulation_score(band, window, ignore_diags=ignored)
    assert valid.tolist() == [int(np.isfinite(s).sum()) for s in squares]
    assert score == pytest.approx(np.log2(mean / np.nanmedian(mean)), abs=1e-6, nan_ok=True)


def test_strength_is_the_depth_below_the_lower_shoulder() -> None:
    score = np.array([0.5, 1.0, -1.0, 0.0, -0.5, 0.4, -2.0, 0.9, 0.2, 0.7])
    strength = boundary_strength(score, np.full(10, 9))
    assert np.flatnonzero(np.isfinite(strength)).tolist() == [2, 4, 6, 8]
    # bin 2 ends at 0.4 towards the deeper bin 6, bin 4 at 0.0, bin 8 at 0.9; bin 6, the deepest, at the highest peak
    assert strength[[2, 4, 6, 8]] == pytest.approx([1.4, 0.5, 3.0, 0.7])


def test_windows_of_few_good_pixels_have_no_strength(band: Band) -> None:
    score, valid = insulation_score(band, 5)
    strength = boundary_strength(score, valid)
    assert np.isfinite(strength).sum() > 10
    assert (valid[np.isfinite(strength)] >= 0.66 * valid.max()).all()
    assert not np.isfinite(boundary_strength(score, valid, 10 * int(valid.max()))).any()


def test_nothing_is_known_without_good_bins(band: Band) -> None:
    bad = make_band("chr1", 10_000, band.counts, weights=np.full(N, np.nan))
    score, valid = insulation_score(bad, 5)
    assert not valid.any()
    assert np.isnan(score).all()
    assert np.isnan(boundary_strength(score, valid)).all()
