"""Truth is what a balanced map shows: coverage that belongs to bins moves none of it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.synth.simulate import simulate_map
from napari_hicstruct.synth.truth import Candidates, balancing_weights, read_truth
from napari_hicstruct.synth.types import SimulatedMap

CONFIG = SimulationConfig(length=6_000_000, max_distance=1_500_000, n_steps=4_000, n_snapshots=40)
RES = CONFIG.resolution


@pytest.fixture(scope="module")
def sim() -> SimulatedMap:
    return simulate_map(CONFIG, 11)


def scaled(band: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """The map whose bins are seen ``factors`` times as well."""
    out = band * factors
    for d in range(len(band)):
        out[d, : len(factors) - d] *= factors[d:]
    return out


def candidates(sim: SimulatedMap) -> Candidates:
    loops = np.column_stack([sim.truth.loops["start1"], sim.truth.loops["start2"]]) // RES
    return Candidates(loops, np.arange(20, sim.n_bins - 20, 7))


def test_truth_does_not_change_with_what_multiplies_bins(sim: SimulatedMap) -> None:
    factors = np.random.default_rng(1).uniform(0.5, 2, sim.n_bins).astype(np.float32)
    where, bias = candidates(sim), np.ones(sim.n_bins, np.float32)
    masked = np.zeros(sim.n_bins, bool)  # an unmappable bin's weight is guessed from its neighbours
    plain = read_truth(sim.band, bias, masked, RES, where)
    # the same contacts in all: what the bins gain, their coverage loses
    other = read_truth(scaled(sim.band, factors), bias / factors, masked, RES, where)
    kinds = {"loops": ("start1", "start2"), "stripes": ("x0", "y0", "y1"), "boundaries": ("position",)}
    for kind, names in kinds.items():
        a, b = (np.column_stack([getattr(truth, kind)[name] for name in names]) for truth in (plain, other))
        assert min(len(a), len(b)) >= 5
        apart = np.abs(a[:, None] - b[None]).max(axis=2)  # the weights themselves are exact to 1 % only
        for least in (apart.min(axis=0), apart.min(axis=1)):
            assert (least <= RES).mean() >= 0.95, kind


def test_weights_are_those_of_balancing_a_map_without_noise(sim: SimulatedMap) -> None:
    weights = balancing_weights(sim.band, sim.masked)
    assert np.isfinite(weights).all()
    assert (weights > 0).all()
    seen = np.where(sim.masked, 0, sim.bias).astype(np.float32)
    deep = make_band(sim.chrom, RES, scaled(sim.band, seen)).weights
    both = np.isfinite(deep)
    ratio = deep[both] * sim.bias[both] / weights[both]
    assert ratio.std() / ratio.mean() < 0.02


def test_boundaries_need_no_balancing(sim: SimulatedMap, monkeypatch: pytest.MonkeyPatch) -> None:
    balanced = sim.truth.boundaries
    monkeypatch.setattr(
        "napari_hicstruct.synth.truth.balancing_weights", lambda band, masked: np.ones(len(masked), np.float32)
    )
    plain = read_truth(sim.band, sim.bias, sim.masked, RES, candidates(sim)).boundaries
    near = [np.abs(plain["position"] - p).min() <= 2 * RES for p in balanced["position"]]
    assert np.mean(near) >= 0.9


def test_every_dot_of_the_map_is_a_loop() -> None:
    """Also those that no convergent pair of barriers raises: factors wait behind one another."""
    from scipy.ndimage import maximum_filter

    plain = {"decoys": (0.0, 0.0), "roughness": (0.0, 0.0), "n_steps": 64_000, "n_snapshots": 240}
    sharp = {"psf_bins": (1.0, 1.0), "leg_contact": (2.0, 2.0)}
    made = simulate_map(CONFIG.model_copy(update={**plain, **sharp}), 7)
    weights = balancing_weights(made.band, made.masked)
    oe = np.nan_to_num(make_band("chr1", RES, made.band, weights=weights).observed_over_expected())
    d, i = np.nonzero(oe == maximum_filter(oe, 5))
    inside = (d >= 8) & (d < len(oe) - 12) & (i + d < made.n_bins)
    anywhere = Candidates(np.stack([i, i + d], axis=1)[inside], np.zeros(0, np.int64))
    dots = visible(read_truth(made.band, made.bias, made.masked, RES, anywhere).loops)
    loops = made.truth.loops
    apart = np.abs(dots["start1"][:, None] - loops["start1"]) + np.abs(dots["start2"][:, None] - loops["start2"])
    assert len(dots) >= 40
    assert (apart.min(axis=1) <= 2 * RES).mean() >= 0.95


def visible(loops: np.ndarray, depth: float = 1_000.0) -> np.ndarray:
    return loops[(loops["z"] * np.sqrt(depth) >= 5) & (loops["enrichment"] >= 1.3)]
