"""More objects in view than can be drawn: no set crowds out another, and the best scored of each come first."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hicstruct.plugin.state.labels import draw_limit
from napari_hicstruct.plugin.state.labels.draw_limit import Contenders, best_of_each_set


def contenders(*sets: tuple[int, np.ndarray]) -> Contenders:
    """Sets by id and strengths; nobody judged anything."""
    strength = np.concatenate([values for _, values in sets]).astype(float)
    ids = np.concatenate([np.full(len(values), set_id) for set_id, values in sets])
    none = np.zeros(len(strength), bool)
    return Contenders(np.arange(len(strength)), ids, strength, none, none.copy())


def test_a_large_set_without_scores_hides_nothing_of_a_scored_one() -> None:
    scored, unscored = np.linspace(0, 1, 300), np.full(100_000, np.nan)
    found = contenders((1, unscored), (2, scored))
    drawn = best_of_each_set(found, 500)
    ids = found.set_ids[drawn]
    assert (len(drawn), np.sum(ids == 2), np.sum(ids == 1)) == (500, 300, 200)
    rows = np.sort(found.rows[drawn[ids == 1]])
    assert rows[0] < 5_000  # spread over the whole file, not its first lines
    assert rows[-1] > 95_000


def test_each_scored_set_shows_its_best() -> None:
    weak, strong = np.linspace(0.0, 0.2, 400), np.linspace(0.5, 1.0, 4_000)
    found = contenders((1, weak), (2, strong))
    drawn = best_of_each_set(found, 500)
    own = [found.strength[drawn[found.set_ids[drawn] == which]] for which in (1, 2)]
    assert [len(one) for one in own] == [250, 250]
    assert own[0].min() == np.sort(weak)[-250]
    assert own[1].min() == np.sort(strong)[-250]


def test_what_a_person_chose_is_drawn_and_what_was_rejected_goes_first() -> None:
    found = contenders((1, np.linspace(1, 0, 1_000)))
    found.first[999] = True
    found.last[0] = True
    drawn = set(best_of_each_set(found, 100).tolist())
    assert 999 in drawn
    assert 0 not in drawn
    assert drawn == {999, *range(1, 100)}


def test_the_choice_is_the_same_whatever_else_is_in_view() -> None:
    found = contenders((1, np.full(5_000, np.nan)))
    half = np.arange(2_500)
    part = Contenders(*(getattr(found, name)[half] for name in ("rows", "set_ids", "strength", "first", "last")))
    wide, narrow = set(best_of_each_set(found, 500).tolist()), set(best_of_each_set(part, 500).tolist())
    assert {row for row in wide if row < 2_500} <= narrow


def test_all_are_drawn_where_they_fit() -> None:
    found = contenders((1, np.array([0.1, np.nan, 0.9])))
    assert sorted(best_of_each_set(found, 3).tolist()) == [0, 1, 2]


@pytest.mark.parametrize("seed", range(60))
def test_those_that_are_sorted_out_first_would_not_have_been_drawn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 120))
    strength = np.round(rng.random(n), int(rng.integers(1, 4)))  # with ties
    strength[rng.random(n) < rng.choice([0, 0.3, 1])] = np.nan
    flags = rng.random((2, n)) < 0.2
    found = Contenders(rng.permutation(n), rng.integers(0, int(rng.integers(1, 5)), n), strength, *flags)
    limit = int(rng.integers(1, n + 1))
    assert best_of_each_set(found, limit).tolist() == draw_limit._best(found, limit).tolist()
