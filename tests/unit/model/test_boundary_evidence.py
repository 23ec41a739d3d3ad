"""Insulation beside the network's word on a boundary."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.contacts.contrast import (
    border_contrast,
    contrast_noise,
    contrast_track,
    crossing_noise,
    crossing_track,
    find_valleys,
)
from napari_hicstruct.decode.boundaries import boundary_strength
from napari_hicstruct.decode.insulation import (
    CHANCE,
    LARGE,
    MAX_DEPTH,
    OFFSET,
    REAL,
    WEIGHT,
    WIDTH,
    boundary_evidence,
    none_of_chance,
    valley_odds,
    valleys,
)
from napari_hicstruct.decode.tads import decode_tads
from napari_hicstruct.evaluation.calibrate import maps_of
from napari_hicstruct.inference.chromosome import ChromosomeRun
from napari_hicstruct.inference.maps import Predictor
from napari_hicstruct.inference.stretch import Stretch
from napari_hicstruct.models.store import load_model
from napari_hicstruct.workflows.models import find_model

N, RES = 200, 10_000


def domains(edges: list[int], inside: float, depth: float = 400) -> np.ndarray:
    """Counts of a band whose domains are ``inside`` times as dense as what lies between them."""
    label = np.searchsorted(edges, np.arange(N), side="right")
    counts = np.zeros((60, N), np.float32)
    rng = np.random.default_rng(3)
    for d in range(60):
        counts[d, : N - d] = rng.poisson(depth / (1 + d) * np.where(label[: N - d] == label[d:], inside, 1.0))
    return counts


def test_a_valley_lies_at_the_edge_and_is_deeper_where_domains_differ_more() -> None:
    weak = valleys(make_band("chr1", RES, domains([60, 130], 1.5)))
    strong = valleys(make_band("chr1", RES, domains([60, 130], 4.0)))
    for track in (weak, strong):
        assert {int(track[:100].argmax()), 100 + int(track[100:].argmax())} <= {59, 60, 61, 129, 130, 131}
    assert (strong[[60, 130]] > 2 * weak[[60, 130]]).all()
    assert strong.max() <= MAX_DEPTH
    assert strong[[30, 95, 170]].max() < 0.2


def test_depth_is_the_prominence_of_a_naive_contrast_track() -> None:
    counts = domains([100], 2.0, depth=3000)
    band = make_band("chr1", RES, counts, weights=np.ones(N))
    track = np.zeros(N)

    def mean(rows: range, columns: range) -> float:
        pairs = [(i, j) for i in rows for j in columns if j > i]
        each = [counts[j - i, i] * band.weights[i] * band.weights[j] / band.expected[j - i] for i, j in pairs]
        return float(np.log2(np.mean(each)))

    for width in (5, 10):
        for x in range(10, N - 9):
            before, after = range(x - width, x), range(x, x + width)
            track[x] += (mean(before, after) - (mean(before, before) + mean(after, after)) / 2) / 2
    kernel = np.exp(-(np.arange(-4, 5) ** 2) / 2)
    smooth = np.convolve(np.pad(track[10:-9], 14, "edge"), kernel / kernel.sum(), "valid")
    depth = min(smooth[:101].max(), smooth[100:].max()) - smooth[96:105].min()
    assert valleys(band).max() == pytest.approx(min(depth, MAX_DEPTH), abs=0.02)


def test_evidence_is_the_sum_of_log_odds_and_silent_at_the_ends() -> None:
    band = make_band("chr1", RES, domains([60, 130], 3.0))
    p = np.full(N, 0.3, np.float32)
    p[80] = np.nan
    got, added, strength = boundary_evidence(p, band), valley_odds(band), boundary_strength(p)
    assert np.isnan(got[[0, 9, 80, N - 10, N - 1]]).all()
    odds = np.log(strength / (1 - strength)) + added
    inner = np.isfinite(got)
    np.testing.assert_allclose(got[inner], (1 / (1 + np.exp(-odds)))[inner], rtol=1e-4)
    assert got[60] > strength[60] > got[40]


def structureless(depth: float, slope: float, *, seed: int = 5, n: int = 1_000) -> np.ndarray:
    """Counts of a band that knows nothing but a decay and how well its bins are covered."""
    rng = np.random.default_rng(seed)
    cover, far = np.exp(rng.normal(0, 0.3, n)), np.maximum(np.arange(64), 0.5)
    counts = np.zeros((64, n), np.float32)
    for d in range(64):
        counts[d, : n - d] = rng.poisson(depth * far[d] ** slope * cover[: n - d] * cover[d:])
    return counts


def test_a_deep_valley_adds_its_depth_that_it_is_real_and_how_far_insulation_falls() -> None:
    band = make_band("chr1", RES, domains([60, 130], 3.0))
    added, depth = valley_odds(band), valleys(band)
    at, fall = find_valleys(crossing_track(band.observed_over_expected(2 * WIDTH), WIDTH), window=201)
    for edge in (60, 130):
        large = fall[np.abs(at - edge) <= 2].max()
        assert 0.5 < large < MAX_DEPTH
        added_by_depth = WEIGHT * depth[edge] + REAL + OFFSET
        assert 0.7 * LARGE * large < added[edge] - added_by_depth < LARGE * large
    assert added.min() == pytest.approx(OFFSET)


@pytest.mark.parametrize(("depth", "slope"), [(3, -1.0), (30, -0.7), (300, -1.3)])
def test_where_nothing_but_chance_digs_no_valley_is_real(depth: float, slope: float) -> None:
    band = make_band("chr1", RES, structureless(depth, slope))
    minima, valley = find_valleys(contrast_track(band.observed_over_expected(2 * WIDTH), WIDTH), window=201)
    deviations = valley / contrast_noise(band.counts, WIDTH)[minima]
    assert (deviations > 3).sum() > 5  # each alone would look real
    assert none_of_chance(deviations).mean() < 0.25
    assert (none_of_chance(deviations) > 0.7).mean() < 0.02
    for size, log_share in enumerate(CHANCE[:5]):  # the table is what chance does
        assert (deviations >= size).mean() == pytest.approx(np.exp(log_share), abs=0.08)


def test_a_valley_as_deep_is_real_beside_many_deep_ones() -> None:
    rng = np.random.default_rng(1)
    chance = np.abs(rng.normal(0, 1.5, 300))
    alone = none_of_chance(np.append(chance, 4.0))[-1]
    among = none_of_chance(np.concatenate([chance[:100], rng.uniform(4, 9, 199), [4.0]]))[-1]
    assert alone < 0.5 < 0.9 < among
    got = none_of_chance(chance)
    order = np.argsort(chance)
    assert (np.diff(got[order]) >= 0).all()
    naive = [1 - min(1, min((len(chance) + 1) * np.exp(np.interp(t, range(len(CHANCE)), CHANCE))
                            / (1 + (chance >= t).sum()) for t in chance[chance <= z])) for z in chance]  # fmt: skip
    np.testing.assert_allclose(got, naive, atol=1e-12)
    assert none_of_chance(np.zeros(0)).shape == (0,)


def test_insulation_is_the_mean_of_a_naive_square_and_its_noise_that_of_many_draws() -> None:
    counts = domains([100], 2.0, depth=300)
    band = make_band("chr1", RES, counts, weights=np.ones(N))
    oe = band.observed_over_expected(2 * WIDTH)
    square = np.full(N, np.nan)
    for x in range(WIDTH, N - WIDTH + 1):
        square[x] = np.log2(np.mean([oe[j - i, i] for i in range(x - WIDTH, x) for j in range(x, x + WIDTH)]))
    kernel = np.exp(-(np.arange(-4, 5) ** 2) / 2)
    naive = np.convolve(square, kernel / kernel.sum(), "same")
    np.testing.assert_allclose(crossing_track(oe, WIDTH)[20:180], naive[20:180], atol=1e-4)
    assert np.isnan(crossing_track(oe[:, : 2 * WIDTH - 1], WIDTH)).all()
    rng = np.random.default_rng(0)
    mean = np.array([50 / (1 + d) for d in range(20)])
    draws = [rng.poisson(mean[:, None], (20, 60)).astype(np.float32) for _ in range(400)]
    across = [sum(one[j - i, i] for i in range(20, 30) for j in range(30, 40)) for one in draws]
    assert np.mean([crossing_noise(one, 10)[30] for one in draws]) == pytest.approx(np.std(np.log2(across)), rel=0.15)
    assert np.isnan(crossing_noise(draws[0], 10)[[0, 9, 59]]).all()


def test_the_noise_of_the_contrast_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(0)
    mean = np.array([50 / (1 + d) for d in range(20)])
    draws = [rng.poisson(mean[:, None], (20, 60)).astype(np.float32) for _ in range(400)]
    seen = np.std([border_contrast(one / mean[:, None].astype(np.float32), 10)[30] for one in draws])
    said = np.mean([contrast_noise(one, 10)[30] for one in draws])
    assert said == pytest.approx(seen, rel=0.15)
    assert np.isnan(contrast_noise(draws[0], 10)[[0, 9, 59]]).all()
    assert np.isnan(contrast_noise(draws[0][:, :19], 10)).all()


def test_a_map_without_contacts_has_no_valleys() -> None:
    assert valleys(make_band("chr1", RES, np.zeros((60, N), np.float32))).max() == 0


def test_the_edge_of_a_captured_region_is_no_boundary() -> None:
    band = make_band("chr1", RES, domains([60, 130], 3.0))
    band.weights[:40] = band.weights[170:] = np.nan
    got = boundary_evidence(np.full(N, 0.3, np.float32), band)
    assert np.isnan(got[[40, 42, 168, 169]]).all()
    assert np.isfinite(got[[50, 60, 130, 160]]).all()


def test_no_domain_of_which_the_map_knows_less_than_half() -> None:
    band = make_band("chr1", RES, domains([60, 130], 3.0))
    p = np.full(N, 0.01, np.float32)
    p[[30, 60, 130, 160]] = 0.9
    spans = {(t.anchor1.start // RES, t.anchor1.end // RES) for t in decode_tads(p, band, length=N * RES)}
    assert (60, 130) in spans
    band.weights[70:128] = np.nan
    spans = {(t.anchor1.start // RES, t.anchor1.end // RES) for t in decode_tads(p, band, length=N * RES)}
    assert (60, 130) not in spans


def test_the_default_model_is_sure_of_no_boundary_where_there_is_no_structure() -> None:
    info = find_model("default")
    net, _ = load_model(info.path, device=torch.device("cpu"))
    predictor = Predictor(net, torch.device("cpu"), calibration=maps_of(info.card))
    counts = np.zeros((320, 1_000), np.float32)
    counts[:64] = structureless(300, -1.0)
    band = make_band("chr1", RES, counts)
    length = band.n_bins * RES
    stretch = Stretch(start=0, end=length, length=length, tasks=("tad",), max_distance=3_000_000, model="default")
    found = [one for part in ChromosomeRun(predictor, None, band, stretch).run() for one in part]
    sure = [one for one in found if one.kind is Kind.BOUNDARY and one.probability >= 0.5]
    assert len(sure) <= 2  # 49 before a valley was compared with what chance digs on such a map
