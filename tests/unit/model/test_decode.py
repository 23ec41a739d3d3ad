"""Decoders on planted structures and against exhaustive search."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Direction, Kind
from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.decode.boundaries import boundary_peaks, boundary_strength, decode_boundaries
from napari_hicstruct.decode.loops import LoopDecoder, LoopSettings
from napari_hicstruct.decode.stripe_runs import best_runs, shear
from napari_hicstruct.decode.stripe_settings import StripeSettings
from napari_hicstruct.decode.stripes import decode_stripes
from napari_hicstruct.decode.tads import (
    TadSettings,
    contrast,
    cumulative_oe,
    decode_tads,
    tad_scores,
    with_hierarchy,
)
from napari_hicstruct.genome import Interval

RES, N = 10_000, 200


def bump(p: np.ndarray, i: float, j: float, height: float) -> None:
    rows, distance = np.indices(p.shape)
    columns = rows + distance
    p += height * np.exp(-((rows - i) ** 2 + (columns - j) ** 2) / 2).astype(np.float32)


def decoder(**settings: float) -> LoopDecoder:
    chosen = LoopSettings(**{"min_score": 0.1} | settings)
    return LoopDecoder(chrom="chr1", resolution=RES, valid=np.ones(N, bool), length=N * RES, settings=chosen)


def test_loops_are_found_once_wherever_the_rows_are_cut() -> None:
    p = np.zeros((N, 60), np.float32)
    places = [(20, 40, 0.9), (49, 70, 0.8), (50, 90, 0.7), (51, 60, 0.6), (120, 150, 0.3)]
    for i, j, height in places:
        bump(p, i, j, height)
    offsets = np.zeros((2, N, 60), np.float32)
    offsets[0, 20, 20], offsets[1, 20, 20] = 0.3, -0.2
    whole = list(decoder().finish(p, offsets, start=0))
    assert [(a.anchor1.start // RES, round(a.anchor2.start / RES)) for a in whole] == [(i, j) for i, j, _ in places]
    assert (whole[0].anchor1.start, whole[0].anchor2.start) == (203_000, 398_000)
    for cut in (10, 49, 50, 51, 52, 130):
        d = decoder()
        parts = list(d.feed(p[: cut + 4], offsets[:, : cut + 4], start=0, final=cut))
        start = d.needs_from
        parts += d.finish(p[start:], offsets[:, start:], start=start)
        assert [(a.anchor1, a.score) for a in parts] == [(a.anchor1, a.score) for a in whole]


def test_what_is_looked_at_is_less_sure_than_what_is_listed() -> None:
    p, offsets = np.zeros((N, 60), np.float32), np.zeros((2, N, 60), np.float32)
    for i, height in ((20, 0.01), (60, 0.3), (100, 0.6)):
        bump(p, i, i + 30, height)
    listed = {score: len(list(decoder(min_score=score).finish(p, offsets, start=0))) for score in (0.001, 0.25, 0.5)}
    assert listed == {0.001: 2, 0.25: 2, 0.5: 1}


def test_a_last_tile_that_reaches_past_the_end_reads_no_row_that_is_not_there() -> None:
    p = np.zeros((N, 60), np.float32)
    bump(p, N - 13, N - 3, 0.9)
    d = decoder()
    found = list(d.feed(p, np.zeros((2, N, 60), np.float32), start=0, final=N + 500))
    assert [a.anchor1.start // RES for a in found] == [N - 13]
    assert d.needs_from == N - 2
    assert not list(d.finish(p[N - 2 :], np.zeros((2, 2, 60), np.float32), start=N - 2))


def test_loops_beside_bad_bins_the_diagonal_or_stronger_ones_are_not_called() -> None:
    p = np.zeros((N, 60), np.float32)
    bump(p, 20, 40, 0.9)
    p[21, 20], p[60, 2] = 0.5, 0.9  # a shoulder; something on the diagonal
    bump(p, 100, 120, 0.9)
    d = decoder()
    d.valid[120] = False
    found = list(d.finish(p, np.zeros((2, N, 60), np.float32), start=0))
    assert [a.anchor1.start // RES for a in found] == [20]


def test_no_loop_is_called_at_the_edge_of_what_the_map_knows() -> None:
    p, offsets = np.zeros((N, 60), np.float32), np.zeros((2, N, 60), np.float32)
    for i in (20, 60, 100):
        bump(p, i, i + 30, 0.9)
    at_edges = decoder()
    at_edges.valid[:20] = False  # right before the first one's first anchor
    at_edges.valid[91:96] = at_edges.valid[[99, 102]] = False  # a short gap is no edge
    assert [a.anchor1.start // RES for a in at_edges.finish(p, offsets, start=0)] == [60, 100]


def test_stripes_come_back_as_rectangles_with_direction() -> None:
    p, down = np.zeros((N, 80), np.float32), np.ones((N, 80), np.float32)
    p[30:32, 0:50] = 0.97  # down: rows 30–31; the stronger row reaches column 79
    p[30:32, 20:22] = 0  # a small gap
    for j in (150, 151, 152):  # up: columns 150–152, rows from 110
        for i in range(110, j + 1):
            p[i, j - i], down[i, j - i] = 0.88, 0
    p[100, 0:9] = 0.9  # too short
    p[10, 40:60] = 0.9  # does not begin at the diagonal
    p[60, 0:40] = 0.5  # too faint
    first, second = decode_stripes(p, down, chrom="chr1", resolution=RES, length=N * RES)
    assert (first.direction, first.kind) == (Direction.DOWN, Kind.STRIPE)
    assert (first.anchor1.start, first.anchor1.end) == (300_000, 320_000)
    assert (first.anchor2.start, first.anchor2.end) == (300_000, 800_000)
    assert second.direction is Direction.UP
    assert (second.anchor1.start, second.anchor1.end) == (1_500_000, 1_530_000)
    assert second.anchor2.end == 1_530_000
    assert abs(second.anchor2.start - 1_100_000) <= 20_000
    assert first.score > second.score


def test_a_run_ends_where_its_sum_is_largest() -> None:
    p = np.random.default_rng(5).random((40, 60)).astype(np.float32)
    length, weight = best_runs(p, 4, 0.5)
    for row, n, w in zip(p, length, weight, strict=True):
        sums = {k: float((row[4:k] - 0.5).sum()) for k in range(4, 61)}
        assert w == pytest.approx(max(sums.values()), abs=1e-4)
        assert sums[int(n)] == pytest.approx(w, abs=1e-4)


def test_of_two_stripes_on_one_anchor_the_much_weaker_goes() -> None:
    p, down = np.zeros((N, 80), np.float32), np.ones((N, 80), np.float32)
    p[100, 0:60] = 0.9
    for i in range(80, 101):
        p[i, 100 - i], down[i, 100 - i] = 0.9, 0
    down[100, 0] = 0.5
    (only,) = decode_stripes(p, down, chrom="chr1", resolution=RES, length=N * RES)
    assert only.direction is Direction.DOWN
    both = decode_stripes(p, down, chrom="chr1", resolution=RES, length=N * RES, settings=StripeSettings(opposite=0.1))
    assert {a.direction for a in both} == {Direction.DOWN, Direction.UP}


def test_a_crossing_stripe_does_not_cut_a_run() -> None:
    p, down = np.zeros((N, 80), np.float32), np.ones((N, 80), np.float32)
    p[100, 0:60] = 0.9
    for i in range(70, 131):  # up stripe of anchor 130 crosses at column 130
        p[i, 130 - i], down[i, 130 - i] = 0.9, 0
    found = decode_stripes(p, down, chrom="chr1", resolution=RES, length=N * RES)
    assert [(a.direction, (a.anchor2.end - a.anchor2.start) // RES) for a in found] == [
        (Direction.DOWN, 60),
        (Direction.UP, 61),
    ]


def test_shearing_turns_rows_into_columns() -> None:
    p = np.arange(30, dtype=np.float32).reshape(6, 5)
    sheared = shear(p)
    for i, d in itertools.product(range(6), range(5)):
        if i + d < 6:
            assert sheared[i + d, d] == p[i, d]


def test_boundary_peaks_equal_a_naive_scan_and_pass_over_nan() -> None:
    p = np.round(np.random.default_rng(1).random(300), 1).astype(np.float32)
    p[50:60] = np.nan
    naive = [
        k
        for k in range(300)
        if p[k] >= 0.5
        and all(not p[m] >= p[k] for m in range(max(0, k - 2), k))
        and all(not p[m] > p[k] for m in range(k + 1, min(300, k + 3)))
    ]
    assert boundary_peaks(p, threshold=0.5).tolist() == naive


def test_a_boundary_keeps_its_height_and_one_spread_over_bins_counts_whole() -> None:
    grid = np.arange(100)
    p = (0.8 * np.exp(-((grid - 30) ** 2) / 2) + 0.4 * np.exp(-((grid - 70) ** 2) / 8)).astype(np.float32)
    p[50:55] = np.nan
    strength = boundary_strength(p)
    assert np.isnan(strength[50:55]).all()
    assert strength[30] == pytest.approx(0.8, abs=0.01)
    assert strength[70] > 0.45  # broader than one bump: more than its highest bin says
    sharp, broad = decode_boundaries(strength, chrom="chr1", resolution=RES, length=99 * RES + 7)
    assert (sharp.anchor1.start, broad.anchor1.start) == (30 * RES, 70 * RES)


def blocks(edges: list[int], inside: float) -> np.ndarray:
    """Counts of a band whose domains between ``edges`` are ``inside`` times as dense."""
    rng = np.random.default_rng(0)
    counts = np.zeros((120, N), np.float32)
    label = np.searchsorted(edges, np.arange(N), side="right")
    for d in range(120):
        rate = 400 / (1 + d) * np.where(label[: N - d] == label[d:], inside, 1.0)
        counts[d, : N - d] = rng.poisson(rate)
    return counts


def test_domains_of_a_block_map_are_found_with_their_hierarchy() -> None:
    edges = [20, 60, 90, 130, 180]
    band = make_band("chr1", RES, blocks(edges, 3.0))
    p = np.zeros(N, np.float32)
    for edge in edges:
        p += 0.9 * np.exp(-((np.arange(N) - edge) ** 2) / 2).astype(np.float32)
    tads = decode_tads(p, band, length=N * RES)
    spans = {(a.anchor1.start // RES, a.anchor1.end // RES) for a in tads}
    assert set(itertools.pairwise(edges)) <= spans
    by_uid = {a.uid: a for a in tads}
    for a, b in itertools.combinations(tads, 2):
        x, y = a.anchor1, b.anchor1
        nested = (x.start <= y.start and y.end <= x.end) or (y.start <= x.start and x.end <= y.end)
        assert nested or x.end <= y.start or y.end <= x.start
    for a in tads:
        if a.parent:
            outer = by_uid[a.parent]
            assert outer.level == a.level - 1
            assert outer.anchor1.start <= a.anchor1.start <= a.anchor1.end <= outer.anchor1.end


def test_contrast_is_the_density_inside_over_the_flanks() -> None:
    total = cumulative_oe(make_band("chr1", RES, blocks([60, 100], 3.0)))
    assert contrast(total, 60, 100) > 1
    assert abs(contrast(total, 120, 150)) < 0.3


def random_boundaries(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bins of eight boundaries and the evidence of every bin."""
    rng = np.random.default_rng(seed)
    peaks = np.sort(rng.choice(np.arange(5, N - 5, 3), 8, replace=False))
    p = np.zeros(N, np.float32)
    p[peaks] = rng.uniform(0.2, 0.95, 8)
    return peaks, p


