"""Simulated maps: determinism, scale, coverage, and that the truth can be measured in the noise-free map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.synth import SimulatedMap, draw_depth, paint_map, simulate_map
from napari_hicstruct.synth.truth import Candidates, _stripe_extent, balancing_weights, find_stripes
from napari_hicstruct.synth.types import Truth

CONFIG = SimulationConfig(length=6_000_000, max_distance=1_500_000, n_steps=4_000, n_snapshots=40)
RES = CONFIG.resolution
STYLES: list[Callable[[SimulationConfig, int], SimulatedMap]] = [simulate_map, paint_map]


@pytest.fixture(scope="module", params=STYLES, ids=["extrusion", "painted"])
def maps(request: pytest.FixtureRequest) -> list[SimulatedMap]:
    return [request.param(CONFIG, seed) for seed in (1, 2, 3)]


def dense(sim: SimulatedMap) -> np.ndarray:
    """Noise-free balanced O/E as a full symmetric matrix, NaN outside the band."""
    n_diagonals, n = sim.band.shape
    weights = balancing_weights(sim.band, sim.masked)
    out = np.full((n, n), np.nan)
    for d in range(n_diagonals):
        i = np.arange(n - d)
        balanced = sim.band[d, : n - d] * weights[: n - d] * weights[d:]
        out[i, i + d] = out[i + d, i] = balanced / balanced.mean()
    return out


def truths_equal(a: Truth, b: Truth) -> bool:
    return all(np.array_equal(getattr(a, k), getattr(b, k)) for k in ("loops", "stripes", "boundaries", "domains"))


@pytest.mark.parametrize("make", STYLES)
def test_seed_decides_everything(make: Callable[[SimulationConfig, int], SimulatedMap]) -> None:
    first, again, other = make(CONFIG, 4), make(CONFIG, 4), make(CONFIG, 5)
    assert np.array_equal(first.band, again.band)
    assert np.array_equal(first.bias, again.bias)
    assert np.array_equal(first.masked, again.masked)
    assert truths_equal(first.truth, again.truth)
    assert not np.array_equal(first.band, other.band)
    low, high = CONFIG.depth
    assert low <= draw_depth(CONFIG, 4) == draw_depth(CONFIG, 4) <= high


def test_band_is_scaled_finite_and_empty_outside(maps: list[SimulatedMap]) -> None:
    for sim in maps:
        n_diagonals, n = sim.band.shape
        assert (n_diagonals, n) == (CONFIG.n_diagonals, CONFIG.n_bins)
        assert sim.band[1, : n - 1].mean() == pytest.approx(1, rel=1e-3)
        assert np.isfinite(sim.band).all()
        means = [float(sim.band[d, : n - d].mean()) for d in (1, 5, 20, 80, 250)]
        assert means == sorted(means, reverse=True)  # contacts decay with distance
        for d in range(n_diagonals):
            assert (sim.band[d, n - d :] == 0).all()
            assert (sim.band[d, : n - d] > 0).all()
        assert sim.bias.mean() == pytest.approx(1, rel=1e-4)
        assert 0 < sim.masked.sum() < n / 2


def test_counts_scale_with_depth_and_masked_bins_are_empty(maps: list[SimulatedMap]) -> None:
    sim = maps[0]
    shallow, deep = (sim.sample(depth, np.random.default_rng(1)) for depth in (10, 160))
    assert deep.sum() / shallow.sum() == pytest.approx(16, rel=0.03)
    n = sim.n_bins
    for d in range(len(deep)):
        assert not deep[d, : n - d][sim.masked[: n - d] | sim.masked[d:]].any()
    expected = (sim.band[1, : n - 1] * sim.bias[:-1] * sim.bias[1:])[~(sim.masked[:-1] | sim.masked[1:])].mean()
    assert deep[1, : n - 1].sum() / (~(sim.masked[:-1] | sim.masked[1:])).sum() == pytest.approx(
        160 * expected, rel=0.05
    )


def test_every_loop_is_a_peak_above_its_surround(maps: list[SimulatedMap]) -> None:
    checked = 0
    for sim in maps:
        oe = dense(sim)
        for loop in sim.truth.loops:
            i, j = int(loop["start1"]) // RES, int(loop["start2"]) // RES
            if i < 10 or j > sim.n_bins - 11 or j - i < 16:  # the truth leaves the two main diagonals out
                continue
            patch = oe[i - 7 : i + 8, j - 7 : j + 8]
            far = np.maximum(*np.abs(np.mgrid[-7:8, -7:8]))
            rise = patch[far <= 1].mean() / np.nanmean(patch[far >= 4])
            assert rise == pytest.approx(float(loop["enrichment"]), rel=0.02)
            assert rise > 1.1
            assert patch[far <= 1].mean() > np.nanmean(patch[11:, :4])  # its inner corner
            assert not sim.masked[[i, j]].any()
            assert loop["z"] > 0
            checked += 1
    assert checked > 10


def test_every_stripe_stands_above_both_sides(maps: list[SimulatedMap]) -> None:
    checked = 0
    for sim in maps:
        oe = dense(sim)
        for stripe in sim.truth.stripes:
            x0, x1, y0, y1 = (int(stripe[k]) // RES for k in ("x0", "x1", "y0", "y1"))
            x = (x0 + x1) // 2
            assert (y1 - x > x - y0) == stripe["down"]
            assert (y1 - y0) * RES >= 150_000
            # nearer than 100 kb the inside of a domain may be as bright
            y = np.arange(x + 27, y1 - 4) if stripe["down"] else np.arange(y0 + 4, x - 26)
            if x < 8 or x > sim.n_bins - 8:
                continue
            on = np.nanmean(oe[x - 1 : x + 2][:, y])
            sides = [np.nanmean(oe[x - 6 : x - 3][:, y]), np.nanmean(oe[x + 4 : x + 7][:, y])]
            assert on > 1.05 * max(sides)
            checked += 1
    assert checked > 3


def test_boundaries_insulate_and_domains_nest_between_them(maps: list[SimulatedMap]) -> None:
    for sim in maps:
        oe = dense(sim)
        cross = np.array(
            [
                np.nanmean(oe[b - 10 : b, b : b + 10])
                / np.sqrt(np.nanmean(oe[b - 10 : b, b - 10 : b]) * np.nanmean(oe[b : b + 10, b : b + 10]))
                if 10 <= b <= sim.n_bins - 10
                else np.nan
                for b in range(sim.n_bins)
            ]
        )
        at = sim.truth.boundaries["position"] // RES
        at = at[(at >= 40) & (at < sim.n_bins - 40)]
        around = [max(cross[b - 30 : b].mean(), cross[b + 1 : b + 31].mean()) for b in at]
        assert len(at) > 3
        assert (cross[at] < around).mean() > 0.9
        domains = sim.truth.domains
        assert set(domains["start"]) | set(domains["end"]) <= set(sim.truth.boundaries["position"])
        for a in domains:
            around = (domains["start"] <= a["start"]) & (domains["end"] >= a["end"])
            assert a["level"] == around.sum() - 1
            crossing = (domains["start"] < a["start"]) & (domains["end"] > a["start"]) & (domains["end"] < a["end"])
            assert not crossing.any()


def test_without_extrusion_there_is_no_truth() -> None:
    still = dict.fromkeys(("compartment_strength", "roughness", "decoys", "odd_bins", "slope_sigma"), (0, 0))
    quiet = CONFIG.model_copy(update={"unlooped": (1.0, 1.0), **still})
    truth = simulate_map(quiet, 3).truth
    assert [len(t) for t in (truth.loops, truth.stripes, truth.boundaries, truth.domains)] == [0, 0, 0, 0]


def test_fixed_parameters_lie_in_their_ranges_and_are_shared() -> None:
    fixed = CONFIG.fixed(3)
    assert fixed == CONFIG.fixed(3) != CONFIG.fixed(4)
    for name in SimulationConfig.model_fields:
        value, limits = getattr(fixed, name), getattr(CONFIG, name)
        if isinstance(limits, tuple):
            assert limits[0] <= value[0] == value[1] <= limits[1]
        else:
            assert value == limits


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"depth": (9, 3)}, "depth"), ({"length": 5_000_000}, "max_distance"), ({"deph": 3}, "deph")],
)
def test_impossible_settings_are_refused_by_name(settings: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        parse_config(SimulationConfig, settings)


def test_a_stripe_may_begin_off_the_diagonal_and_go_on_behind_a_gap() -> None:
    on, off = np.full(300, 2.0), np.full(300, 1.0)
    on[:20] = 0.8  # the inside of a domain: brighter than the stripe
    on[120:126] = 1.0  # a gap
    on[200:] = 1.0
    first, end = _stripe_extent(on, off, 12, 20)
    assert 12 <= first <= 20
    assert 195 <= end <= 210
    assert _stripe_extent(np.roll(on, 40), off, 12, 20) == (0, 0)  # begins too late
    assert _stripe_extent(off, off, 12, 20) == (0, 0)


def test_rows_that_stand_out_are_stripes_whichever_way_their_barrier_faces(maps: list[SimulatedMap]) -> None:
    (sim,) = maps[:1]
    oe = sim.band / np.maximum(sim.band.mean(axis=1, keepdims=True), 1e-12)
    assert {bool(v) for v in sim.truth.stripes["down"]} == {True, False}
    x = 150
    oe = np.ones_like(oe)
    for d in range(60):
        oe[d, x - 1 : x + 2] *= 3  # right of the diagonal
        oe[d, x - 1 - d : x + 2 - d] *= 3  # and left of it
    stripes = find_stripes(
        oe,
        np.ones(len(oe), np.float32),
        np.ones(sim.n_bins, np.float32),
        np.zeros(sim.n_bins, bool),
        RES,
        Candidates(np.zeros((0, 2), np.int64), np.array([x])),
    )
    assert sorted(bool(row["down"]) for row in stripes) == [False, True]
