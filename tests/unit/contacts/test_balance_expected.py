"""In-memory balancing against cooler's, the expected against its definition, both cached on disk."""

from __future__ import annotations

from pathlib import Path

import cooler
import numpy as np
import pytest

from napari_hicstruct.contacts import COMPUTED, RAW, expected_by_distance, has_expected, open_map
from napari_hicstruct.contacts import band as band_module
from napari_hicstruct.contacts import expected as expected_module
from napari_hicstruct.contacts.balance import IGNORE_DIAGS, CisPixels, ice_weights, mean_one
from napari_hicstruct.contacts.band import COARSENED_IGNORE_DIAGS, Band, coarsen_band, make_band
from napari_hicstruct.contacts.band_loading import iter_load_band
from napari_hicstruct.contacts.cache import LIMIT, cache_dir, load_array, store_array
from napari_hicstruct.contacts.expected import valid_pairs
from napari_hicstruct.contacts.protocol import Pixels
from napari_hicstruct.errors import Cancelled
from napari_hicstruct.genome import Interval
from napari_hicstruct.jobs import CancelToken
from tests.contacts_kit import Matrix, symmetric, upper_counts, write_cool


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HICSTRUCT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def as_pixels(upper: Matrix) -> list[Pixels]:
    row, col = np.nonzero(upper)
    return [Pixels(row, col, upper[row, col])]


@pytest.mark.parametrize(("n", "mean"), [(150, 20.0), (400, 5.0)])
def test_ice_is_coolers(tmp_path: Path, n: int, mean: float) -> None:
    upper = upper_counts(n, 7, mean)
    uri = write_cool(tmp_path / "a.cool", {"chr1": n * 10}, 10, upper)
    want, stats = cooler.balance_cooler(cooler.Cooler(uri), cis_only=True, max_iters=500)
    got = open_map(uri).weights("chr1", resolution=10, norm=COMPUTED)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, rtol=2e-4)
    off = np.triu(symmetric(upper), 2) + np.triu(symmetric(upper), 2).T
    marginal = np.nansum(off * np.outer(got, got), axis=0)[np.isfinite(got)]
    np.testing.assert_allclose(marginal, 1, atol=0.02)
    assert stats["converged"]


def test_ice_on_hardly_anything() -> None:
    assert np.isnan(ice_weights(CisPixels.read([], 5))).all()
    assert np.isnan(ice_weights(CisPixels.read(as_pixels(np.eye(4)), 4))).all()  # on the ignored diagonals only
    one = np.zeros((6, 6))
    one[1, 4] = 3
    weights = ice_weights(CisPixels.read(as_pixels(one), 6))
    assert np.flatnonzero(np.isfinite(weights)).tolist() == [1, 4]
    assert one[1, 4] * weights[1] * weights[4] == pytest.approx(1)
    small = ice_weights(CisPixels.read(as_pixels(upper_counts(8, 0, 50)), 8))  # fewer than MIN_NNZ bins
    assert np.isfinite(small).sum() >= 5
    negative = upper_counts(60, 1, 20)
    negative[3, 9] = -50
    assert np.isfinite(ice_weights(CisPixels.read(as_pixels(negative), 60))).any()


@pytest.mark.parametrize("ignore_diags", [1, 2])
def test_diagonals_are_balanced_as_their_pixels_and_as_cooler_does(tmp_path: Path, ignore_diags: int) -> None:
    n, n_diagonals = 300, 60
    upper = np.triu(upper_counts(n, 3, 10.0)) - np.triu(upper_counts(n, 3, 10.0), n_diagonals)
    diagonals = np.zeros((n_diagonals, n), np.float32)
    for d in range(n_diagonals):
        diagonals[d, : n - d] = np.diagonal(upper, d)
    got = ice_weights(CisPixels.of_band(diagonals, ignore_diags=ignore_diags))
    pixels = CisPixels.read(as_pixels(upper), n, ignore_diags=ignore_diags)
    np.testing.assert_allclose(got, ice_weights(pixels), rtol=1e-12)
    uri = write_cool(tmp_path / "a.cool", {"chr1": n * 10}, 10, upper)
    want, _ = cooler.balance_cooler(cooler.Cooler(uri), cis_only=True, ignore_diags=ignore_diags, max_iters=500)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, rtol=5e-4)


def test_window_and_network_read_the_same_weights_where_a_map_has_none(tmp_path: Path) -> None:
    n, resolution = 300, 10_000
    source = open_map(write_cool(tmp_path / "a.cool", {"chr1": n * resolution}, resolution, upper_counts(n, 7, 20.0)))
    whole = Interval("chr1", 0, n * resolution)
    shown = source.fetch(whole, whole, resolution=resolution, norm=source.default_norm(resolution, "chr1"))
    *_, band = iter_load_band(source, "chr1", resolution=resolution, max_distance=100 * resolution)
    assert isinstance(band, Band)
    stored = source.weights("chr1", resolution=resolution, norm=COMPUTED)
    np.testing.assert_array_equal(band.weights, mean_one(stored))  # the same vector, scaled to mean 1
    assert 0.8 * n < band.valid.sum() < n  # some bins are bad, in both
    scale = np.nanmean(stored) ** 2
    for d in (0, 1, 2, 40, 99):
        network = band.counts[d, : n - d] * band.weights[: n - d] * band.weights[d:]
        np.testing.assert_allclose(network * scale, np.diagonal(shown, d), rtol=1e-5)
    mean = expected_by_distance(source, "chr1", resolution=resolution, norm=COMPUTED)
    np.testing.assert_allclose(band.expected[:90] * scale, mean[:90], rtol=1e-5)


