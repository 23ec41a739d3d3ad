"""Any rectangle of any map is the same rectangle of the dense matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hicstruct.contacts import RAW, build_levels, open_map
from napari_hicstruct.contacts.sources.cooler_source import CoolerSource
from napari_hicstruct.genome import Interval
from tests.contacts_kit import coarsen, symmetric, upper_counts, write_cool

N, BIN = 61, 10
LENGTH = N * BIN - 4

spans = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, LENGTH)).map(
    lambda pair: (pair[0], min(LENGTH, pair[0] + pair[1]))
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> CoolerSource:
    upper = np.zeros((N + 20, N + 20))
    upper[:] = upper_counts(N + 20, 9)  # a second chromosome makes trans contacts, which must not leak in
    path = tmp_path_factory.mktemp("maps") / "a.cool"
    weights = np.random.default_rng(1).uniform(0.5, 2, N + 20)
    weights[5] = np.nan
    write_cool(path, {"chr1": LENGTH, "chr2": 200}, BIN, upper, weights={"weight": weights})
    opened = open_map(path)
    assert isinstance(opened, CoolerSource)
    return opened


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> CoolerSource:
    path = tmp_path_factory.mktemp("maps") / "b.cool"
    opened = open_map(write_cool(path, {"chr1": LENGTH}, BIN, upper_counts(N, 9)))
    assert isinstance(opened, CoolerSource)
    return opened


@settings(deadline=None, max_examples=200)
@given(rows=spans, cols=spans, norm=st.sampled_from([RAW, "weight"]))
def test_fetch(source: CoolerSource, rows: tuple[int, int], cols: tuple[int, int], norm: str) -> None:
    full = symmetric(upper_counts(N + 20, 9))[:N, :N]
    weights = source.weights("chr1", resolution=BIN, norm=norm)
    (r0, r1), (c0, c1) = ((start // BIN, -(-end // BIN)) for start, end in (rows, cols))
    got = source.fetch(Interval("chr1", *rows), Interval("chr1", *cols), resolution=BIN, norm=norm)
    want = (full * np.outer(weights, weights))[r0:r1, c0:c1]
    np.testing.assert_allclose(got, want, rtol=1e-5)


@settings(deadline=None, max_examples=60)
@given(rows=spans, cols=spans, factor=st.sampled_from([1, 2, 4]))
def test_levels(alone: CoolerSource, rows: tuple[int, int], cols: tuple[int, int], factor: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_hicstruct.contacts.pyramid.COARSEST_BINS", 20)
        patch.setattr("napari_hicstruct.contacts.summed_level.DENSE_BINS", 0)
        level = next(x for x in build_levels(alone, "chr1", norm=RAW) if x.resolution == BIN * factor)
    (r0, r1), (c0, c1) = ((a // level.resolution, -(-b // level.resolution)) for a, b in (rows, cols))
    whole = np.full(level.shape, np.nan)
    sums = symmetric(coarsen(upper_counts(N, 9), factor))
    whole[: len(sums), : len(sums)] = sums
    np.testing.assert_array_equal(level[r0:r1, c0:c1], whole[r0:r1, c0:c1])
