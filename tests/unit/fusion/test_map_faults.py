"""Faults change what they say they change, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.synth.map_faults import add_faults
from napari_hicstruct.synth.map_pairs import Stretch, real_pair
from tests.fusion_kit import drawn, expected_band


@pytest.fixture
def counts():
    return drawn(expected_band(400, 100), 3.0, 1)


@pytest.mark.parametrize("kind", ["bad_bins", "stripes", "blocks"])
def test_only_what_is_touched_changes(counts, kind):
    before = counts.copy()
    made = add_faults(counts, np.random.default_rng(3), **{kind: 3})
    np.testing.assert_array_equal(counts, before)
    touched = getattr(made, kind)
    assert touched.any()
    np.testing.assert_array_equal(made.touched, touched)
    np.testing.assert_array_equal(made.counts[~touched], counts[~touched])
    assert (made.counts == np.rint(made.counts)).all()
    d, i = np.nonzero(touched)
    assert (i + d < counts.shape[1]).all()


def test_bad_bins_lose_contacts_stripes_and_blocks_gain_them(counts):
    rng = np.random.default_rng(5)
    for kind in ("stripes", "blocks"):
        made = add_faults(counts, rng, **{kind: 4})
        assert made.counts[made.touched].sum() > 1.3 * counts[made.touched].sum(), kind
    lost = add_faults(counts, np.random.default_rng(1), bad_bins=6)
    near = lost.touched & (np.arange(100)[:, None] < 10)
    assert lost.counts[near].sum() < 0.7 * counts[near].sum()


def test_a_block_lies_elsewhere_once_more():
    counts = np.zeros((100, 400), np.float32)
    counts[:, :] = (1 / (1 + np.arange(100)))[:, None] * 1000
    made = add_faults(counts, np.random.default_rng(2), blocks=1)
    d, i = np.nonzero(made.touched)
    rows, cols = np.unique(i), np.unique(i + d)
    assert len(rows) == len(cols)
    assert len(d) == len(rows) * len(cols)
    assert (made.counts[d, i] > 2 * counts[d, i]).all()


def test_parts_of_a_real_map_are_all_of_its_contacts(counts):
    made = real_pair(counts, 10_000, Stretch(0, 400, 100), np.random.default_rng(1), spread=False)
    free = ~(made.first.touched | made.second.touched)
    total = made.first.counts + made.second.counts + sum(made.checks)
    np.testing.assert_array_equal(total[free], counts[free])
    expected = made.factor * (counts.sum() / (1 + made.factor))
    assert sum(one.sum() for one in made.checks) == pytest.approx(expected, rel=0.05)
