"""Maps that label themselves: dots, stripes and boundaries that were put there are found, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_hicstruct.config.weak import WeakLoopConfig, WeakStripeConfig
from napari_hicstruct.contacts.band import Band, empty_fine, make_band
from napari_hicstruct.contacts.stripe_rows import stripe_rows
from napari_hicstruct.labels.map_labels import weak_stripes, with_map_labels
from napari_hicstruct.labels.truth import BinTruth
from napari_hicstruct.labels.weak_loops import weak_loops

DOTS = ((60, 100), (200, 250))
STRIPE = 150
LENGTH = 60
NOTHING = BinTruth(*(np.zeros((0, width), np.float32) for width in (4, 6, 2)))


@pytest.fixture(scope="module")
def band() -> Band:
    """300 bins with two dots, a stripe of 60 bins, and a border at bin 220."""
    n, n_diagonals = 300, 100
    mean = np.zeros((n_diagonals, n), np.float32)
    for d in range(n_diagonals):
        mean[d, : n - d] = 600 / (1 + d)
        mean[d, max(0, 220 - d) : 220] *= 0.4
    for i, j in DOTS:
        for a in (-1, 0, 1):
            for b in (-1, 0, 1):
                mean[j + b - i - a, i + a] *= 3
    for d in range(2, LENGTH):
        mean[d, STRIPE - 1 : STRIPE + 2] *= 1.8
    counts = np.random.default_rng(1).poisson(mean).astype(np.float32)
    return make_band("chr1", 10_000, counts, weights=np.ones(n))


def test_dots_are_labels_and_pixels_of_a_stripe_are_none(band: Band) -> None:
    found = weak_loops(band, WeakLoopConfig())
    sure = found[found[:, 2] == 1]
    places = {(int(row), int(col)) for row, col in sure[:, :2]}
    assert all(any(max(abs(i - a), abs(j - b)) <= 1 for a, b in places) for i, j in DOTS)
    assert sum(abs(i - STRIPE) <= 2 and j - i < LENGTH - 3 for i, j in places) == 0
    assert len(places) <= 3


def test_what_is_faint_is_ignored_and_not_denied(band: Band) -> None:
    strict = WeakLoopConfig(sure_z=1e6)
    assert (weak_loops(band, strict)[:, 2] == 0).all()
    assert len(weak_loops(band, strict)) >= len(DOTS)


def test_a_stripe_is_found_with_its_side_and_its_end(band: Band) -> None:
    first = stripe_rows(band, WeakStripeConfig())[0]
    assert (first.side, first.sure) == (1, True)
    assert abs(first.bin - STRIPE) <= 1
    assert abs(first.length - LENGTH) <= 10
    x0, x1, y0, y1, down, weight = weak_stripes(band, WeakStripeConfig())[0]
    assert (x1 - x0, down, weight) == (3, 1, 1)
    assert y0 < y1 == pytest.approx(first.bin + 0.5 + first.length)


def test_a_stripe_goes_on_beyond_what_the_sample_has_lost(band: Band) -> None:
    lost = slice(STRIPE + 15, STRIPE + 45)  # two of three thirds
    weights, counts = band.weights.copy(), band.counts.copy()
    weights[lost] = np.nan
    for d in range(counts.shape[0]):
        counts[d, lost] = counts[d, max(0, lost.start - d) : max(0, lost.stop - d)] = 0
    first = stripe_rows(replace(band, weights=weights, counts=counts), WeakStripeConfig())[0]
    assert (first.side, first.sure) == (1, True)
    assert abs(first.bin - STRIPE) <= 1
    assert abs(first.length - LENGTH) <= 10


def test_only_the_heads_asked_for_are_labelled(band: Band) -> None:
    assert with_map_labels(NOTHING, band, ()) is NOTHING
    only = with_map_labels(NOTHING, band, {"boundary"})
    assert (len(only.loops), len(only.stripes)) == (0, 0)
    strongest = only.boundaries[only.boundaries[:, 1].argmax()]
    assert abs(strongest[0] - 220) <= 1
    every = with_map_labels(NOTHING, band, {"point", "mask", "boundary"})
    assert min(len(every.loops), len(every.stripes), len(every.boundaries)) > 0


def test_bins_without_contacts_show_nothing(band: Band) -> None:
    fine = empty_fine(band)
    assert with_map_labels(NOTHING, fine, {"point", "mask", "boundary"}) is NOTHING
    shallow = replace(band, counts=np.zeros_like(band.counts))
    assert (with_map_labels(NOTHING, shallow, {"point"}).loops[:, 2] == 0).all()
