"""Rows that stand out by themselves, where the network sees little."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.annotations.records import Annotation, Direction
from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.stripe_settings import StripeSettings
from napari_hicstruct.decode.stripes import decode_stripes
from tests.unit.test_extent import RES, D, N, X, striped

END = 90


def called(band: Band, p: float, settings: StripeSettings | None = None, first_bin: int = 0) -> list[Annotation]:
    """Stripes where the network gives every pixel of the row the probability ``p``, down and up alike."""
    mask = np.zeros((N - first_bin, D), np.float32)
    for d in range(D):
        mask[[X - first_bin, X - first_bin - d], d] = p
    half = np.full_like(mask, 0.5)
    return decode_stripes(
        mask, half, chrom="chr1", resolution=RES, length=N * RES, band=band, settings=settings, first_bin=first_bin
    )


@pytest.mark.parametrize("side", [1, -1])
def test_a_row_that_stands_out_and_that_the_network_sees_faintly_is_a_stripe(side: int) -> None:
    band = striped(2.0, END, 4_000, side)
    (stripe,) = called(band, 0.05)
    assert stripe.direction is (Direction.DOWN if side > 0 else Direction.UP)
    assert stripe.anchor1.start <= X * RES < stripe.anchor1.end
    assert (stripe.anchor2.end - stripe.anchor2.start) / RES == pytest.approx(END, abs=12)
    assert StripeSettings().threshold < stripe.score < StripeSettings().row_score
    (same,) = called(band, 0.05, first_bin=20)
    assert (same.anchor1, same.anchor2) == (stripe.anchor1, stripe.anchor2)


def test_the_network_may_say_no() -> None:
    assert called(striped(1.4, END, 8_000), 0.0) == []
    assert called(striped(2.0, END, 4_000), 0.05, StripeSettings(row_odds=-5.0)) == []


def test_a_row_like_its_sides_and_an_edge_are_no_stripes() -> None:
    assert called(striped(1.0, 0, 4_000), 0.05) == []
    edge = striped(1.0, 0, 4_000)
    for d in range(END):
        edge.counts[d, X : min(N - d, X + 12)] *= 2
    assert called(edge, 0.05) == []


def test_what_the_network_calls_is_said_once() -> None:
    (stripe,) = called(striped(2.0, END, 4_000), 0.9)
    assert stripe.score > StripeSettings().row_score


@pytest.mark.parametrize(("row", "depth", "least"), [(2.0, 4_000, 0.8), (1.0, 4_000, 0.0)])
def test_a_call_where_no_row_stands_out_falls_behind(row: float, depth: float, least: float) -> None:
    settings = StripeSettings(threshold=0.001, min_z=-100.0)
    scores = [stripe.score or 0 for stripe in called(striped(row, END, depth), 0.6, settings)]
    assert least <= max(scores, default=0) <= (1.0 if least else 0.1)


def test_a_call_does_not_go_on_beyond_its_row() -> None:
    mask = np.zeros((N, D), np.float32)
    mask[X, 4:180] = 0.9
    (stripe,) = decode_stripes(
        mask, np.ones_like(mask), chrom="chr1", resolution=RES, length=N * RES, band=striped(2.0, END, 4_000)
    )
    assert (stripe.anchor2.end - stripe.anchor2.start) / RES == pytest.approx(END, abs=12)


def test_a_row_shorter_than_a_stripe_may_be_is_none() -> None:
    assert called(striped(2.0, END, 4_000), 0.05, StripeSettings(min_length_bp=1_500_000)) == []


def test_no_stripe_ends_where_the_map_knows_nothing() -> None:
    band = striped(2.0, END, 4_000)
    band.weights[X + 60 :] = np.nan
    mask = np.zeros((N, D), np.float32)
    mask[X, :END] = 0.9
    (stripe,) = decode_stripes(mask, np.ones_like(mask), chrom="chr1", resolution=RES, length=N * RES, band=band)
    assert X + 50 <= stripe.anchor2.end / RES <= X + 60