@pytest.mark.parametrize("seed", range(4))
def test_the_score_of_a_tad_is_the_documented_formula(seed: int) -> None:
    peaks, p = random_boundaries(seed)
    pairs = np.array(list(itertools.combinations(peaks, 2)))

    def logit(x: float) -> float:
        x = min(max(x, 0.001), 0.999)
        return math.log(x / (1 - x))

    for (a, b), score in zip(pairs, tad_scores(pairs, peaks, p), strict=True):
        weaker, stronger = sorted((float(p[a]), float(p[b])))
        inside = [float(p[x]) for x in peaks if a + 3 <= x <= b - 3]
        number = sum(x > 0.5 * weaker for x in inside)
        odds = 0.65 * logit(weaker) + 0.2 * logit(stronger) - 0.4 * logit(max(inside, default=0))
        assert score == pytest.approx(1 / (1 + math.exp(-(odds - 1.75 * math.log(1 + number) - 0.8))), rel=1e-4)


def test_a_tad_that_spans_a_stronger_boundary_is_less_likely_than_its_halves() -> None:
    p = np.zeros(N, np.float32)
    p[[20, 60, 100]] = 0.6, 0.9, 0.6
    whole, left, right = tad_scores(np.array([[20, 100], [20, 60], [60, 100]]), np.array([20, 60, 100]), p)
    assert whole < 0.3 < min(left, right)
    p[60] = 0.05
    assert tad_scores(np.array([[20, 100]]), np.array([20, 60, 100]), p)[0] > 2 * whole