def test_only_summed_bins_are_balanced_otherwise(tmp_path: Path) -> None:
    """Levels, bands and simulated maps leave out two diagonals; the network's coarse bins one, on purpose."""
    n, n_diagonals = 600, 120
    upper = np.triu(upper_counts(n, 9, 12.0)) - np.triu(upper_counts(n, 9, 12.0), n_diagonals)
    band = np.zeros((n_diagonals, n), np.float32)
    for d in range(n_diagonals):
        band[d, : n - d] = np.diagonal(upper, d)
    level = open_map(write_cool(tmp_path / "a.cool", {"chr1": n * 10}, 10, upper))
    fine = make_band("chr1", 10, band)
    of_level = mean_one(level.weights("chr1", resolution=10, norm=COMPUTED))
    np.testing.assert_allclose(fine.weights, of_level, rtol=1e-4)
    coarse = coarsen_band(fine, 2)
    by_diagonals = {k: mean_one(ice_weights(CisPixels.of_band(coarse.counts, ignore_diags=k))) for k in (1, 2)}
    assert (COARSENED_IGNORE_DIAGS, IGNORE_DIAGS) == (1, 2)
    np.testing.assert_array_equal(coarse.weights, by_diagonals[COARSENED_IGNORE_DIAGS])
    assert np.nanmax(np.abs(coarse.weights - by_diagonals[IGNORE_DIAGS])) > 1e-3
    source = "".join(p.read_text(encoding="utf-8") for p in Path(band_module.__file__).parents[1].rglob("*.py"))
    assert source.count("ice_weights(CisPixels.of_band(counts, ignore_diags=") == 1, "there is one exception"


@pytest.mark.parametrize("norm", [RAW, "weight"])
def test_expected_is_the_mean_over_valid_pairs_of_about_that_distance(tmp_path: Path, norm: str) -> None:
    n = 73
    upper, weights = upper_counts(n, 5), np.random.default_rng(1).uniform(0.5, 2, n)
    weights[[3, 40]] = np.nan
    source = open_map(write_cool(tmp_path / "a.cool", {"chr1": n * 10}, 10, upper, weights={"weight": weights}))
    full = symmetric(upper)
    valid = full.any(axis=0) if norm == RAW else np.isfinite(weights)
    values = full if norm == RAW else full * np.outer(weights, weights)
    values = np.where(np.outer(valid, valid), values, np.nan)
    assert not has_expected(source, "chr1", resolution=10, norm=norm)
    got = expected_by_distance(source, "chr1", resolution=10, norm=norm)
    for d in range(n):
        near = range(d - d // 20, min(d + d // 20 + 1, n))
        pairs = np.concatenate([np.diagonal(values, k) for k in near])
        finite = pairs[np.isfinite(pairs)]
        assert got[d] == pytest.approx(finite.mean() if len(finite) else np.nan, nan_ok=True)
    assert has_expected(source, "chr1", resolution=10, norm=norm)


def test_expected_comes_from_the_cache_of_the_same_map_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upper = upper_counts(50, 5)
    first = write_cool(tmp_path / "a.cool", {"chr1": 500}, 10, upper, weights={"weight": np.ones(50)})
    moved = write_cool(tmp_path / "b.cool", {"chr1": 500}, 10, upper, weights={"weight": np.ones(50)})
    again = write_cool(tmp_path / "c.cool", {"chr1": 500}, 10, upper, weights={"weight": np.full(50, 2.0)})
    want = expected_by_distance(open_map(first), "chr1", resolution=10, norm="weight")
    twice = expected_by_distance(open_map(again), "chr1", resolution=10, norm="weight")
    np.testing.assert_allclose(twice, want * 4)

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(expected_module, "_compute", never)
    np.testing.assert_array_equal(expected_by_distance(open_map(moved), "chr1", resolution=10, norm="weight"), want)


def test_cancelling_keeps_nothing(tmp_path: Path, fresh_cache: Path) -> None:
    source = open_map(write_cool(tmp_path / "a.cool", {"chr1": 500}, 10, upper_counts(50, 5)))
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        expected_by_distance(source, "chr1", resolution=10, norm=RAW, token=token)
    assert not list(fresh_cache.rglob("*.npy"))


def test_valid_pairs_counts() -> None:
    valid = np.random.default_rng(0).random(257) < 0.7
    want = [int((valid[: len(valid) - d] & valid[d:]).sum()) for d in range(len(valid))]
    assert valid_pairs(valid).tolist() == want


def test_cache_survives_damage_and_a_folder_that_cannot_be_written(
    fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_array(("a",), np.arange(3.0))
    assert load_array(("a",)) is not None
    assert load_array(("b",)) is None
    (file,) = fresh_cache.rglob("*.npy")
    file.write_bytes(file.read_bytes()[:40])
    assert load_array(("a",)) is None
    monkeypatch.setenv("HICSTRUCT_CACHE", str(file))  # a file where a folder is wanted
    assert cache_dir() == file
    store_array(("a",), np.arange(3.0))
    assert load_array(("a",)) is None


def test_cache_forgets_the_oldest(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LIMIT > 10**8
    monkeypatch.setattr("napari_hicstruct.contacts.cache.LIMIT", 3_000)
    for number in range(5):
        store_array((number,), np.zeros(100))
    assert load_array((0,)) is None
    assert load_array((4,)) is not None
    assert sum(file.stat().st_size for file in fresh_cache.rglob("*.npy")) <= 3_000
