"""Insulation beside the network's word on a boundary."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.contacts.contrast import border_contrast, contrast_noise, contrast_track, find_valleys
from napari_hicstruct.decode.boundaries import boundary_strength
from napari_hicstruct.decode.insulation import (
    CHANCE,
    CLEAR,
    MAX_DEPTH,
    TYPICAL,
    WEIGHT,
    WIDTH,
    boundary_evidence,
    valley_odds,
    valleys,
)
from napari_hicstruct.decode.tads import decode_tads

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


def test_a_valley_counts_as_far_as_chance_cannot_dig_it() -> None:
    deep = make_band("chr1", RES, domains([60, 130], 3.0))
    np.testing.assert_allclose(valley_odds(deep)[[60, 130]], WEIGHT * (valleys(deep)[[60, 130]] - TYPICAL), rtol=1e-5)
    away = int(np.argmin(valley_odds(deep)))
    assert valley_odds(deep)[away] == pytest.approx(-WEIGHT * TYPICAL - CHANCE * CLEAR)
    shallow = make_band("chr1", RES, domains([60, 130], 1.2, depth=3))
    minima, depth = find_valleys(contrast_track(shallow.observed_over_expected(2 * WIDTH), WIDTH), window=201)
    z = depth / contrast_noise(shallow.counts, WIDTH)[minima]
    alone = np.array([(np.abs(minima - x) < 8).sum() == 1 for x in minima])
    faint = np.flatnonzero(alone & (z > 0.3) & (z < CLEAR))
    assert faint.size
    expected = WEIGHT * (depth[faint] - TYPICAL) - CHANCE * (CLEAR - z[faint])
    np.testing.assert_allclose(valley_odds(shallow)[minima[faint]], expected, atol=1e-4)


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
