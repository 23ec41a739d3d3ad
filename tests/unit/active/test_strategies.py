"""Query strategies against their equations, and what they do where nobody says how sure."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from napari_hicstruct.active.candidates import Candidates, candidates_of
from napari_hicstruct.active.strategies import (
    BY_PROBABILITY,
    CORE,
    SAMPLE,
    STRATEGIES,
    bits,
    combined,
    parse,
    priorities,
    single_values,
)
from napari_hicstruct.annotations import Annotation, Kind
from napari_hicstruct.errors import ConfigError
from napari_hicstruct.genome import Interval


def loop(start: int, end: int, chrom: str = "chr1", **values: object) -> Annotation:
    anchors = Interval(chrom, start, start + 5_000), Interval(chrom, end, end + 5_000)
    return Annotation(kind=Kind.LOOP, anchor1=anchors[0], anchor2=anchors[1], **values)  # type: ignore[arg-type]


def pool(probabilities: Sequence[float], votes: Sequence[Sequence[float]] | None = None) -> Candidates:
    records = [loop(100_000 * k, 100_000 * k + 300_000, probability=p) for k, p in enumerate(probabilities)]
    by_uid = None if votes is None else {r.uid: np.array(own) for r, own in zip(records, votes, strict=True)}
    return candidates_of(records, votes=by_uid)


def order(candidates: Candidates, spec: str, seed: int = 0) -> list[int]:
    return [int(k) for k in np.argsort(-priorities(candidates, spec, seed=seed), kind="stable")]


def test_score_takes_the_surest_first_and_entropy_the_least_sure() -> None:
    some = pool([0.9, 0.45, 0.08, 0.7])
    assert order(some, "score") == [0, 3, 1, 2]
    assert order(some, "entropy") == order(some, "margin") == [1, 3, 0, 2]


def test_entropy_and_margin_are_their_equations() -> None:
    p = [0.0, 0.2, 0.5, 1.0]
    naive = [0.0, -(0.2 * math.log2(0.2) + 0.8 * math.log2(0.8)), 1.0, 0.0]
    np.testing.assert_allclose(priorities(pool(p), "entropy"), naive, atol=1e-9)
    np.testing.assert_allclose(priorities(pool(p), "margin"), [0, 0.4, 1, 0], atol=1e-12)


def test_bald_is_the_information_that_the_label_gives_on_the_member() -> None:
    votes = [[0.1, 0.9], [0.5, 0.5], [0.9, 0.9], [0.3, 0.6]]
    found = priorities(pool([0.5] * 4, votes), "bald")
    naive = [float(bits(np.array([np.mean(v)]))[0] - np.mean(bits(np.array(v)))) for v in votes]
    np.testing.assert_allclose(found, naive, atol=1e-12)
    assert found[0] > found[3] > found[1] == pytest.approx(0)  # uncertainty alone is not disagreement among the members


def test_probable_pairs_come_first_and_what_has_none_last_and_it_refuses_without_any() -> None:
    own = replace(pool([0.5] * 3), pair=np.array([0.2, math.nan, 0.9]))
    assert priorities(own, "pair").tolist() == [0.2, -1, 0.9]
    with pytest.raises(ConfigError, match="needs enhancer–promoter pairs"):
        priorities(pool([0.5]), "pair")


def test_orientation_takes_convergent_motifs_first() -> None:
    own = replace(pool([0.5] * 3), orientation=np.array([1.0, math.nan, 3.0]))
    assert order(own, "orientation") == [2, 0, 1]
    with pytest.raises(ConfigError, match="needs motifs beside the map"):
        priorities(pool([0.5]), "orientation")


def test_bald_leaves_out_whom_no_member_was_asked_of_and_refuses_without_an_ensemble() -> None:
    found = priorities(pool([0.5, 0.5], [[0.1, 0.9], [math.nan, math.nan]]), "bald")
    assert found[0] > 0
    assert found[1] == 0
    with pytest.raises(ConfigError, match="ensemble"):
        priorities(pool([0.5]), "bald")


def test_what_nobody_scored_is_least_known() -> None:
    some = pool([0.9, math.nan, 0.2])
    assert order(some, "entropy")[0] == 1
    assert order(some, "score")[0] == 1  # a person's own have no score and come first, as in every list


def test_diversity_spreads_over_groups_before_it_repeats_one() -> None:
    near = [loop(1_000_000 + 5_000 * k, 1_300_000 + 5_000 * k) for k in range(40)]
    far = [loop(50_000_000, 50_300_000), loop(90_000_000, 92_000_000)]
    first = order(candidates_of([*near, *far]), "diversity")[:6]
    assert {40, 41} <= set(first)


def test_diversity_reads_the_features_where_there_are_any() -> None:
    some = pool([0.5] * 30)
    features = np.zeros((30, 8), np.float32)
    features[7, 3], features[21, 5] = 9, 9
    with_features = Candidates(
        *(getattr(some, name) for name in ("uids", "kind", "probability", "strength", "span", "points", "chrom")),
        features=features,
    )
    assert {7, 21} <= set(order(with_features, "diversity")[:3])


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name not in ("bald", "pair", "orientation")])
def test_every_strategy_orders_an_empty_and_a_lone_pool(name: str) -> None:
    assert priorities(pool([]), name).shape == (0,)
    assert priorities(pool([0.3]), name).shape == (1,)


def test_random_is_the_seeds() -> None:
    some = pool([0.5] * 50)
    assert order(some, "random", seed=1) == order(some, "random", seed=1) != order(some, "random", seed=2)


def test_combined_strategies_weigh_ranks() -> None:
    some = pool([0.9, 0.5, 0.1])
    assert order(some, "score+0*entropy") == order(some, "score")
    assert order(some, "3*entropy+score")[0] == 1
    assert parse("2*bald + diversity") == [(2.0, "bald"), (1.0, "diversity")]


@pytest.mark.parametrize("spec", ["", "entropie", "entropy+", "0*score", "-1*score"])
def test_a_misspelt_strategy_is_refused_by_name(spec: str) -> None:
    with pytest.raises(ConfigError, match="strateg"):
        parse(spec)


def test_names_may_hold_underscores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "far_off", STRATEGIES["score"])
    assert parse("2*far_off+margin") == [(2.0, "far_off"), (1.0, "margin")]


def test_those_by_probability_are_the_ones_that_cannot_order_without_it() -> None:
    unknown, known = pool([math.nan] * 3), pool([0.1, 0.4, 0.8])
    alone = {
        name for name in STRATEGIES.keys() - {"bald", "orientation", "pair", "score"} if not same(name, unknown, known)
    }
    assert alone == BY_PROBABILITY == {"entropy", "margin"}


def same(name: str, one: Candidates, other: Candidates) -> bool:
    """True if the strategy gives both the same, whatever their probabilities."""
    return np.array_equal(priorities(one, name), priorities(other, name))


def test_single_values_name_what_an_order_is_made_of() -> None:
    two = pool([0.5, 1.0])
    values = single_values(two, "2*entropy+score")
    assert list(values) == ["entropy", "score"]
    assert np.allclose(values["entropy"], [1.0, 0.0], atol=1e-9)
    assert np.allclose(combined(parse("2*entropy+score"), values), priorities(two, "2*entropy+score"))


def test_diversity_of_very_many_spreads_a_draw_and_ranks_all() -> None:
    rng = np.random.default_rng(0)
    n = 3 * SAMPLE
    span = np.zeros((n, 4), np.int64)
    span[:, :2] = span[:, 2:] = rng.integers(0, 10**8, (n, 1))
    many = Candidates(
        tuple(map(str, range(n))),
        np.zeros(n, np.int64),
        np.full(n, 0.5),
        np.full(n, 0.5),
        span,
        np.zeros((n, 3)),
        np.zeros(n, np.int64),
    )
    worth = priorities(many, "diversity")
    first = np.sort(span[np.argsort(-worth)[:CORE], 0])
    assert (worth > 1).sum() == CORE
    assert np.diff(first).max() < 10**8 / 40  # no large part of the genome is left out
