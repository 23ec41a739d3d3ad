"""How far a stripe goes by the contacts alone."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.contacts.band import Band, make_band
from napari_hicstruct.decode.extent import RISE, stripe_extent
from napari_hicstruct.decode.stripe_settings import StripeSettings
from napari_hicstruct.decode.stripes import decode_stripes

N, D, RES, X = 400, 200, 10_000, 150


def striped(row: float, end: int, depth: float, side: int = 1) -> Band:
    """A row ``row`` times as bright as its surround from the diagonal to ``end`` bins off it."""
    rng = np.random.default_rng(7)
    counts = np.zeros((D, N), np.float32)
    for d in range(D):
        rate = np.full(N - d, depth / (1 + d))
        if d < end:
            rate[X if side > 0 else X - d] *= row
        counts[d, : N - d] = rng.poisson(rate)
    return make_band("chr1", RES, counts, weights=np.ones(N))


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("row", "depth"), [(2.0, 2_000), (3.0, 1_000)])
def test_it_ends_where_the_row_no_longer_stands_out(side: int, row: float, depth: float) -> None:
    for end in (40, 90):
        assert stripe_extent(striped(row, end, depth, side), X, side, 4, D) == pytest.approx(end, abs=8)


def test_a_row_like_its_sides_has_no_extent() -> None:
    flat = striped(1.0, 0, 20_000)
    assert stripe_extent(flat, X, 1, 4, D) <= 20
    assert stripe_extent(striped(3.0, 90, 2_000), X, -1, 4, D) <= 20  # nothing on the other side of the diagonal


def test_it_is_the_largest_sum_of_the_log_likelihood_ratio() -> None:
    band = striped(1.6, 60, 500)
    band.weights[[160, 170]] = np.nan
    good, gain, gains = np.isfinite(band.weights), 0.0, []
    mean = {d: float(band.expected[d]) for d in range(D)}

    def row(r: int, t: int) -> tuple[float, float]:
        y = X + t
        if not (good[r] and good[y]) or abs(y - r) >= D:
            return 0.0, 0.0
        return float(band.counts[abs(y - r), min(r, y)]), mean[abs(y - r)] / (band.weights[r] * band.weights[y])

    for t in range(4, D):
        rates = []
        for rows in ((147, 146, 148), (152, 153, 154)):
            inside = [row(r, u) for r in rows for u in range(t - 5, t + 7) if 4 <= u < D]
            rates.append((sum(k for k, _ in inside) + 2) / (sum(e for _, e in inside) + 2))
        seen, expected = row(X, t)
        gain += seen * np.log(RISE) - (RISE - 1) * expected * max(rates)
        gains.append(gain)
    assert stripe_extent(band, X, 1, 4, D) == 4 + int(np.argmax(gains)) + 1


def test_the_ends_of_the_chromosome_and_of_the_band_are_no_trouble() -> None:
    band = striped(2.0, 60, 500)
    for x, side in ((0, -1), (0, 1), (N - 1, 1), (N - 1, -1)):
        assert 4 <= stripe_extent(band, x, side, 4, 10 * D) <= D
    assert stripe_extent(band, X, 1, D + 5, D + 9) == D + 5


def test_a_called_stripe_grows_to_where_the_contacts_end_it_and_no_farther_than_its_row() -> None:
    p = np.zeros((N, D), np.float32)
    p[X, 4:30] = 0.9  # the network is sure of the nearest 300 kb only
    settings = StripeSettings(threshold=0.3)
    down = np.ones_like(p)
    for end in (20, 80):
        (stripe,) = decode_stripes(
            p, down, chrom="chr1", resolution=RES, length=N * RES, band=striped(2.5, end, 2_000), settings=settings
        )
        bins = stripe.anchor2.end // RES - X
        assert bins == pytest.approx(end, abs=8)