@pytest.mark.parametrize("seed", range(6))
def test_a_pair_of_boundaries_is_left_out_for_a_reason(seed: int) -> None:
    settings = TadSettings(size=(100_000, 800_000), min_score=0.05)
    peaks, p = random_boundaries(seed)
    band = make_band("chr1", RES, blocks(peaks.tolist()[::2], 2.0))
    total = cumulative_oe(band)
    own = boundary_peaks(p, threshold=settings.threshold)
    kept = {
        (tad.anchor1.start // RES, tad.anchor1.end // RES): tad.score
        for tad in decode_tads(p, band, length=N * RES, settings=settings)
    }
    assert kept
    pairs = np.array(list(itertools.combinations(own, 2)))
    for (a, b), score in zip(pairs.tolist(), tad_scores(pairs, own, p), strict=True):
        fits = 100_000 <= (b - a) * RES <= 800_000 and contrast(total, a, b) >= settings.min_contrast
        crossed = any(x < a < y < b or a < x < b < y for (x, y), other in kept.items() if other >= score - 1e-6)
        assert ((a, b) in kept) == (fits and score >= settings.min_score and not crossed)


def test_the_hierarchy_is_one_of_the_tads_given() -> None:
    def tad(start: int, end: int) -> Annotation:
        place = Interval("chr1", start * RES, end * RES)
        return Annotation(kind=Kind.TAD, anchor1=place, anchor2=place, uid=f"{start}-{end}")

    tads = [tad(5, 20), tad(0, 100), tad(5, 60), tad(60, 90), tad(20, 60), tad(100, 120)]

    def tree(chosen: list[Annotation]) -> dict[str, tuple[int, str]]:
        return {one.uid: (one.level, one.parent) for one in with_hierarchy(chosen)}

    assert tree(tads) == {
        "0-100": (1, ""),
        "5-60": (2, "0-100"),
        "5-20": (3, "5-60"),
        "20-60": (3, "5-60"),
        "60-90": (2, "0-100"),
        "100-120": (1, ""),
    }
    whole = with_hierarchy(tads)
    assert tree(whole[::-1]) == tree(tads)
    assert tree([one for one in whole if one.uid not in ("0-100", "5-60")]) == dict.fromkeys(
        ("5-20", "20-60", "60-90", "100-120"), (1, "")
    )
