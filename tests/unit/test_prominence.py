"""A dot's own significance: equal to its formula, 0 on a flat map, and what it adds to the ranking."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.decode.prominence import (
    LIMITS,
    SHORT,
    SHORT_WEIGHT,
    TEXTURE,
    WEIGHT,
    loop_score,
    prominence,
    stripe_prominence,
)


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
    sums = {name: [0.0, 0.0] for name in ("dot", "donut", "lower left", "row", "column")}
    for a in range(-5, 6):
        for b in range(-5, 6):
            r, d = max(abs(a), abs(b)), j + b - i - a
            if r == 2 or not band.valid[i + a] or not band.valid[j + b]:
                continue
            here = {"dot": r <= 1} | {
                "donut": r > 2 and a != 0 and b != 0,
                "lower left": r > 2 and a > 0 and b < 0,
                "row": r > 2 and abs(a) <= 1,
                "column": r > 2 and abs(b) <= 1,
            }
            for name in (name for name, inside in here.items() if inside):
                sums[name][0] += band.counts[d, i + a]
                sums[name][1] += band.expected[d] / (band.weights[i + a] * band.weights[j + b])
    seen, mean = sums.pop("dot")
    around = mean * max((c + 0.5) / (e + 0.5) for c, e in sums.values())
    spread = math.sqrt(around + 1 + (TEXTURE * around) ** 2)
    assert prominence(band, i, j) == pytest.approx((seen - around) / spread, rel=1e-5)


def test_more_contacts_do_not_make_a_ripple_a_dot() -> None:
    def z(rise: float, depth: float) -> float:
        counts = np.full((60, 120), depth, np.float32)
        counts[29:32, 40] = counts[28:31, 41] = counts[30:33, 39] = rise * depth
        return prominence(make_band("chr1", 10_000, counts, weights=np.ones(120)), 40, 70)

    ripple, dot = [z(1.05, depth) for depth in (10.0, 1e6)], [z(2.0, depth) for depth in (10.0, 1e6)]
    assert 0 < ripple[0] < ripple[1] < 1
    assert dot[1] > dot[0] > 5


def test_a_pixel_of_a_stripe_is_no_dot() -> None:
    stripe = striped(3.0)
    assert max(prominence(stripe, 100, 100 + d) for d in range(20, 60)) < 3


def test_a_dot_stands_out_and_flat_places_do_not(band: Band) -> None:
    flat = [prominence(band, i, i + 30) for i in range(5, 80, 3) if abs(i - 40) > 12]
    assert prominence(band, 40, 70) > 8
    assert max(np.abs(flat)) < 5
    assert math.isfinite(prominence(band, 0, 119))
    assert math.isfinite(prominence(band, 0, 3))


def test_log_odds_grow_by_a_little_and_keep_their_limits() -> None:
    logit = math.log(0.3 / 0.7)
    assert loop_score(0.3, 4.0, SHORT) == pytest.approx(1 / (1 + math.exp(-(logit + WEIGHT * 4))))
    assert loop_score(0.3, 0.0, 1e6) == pytest.approx(0.3)
    assert loop_score(0.3, 1e9, 1e6) == loop_score(0.3, LIMITS[1], 1e6)
    assert 0 < loop_score(1.0, 1e9, 1e6) < 1
    assert loop_score(0.0, -1e9, 40_000) > 0


def test_short_loops_are_trusted_less() -> None:
    logit = math.log(0.3 / 0.7)
    assert loop_score(0.3, 0.0, SHORT / 4) == pytest.approx(1 / (1 + math.exp(SHORT_WEIGHT * math.log(4) - logit)))
    scores = [loop_score(0.3, 1.0, length) for length in (40_000, 80_000, 160_000, 200_000)]
    assert scores == sorted(scores)
    assert loop_score(0.3, 1.0, 3_000_000) == scores[-1]


def striped(row: float, inside: float = 1.0) -> Band:
    """Counts with a bright row right of the diagonal at bin 100, ``inside`` times as many on one of its sides."""
    rng = np.random.default_rng(4)
    counts = np.zeros((120, 300), np.float32)
    for d in range(120):
        rate = np.full(300 - d, 200 / (1 + d))
        rate[101 : max(101, min(300 - d, 160 - d))] *= inside
        rate[100:101] *= row
        counts[d, : 300 - d] = rng.poisson(rate)
    return make_band("chr1", 10_000, counts)


def test_a_stripe_stands_above_both_sides_and_an_edge_does_not() -> None:
    rise, z = stripe_prominence(striped(2.0), 100, 1, 4, 50)
    assert rise > 0.3  # balancing has taken its part
    assert z > 5
    assert stripe_prominence(striped(1.0), 100, 1, 4, 50)[1] < 2
    assert stripe_prominence(striped(2.0, inside=2.0), 100, 1, 4, 50)[1] < 2  # one edge of a domain
    assert stripe_prominence(striped(2.0), 100, -1, 4, 50)[1] < 3  # nothing on the other side of the diagonal


def test_stripe_prominence_equals_a_naive_count() -> None:
    band = striped(1.7)
    band.weights[[103, 120]] = np.nan
    dense, mean = np.zeros((300, 300)), np.zeros((300, 300))
    good = np.isfinite(band.weights)
    for i in range(300):
        for j in range(i + 2, min(300, i + 120)):
            if good[i] and good[j] and band.expected[j - i] > 0:
                dense[i, j] = dense[j, i] = band.counts[j - i, i]
                mean[i, j] = mean[j, i] = band.expected[j - i] / (band.weights[i] * band.weights[j])
    seen = around = 0.0
    for start in range(4, 33, 5):
        stop = min(start + 5, 33)
        wide, own = slice(100 + start - 2, 100 + stop + 2), slice(100 + start, 100 + stop)
        sides = [
            (dense[rows, wide].sum() + 0.5) / (mean[rows, wide].sum() + 0.5)
            for rows in ([96, 97, 98], [102, 104, 105])  # the nearest three from the second on that are known
        ]
        seen += dense[100, own].sum()
        around += mean[100, own].sum() * max(sides)
    rise, z = stripe_prominence(band, 100, 1, 4, 33)
    assert rise == pytest.approx(np.log2((seen + 5) / (around + 5)), abs=1e-4)
    assert z == pytest.approx((seen - around) / np.sqrt(around + 1), rel=1e-4)


def test_a_row_with_one_side_only_does_not_stand_out() -> None:
    """At the edge of a captured region every row is the edge of something."""
    band = striped(2.0)
    assert stripe_prominence(band, 100, 1, 4, 50)[1] > 5
    band.weights[101:] = np.where(np.arange(101, 300) < 110, np.nan, band.weights[101:])
    assert stripe_prominence(band, 100, 1, 10, 50) == (0.0, 0.0)


def test_a_single_hot_pixel_is_no_dot() -> None:
    def z(*hot: tuple[int, int]) -> float:
        counts = np.full((60, 120), 4.0, np.float32)
        for i, j in hot:
            counts[j - i, i] = 60
        return prominence(make_band("chr1", 10_000, counts, weights=np.ones(120)), 40, 70)

    assert z((40, 70)) <= 2
    assert z((40, 70), (40, 71), (41, 70)) > 5
