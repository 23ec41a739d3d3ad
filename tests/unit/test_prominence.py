"""A dot's own significance: equal to its formula, 0 on a flat map, and what it adds to the ranking."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.decode.prominence import LIMITS, WEIGHT, prominence, raised


@pytest.fixture(scope="module")
def band() -> Band:
    n, n_diagonals = 120, 60
    mean = np.zeros((n_diagonals, n), np.float32)
    for d in range(n_diagonals):
        mean[d, : n - d] = 400 / (1 + d)
    for a in (-1, 0, 1):
        for b in (-1, 0, 1):
            mean[(70 + b) - (40 + a), 40 + a] *= 3
    counts = np.random.default_rng(0).poisson(mean).astype(np.float32)
    return make_band("chr1", 10_000, counts)


def test_it_equals_its_formula(band: Band) -> None:
    i, j = 40, 70
    seen = mean = ring = ring_mean = 0.0
    for a in range(-7, 8):
        for b in range(-7, 8):
            r, d = max(abs(a), abs(b)), j + b - i - a
            if 1 < r < 4 or not band.valid[i + a] or not band.valid[j + b]:
                continue
            e = band.expected[d] / (band.weights[i + a] * band.weights[j + b])
            if r <= 1:
                seen, mean = seen + band.counts[d, i + a], mean + e
            else:
                ring, ring_mean = ring + band.counts[d, i + a], ring_mean + e
    around = mean * (ring + 0.5) / (ring_mean + 0.5)
    assert prominence(band, i, j) == pytest.approx((seen - around) / math.sqrt(around + 1), rel=1e-5)


def test_a_dot_stands_out_and_flat_places_do_not(band: Band) -> None:
    flat = [prominence(band, i, i + 30) for i in range(5, 80, 3) if abs(i - 40) > 12]
    assert prominence(band, 40, 70) > 8
    assert max(np.abs(flat)) < 5
    assert math.isfinite(prominence(band, 0, 119))
    assert math.isfinite(prominence(band, 0, 3))


def test_log_odds_grow_by_a_little_and_keep_their_limits() -> None:
    logit = math.log(0.3 / 0.7)
    assert raised(0.3, 4.0) == pytest.approx(1 / (1 + math.exp(-(logit + WEIGHT * 4))))
    assert raised(0.3, 0.0) == pytest.approx(0.3)
    assert raised(0.3, 1e9) == raised(0.3, LIMITS[1])
    assert 0 < raised(1.0, 1e9) < 1
    assert raised(0.0, -1e9) > 0
