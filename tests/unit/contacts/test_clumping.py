"""Contacts that come several at a time are told from those that come one by one, at every depth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.contacts.clumping import clumping
from napari_hicstruct.workflows.predict.checks import depth_notes

N_BINS, N_DIAGONALS = 3_000, 400


def _expected(depth: float) -> NDArray[np.float64]:
    """Power-law decay with domains of 40 bins, twice as dense inside."""
    d, i = np.ogrid[:N_DIAGONALS, :N_BINS]
    inside = i // 40 == (i + d) // 40
    return np.asarray(depth / np.maximum(d, 1) * np.where(inside, 2.0, 1.0) * (i + d < N_BINS))


def _map(depth: float, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).poisson(_expected(depth)).astype(np.float32)


def _pooled(depth: float, members: float) -> NDArray[np.float32]:
    """Each fragment brings some contacts with the bins around its partner."""
    rng = np.random.default_rng(2)
    out = np.zeros((N_DIAGONALS, N_BINS), np.float32)
    seeds = rng.poisson(_expected(depth) / members)
    rows, columns = np.repeat(np.nonzero(seeds), seeds[seeds > 0], axis=1)
    many = rng.poisson(members, len(rows))
    d = np.repeat(rows, many) + rng.integers(-1, 2, many.sum())
    i = np.repeat(columns, many) + rng.integers(-1, 2, many.sum())
    held = (d >= 0) & (d < N_DIAGONALS) & (i >= 0) & (i + d < N_BINS)
    np.add.at(out, (d[held], i[held]), 1)
    return out


@pytest.mark.parametrize("depth", [1.0, 3.0, 10.0, 1_000.0])
def test_single_contacts_are_not_clumped_however_deep(depth: float) -> None:
    assert clumping(_map(depth)) == 1


@pytest.mark.parametrize("copies", [2, 4])
def test_duplicates_are_found_with_their_number(copies: int) -> None:
    assert clumping(copies * _map(1.0)) == pytest.approx(copies, rel=0.2)


def test_pooled_cells_are_found() -> None:
    assert clumping(_pooled(1.0, members=3)) > 1.8
    assert clumping(_pooled(1.0, members=6)) > clumping(_pooled(1.0, members=3))


@pytest.mark.parametrize(
    "counts", [np.zeros((200, 500)), np.ones((5, 3)), np.ones((300, 0))], ids=["0", "tiny", "none"]
)
def test_nothing_is_said_where_nothing_is_known(counts: NDArray[np.float64]) -> None:
    assert clumping(counts.astype(np.float32)) == 1


def test_bias_of_bins_is_no_clumping() -> None:
    rng = np.random.default_rng(3)
    bias = rng.lognormal(0, 0.5, N_BINS + N_DIAGONALS)
    d, i = np.ogrid[:N_DIAGONALS, :N_BINS]
    counts = rng.poisson(_expected(1.0) * bias[i] * bias[i + d]).astype(np.float32)
    assert clumping(counts) == 1


def test_one_outrageous_pixel_is_no_clumping() -> None:
    counts = _map(1.0)
    counts[42, 1_000] = 5_000
    assert clumping(counts) == 1


def test_a_band_without_clumps_looks_the_same_and_weighs_less() -> None:
    band = make_band("chr1", 10_000, 2 * _map(5.0))
    single = band.without_clumps(2.0)
    assert single.depth == pytest.approx(band.depth / 2)
    np.testing.assert_allclose(single.observed_over_expected(), band.observed_over_expected(), rtol=1e-5)
    assert isinstance(single, Band)
    assert single.clumping == 2
    assert any("2 at a time" in note for note in depth_notes(single))
    assert not any("at a time" in note for note in depth_notes(band))
