"""What makes simulated maps as rough as real ones: decoys, local slopes, noise beyond Poisson."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from napari_hicstruct.config.resources import resource
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.synth import layout, paint_map, simulate_map
from napari_hicstruct.synth.types import draw_counts
from napari_hicstruct.training.pool import load_map, save_map

CONFIG = SimulationConfig(length=4_000_000, max_distance=1_000_000, n_steps=1_000, n_snapshots=10)


def test_decoys_are_separable_bumps_on_an_otherwise_flat_map() -> None:
    config = CONFIG.model_copy(update={"decoys": (3.0, 3.0), "decoy_rise": (1.0, 1.0)})
    oe = np.ones((config.n_diagonals, config.n_bins), np.float32)
    layout.add_decoys(config, oe, np.random.default_rng(2))
    assert oe.min() == 1
    assert 0.0005 < (oe > 1.05).mean() < 0.2
    peak = np.unravel_index(oe.argmax(), oe.shape)
    assert oe[peak] > 1.5
    # in the map's own coordinates a bump falls off on all four sides; rows of the map run along (d − 1, i + 1)
    d, i = (int(v) for v in peak)
    for dd, di in ((1, 0), (-1, 0), (-1, 1), (1, -1)):
        assert oe[d + dd, i + di] < oe[d, i]


def test_no_decoys_where_none_are_wanted() -> None:
    oe = np.ones((CONFIG.n_diagonals, CONFIG.n_bins), np.float32)
    layout.add_decoys(CONFIG.model_copy(update={"decoys": (0.0, 0.0)}), oe, np.random.default_rng(2))
    assert (oe == 1).all()


def test_decoys_are_on_the_map_but_hardly_ever_in_the_truth() -> None:
    """Only a decoy that happens to lie on a convergent pair is measured with it."""
    still = dict.fromkeys(("roughness", "odd_bins", "slope_sigma", "compartment_strength"), (0.0, 0.0))
    bright = {"unlooped": (1.0, 1.0), "decoys": (12.0, 12.0), "decoy_rise": (1.5, 1.5), **still}
    sparse = {"barrier_spacing": (400_000, 400_000)}
    sim = simulate_map(CONFIG.model_copy(update={**bright, **sparse}), 3)
    mean = sim.band.sum(axis=1) / (sim.n_bins - np.arange(len(sim.band)))
    assert (sim.band / mean[:, None] > 1.5).sum() > 100
    assert len(sim.truth.loops) <= 1
    assert len(sim.truth.stripes) == 0


def test_painted_maps_have_no_decoys(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[SimulationConfig] = []
    monkeypatch.setattr(layout, "add_decoys", lambda config, oe, rng: seen.append(config))
    paint_map(CONFIG, 1)
    assert [config.decoys for config in seen] == [(0.0, 0.0)]


def test_slopes_drift_and_a_few_bins_stand_out() -> None:
    drift = CONFIG.model_copy(update={"slope_sigma": (0.1, 0.1), "slope_size": (100_000, 100_000)})
    smooth = layout.own_slopes(drift.model_copy(update={"odd_bins": (0.0, 0.0)}), np.random.default_rng(1))
    assert smooth.std() == pytest.approx(0.1, rel=0.05)
    assert np.abs(np.diff(smooth)).max() < 0.03  # correlated over 20 bins
    odd = layout.own_slopes(
        drift.model_copy(update={"odd_bins": (0.01, 0.01), "odd_slope": (1.0, 1.0)}), np.random.default_rng(1)
    )
    assert 0 < (np.abs(odd - smooth) > 0.1).mean() < 0.03


def test_an_odd_bin_keeps_its_slope_in_the_band(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contacts of a bin with slope g go with (s / 200 kb) ** g against its neighbours, near and far."""
    slopes = np.zeros(CONFIG.n_bins, np.float32)
    slopes[400] = 0.3
    monkeypatch.setattr(layout, "own_slopes", lambda config, rng: slopes)
    still = dict.fromkeys(("roughness", "decoys", "compartment_strength"), (0.0, 0.0))
    band = simulate_map(CONFIG.model_copy(update={"unlooped": (1.0, 1.0), **still}), 3).band
    for d in (10, 40, 150):
        assert band[d, 400] / band[d, 410] == pytest.approx((d / 40) ** 0.3, rel=1e-3)


def test_counts_vary_beyond_poisson_as_stated() -> None:
    rng, mean, phi = np.random.default_rng(1), 40.0, 0.05
    noisy = draw_counts(np.full((500, 500), mean, np.float32), phi, rng)
    plain = draw_counts(np.full((500, 500), mean, np.float32), 0.0, rng)
    assert noisy.mean() == pytest.approx(mean, rel=0.01)
    assert noisy.var() == pytest.approx(mean + phi * mean**2, rel=0.03)
    assert plain.var() == pytest.approx(mean, rel=0.03)


def test_noise_beyond_poisson_survives_the_training_pool(tmp_path: Path) -> None:
    sim = simulate_map(CONFIG, 5)
    save_map(sim, tmp_path / "map.npz")
    assert load_map(tmp_path / "map.npz").overdispersion == sim.overdispersion > 0


def test_compartments_change_at_sites_where_they_shall() -> None:
    """Any share of the borders, as far as soft ones let it be seen; maps drawn without a share are what they were."""
    sites = np.sort(np.random.default_rng(4).choice(CONFIG.n_bins, 6, replace=False)).astype(np.int64)
    free = CONFIG.model_copy(update={"compartment_size": (200_000, 200_000)})
    apart: dict[float, list[int]] = {0.0: [], 1.0: []}
    for share, found in apart.items():
        config = free.model_copy(update={"compartment_at_borders": (share, share)})
        for seed in range(20):
            profile = layout.draw_compartments(config, np.random.default_rng(seed), sites)
            assert np.abs(profile).max() <= 1
            flips = np.flatnonzero(np.sign(profile[:-1]) != np.sign(profile[1:]))
            found += [int(np.abs(sites - flip).min()) for flip in flips]
    assert np.median(apart[1.0]) < 0.3 * np.median(apart[0.0])
    before = layout.draw_compartments(free, np.random.default_rng(5), sites)
    assert np.array_equal(before, layout.draw_compartments(free, np.random.default_rng(5), sites[:0]))


@pytest.mark.parametrize("sites", [[], [7], [7, 300]])
def test_few_sites_do_not_matter(sites: list[int]) -> None:
    config = CONFIG.model_copy(update={"compartment_at_borders": (1.0, 1.0)})
    profile = layout.draw_compartments(config, np.random.default_rng(1), np.array(sites, np.int64))
    assert profile.shape == (config.n_bins,)
    assert np.isfinite(profile).all()


@pytest.mark.parametrize("make", [simulate_map, paint_map])
def test_wide_ranges_make_maps_of_either_kind(make) -> None:  # type: ignore[no-untyped-def]
    """``configs/simulation/wide.yaml``, smaller."""
    words = yaml.safe_load(resource("configs", "simulation", "wide.yaml").read_text(encoding="utf-8"))
    config = SimulationConfig.model_validate(CONFIG.model_dump() | words)
    made = make(config, 3)
    assert made.sample(100.0, np.random.default_rng(0)).sum() > 0
    assert len(made.truth.boundaries)
