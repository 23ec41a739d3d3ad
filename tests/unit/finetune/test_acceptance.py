"""Acceptance: four verdicts, of which two are taken; labels without sense are not, whatever the model."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_hicstruct.evaluation.acceptance import (
    Change,
    HeldOutScores,
    Verdict,
    decide,
    log_loss,
    log_loss_change,
    map_change,
    p_value,
    ranking,
    ranking_change,
    what_is_missing,
)


def scores(rng: np.random.Generator, n: int = 60, *, sees: float = 1.5, saw: float = 1.0) -> HeldOutScores:
    """Corrections of two heads; ``sees`` and ``saw``: how far apart the new and the old model put the classes."""
    there = rng.random(n) < 0.5
    noise = rng.normal(size=(2, n))
    both = saw * there + noise[0], sees * there + noise[0] + 0.2 * noise[1]
    return HeldOutScores(rng.integers(0, 2, n), there, *both, np.zeros(n), np.zeros(n))


def test_ranking_is_the_area_under_the_curve_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    there, p = rng.random(200) < 0.3, rng.integers(0, 20, 200).astype(float)
    assert ranking(np.zeros(200, int), there, p) == pytest.approx(roc_auc_score(there, p))


def test_ranking_compares_within_strata_only() -> None:
    stratum, there = np.array([0, 0, 1, 1]), np.array([True, False, True, False])
    assert ranking(stratum, there, np.array([2.0, 1.0, -2.0, -3.0])) == 1.0
    assert math.isnan(ranking(np.arange(4), there, np.zeros(4)))


def test_p_agrees_with_the_u_test_of_scipy() -> None:
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(2)
    one = scores(rng, 80, sees=0.8)
    one = HeldOutScores(np.zeros(80, int), one.target, one.before, one.after, np.zeros(80), np.zeros(80))
    expected = mannwhitneyu(one.after[one.target], one.after[~one.target], alternative="greater", method="asymptotic")
    assert p_value(one) == pytest.approx(expected.pvalue, rel=1e-6)


def test_what_decoding_adds_counts_for_ranking_alone() -> None:
    there = np.array([True, False] * 20)
    one = HeldOutScores(np.zeros(40, int), there, np.zeros(40), np.zeros(40), np.where(there, 1.0, 0.0), np.zeros(40))
    assert ranking_change(one).after == 1.0
    assert p_value(one) < 1e-6
    assert log_loss_change(one).after == pytest.approx(np.log(2))


def test_a_change_has_an_interval_around_it() -> None:
    change = ranking_change(scores(np.random.default_rng(3), 200, sees=3, saw=0.5))
    assert change.low <= change.after - change.before <= change.high
    assert change.low > 0
    assert change == ranking_change(scores(np.random.default_rng(3), 200, sees=3, saw=0.5))


def test_it_is_the_log_loss_of_scikit_learn() -> None:
    from sklearn.metrics import log_loss as expected

    rng = np.random.default_rng(4)
    there, logits = rng.random(50) < 0.5, rng.normal(size=50)
    assert log_loss(logits, there) == pytest.approx(expected(there, 1 / (1 + np.exp(-logits))))
    assert log_loss_change(scores(rng)).n == 60


@pytest.mark.parametrize("n", [20, 60])
def test_a_better_model_is_taken_and_a_worse_one_is_not(n: int) -> None:
    taken = {True: 0, False: 0}
    for seed in range(20):
        for better in taken:
            one = scores(np.random.default_rng(seed), n, sees=2.5 if better else -0.5, saw=1.5)
            taken[better] += decide(one, None).verdict.is_taken
    assert taken[True] >= 18
    assert taken[False] <= 1


def test_labels_without_sense_are_refused() -> None:
    taken = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        one = scores(rng, 160)
        one = HeldOutScores(
            one.stratum, rng.permutation(one.target), one.before, one.after, one.evidence, one.fold_offset
        )
        taken += decide(one, None).verdict.is_taken
    assert taken <= 10


def only(there: list[bool], before: list[float], after: list[float]) -> HeldOutScores:
    """Corrections of one head, without evidence and folds."""
    n = len(there)
    return HeldOutScores(np.zeros(n, int), np.array(there), np.array(before), np.array(after), np.zeros(n), np.zeros(n))


def test_the_four_words_and_which_two_are_taken() -> None:
    assert [str(word) for word in Verdict] == ["better", "no different", "too few to say", "worse"]
    assert [word.is_taken for word in Verdict] == [True, True, False, False]


def test_twenty_are_enough_for_better_where_the_model_was_too_unsure() -> None:
    """The order of the list stays; that four in five of them are there is learnt: log loss falls beyond chance."""
    there = [True] * 16 + [False] * 4
    logits = [*np.linspace(-2.0, 0.0, 16), -2.4, -2.2, -1.9, -0.9]
    verdict = decide(only(there, logits, [one + 1.8 for one in logits]), None)
    assert verdict.verdict is Verdict.BETTER
    assert verdict.reason == "It got better on corrections that it had not learnt from."
    assert "20 unseen corrections (16 accepted, 4 rejected)" in verdict.details


def test_twenty_that_may_hide_a_loss_are_too_few_to_say() -> None:
    """As the tutorial's own: ranked .54 after .62, interval -.29 to 0; once that was taken."""
    rng = np.random.default_rng(131)
    there = rng.random(20) < 0.5
    before = rng.normal(size=20) + 0.5 * there
    after = before + 0.9 * rng.normal(size=20) - 0.3 * there
    change = ranking_change(one := only(list(there), list(before), list(after)))
    assert change.after < change.before
    assert change.low < -0.2
    assert change.high >= -0.02, "not worse beyond chance either"
    decision = decide(one, None)
    assert decision.verdict is Verdict.TOO_FEW
    assert decision.reason.startswith("Too few corrections to say that it got better. Judge about 30 more")
    assert decision.details.startswith("The model ranks your accepted above your rejected ones no better than a coin (")
    assert "90 % interval" in decision.details


