"""The order of changes: the mean of a ratio given its contacts, which noise and choice do not bring to the top."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from napari_hicstruct.evaluation.differences import Called, Places, changes, prominence
from napari_hicstruct.evaluation.shrinkage import shrunken
from napari_hicstruct.evaluation.structure_counts import Counts


def _places(rng: np.random.Generator, mu: np.ndarray, ratio: np.ndarray, phi: float = 0.0, rise: float = 2.0) -> Places:
    """Structures that rise so far above their surroundings, ``ratio`` times as far in B, which is half as deep."""

    def counts(depth: float, times: np.ndarray) -> Counts:
        noise = rng.gamma(1 / phi, phi, len(mu)) if phi else 1.0
        focus = rng.poisson(mu * depth * rise * times * noise).astype(float)
        return Counts(
            np.column_stack([focus, rng.poisson(mu * depth * 40)]), np.column_stack([mu * depth, mu * depth * 40])
        )

    return Places(counts(1.0, np.ones(len(mu))), counts(0.5, ratio))


def _average_precision(score: np.ndarray, true: np.ndarray) -> float:
    hits = true[np.argsort(-score, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def test_the_order_is_better_than_that_by_p_and_that_by_ratio() -> None:
    rng = np.random.default_rng(11)
    mu = np.exp(rng.uniform(np.log(3), np.log(3_000), 3_000))
    change = np.where(rng.random(3_000) < 0.15, rng.normal(0, 0.7, 3_000), rng.normal(0, 0.05, 3_000))
    places = _places(rng, mu, 2**change)
    true, none = np.abs(change) > 0.3, np.zeros(3_000)
    tested = changes(places, none)
    ours = _average_precision(np.abs(shrunken(places, none)), true)
    assert ours > _average_precision(-tested.p, true) + 0.02  # many contacts make small changes sure
    assert ours > _average_precision(np.abs(tested.log2_ratio), true) + 0.1  # few make large ones of noise


def test_of_many_contacts_the_ratio_stays_and_of_few_nothing() -> None:
    rng = np.random.default_rng(12)
    mu = np.array([3.0] * 300 + [20_000.0] * 300)
    places = _places(rng, mu, np.where(np.arange(600) % 3 == 0, 2.0, 1.0))
    found = shrunken(places, np.zeros(600))
    seen = places.log_ratio / np.log(2)
    many = slice(300, 600)
    assert found[many] == pytest.approx(seen[many], abs=0.06)
    few = np.abs(found[:300]) / np.maximum(np.abs(seen[:300]), 1e-9)
    assert np.median(few) < 0.5
    assert (np.sign(found) == np.sign(seen))[np.abs(seen) > 0.2].all()


def test_what_maps_differ_by_everywhere_is_learnt_or_known_from_replicates() -> None:
    rng = np.random.default_rng(13)
    mu, phi = np.full(2_000, 500.0), 0.03
    change = np.where(np.arange(2_000) < 100, 1.5, 0.0)
    places = _places(rng, mu, 2**change, phi)
    for own in (np.zeros(2_000), np.full(2_000, phi)):
        found = shrunken(places, own)
        ranks = rankdata(-np.abs(found))
        assert np.median(ranks[:100]) < 60
        assert np.median(found[:100]) > 1
    known = shrunken(places, np.full(2_000, phi))
    assert np.abs(known[100:]).mean() < 0.6 * np.abs(places.log_ratio[100:] / np.log(2)).mean()


def test_structures_that_noise_chose_do_not_come_first() -> None:
    rng = np.random.default_rng(14)
    mu = np.concatenate([np.full(20_000, 6.0), np.full(200, 6.0)])
    ratio = np.concatenate([np.ones(20_000), np.full(200, 4.0)])
    hardly = _places(rng, mu[:20_000], ratio[:20_000], rise=1.05)
    gained = _places(rng, mu[20_000:], ratio[20_000:], rise=1.2)
    a, b = (
        Counts(np.concatenate([x.observed, y.observed]), np.concatenate([x.expected, y.expected]))
        for x, y in ((hardly.a, gained.a), (hardly.b, gained.b))
    )
    places = Places(a, b)
    in_a, in_b = (prominence(one, np.zeros(len(mu)), 1) > 2.5 for one in (places.a, places.b))
    kept = np.flatnonzero(in_a | in_b)
    true = kept >= 20_000
    chosen, none = places.chosen(kept), np.zeros(len(kept))
    fair = np.abs(shrunken(chosen, none, Called(in_a[kept], in_b[kept])))
    naive = np.abs(shrunken(chosen, none))
    assert _average_precision(fair, true) > _average_precision(naive, true) + 0.05


def test_without_contacts_there_is_no_number_and_nothing_fails() -> None:
    empty = Counts(np.zeros((3, 2)), np.zeros((3, 2)))
    assert np.isnan(shrunken(Places(empty, empty), np.zeros(3))).all()
    none = Counts(np.zeros((0, 2)), np.zeros((0, 2)))
    assert shrunken(Places(none, none), np.zeros(0)).shape == (0,)
