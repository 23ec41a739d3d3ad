"""The test of two maps: what is counted, and that it errs as often as it says, also for structures that were called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from napari_hicstruct.annotations.records import Annotation, Kind
from napari_hicstruct.contacts.band import make_band
from napari_hicstruct.evaluation.differences import (
    Called,
    Places,
    _Null,
    absence,
    benjamini_hochberg,
    changes,
    dispersion,
)
from napari_hicstruct.evaluation.structure_counts import (
    Counts,
    Rectangles,
    count,
    empty_runs,
    footprint,
    is_part,
    lacking,
)
from napari_hicstruct.genome import Interval
from napari_hicstruct.workflows.compare.requests import Comparison

SIZE = 10_000


def _record(kind: Kind, first: tuple[int, int], second: tuple[int, int] | None = None) -> Annotation:
    one, other = (Interval("chr1", s * SIZE, e * SIZE) for s, e in (first, second or first))
    return Annotation(kind=kind, anchor1=one, anchor2=other)


@pytest.mark.parametrize(
    "record",
    [
        _record(Kind.LOOP, (20, 21), (50, 51)),
        _record(Kind.STRIPE, (20, 21), (20, 60)),
        _record(Kind.STRIPE, (60, 61), (20, 61)),
        _record(Kind.BOUNDARY, (40, 41)),
        _record(Kind.TAD, (30, 60)),
    ],
    ids=["loop", "stripe down", "stripe up", "boundary", "TAD"],
)
def test_sums_over_rectangles_are_those_of_the_dense_map(record: Annotation) -> None:
    rng = np.random.default_rng(1)
    values = rng.poisson(20, (80, 90)).astype(np.float32)
    for d in range(80):
        values[d, 90 - d :] = 0
    dense = np.zeros((90, 90))
    for d in range(80):
        for i in range(90 - d):
            dense[i, i + d] = values[d, i]
    valid = np.ones(90, bool)
    valid[45] = False
    shape = footprint(record, SIZE)
    band = make_band("chr1", SIZE, values, weights=np.ones(90, np.float32))
    found = count(band, valid, Rectangles.of([shape])).observed[0]
    wanted = [0.0, 0.0]
    for part, sign, r0, r1, c0, c1 in shape.rectangles:
        for i in range(max(r0, 0), min(r1, 90)):
            for j in range(max(c0, 0), min(c1, 90)):
                if shape.nearest <= j - i < 80 and valid[i] and valid[j]:
                    wanted[part] += sign * dense[i, j]
    assert found.tolist() == wanted
    assert min(wanted) > 0


def _places(rng: np.random.Generator, n: int, phi: float, rise: float = 2.0, ratio: float = 1.0) -> Places:
    """Places of which every one is as strong in both maps, or ``ratio`` times in B; B is half as deep."""
    mu = rng.uniform(5, 60, n)

    def drawn(mean: np.ndarray) -> np.ndarray:
        return rng.poisson(mean * rng.gamma(1 / phi, phi, n)).astype(float)

    around = 40.0
    a, b = (
        Counts(
            np.column_stack([drawn(mu * depth * rise * r), rng.poisson(mu * depth * around)]),
            np.column_stack([mu * depth, mu * depth * around]),
        )
        for depth, r in ((1.0, 1.0), (0.5, ratio))
    )
    return Places(a, b)


def test_p_values_of_places_that_did_not_change_are_uniform() -> None:
    rng = np.random.default_rng(2)
    here, beside = _places(rng, 4_000, 0.05), _places(rng, 4_000, 0.05, rise=1.0)
    phi = dispersion(beside, beside.total)
    assert phi is not None
    assert 0.03 < float(np.median(phi.phi)) < 0.07
    p = changes(here, phi.of(here.total)).p
    for level in (0.01, 0.05, 0.2, 0.5):
        assert abs(float((p < level).mean()) - level) < 3.5 * np.sqrt(level * (1 - level) / len(p)) + 0.004


def test_structures_that_noise_chose_are_no_changes() -> None:
    rng = np.random.default_rng(3)
    places = _places(rng, 6_000, 0.02, rise=1.15)  # hardly above its surroundings: what is called is mostly noise
    phi = np.full(6_000, 0.02)
    in_a, in_b = (
        (one.focus - one.predicted) / np.sqrt(one.predicted + 0.02 * one.predicted**2) > 2
        for one in (places.a, places.b)
    )
    kept = np.flatnonzero(in_a | in_b)
    chosen, phi = places.chosen(kept), phi[kept]
    naive = changes(chosen, phi).p
    fair = changes(chosen, phi, Called(in_a[kept], in_b[kept])).p
    assert (naive < 0.05).mean() > 0.1  # this is what would come out without regard to how they were chosen
    assert (fair < 0.05).mean() < 0.06
    assert (fair < 0.01).mean() < 0.015
    assert not (benjamini_hochberg(fair) < 0.2).any()


def test_changes_come_out_with_their_direction_and_size() -> None:
    places = _places(np.random.default_rng(4), 400, 0.01, ratio=2.0)
    found = changes(places, np.full(400, 0.01))
    assert (benjamini_hochberg(found.p) < 0.05).mean() > 0.6
    assert abs(float(np.median(found.log2_ratio)) - 1) < 0.1


def test_the_distribution_is_the_beta_binomial_and_its_approximation_fits() -> None:
    n, p, v = np.array([40.0, 900.0, 1_500.0]), np.array([0.3, 0.6, 0.5]), np.array([0.05, 0.02, 0.03])
    scale = 1 / (v * p * (1 - p))
    k = np.array([9.0, 500.0, 640.0])
    exact = betabinom.cdf(k, n, p * scale, (1 - p) * scale)
    found = _Null(n, p, v).below(k)
    assert found[:2] == pytest.approx(exact[:2], rel=1e-6)
    assert found[2] == pytest.approx(exact[2], rel=0.1)
    assert _Null(n, p, v).above(k + 1)[:2] == pytest.approx(1 - exact[:2], rel=1e-6)


def test_bins_that_one_map_lacks_are_deleted_and_their_structures_gone() -> None:
    rng = np.random.default_rng(5)
    values = rng.poisson(30, (40, 100)).astype(np.float32)
    cut = values.copy()
    for d in range(40):
        cut[d, max(0, 50 - d) : 60] = 0
    a, b = (make_band("chr1", SIZE, one, weights=np.ones(100, np.float32)) for one in (values, cut))
    gone = empty_runs([b], [a], 5)
    assert np.flatnonzero(gone).tolist() == list(range(50, 60))
    assert not empty_runs([a], [b], 5).any()
    shapes = [footprint(_record(Kind.BOUNDARY, at), SIZE) for at in ((55, 56), (30, 31))]
    assert lacking(shapes, gone).tolist() == [True, False]
    many, few = absence(np.array([3_000.0, 2.0]), np.array([0.5, 0.5]))
    assert many < 1e-9
    assert few > 0.1


def test_what_lies_beyond_a_map_cut_out_of_a_chromosome_is_not_deleted() -> None:
    values = np.random.default_rng(5).poisson(30, (20, 100)).astype(np.float32)
    cut = np.zeros_like(values)
    for d in range(20):
        cut[d, 40 : 80 - d] = values[d, 40 : 80 - d]  # 40 of 100 bins ...
        cut[d, max(0, 50 - d) : 60] = 0  # ... of which 10 are deleted
    a, b, none = (make_band("chr1", SIZE, one, weights=np.ones(100, np.float32)) for one in (values, cut, 0 * cut))
    assert is_part([b], [a])
    assert not is_part([a], [b])
    assert np.flatnonzero(empty_runs([b], [a], 5)).tolist() == list(range(50, 60))
    assert not empty_runs([none], [a], 5).any()  # a file without the chromosome


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg() -> None:
    found = benjamini_hochberg(np.array([0.01, 0.04, np.nan, 0.03, 0.5]))
    assert found[[0, 1, 3, 4]] == pytest.approx([0.04, 0.04 * 4 / 3, 0.04 * 4 / 3, 0.5])
    assert np.isnan(found[2])


def test_a_comparison_in_a_notebook_is_one_line() -> None:
    table = pd.DataFrame({"change": ["lost", "lost", "gained", "same"]})
    assert repr(Comparison(table, ())) == "<Comparison: 4 structures: 2 lost, 1 gained, 1 same>"