def test_the_same_probabilities_are_no_different() -> None:
    rng = np.random.default_rng(2)
    there = rng.random(60) < 0.5
    logits = rng.normal(size=60) + 1.5 * there
    decision = decide(only(list(there), list(logits), list(logits)), None)
    assert (decision.verdict, decision.reason) == (
        Verdict.NO_DIFFERENT, "No different on corrections that it had not learnt from."
    )  # fmt: skip


def test_what_is_ranked_worse_beyond_chance_is_worse() -> None:
    one = scores(np.random.default_rng(7), 100, sees=-0.5, saw=1.5)
    assert ranking_change(one).high < -0.02
    decision = decide(one, None)
    assert decision.verdict is Verdict.WORSE
    assert decision.reason.startswith("It got worse: ")


def test_what_forgets_is_worse_and_says_so() -> None:
    one = scores(np.random.default_rng(5), sees=3)
    kept = map_change(np.array([0.8, 0.9]), np.array([0.79, 0.9]), 2)
    lost = map_change(np.array([0.8, 0.9]), np.array([0.7, 0.85]), 2)
    assert decide(one, kept).verdict is Verdict.BETTER
    decision = decide(one, lost)
    assert decision.verdict is Verdict.WORSE
    assert "forgets" in decision.reason


def test_nothing_to_compare_is_too_few() -> None:
    decision = decide(only([], [], []), None)
    assert decision.verdict is Verdict.TOO_FEW
    assert "Judge about 20 more, in more places, at least 5 accepted and at least 5 rejected." in decision.reason
    assert math.isnan(map_change(np.zeros(0), np.zeros(0), 0).before)


def test_what_is_missing_is_named_by_number_and_kind() -> None:
    sure = only([True] * 16 + [False] * 2, [2.0] * 18, [2.0] * 18)
    assert what_is_missing(sure) == "Judge about 2 more, in more places, at least 3 rejected."
    unsure = only([True, False] * 15, [0.1] * 30, [0.1] * 30)
    assert what_is_missing(unsure).startswith("Judge about 20 more, in more places. Nearly all so far were uncertain")
    assert "judge also some sure ones" in what_is_missing(unsure)


def test_the_details_name_their_numbers_and_the_sentence_none() -> None:
    one = scores(np.random.default_rng(6), 80, sees=3)
    decision, change = decide(one, Change(0.9, 0.91, 0, 0.02, 6)), ranking_change(one)
    assert decision.verdict is Verdict.BETTER
    assert not any(sign.isdigit() for sign in decision.reason)
    assert f"{change.after:.2f}".removeprefix("0") in decision.details
    assert ".90 → .91" in decision.details
    first, _, rest = decision.details.partition("). ")
    share = f"{change.after:.0%} stand in this order now, {change.before:.0%} before; by a coin 50%"
    assert first.endswith(f"(of all pairs of one accepted and one rejected of a kind, {share}")
    assert rest.startswith(f"Of {len(one)} unseen corrections (")
    assert "average precision on 6 simulated maps" in rest


def test_few_or_one_sided_corrections_are_held_to_less() -> None:
    after = np.arange(100, dtype=float)
    there = ~np.isin(after, [10, 25, 40, 55])  # four rejected ones, rather low
    one = only(list(there), list(after), list(after))
    assert 0.05 < p_value(one) <= 0.3
    assert decide(one, None).verdict.is_taken
    assert decide(only(list(there), list(after), list(-after)), None).verdict is Verdict.WORSE, "by log loss"


def test_one_rejected_one_among_fifty_ranks_nothing() -> None:
    """That one fell among the accepted: no loss of ranking is known; that nearly all are there was learnt."""
    logits = np.linspace(-3.0, 0.0, 50)
    there = np.arange(50) != 20
    after = logits + 3.0
    after[20] = after[45]
    decision = decide(only(list(there), list(logits), list(after)), None)
    assert ranking_change(only(list(there), list(logits), list(after))).high < -0.02
    assert decision.verdict is not Verdict.WORSE
    few = np.r_[10:30]
    assert decide(only(list(there[few]), list(logits[few]), list(after[few])), None).verdict is not Verdict.BETTER


def test_many_that_agree_with_nothing_are_not_called_few() -> None:
    rng = np.random.default_rng(8)
    one = scores(rng, 200)
    mixed = only(list(rng.permutation(one.target)), list(one.before), list(one.after))
    decision = decide(mixed, None)
    assert p_value(mixed) > 0.05
    assert decision.verdict is Verdict.TOO_FEW
    assert decision.reason.startswith("Your judgments and the map do not agree")
