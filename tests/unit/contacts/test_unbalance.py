"""Whole counts come back out of balanced ones, and out of nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_hicstruct.contacts import open_map
from napari_hicstruct.contacts.band import Band, sum_blocks
from napari_hicstruct.contacts.band_loading import iter_load_band
from napari_hicstruct.contacts.protocol import RAW
from napari_hicstruct.contacts.unbalance import count_scale, unbalance
from tests.contacts_kit import write_cool

N, DIAGONALS = 600, 80
GAP = slice(250, 380)  # wider than the band: nothing ties the arms
BAD = (40, 41, 199)


def planted(mean: float = 30.0, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Counts of a band with a gap and bad bins, and weights over two orders of magnitude."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(mean / (1 + np.arange(DIAGONALS)[:, None]) ** 0.9, (DIAGONALS, N)).astype(np.float32)
    counts[0] *= 50
    weights = rng.lognormal(-2, 0.6, N)
    weights[[*BAD, *range(*GAP.indices(N))]] = np.nan
    return np.where(np.isfinite(_outer(weights)), counts, 0).astype(np.float32), weights


def _outer(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.full((DIAGONALS, N), np.nan)
    for d in range(DIAGONALS):
        out[d, : N - d] = weights[: N - d] * weights[d:]
    return out


def values_of(counts: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.nan_to_num(counts * _outer(weights)).astype(np.float32)


@pytest.mark.parametrize("mean", [300.0, 30.0, 6.0])
@pytest.mark.parametrize("scale", [1.0, 1e-3, 70.0])
def test_balanced_counts_come_back_exactly(mean: float, scale: float) -> None:
    counts, weights = planted(mean)
    found = unbalance(values_of(counts, weights * np.sqrt(scale)))
    assert found is not None
    assert found[1] is not None
    tied = np.isfinite(found[1])
    assert tied.sum() >= 0.98 * np.isfinite(weights).sum()
    assert not tied[list(BAD)].any()
    np.testing.assert_allclose(found[1][tied], weights[tied] * np.sqrt(scale), rtol=1e-5)
    both = np.isfinite(_outer(found[1].astype(float)))
    np.testing.assert_array_equal(found[0][both], counts[both])
    assert not found[0][~both].any()


@pytest.mark.parametrize("step", [2.0, 0.5, 3.0, 4.0])
def test_steps_in_coverage_do_not_mislead(step: float) -> None:
    _, weights = planted()
    rng, coverage = np.random.default_rng(3), np.ones(N)
    coverage[100:160] = step
    mean = 30 / (1 + np.arange(DIAGONALS)[:, None]) ** 0.9 * _outer(coverage)
    counts = rng.poisson(np.nan_to_num(mean)).astype(np.float32)
    counts[~np.isfinite(_outer(weights))] = 0
    found = unbalance(values_of(counts, weights))
    assert found is not None
    assert found[1] is not None
    both = np.isfinite(_outer(found[1].astype(float)))
    np.testing.assert_array_equal(found[0][both], counts[both])
    assert both.sum() > 0.95 * np.isfinite(_outer(weights)).sum()


def test_six_printed_digits_are_enough() -> None:
    counts, weights = planted()
    text = values_of(counts, weights)
    digits = np.array([[float(f"{v:.6g}") for v in row] for row in text], np.float32)
    found = unbalance(digits)
    assert found is not None
    assert (found[0] == counts).mean() > 0.999


def test_counts_times_a_number_are_counts_that_nobody_balanced() -> None:
    counts, _ = planted()
    found = unbalance(counts * np.float32(0.37))
    assert found is not None
    np.testing.assert_array_equal(found[0], counts)
    assert found[1] is None


def test_fractions_of_another_origin_are_not_taken_for_counts() -> None:
    counts, weights = planted()
    values, rng = values_of(counts, weights), np.random.default_rng(1)
    expected = values.mean(axis=1, keepdims=True)
    others = {
        "observed over expected": values / expected,
        "two maps added": values + 0.37 * counts,
        "one percent of noise": values * rng.lognormal(0, 0.01, values.shape),
        "logarithms": np.log1p(counts),
        "no counts at all": rng.lognormal(0, 1, values.shape),
        "nothing": np.zeros_like(values),
    }
    for name, other in others.items():
        assert unbalance(other.astype(np.float32)) is None, name


def test_the_scale_of_other_fractions_is_read_off_their_noise() -> None:
    counts, _ = planted(mean=300.0)
    noisy = counts * np.random.default_rng(2).lognormal(0, 0.01, counts.shape).astype(np.float32)
    assert count_scale(noisy * np.float32(0.01)) == pytest.approx(100 * count_scale(noisy), rel=1e-3)
    assert count_scale(noisy) == pytest.approx(1, rel=0.25)


@pytest.mark.parametrize("norm", [None, RAW])
def test_a_map_of_balanced_counts_is_read_as_the_counts_with_its_weights(tmp_path: Path, norm: str | None) -> None:
    counts, weights = planted()
    dense = np.zeros((N, N))
    for d in range(DIAGONALS):
        dense[np.arange(N - d), np.arange(d, N)] = values_of(counts, weights)[d, : N - d]
    uri = write_cool(tmp_path / "f.cool", {"chr1": N * 5_000}, 5_000, dense, dtype=np.float64)

    def band(resolution: int) -> Band:
        loaded = [*iter_load_band(open_map(uri), "chr1", resolution=resolution, max_distance=400_000, norm=norm)][-1]
        assert isinstance(loaded, Band)
        return loaded

    fine, coarse = band(5_000), band(10_000)
    np.testing.assert_array_equal(fine.counts, counts)
    ratio = (fine.weights / weights)[fine.valid]
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-5)
    if norm is None:
        np.testing.assert_array_equal(coarse.counts, sum_blocks(counts, 2))
